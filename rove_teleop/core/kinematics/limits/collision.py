"""Keep the robot's own limbs apart: rows on how fast near capsules approach each other."""

from __future__ import annotations

import math

import coal
import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics.body import Body
from rove_teleop.core.kinematics.capsules import LIMB_PAIRS, Capsule, body_capsules
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.limits.approach import Approach
from rove_teleop.core.kinematics.limits.contact import Contacts

_ENDS = (' start', ' end')
_CLOSE = 0.02  # m beyond the distance that is kept


class CollisionLimit:
    """Rows ``d'(x) >= -v(d)`` for the nearest pairs of capsules.

    Where two capsules are close, the ends of each are looked at as well: capsules side by side
    have no single nearest point, and a row at one end lets the other turn inwards.

    Attributes:
        clearance: Smallest distance of all pairs at the last ``collect`` [m].
    """

    def __init__(self, body: Body, config: IkConfig) -> None:
        self._config = config
        self._geometry = pin.GeometryModel()
        for capsule in body_capsules(config.hand_length):
            for geometry in capsule_objects(body.model, capsule):
                self._geometry.addGeometryObject(geometry)
        for first, second in LIMB_PAIRS:
            self._add_pair(first, second)
        self._pairs = len(LIMB_PAIRS)
        for first, second in LIMB_PAIRS:
            for end in _ENDS:
                self._add_pair(first + end, second)
                self._add_pair(first, second + end)
        self._ends = 2 * len(_ENDS)
        self._data = self._geometry.createData()
        for number in range(self._pairs, len(self._geometry.collisionPairs)):
            self._data.deactivateCollisionPair(number)
        self._results = list(self._data.distanceResults)  # updated in place
        joints = [geometry.parentJoint for geometry in self._geometry.geometryObjects]
        self._signs = np.array([
            body.support(joints[pair.second]) - body.support(joints[pair.first])
            for pair in self._geometry.collisionPairs
        ])  # fmt: skip
        self.size = config.collision_rows
        self._approach = Approach(
            config.collision_distance, config.collision_acceleration, config.collision_push
        )
        self.clearance = math.inf

    def collect(self, body: Body, dt: float, contacts: Contacts) -> None:
        """Add the nearest pairs to ``contacts``."""
        if not self.size:
            return
        pin.updateGeometryPlacements(body.model, body.data, self._geometry, self._data)
        nearest = pin.computeDistances(self._geometry, self._data)
        results, config = self._results, self._config
        self.clearance = results[nearest].min_distance
        if self.clearance >= config.collision_horizon:
            return
        near = [
            (result.min_distance, number)
            for number, result in enumerate(results[: self._pairs])
            if result.min_distance < config.collision_horizon
        ]
        close = config.collision_distance + _CLOSE
        if self.clearance < close:
            for distance, number in near[:]:
                if distance < close:
                    near += self._near_ends(number, close)
        near.sort()
        for distance, number in near[: self.size]:
            result = results[number]
            contacts.add(
                result.getNearestPoint1(),
                result.normal,
                self._signs[number],
                -self._approach.fastest(distance, dt),
            )

    def distances(self) -> list[float]:
        """Of all pairs at the last ``collect`` [m]."""
        return [result.min_distance for result in self._results[: self._pairs]]

    def _near_ends(self, pair: int, close: float) -> list[tuple[float, int]]:
        """Distances of the ends of two capsules from the other, as far as they are close."""
        first = self._pairs + self._ends * pair
        for number in range(first, first + self._ends):
            pin.computeDistance(self._geometry, self._data, number)
        return [
            (self._results[number].min_distance, number)
            for number in range(first, first + self._ends)
            if self._results[number].min_distance < close
        ]

    def _add_pair(self, first: str, second: str) -> None:
        ids = (self._geometry.getGeometryId(first), self._geometry.getGeometryId(second))
        self._geometry.addCollisionPair(pin.CollisionPair(*ids))


def capsule_objects(model: pin.Model, capsule: Capsule) -> list[pin.GeometryObject]:
    """A capsule and the spheres at its ends."""
    frame = model.frames[model.getFrameId(capsule.link)]
    a, b = np.array(capsule.start, float), np.array(capsule.end, float)
    turn = pin.Quaternion.FromTwoVectors(np.array((0.0, 0.0, 1.0)), b - a).toRotationMatrix()
    shapes = (
        (capsule.name, turn, 0.5 * (a + b), coal.Capsule(capsule.radius, np.linalg.norm(b - a))),
        (capsule.name + _ENDS[0], np.eye(3), a, coal.Sphere(capsule.radius)),
        (capsule.name + _ENDS[1], np.eye(3), b, coal.Sphere(capsule.radius)),
    )
    return [
        pin.GeometryObject(name, frame.parentJoint, frame.placement * pin.SE3(R, p), shape)
        for name, R, p, shape in shapes
    ]
