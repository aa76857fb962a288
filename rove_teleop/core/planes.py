"""Half-spaces that the hands stay in: a table, a wall, the sides of a workspace."""

from __future__ import annotations

from dataclasses import dataclass
import math

from rove_teleop.errors import InvalidInput

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Plane:
    """The points p with ``normal . p >= offset`` are free, in the stance frame.

    Attributes:
        normal: Unit vector into the free side.
        offset: Distance of the plane from the stance origin along the normal [m].
        depth: What is deeper behind the plane than this is on its other side, such as below a
            table, and not concerned [m].
        area: Where there is a plane at all: ``(x_min, x_max, y_min, y_max)`` in the stance
            frame [m]; everywhere when None.

    Raises:
        InvalidInput: The normal is not a unit vector, or a number is NaN.
    """

    normal: Vector
    offset: float
    depth: float = math.inf
    area: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        if len(self.normal) != 3 or not abs(math.hypot(*self.normal) - 1.0) < 1e-6:
            raise InvalidInput(f'plane normal must be a unit vector, got {self.normal}')
        if not math.isfinite(self.offset):
            raise InvalidInput(f'plane offset must be finite, got {self.offset}')
        if not self.depth > 0.0:
            raise InvalidInput(f'plane depth must be positive, got {self.depth}')
        if self.area is not None and not (
            len(self.area) == 4 and self.area[0] < self.area[1] and self.area[2] < self.area[3]
        ):
            raise InvalidInput(f'plane area must be x_min < x_max, y_min < y_max, got {self.area}')

    def distance(self, x: float, y: float, z: float) -> float:
        """Signed distance of a point [m]; infinite where the plane does not count."""
        if self.area is not None:
            x_min, x_max, y_min, y_max = self.area
            if not (x_min <= x <= x_max and y_min <= y <= y_max):
                return math.inf
        u, v, w = self.normal
        distance = u * x + v * y + w * z - self.offset
        return distance if distance > -self.depth else math.inf


def box(low: Vector, high: Vector) -> tuple[Plane, ...]:
    """The six planes around the inside of a box given by two corners [m]."""
    planes = []
    for axis in range(3):
        along = [0.0, 0.0, 0.0]
        along[axis] = 1.0
        planes.append(Plane((along[0], along[1], along[2]), low[axis]))
        planes.append(Plane((-along[0], -along[1], -along[2]), -high[axis]))
    return tuple(planes)
