"""A recorded operator: plays a motion through the same path as a person in a headset."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np

from rove_teleop.core.names import GROUPS, SIDES, Authority, Phase
from rove_teleop.core.types import Array, ControlFrame, OperatorState, Request
from rove_teleop.errors import ConfigError, UnknownName
from rove_teleop.operators import poses as arithmetic
from rove_teleop.operators.buttons import ButtonMapper
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.operators.motion import Motion, MotionSample
from rove_teleop.operators.recordings import load_recording
from rove_teleop.operators.source import OperatorOutput, OperatorView

AtEnd = Literal['release', 'success', 'failure', 'nothing']
AT_END: tuple[AtEnd, ...] = ('release', 'success', 'failure', 'nothing')

IDLE_POSES: dict[str, Array] = {
    'head': np.array([0.0, 0.0, 1.60, 0.0, 0.0, 0.0, 1.0]),
    'left_wrist': np.array([0.30, 0.22, 1.05, 0.0, 0.0, 0.0, 1.0]),
    'right_wrist': np.array([0.30, -0.22, 1.05, 0.0, 0.0, 0.0, 1.0]),
}
"""A person who stands still, hands before the body, palms down (operator's frame)."""
_RETRY_NS = 1_000_000_000


class ReplayOperator:
    """Waits, takes over, moves along a recording, and hands back.

    A recording of a whole person stands where it was taken; the path of a single hand starts
    at the idle pose. Either way each pose moves by ``scale`` times its recorded displacement
    and turns as recorded, relative to its first sample. Hands that were not recorded are open.

    The recording runs only while the groups asked for (the arms it moves, if none are named)
    are under human authority; when that is lost it pauses where it is and asks again after a
    second, as a person would re-clutch. It never asks while the robot is stopped.
    """

    def __init__(
        self,
        motion: Motion,
        *,
        scale: float = 1.0,
        speed: float = 1.0,
        rate_hz: float = 100.0,
        auto_takeover: bool = True,
        takeover_s: float = 1.0,
        settle_s: float = 0.3,
        groups: tuple[str, ...] = (),
        at_end: AtEnd = 'release',
        recorded_buttons: bool = False,
    ) -> None:
        """Take a recording.

        Args:
            motion: What to play.
            scale: Size of the played displacements relative to the recorded ones.
            speed: Playing speed relative to the recorded one.
            rate_hz: Samples per second, whatever the recording has.
            auto_takeover: Ask for the takeover; if False, play once somebody else has.
            takeover_s: When to ask, after the first frame of the episode [s].
            settle_s: How long to keep still after the takeover before moving [s].
            groups: Groups to take over; empty means all.
            at_end: What to ask for after the last sample.
            recorded_buttons: Play the whole session instead: from the start, whoever is in
                command, with the requests that its recorded buttons make.

        Raises:
            ConfigError: A number is out of its range.
            UnknownName: An unknown group or ``at_end``.
        """
        for name, value in (('scale', scale), ('speed', speed), ('rate_hz', rate_hz)):
            if not 0.0 < value < 1e4:
                raise ConfigError(f'{name} is {value}, expected a positive number')
        if not (0.0 <= takeover_s < 1e6 and 0.0 <= settle_s < 1e6):
            raise ConfigError(f'{takeover_s=} and {settle_s=} must not be negative [s]')
        if at_end not in AT_END:
            raise UnknownName('at_end', at_end, AT_END)
        for group in groups:
            if group not in GROUPS:
                raise UnknownName('group', group, GROUPS)
        self.source_id = 'replay'
        self.motion = motion
        self.done = False
        self._scale, self._speed = scale, speed
        self._period_ns = round(1e9 / rate_hz)
        self._asks = auto_takeover and not recorded_buttons
        self._takeover_ns, self._settle_ns = round(takeover_s * 1e9), round(settle_s * 1e9)
        self._groups = groups
        self._watched = tuple(GROUPS.index(group) for group in groups or _arms(motion))
        self._at_end = at_end
        self._buttons = ButtonMapper() if recorded_buttons else None
        self._first = motion.first_poses()
        self._start = {**IDLE_POSES, **(self._first if motion.absolute else {})}
        self._open = {side: hand_pose(side) for side in SIDES}
        self.reset(0, 'idle')

    def reset(self, seed: int, session: str) -> None:
        """Begin from the first sample; nothing in a replay is random."""
        self._session = session
        self._seq = 0
        self._requests = 0
        self._begin_ns: int | None = None
        self._next_ns = 0
        self._last_ns: int | None = None
        self._asked_ns: int | None = None
        self._settled_ns = 0
        self._played_ns = 0.0
        self.done = False
        if self._buttons is not None:
            self._buttons.reset()

    @property
    def playing_time(self) -> float:
        """Time in the recording [s], from 0 to its duration."""
        return min(self._played_ns * 1e-9, self.motion.duration)

    def step(self, view: OperatorView, now_ns: int) -> OperatorOutput:
        """Move on by the time since the last step; a sample each period."""
        if self._last_ns is None:
            self._last_ns = self._next_ns = now_ns
        elapsed, self._last_ns = now_ns - self._last_ns, now_ns
        if self._begin_ns is None and view.frame is not None and view.frame.episode:
            self._begin_ns = now_ns
        requests = self._follow(view.frame, elapsed, now_ns)
        if now_ns < self._next_ns:
            return OperatorOutput(requests=requests)
        self._next_ns += self._period_ns * ((now_ns - self._next_ns) // self._period_ns + 1)
        state = self._state(now_ns)
        if self._buttons is not None:
            requests += self._buttons.step(
                state.buttons, now_ns, operator_id=self.source_id, session=self._session
            )
        return OperatorOutput(state, requests)

    def _follow(
        self, frame: ControlFrame | None, elapsed: int, now_ns: int
    ) -> tuple[Request, ...]:
        """Advance the recording while in command; otherwise ask for what comes next."""
        if self._buttons is not None:
            self._played_ns += self._speed * elapsed
            self.done = self._at_last()
            return ()
        if frame is None or not self._commands(frame):
            if self._settled_ns > 0:  # lost just now
                self._asked_ns = now_ns
            self._settled_ns = 0
            return self._ask_takeover(frame, now_ns)
        self._settled_ns += max(elapsed, 1)
        if self._settled_ns >= self._settle_ns and not self._at_last():
            self._played_ns += self._speed * elapsed
        return self._ask_end(now_ns) if self._at_last() else ()

    def _at_last(self) -> bool:
        return self._played_ns * 1e-9 >= self.motion.duration

    def _commands(self, frame: ControlFrame) -> bool:
        """Whether every group asked for follows this operator."""
        return all(frame.authority[group] is Authority.HUMAN for group in self._watched)

    def _ask_takeover(self, frame: ControlFrame | None, now_ns: int) -> tuple[Request, ...]:
        due = self._begin_ns is not None and now_ns - self._begin_ns >= self._takeover_ns
        able = frame is not None and frame.robot_phase is not Phase.STOPPED
        if self._asks and due and able and not self.done and not self._at_last():
            return self._ask('takeover', now_ns)
        return ()

    def _ask_end(self, now_ns: int) -> tuple[Request, ...]:
        """Ask once for a verdict, and again and again for a release that has not come."""
        first, self.done = not self.done, True
        if self._at_end == 'nothing' or not (first or self._at_end == 'release'):
            return ()
        if first:
            self._asked_ns = None
        return self._ask(self._at_end, now_ns)

    def _ask(self, event: str, now_ns: int) -> tuple[Request, ...]:
        if self._asked_ns is not None and now_ns - self._asked_ns < _RETRY_NS:
            return ()
        self._asked_ns = now_ns
        self._requests += 1
        request = Request(
            event=event,
            groups=self._groups if event in ('takeover', 'release') else (),
            operator_id=self.source_id,
            request_id=f'{self.source_id}/{self._session}/{self._requests}',
            detail=f'recording={Path(self.motion.name).stem}',
            t_receive_ns=now_ns,
        )
        return (request,)

    def _state(self, now_ns: int) -> OperatorState:
        sample = self.motion.sample(self.playing_time)
        poses = self._placed(sample)
        self._seq += 1
        return OperatorState(
            source_id=self.source_id,
            session=self._session,
            seq=self._seq,
            t_source_ns=now_ns,
            t_receive_ns=now_ns,
            head=poses.pop('head', None),
            left_hand=self._hand('left', poses, sample),
            right_hand=self._hand('right', poses, sample),
            left_wrist=poses.pop('left_wrist', None),
            right_wrist=poses.pop('right_wrist', None),
            body=poses,
            buttons=sample.buttons,
        )

    def _placed(self, sample: MotionSample) -> dict[str, Array]:
        """The sample in the operator's frame; poses that were never recorded stay idle."""
        poses = {n: p for n, p in self._start.items() if n not in self.motion.poses}
        for name, pose in sample.poses.items():
            first, start = self._first[name], self._start[name]
            turn = arithmetic.multiply(pose[3:], arithmetic.conjugate(first[3:]))
            moved = start[:3] + self._scale * (pose[:3] - first[:3])
            poses[name] = np.concatenate([moved, arithmetic.multiply(turn, start[3:])])
        return poses

    def _hand(self, side: str, poses: dict[str, Array], sample: MotionSample) -> Array | None:
        wrist = poses.get(f'{side}_wrist')
        if wrist is None or (side in self.motion.hands and side not in sample.hands):
            return None
        return arithmetic.compose(wrist, sample.hands.get(side, self._open[side]))


def _arms(motion: Motion) -> tuple[str, ...]:
    """Groups of the arms that a motion moves; both if it has no single hand."""
    sides = [s for s in SIDES if f'{s}_wrist' in motion.poses or s in motion.hands]
    return tuple(f'{side}_arm' for side in sides or SIDES)


def replay_operator(
    recording: str | Path = 'pick_like',
    *,
    side: str = 'right',
    keypoints: str | Path | None = None,
    keypoints_side: str = 'right',
    subject_height: float = 1.7,
    in_place: bool = True,
    **options: object,
) -> ReplayOperator:
    """A replay of a recording on disk.

    Args:
        recording: Path, or name of a shipped recording.
        side: The hand that a single-handed recording is for.
        keypoints: Hand keypoints to play the fingers of a wrist path from.
        keypoints_side: The hand the keypoints were taken of.
        subject_height: Height of the person in a BVH file [m].
        in_place: Keep a recording with a pelvis on the spot.
        options: See ``ReplayOperator``.

    Raises:
        RecordingError: The recording cannot be used.
        UnknownName: No such side or shipped recording.
    """
    motion = load_recording(
        recording,
        side=side,
        keypoints=keypoints,
        keypoints_side=keypoints_side,
        subject_height=subject_height,
    )
    if in_place and 'pelvis' in motion.poses:
        motion = motion.in_place()
    return ReplayOperator(motion, **options)  # type: ignore[arg-type]
