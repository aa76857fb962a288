"""Keeps the robot's limbs apart whoever commands them.

The inverse kinematics of an operator avoids collisions, and a policy may do so as well, but a
blend of two commands that are free of collisions need not be. This rule looks at what is
executed.
"""

from __future__ import annotations

import coal
import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics.body import LEGS, NUM_FREE, NUM_VELOCITY, Body
from rove_teleop.core.kinematics.capsules import LIMB_PAIRS, body_capsules
from rove_teleop.core.kinematics.limits.collision import capsule_objects
from rove_teleop.core.limits import ChannelLimits
from rove_teleop.core.names import NUM_BASE, NUM_CHANNELS
from rove_teleop.core.safety import VelocityBounds
from rove_teleop.core.types import Array, PlantState

KEEP = 0.01  # m; half of what the inverse kinematics keeps, so that it is not in its way
HAND_LENGTH = 0.17  # m, from the wrist to the end of the hand's capsule
_BRAKING_SHARE = 0.6  # of the acceleration limit; the rest is for what jerk delays
_LAG_S = 0.03  # until a channel brakes
_NO_LEVER = 1e-3  # m; a channel that moves two limbs by less is left alone
_BASE_LEVERS = np.array([0.8, 0.5, 2.0, 0.4, 0.5, 0.4])  # m; on a thigh, with the knees bent
_MARGIN_S = 0.01  # of acceleration that comes before the next look


