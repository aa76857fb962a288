"""Keep the robot's own limbs apart: rows on how fast near capsules approach each other."""

from __future__ import annotations

from itertools import product
import math

import coal
import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics.body import Body
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.names import SIDES
from rove_teleop.core.types import Array

Point = tuple[float, float, float]

_TRUNK: dict[str, tuple[str, Point, Point, float]] = {
    'torso': ('torso_link', (0, 0, 0.10), (0, 0, 0.24), 0.085),
    'head': ('torso_link', (0.03, 0, 0.40), (0.03, 0, 0.44), 0.08),
    'pelvis': ('pelvis', (0, -0.05, -0.06), (0, 0.05, -0.06), 0.08),
    'left_thigh': ('left_hip_yaw_link', (0, 0, -0.02), (0, 0, -0.15), 0.07),
    'right_thigh': ('right_hip_yaw_link', (0, 0, -0.02), (0, 0, -0.15), 0.07),
}
_ARM: dict[str, tuple[str, Point, Point, float]] = {
    'forearm': ('elbow_link', (0.02, 0, 0), (0.10, 0, 0), 0.04),
    'hand': ('wrist_yaw_link', (0, 0, 0), (0.17, 0, 0), 0.045),
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
        for name, (link, start, end, radius) in _TRUNK.items():
            self._add(body.model, name, link, start, end, radius)
        for side, (name, (link, start, end, radius)) in product(SIDES, _ARM.items()):
            self._add(body.model, f'{side}_{name}', f'{side}_{link}', start, end, radius)
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
        jacobians: dict[int, Array] = {}
        for row, (distance, number) in enumerate(near):
            first, second = self._joints[number]
            result = results[number]
            normal = result.normal
            for joint in (first, second):
                if joint not in jacobians:
                    jacobians[joint] = body.joint_jacobian(joint)
            jacobian[row] = (
                _wrench(body, second, result.getNearestPoint2(), normal) @ jacobians[second]
                - _wrench(body, first, result.getNearestPoint1(), normal) @ jacobians[first]
            )
            lower[row] = -self._approach(distance, dt)
        return len(near)

    def _approach(self, distance: float, dt: float) -> float:
        """Fastest approach [m/s] that can still brake; negative to part what is too near."""
        room = distance - self._config.collision_distance
        if room <= 0.0:
            return _PUSH_OUT * room
        reach = self._config.collision_acceleration * dt
        return math.sqrt(reach * reach + 2.0 * self._config.collision_acceleration * room) - reach

    def _add(
        self, model: pin.Model, name: str, link: str, start: Point, end: Point, radius: float
    ) -> None:
        frame = model.frames[model.getFrameId(link)]
        a, b = np.array(start, float), np.array(end, float)
        turn = pin.Quaternion.FromTwoVectors(np.array((0.0, 0.0, 1.0)), b - a).toRotationMatrix()
        placement = frame.placement * pin.SE3(turn, 0.5 * (a + b))
        capsule = coal.Capsule(radius, float(np.linalg.norm(b - a)))
        self._geometry.addGeometryObject(
            pin.GeometryObject(name, frame.parentJoint, placement, capsule)
        )


def _wrench(body: Body, joint: int, point: Array, normal: Array) -> Array:
    """What maps a joint's Jacobian to the speed of a point of it along the normal, (6,)."""
    x, y, z = (point - body.data.oMi[joint].translation).tolist()
    u, v, w = normal.tolist()
    return np.array((u, v, w, y * w - z * v, z * u - x * w, x * v - y * u))
