"""The twin's cameras, behind the same protocol as real ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import radians, tan

from rove_teleop.cameras.camera import CameraFrame, Intrinsics, d435_color
from rove_teleop.core.types import Array, PlantState
from rove_teleop.twin.model import HEAD_CAMERA, VIEW_CAMERA, VIEW_FOVY
from rove_teleop.twin.renderer import SceneRenderer


def twin_intrinsics(width: int = 640, height: int = 480) -> dict[str, Intrinsics]:
    """Both cameras of the twin in one size: ``head`` sees as a D435 does, ``view`` wider."""
    focal = height / (2.0 * tan(radians(VIEW_FOVY) / 2.0))
    view = Intrinsics(width, height, focal, focal, width / 2.0, height / 2.0)
    return {HEAD_CAMERA: d435_color(width, height), VIEW_CAMERA: view}


@dataclass(frozen=True)
class _Snapshot:
    t_ns: int
    position: Array
    base_pose: Array
    objects: Mapping[str, Array]


class TwinCamera:
    """One camera of the twin. It draws when read, and only the newest state it was shown.

    Attributes:
        name: Name of the camera in the model.
        intrinsics: How it sees.
    """

    def __init__(self, renderer: SceneRenderer, name: str) -> None:
        """Look through one of the renderer's cameras; several may share a renderer.

        Raises:
            UnknownName: The renderer has no such camera.
        """
        self.name = name
        self.intrinsics = renderer.intrinsics(name)
        self._renderer: SceneRenderer | None = renderer
        self._snapshot: _Snapshot | None = None
        self._seq = 0

    def show(self, state: PlantState, objects: Mapping[str, Array]) -> None:
        """Hand in the newest state; a state that was not read is dropped.

        Args:
            state: Where the robot is.
            objects: World poses (7,) of free objects and markers by name.
        """
        self._snapshot = _Snapshot(state.t_ns, state.position, state.base_pose, objects)

    def read(self) -> CameraFrame | None:
        """Draw the newest state, or return None if there is none since the last call."""
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is None or self._renderer is None:
            return None
        images = self._renderer.render(
            snapshot.position, snapshot.base_pose, snapshot.objects, [self.name]
        )
        self._seq += 1
        return CameraFrame(self._seq, snapshot.t_ns, images[self.name])

    def close(self) -> None:
        """Let go of the renderer, which is its owner's to close."""
        self._renderer = None