class SelfCollision:
    """A safety rule: every channel can still brake before two limbs are too near.

    A channel at speed ``v`` covers ``v² / 2a`` until it rests, and its lever turns that into a
    distance. While the sum for a pair of limbs fits between them, its channels may gather as
    much speed as still fits; when it does not, those that bring the limbs closer slow down by
    the same share. Slower is always possible, so nothing becomes infeasible.

    Attributes:
        clearance: Smallest distance of all pairs at the last ``bounds`` [m].
    """

    urgent = False

    def __init__(self, body: Body, limits: ChannelLimits, keep: float = KEEP) -> None:
        """Take the body over, and brake as the limits after a switch allow.

        Args:
            body: Kinematics of the robot; nobody else may use it.
            limits: Limits of the channels.
            keep: Distance that is kept [m].
        """
        self._body, self._keep = body, keep
        self._braking = _BRAKING_SHARE * limits.switch_acceleration[:NUM_FREE]
        self._geometry = pin.GeometryModel()
        for capsule in body_capsules(HAND_LENGTH):
            self._geometry.addGeometryObject(capsule_objects(body.model, capsule)[0])
        numbers = {obj.name: k for k, obj in enumerate(self._geometry.geometryObjects)}
        for first, second in LIMB_PAIRS:
            pair = pin.CollisionPair(numbers[first], numbers[second])
            self._geometry.addCollisionPair(pair)
        self._data = self._geometry.createData()
        self._results = list(self._data.distanceResults)  # updated in place
        chains = [body.support(obj.parentJoint) for obj in self._geometry.geometryObjects]
        self._signs = np.array(
            [chains[numbers[second]] - chains[numbers[first]] for first, second in LIMB_PAIRS]
        )
        self._levers = np.array([
            self._longest_levers(numbers[first], numbers[second]) for first, second in LIMB_PAIRS
        ])  # fmt: skip
        self.clearance = np.inf
        self._far = False

    def observe(self, plant: PlantState) -> None:
        """Nothing measured is needed."""

    def bounds(self, position: Array, velocity: Array) -> VelocityBounds | None:
        """Safe velocities at an executed state of the channels, None with all limbs apart."""
        if self._far:  # the margins reach over one tick without a look
            self._far = False
            return None
        near = self._near(position, np.abs(velocity[:NUM_FREE]))
        self._far = not near
        if not near:
            return None
        room = np.array([self._results[number].min_distance for number in near]) - self._keep
        closing = -self._rows(near)
        towards = np.sign(closing)
        allowed = self._allowed(np.abs(closing), towards * velocity[:NUM_FREE], room)
        upper, lower = np.full(NUM_CHANNELS, np.inf), np.full(NUM_CHANNELS, -np.inf)
        felt = np.abs(closing) > _NO_LEVER
        upper[:NUM_FREE] = np.where(felt & (towards > 0), allowed, np.inf).min(axis=0)
        lower[:NUM_FREE] = -np.where(felt & (towards < 0), allowed, np.inf).min(axis=0)
        return VelocityBounds(lower, upper)

    def distances(self, position: Array) -> Array:
        """Of all pairs in the order of ``LIMB_PAIRS`` at channels (37,) [m]."""
        self._place(position)
        return np.array([result.min_distance for result in self._results])

    def _place(self, position: Array) -> None:
        body = self._body
        body.position[:NUM_FREE] = position[:NUM_FREE]
        body.update()
        pin.updateGeometryPlacements(body.model, body.data, self._geometry, self._data)
        nearest = pin.computeDistances(self._geometry, self._data)
        self.clearance = self._results[nearest].min_distance

    def _near(self, position: Array, speed: Array) -> list[int]:
        """Pairs that could touch if everything moved towards it."""
        self._place(position)
        speed = speed + _MARGIN_S * self._braking
        way = speed * (0.5 * speed / self._braking + _LAG_S)
        horizons = (self._keep + self._levers @ way).tolist()
        return [
            number
            for number, (result, horizon) in enumerate(zip(self._results, horizons, strict=True))
            if result.min_distance < horizon
        ]

    def _longest_levers(self, first: int, second: int) -> Array:
        """How far one unit of each channel can bring a pair together at most, shape (23,) [m].

        A joint has at most the length of all links beyond it.
        """
        body, objects = self._body, self._geometry.geometryObjects
        model, levers = body.model, np.zeros(NUM_VELOCITY)
        for limb, other in ((objects[first], objects[second]), (objects[second], objects[first])):
            beyond = np.linalg.norm(limb.placement.translation) + limb.geometry.halfLength
            joint = limb.parentJoint
            while joint not in model.supports[other.parentJoint]:
                before = model.parents[joint]
                levers += beyond * (body.support(joint) - body.support(before))
                beyond += np.linalg.norm(model.jointPlacements[joint].translation)
                joint = before
        levers[:NUM_BASE] = _BASE_LEVERS * levers[LEGS].any()
        return levers[:NUM_FREE]

    def _rows(self, near: list[int]) -> Array:
        """How distances change per unit of each free rate, shape (len(near), 23)."""
        wrenches = np.array([_wrench(self._results[number]) for number in near])
        rows = (wrenches @ self._body.rates.T) * self._signs[near]
        return self._body.free(rows, out=np.empty((len(near), NUM_FREE)))

    def _allowed(self, lever: Array, speed: Array, room: Array) -> Array:
        """Fastest speeds at which limbs may close, each shape (n, 23).

        Args:
            lever: Of each channel on each pair [m], shape (n, 23).
            speed: At which each channel closes each pair, negative when it parts it.
            room: Distance that may be used up, shape (n,).
        """
        closing = np.maximum(speed, 0.0)
        fast = (lever * closing).sum(axis=1)
        net = (lever * speed).sum(axis=1)
        share = np.clip(net / np.maximum(fast, 1e-9), 0.0, 1.0)  # of it that others do not undo
        way = (lever * closing * (0.5 * closing / self._braking)).sum(axis=1) + _LAG_S * fast
        left = room - share * way
        half = 0.5 * (lever * self._braking).sum(axis=1) + 1e-9
        slope = share * fast + 2.0 * _LAG_S * half
        spare = np.maximum(left, 0.0)
        seconds = (np.sqrt(slope**2 + 4.0 * half * spare) - slope) / (2.0 * half)
        slower = np.clip(room / np.maximum(share * way, 1e-9), 0.0, 1.0)
        gather = np.maximum(speed + self._braking * seconds[:, None], 0.0)
        return np.where((left > 0.0)[:, None], gather, closing * slower[:, None])


def _wrench(result: coal.DistanceResult) -> tuple[float, ...]:
    """Normal of a pair and its moment about the origin, (6,)."""
    x, y, z = result.getNearestPoint1().tolist()
    u, v, w = result.normal.tolist()
    return u, v, w, y * w - z * v, z * u - x * w, x * v - y * u
