"""placo: everything in C++, a quadratic program by eiquadprog."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import placo

from benchmarks.ik import model as spec
from benchmarks.ik.tool import Array
from rove_teleop.core.names import JOINTS, SIDES

TRIGGER_DISTANCE = 0.05  # m, pairs nearer than this get a row
Wish = tuple[Array, Array]


class PlacoTool:
    """Frame, joints and regularization tasks; joint, velocity and self-collision limits.

    placo's weights multiply squared residuals, so the benchmark's are squared here.
    """

    def __init__(self, collision: bool, dt: float) -> None:
        self._robot = robot = placo.RobotWrapper(
            '', placo.Flags.ignore_collisions, spec.description()
        )
        for name, value in spec.START.items():
            robot.set_joint(name, value)
        robot.set_velocity_limits(spec.VELOCITY_LIMIT)
        robot.update_kinematics()
        self._idx_q = np.array([robot.get_joint_offset(name) for name in JOINTS])
        self._solver = solver = placo.KinematicsSolver(robot)
        solver.dt = dt
        solver.enable_joint_limits(True)
        solver.enable_velocity_limits(True)
        self._hands = [self._task(spec.HAND_FRAMES[side], *spec.HAND_WEIGHT) for side in SIDES]
        for side in SIDES:
            self._task(spec.FOOT_FRAMES[side], spec.FOOT_WEIGHT, spec.FOOT_WEIGHT)
        self._task(spec.TORSO_FRAME, spec.TORSO_WEIGHT, spec.TORSO_WEIGHT)
        posture = solver.add_joints_task()
        posture.set_joints(spec.START)
        posture.configure('posture', 'soft', spec.POSTURE_WEIGHT**2)
        solver.add_regularization_task(spec.DAMPING)
        if collision:
            _set_pairs(robot.collision_model)
            apart = solver.add_avoid_self_collisions_constraint()
            apart.configure('apart', 'hard')  # soft lets the hands sink 5 cm into each other
            apart.self_collisions_margin = spec.MINIMUM_DISTANCE
            apart.self_collisions_trigger = TRIGGER_DISTANCE

    def wish(self, left: Array, right: Array) -> Wish:
        """Homogeneous matrices, as placo takes them."""
        return left, right

    def tick(self, wish: Wish) -> bool:
        """One call of ``solve``, which integrates too."""
        for task, target in zip(self._hands, wish, strict=True):
            task.T_world_frame = target
        self._robot.update_kinematics()
        try:
            self._solver.solve(True)
        except RuntimeError:
            return False
        return True

    def state(self) -> Array:
        """The q (50,) of pinocchio."""
        return np.array(self._robot.state.q)

    def configurations(self, states: list[Array]) -> tuple[Array, Array]:
        """The pelvis comes first, the joints by their offsets."""
        q = np.array(states)
        return q[:, :7], q[:, self._idx_q]

    def _task(self, frame: str, position: float, orientation: float) -> placo.FrameTask:
        task = self._solver.add_frame_task(frame, self._robot.get_T_world_frame(frame))
        task.configure(frame, 'soft', position**2, orientation**2)
        return task


def _set_pairs(geometry: pin.GeometryModel) -> None:
    """Watch the benchmark's pairs only."""
    geometry.removeAllCollisionPairs()
    for pair in spec.PAIRS:
        ids = [geometry.getGeometryId(spec.shape_name(name)) for name in pair]
        geometry.addCollisionPair(pin.CollisionPair(*ids))
