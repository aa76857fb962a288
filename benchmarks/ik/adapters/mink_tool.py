"""mink: MuJoCo kinematics, a quadratic program by daqp."""

from __future__ import annotations

import mink
import mujoco
import numpy as np

from benchmarks.ik import model as spec
from benchmarks.ik.tool import Array
from rove_teleop.core.names import JOINTS, SIDES

DETECTION_DISTANCE = 0.05  # m, pairs nearer than this get a row
COLLISION_GAIN = 0.85
"""Share of the room left that a tick may use up, mink's default. The limit divides by dt what it
compares with a displacement, so it is given the gain times dt."""
Wish = tuple[mink.SE3, mink.SE3]


class MinkTool:
    """Frame, posture and damping tasks; position, velocity and collision limits."""

    def __init__(self, collision: bool, dt: float) -> None:
        self._dt = dt
        self._model = model = compiled()
        joints = [model.joint(name) for name in JOINTS]
        self._qpos = np.array([joint.qposadr[0] for joint in joints])
        q = np.zeros(model.nq)
        q[3] = 1.0
        q[self._qpos] = [spec.START[name] for name in JOINTS]
        self._configuration = mink.Configuration(model, q)
        self._hands = [_task(spec.HAND_FRAMES[side], *spec.HAND_WEIGHT) for side in SIDES]
        fixed = [_task(spec.FOOT_FRAMES[side], *2 * [spec.FOOT_WEIGHT]) for side in SIDES]
        fixed.append(_task(spec.TORSO_FRAME, *2 * [spec.TORSO_WEIGHT]))
        for task in (*self._hands, *fixed):
            task.set_target_from_configuration(self._configuration)
        posture = mink.PostureTask(model, cost=spec.POSTURE_WEIGHT)
        posture.set_target(q)
        self._tasks = [*self._hands, *fixed, posture]
        self._limits: list[mink.Limit] = [
            mink.ConfigurationLimit(model),
            mink.VelocityLimit(model, dict.fromkeys(JOINTS, spec.VELOCITY_LIMIT)),
        ]
        if collision:
            self._limits.append(_apart(model, dt))

    def wish(self, left: Array, right: Array) -> Wish:
        """In the transforms of mink."""
        return mink.SE3.from_matrix(left), mink.SE3.from_matrix(right)

    def tick(self, wish: Wish) -> bool:
        """One call of ``solve_ik``."""
        for task, target in zip(self._hands, wish, strict=True):
            task.set_target(target)
        try:
            velocity = mink.solve_ik(
                self._configuration,
                self._tasks,
                self._dt,
                solver='daqp',
                damping=spec.DAMPING,
                limits=self._limits,
            )
        except mink.NoSolutionFound:
            return False
        self._configuration.integrate_inplace(velocity, self._dt)
        return True

    def state(self) -> Array:
        """MuJoCo's qpos (50,)."""
        return self._configuration.q

    def configurations(self, states: list[Array]) -> tuple[Array, Array]:
        """Reorder the joints, and the quaternion from wxyz."""
        qpos = np.array(states)
        return qpos[:, [0, 1, 2, 4, 5, 6, 3]], qpos[:, self._qpos]


def compiled() -> mujoco.MjModel:
    """The benchmark's robot as a MuJoCo model: free base, capsules, no actuators."""
    model = mujoco.MjSpec.from_string(spec.description())
    model.compiler.degree = False
    model.body(spec.PELVIS).add_freejoint(name='root')
    for name, capsule in spec.CAPSULES.items():
        geom = next(geom for geom in model.body(capsule.link).geoms if _is_at(geom, capsule))
        geom.name = name
        geom.type = mujoco.mjtGeom.mjGEOM_CAPSULE
    return model.compile()


def _is_at(geom: mujoco.MjsGeom, capsule: spec.Capsule) -> bool:
    middle = np.mean((capsule.start, capsule.end), axis=0)
    return bool(np.allclose(geom.pos, middle, atol=1e-9))


def _task(frame: str, position: float, orientation: float) -> mink.FrameTask:
    return mink.FrameTask(frame, 'body', position_cost=position, orientation_cost=orientation)


def _apart(model: mujoco.MjModel, dt: float) -> mink.CollisionAvoidanceLimit:
    return mink.CollisionAvoidanceLimit(
        model,
        [([first], [second]) for first, second in spec.PAIRS],
        gain=COLLISION_GAIN * dt,
        minimum_distance_from_collisions=spec.MINIMUM_DISTANCE,
        collision_detection_distance=DETECTION_DISTANCE,
    )
