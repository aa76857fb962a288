"""The camera protocol: what the twin's cameras and real ones both promise."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan, degrees, radians, tan
from typing import Protocol

import numpy as np

from rove_teleop.core.types import Array
from rove_teleop.errors import ConfigError, InvalidInput

D435_COLOR_FOVY = 42.5
"""Vertical field of view of a D435's colour camera [deg], from Intel's D400 data sheet.

4:3 modes are cut out of the 16:9 image at full height, so it holds for all modes.
"""


@dataclass(frozen=True)
class Intrinsics:
    """A pinhole camera: pixel ``(u, v) = (fx x / z + cx, fy y / z + cy)``, z forward.

    Attributes:
        width, height: Size of the image [px].
        fx, fy: Focal lengths [px].
        cx, cy: Principal point [px].
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        """Refuse sizes and focal lengths that are not positive."""
        if not (self.width > 0 and self.height > 0 and self.fx > 0.0 and self.fy > 0.0):
            raise ConfigError(f'{self} must have positive width, height, fx and fy')

    @property
    def fovy(self) -> float:
        """Vertical field of view [deg], as MuJoCo wants it."""
        return degrees(2.0 * atan(self.height / (2.0 * self.fy)))


def d435_color(width: int = 640, height: int = 480) -> Intrinsics:
    """Nominal intrinsics of a D435's colour camera in a mode of this size."""
    focal = height / (2.0 * tan(radians(D435_COLOR_FOVY) / 2.0))
    return Intrinsics(width, height, focal, focal, width / 2.0, height / 2.0)


@dataclass(frozen=True)
class CameraFrame:
    """One picture.

    Attributes:
        seq: Increases with every frame.
        t_ns: When it was taken [ns, monotonic].
        image: RGB, uint8 (H, W, 3).
        depth: Distance along the optical axis [mm], uint16 (H, W), seen from the same
            pixel; 0 where it is not known. None when the camera gives no depth.
    """

    seq: int
    t_ns: int
    image: Array
    depth: Array | None = None

    def __post_init__(self) -> None:
        """Refuse arrays of another type or size."""
        image, depth = self.image, self.depth
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            got = f'{image.dtype} of shape {image.shape}'
            raise InvalidInput(f'image is {got}; expected uint8 of shape (H, W, 3)')
        if depth is not None and (depth.dtype != np.uint16 or depth.shape != image.shape[:2]):
            got = f'{depth.dtype} of shape {depth.shape}'
            raise InvalidInput(f'depth is {got}; expected uint16 of shape {image.shape[:2]}')


class Camera(Protocol):
    """A source of pictures; ``tests/contracts/camera_contract.py`` tests every implementation."""

    name: str
    intrinsics: Intrinsics

    def read(self) -> CameraFrame | None:
        """Return the newest frame, or None if there is none since the last call.

        Never blocks. Frames nobody read are dropped, and a frame never changes afterwards.

        Raises:
            DeviceError: The camera stopped working.
        """

    def close(self) -> None:
        """Let go of the camera; may be called twice. Later reads return None."""
