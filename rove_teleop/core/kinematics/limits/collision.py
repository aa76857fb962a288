"""Keep the robot's own limbs apart: rows on how fast near capsules approach each other."""

from __future__ import annotations

from itertools import product

import coal
import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics.body import NUM_VELOCITY, Body
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.limits.joint import braking_velocity
from rove_teleop.core.names import SIDES
from rove_teleop.core.types import Array

_TRUNK = {
    'torso': ('torso_link', (0, 0, 0.10), (0, 0, 0.24), 0.085),
    'head': ('torso_link', (0.03, 0, 0.40), (0.03, 0, 0.44), 0.08),
    'pelvis': ('pelvis', (0, -0.05, -0.06), (0, 0.05, -0.06), 0.08),
    'left_thigh': ('left_hip_yaw_link', (0, 0, -0.02), (0, 0, -0.15), 0.07),
    'right_thigh': ('right_hip_yaw_link', (0, 0, -0.02), (0, 0, -0.15), 0.07),
}
_ARM = {
    'forearm': ('elbow_link', (0.02, 0, 0), (0.10, 0, 0), 0.04),
    'hand': ('wrist_yaw_link', (0, 0, 0), (0.12, 0, 0), 0.045),
}
_PUSH_OUT = 2.0  # 1/s, how fast limbs that are too near part


class CollisionLimit:
    """Rows ``d'(nu) >= -v(d)`` for the nearest pairs of capsules.

    Attributes:
        clearance: Smallest distance of all pairs at the last ``write`` [m].
    """

    def __init__(self, body: Body, config: IkConfig) -> None:
        self._config = config
        self._geometry = pin.GeometryModel()
        for name, capsule in _TRUNK.items():
            self._add(body.model, name, *capsule)
        for side, (name, (link, *capsule)) in product(SIDES, _ARM.items()):
            self._add(body.model, f'{side}_{name}', f'{side}_{link}', *capsule)
        limbs = [f'{side}_{name}' for side in SIDES for name in _ARM]
        pairs = [*product(limbs, _TRUNK)]
        pairs += product((f'left_{name}' for name in _ARM), (f'right_{name}' for name in _ARM))
        for first, second in pairs:
            ids = (self._geometry.getGeometryId(first), self._geometry.getGeometryId(second))
            self._geometry.addCollisionPair(pin.CollisionPair(*ids))
        self._data = self._geometry.createData()
        self._joints = [
            tuple(self._geometry.geometryObjects[i].parentJoint for i in (pair.first, pair.second))
            for pair in self._geometry.collisionPairs
        ]
        self.size = min(config.collision_rows, len(pairs))
        self.clearance = np.inf

    def write(self, body: Body, dt: float, jacobian: Array, lower: Array) -> int:
        """Fill rows ``jacobian @ nu >= lower`` for the nearest pairs.

        Args:
            body: At the pose to look at.
            dt: Tick [s].
            jacobian: Shape (size, 35), rows beyond the answer are left as they are.
            lower: Shape (size,) [m/s].

        Returns:
            How many rows were written.
        """
        pin.updateGeometryPlacements(body.model, body.data, self._geometry, self._data)
        pin.computeDistances(self._geometry, self._data)
        results = self._data.distanceResults
        near = [
            (result.min_distance, number)
            for number, result in enumerate(results)
            if result.min_distance < self._config.collision_horizon
        ]
        self.clearance = min(near)[0] if near else self._config.collision_horizon
        near = sorted(near)[: self.size]
        for row, (distance, number) in enumerate(near):
            jacobian[row] = self._row(body, results[number], *self._joints[number])
            lower[row] = -self._approach(distance, dt)
        return len(near)

    def _approach(self, distance: float, dt: float) -> float:
        room = distance - self._config.collision_distance
        if room <= 0.0:
            return _PUSH_OUT * room
        return float(braking_velocity(room, self._config.collision_acceleration, dt))

    def _row(self, body: Body, result: coal.DistanceResult, first: int, second: int) -> Array:
        """Gradient (35,) of the distance: the normal times the velocities of both points."""
        p1, p2 = result.getNearestPoint1(), result.getNearestPoint2()
        normal = result.normal
        row = np.zeros(NUM_VELOCITY)
        for joint, point, sign in ((second, p2, 1.0), (first, p1, -1.0)):
            arm = point - body.data.oMi[joint].translation
            wrench = np.concatenate((normal, np.cross(arm, normal)))
            row += sign * (wrench @ body.joint_jacobian(joint))
        return row

    def _add(
        self, model: pin.Model, name: str, link: str, start: tuple, end: tuple, radius: float
    ) -> None:
        frame = model.frames[model.getFrameId(link)]
        a, b = np.array(start, float), np.array(end, float)
        turn = pin.Quaternion.FromTwoVectors(np.array((0.0, 0.0, 1.0)), b - a).toRotationMatrix()
        placement = frame.placement * pin.SE3(turn, 0.5 * (a + b))
        capsule = coal.Capsule(radius, float(np.linalg.norm(b - a)))
        self._geometry.addGeometryObject(
            pin.GeometryObject(name, frame.parentJoint, placement, capsule)
        )
