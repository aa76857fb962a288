"""pink: pinocchio kinematics, a quadratic program by daqp, collisions as barriers."""

from __future__ import annotations

import numpy as np
import pink
from pink.barriers import Barrier, SelfCollisionBarrier
from pink.tasks import FrameTask, PostureTask
import pinocchio as pin

from benchmarks.ik import model as spec
from benchmarks.ik.tool import Array
from rove_teleop.core.names import JOINTS, SIDES

BARRIER_GAIN = 20.0  # 1/s, how fast the room that is left may be used up
SAFE_DISPLACEMENT = 0.01  # pull to rest near a barrier; without it the program has no solution
Wish = tuple[pin.SE3, pin.SE3]


class PinkTool:
    """Frame and posture tasks; position and velocity limits of the model; barriers."""

    def __init__(self, collision: bool, dt: float) -> None:
        self._dt = dt
        text = spec.description()
        model = pin.buildModelFromXML(text, pin.JointModelFreeFlyer())
        joints = [model.joints[model.getJointId(name)] for name in JOINTS]
        self._idx_q = np.array([joint.idx_q for joint in joints])
        q = pin.neutral(model)
        q[self._idx_q] = [spec.START[name] for name in JOINTS]
        geometry = _geometry(model, text) if collision else None
        self._configuration = pink.Configuration(
            model, model.createData(), q, collision_model=geometry
        )
        self._barriers: list[Barrier] = []
        if collision:
            self._barriers.append(
                SelfCollisionBarrier(
                    len(spec.PAIRS),
                    gain=BARRIER_GAIN,
                    safe_displacement_gain=SAFE_DISPLACEMENT,
                    d_min=spec.MINIMUM_DISTANCE,
                )
            )
        self._hands = [FrameTask(spec.HAND_FRAMES[side], *spec.HAND_WEIGHT) for side in SIDES]
        fixed = [FrameTask(spec.FOOT_FRAMES[side], *2 * [spec.FOOT_WEIGHT]) for side in SIDES]
        fixed.append(FrameTask(spec.TORSO_FRAME, *2 * [spec.TORSO_WEIGHT]))
        for task in (*self._hands, *fixed):
            task.set_target_from_configuration(self._configuration)
        posture = PostureTask(spec.POSTURE_WEIGHT)
        posture.set_target(q)
        self._tasks = [*self._hands, *fixed, posture]

    def wish(self, left: Array, right: Array) -> Wish:
        """In the transforms of pinocchio."""
        return pin.SE3(left), pin.SE3(right)

    def tick(self, wish: Wish) -> bool:
        """One call of ``solve_ik``."""
        for task, target in zip(self._hands, wish, strict=True):
            task.set_target(target)
        try:
            velocity = pink.solve_ik(
                self._configuration,
                self._tasks,
                self._dt,
                solver='daqp',
                damping=spec.DAMPING,
                barriers=self._barriers,
                safety_break=False,
            )
        except pink.exceptions.NoSolutionFound:
            return False
        self._configuration.integrate_inplace(velocity, self._dt)
        return True

    def state(self) -> Array:
        """The q (50,) of pinocchio."""
        return self._configuration.q.copy()

    def configurations(self, states: list[Array]) -> tuple[Array, Array]:
        """The pelvis comes first, the joints by their offsets."""
        q = np.array(states)
        return q[:, :7], q[:, self._idx_q]


def _geometry(model: pin.Model, text: str) -> pin.GeometryModel:
    geometry = pin.buildGeomFromUrdfString(model, text, pin.GeometryType.COLLISION)
    for pair in spec.PAIRS:
        ids = [geometry.getGeometryId(spec.shape_name(name)) for name in pair]
        geometry.addCollisionPair(pin.CollisionPair(*ids))
    return geometry
