"""Keep the hands on the free side of planes: rows on how fast the ends of a hand approach them."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.kinematics.body import Body
from rove_teleop.core.kinematics.capsules import body_capsules
from rove_teleop.core.kinematics.config import IkConfig
from rove_teleop.core.kinematics.limits.approach import Approach
from rove_teleop.core.kinematics.limits.contact import Contacts
from rove_teleop.core.names import SIDES
from rove_teleop.core.planes import Plane
from rove_teleop.core.types import Array

_PUSH_OUT = 2.0  # 1/s
_FASTEST_OUT = 0.2  # m/s


class PlaneLimit:
    """Rows for the two ends of each hand's capsule, as far as they are near a plane.

    Attributes:
        size: Most rows there can be.
        clearance: Smallest distance of a hand from a plane at the last ``collect`` [m].
    """

    size = 8

    def __init__(self, body: Body, config: IkConfig) -> None:
        self._radius, self._horizon = config.plane_radius, config.collision_horizon
        self._approach = Approach(0.0, config.collision_acceleration, _PUSH_OUT, _FASTEST_OUT)
        self._workspace = config.workspace
        self._ends: list[tuple[pin.SE3, Array, Array]] = []
        capsules = {capsule.name: capsule for capsule in body_capsules(config.hand_length)}
        for side in SIDES:
            capsule = capsules[f'{side}_hand']
            number = body.model.getFrameId(capsule.link)
            link, sign = (
                body.placement(number),
                body.support(body.model.frames[number].parentJoint),
            )
            self._ends += [
                (link, np.array(end, float), sign) for end in (capsule.start, capsule.end)
            ]
        self.clearance = np.inf

    def collect(self, dt: float, contacts: Contacts) -> None:
        """Add what is near to ``contacts``.

        Args:
            dt: Tick [s].
            contacts: Takes the rows.
        """
        self.clearance = np.inf
        if not self._workspace:
            return
        near: list[tuple[float, int, Array, Plane, Array]] = []
        for link, end, sign in self._ends:
            point = link.act(end)
            for plane in self._workspace:
                distance = plane.distance(*point.tolist()) - self._radius
                if distance < self._horizon:
                    near.append((distance, len(near), point, plane, sign))
        near.sort()
        for distance, _, point, plane, sign in near[: self.size]:
            lower = -self._approach.fastest(distance, dt)
            contacts.add(point, np.array(plane.normal), sign, lower)
        self.clearance = near[0][0] if near else np.inf
