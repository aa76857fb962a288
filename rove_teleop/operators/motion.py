"""A recorded motion: named poses and hands over time, whatever file they came from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from rove_teleop.core.types import Array
from rove_teleop.errors import RecordingError
from rove_teleop.operators import poses as arithmetic
from rove_teleop.operators.hand_model import NUM_HAND_JOINTS


@dataclass(frozen=True)
class Motion:
    """Poses over time; a row of NaN is a sample in which that pose was not tracked.

    Attributes:
        name: What to call it in messages: the file, as a rule.
        time: Strictly increasing from 0 [s], shape (n,), n >= 2.
        poses: ``head``, ``left_wrist``, ``right_wrist`` and names of ``OperatorState.body``,
            each (n, 7). Wrist axes are those of ``hand_model``: x to the fingers, y left,
            z out of the back of a hand that lies palm down; body axes are REP 103.
        hands: By side, the 25 hand joints in the frame of their wrist, shape (n, 25, 7).
        absolute: True if the poses stand in the operator's frame; False if only the motion
            relative to the first sample means anything (the path of some robot's hand).
        buttons: Names held down, one tuple per sample, or empty.
    """

    name: str
    time: Array
    poses: dict[str, Array]
    hands: dict[str, Array] = field(default_factory=dict)
    absolute: bool = True
    buttons: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        check_time(self.name, 'time', self.time)
        n = len(self.time)
        for name, poses in self.poses.items():
            check_poses(self.name, name, poses, (n, 7))
        for side, hand in self.hands.items():
            check_poses(self.name, f'{side}_hand', hand, (n, NUM_HAND_JOINTS, 7))
        if self.buttons and len(self.buttons) != n:
            raise RecordingError(
                f'{self.name}: field buttons has {len(self.buttons)} samples, expected {n}'
            )

    @property
    def duration(self) -> float:
        """Length [s]."""
        return float(self.time[-1])

    def sample(self, t: float) -> MotionSample:
        """Poses at a time [s], between the samples around it; clamped to both ends."""
        t = float(np.clip(t, 0.0, self.duration))
        after = int(np.clip(np.searchsorted(self.time, t, 'right'), 1, len(self.time) - 1))
        before = after - 1
        share = (t - self.time[before]) / (self.time[after] - self.time[before])
        nearest = after if share >= 1.0 else before
        return MotionSample(
            _between(self.poses, before, after, share),
            _between(self.hands, before, after, share),
            self.buttons[nearest] if self.buttons else (),
        )

    def first_poses(self) -> dict[str, Array]:
        """The first sample of each pose in which it was tracked, each (7,)."""
        tracked = {name: np.isfinite(track).all(axis=1) for name, track in self.poses.items()}
        return {
            name: track[np.argmax(tracked[name])]
            for name, track in self.poses.items()
            if tracked[name].any()
        }

    def in_place(self) -> Motion:
        """The same motion seen from above the pelvis: walking stays on the spot.

        Raises:
            RecordingError: There is no pelvis in it.
        """
        if 'pelvis' not in self.poses:
            raise RecordingError(f'{self.name}: field pelvis is missing, expected for in_place')
        pelvis = self.poses['pelvis']
        ground = np.concatenate(
            [pelvis[:, :2], np.zeros((len(pelvis), 1)), arithmetic.heading_only(pelvis[:, 3:])],
            axis=1,
        )
        to_ground = arithmetic.inverse(ground)
        moved = {name: arithmetic.compose(to_ground, p) for name, p in self.poses.items()}
        return replace(self, poses=moved)


@dataclass(frozen=True)
class MotionSample:
    """A motion at one instant; a pose that was not tracked is left out.

    Attributes:
        poses: By name, each (7,).
        hands: By side, in the frame of the wrist, each (25, 7).
        buttons: Names held down.
    """

    poses: dict[str, Array]
    hands: dict[str, Array]
    buttons: tuple[str, ...] = ()


def check_time(file: str, name: str, time: Array) -> None:
    """Raise ``RecordingError`` unless times (n >= 2,) are finite and strictly increase."""
    time = np.asarray(time)
    if time.ndim != 1 or len(time) < 2:
        raise RecordingError(
            f'{file}: field {name} has shape {time.shape}, expected (n,) with at least 2 samples'
        )
    if not np.isfinite(time).all():
        at = int(np.argmin(np.isfinite(time)))
        raise RecordingError(f'{file}: field {name} is {time[at]} at sample {at}, expected finite')
    if (np.diff(time) <= 0.0).any():
        at = int(np.argmax(np.diff(time) <= 0.0))
        raise RecordingError(
            f'{file}: field {name} goes from {time[at]:.6g} to {time[at + 1]:.6g} s at sample '
            f'{at + 1}, expected strictly increasing'
        )


def check_poses(file: str, name: str, poses: Array, shape: tuple[int, ...]) -> None:
    """Raise ``RecordingError`` unless rows are all NaN, or finite with unit quaternions."""
    if poses.shape != shape:
        raise RecordingError(f'{file}: field {name} has shape {poses.shape}, expected {shape}')
    missing = np.isnan(poses).all(axis=-1)
    bad = ~(missing | np.isfinite(poses).all(axis=-1))
    if bad.any():
        raise RecordingError(
            f'{file}: field {name} is not finite at sample {_first(bad)}, '
            'expected numbers, or NaN in the whole pose where it was not tracked'
        )
    norm = np.linalg.norm(poses[..., 3:], axis=-1)
    bad = ~missing & (np.abs(norm - 1.0) > 1e-3)
    if bad.any():
        at = _first(bad)
        raise RecordingError(
            f'{file}: field {name} has a quaternion of norm {norm[bad][0]:.4g} at sample {at}, '
            'expected 1'
        )


def _between(tracks: dict[str, Array], before: int, after: int, share: float) -> dict[str, Array]:
    found = {
        name: arithmetic.interpolate(track[before], track[after], share)
        for name, track in tracks.items()
    }
    return {name: poses for name, poses in found.items() if np.isfinite(poses).all()}


def _first(bad: Array) -> int:
    return int(np.argwhere(bad)[0][0])
