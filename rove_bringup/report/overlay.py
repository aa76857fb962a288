"""Draw into a camera picture who is in command."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from rove_bringup.report.palette import AUTHORITY_COLOURS, PHASE_COLOURS, bgr
from rove_teleop.core.names import GROUPS, Authority, Phase, Stage
from rove_teleop.recording.episode import Array, Episode

BAR_HEIGHT = 60
"""Height of the bar below the picture [pixels]."""
EVENT_NS = 1_500_000_000
"""How long an event is shown."""

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_BACKGROUND = (28, 28, 28)
_WHITE = (240, 240, 240)
_GREY = (170, 170, 170)
_BLACK = (20, 20, 20)
_SHOWN_EVENTS = (
    'takeover',
    'release',
    'hold',
    'stop',
    'rearm',
    'success',
    'failure',
    'recovery',
    'input_lost',
    'policy_lost',
    'plant_lost',
    'lease_lost',
)


@dataclass(frozen=True)
class Caption:
    """What the bar says.

    Attributes:
        time: Since the first frame of the episode [s].
        event: The newest event worth a word, empty when it is too old.
    """

    phase: Phase
    authority: tuple[Authority, ...]
    stage: Stage
    time: float
    event: str

    @staticmethod
    def at(episode: Episode, stamp_ns: int) -> Caption:
        """The caption of a picture taken at a time in the clock of the stamps."""
        row = int(np.searchsorted(episode.stamp_ns, stamp_ns, side='right')) - 1
        row = min(max(row, 0), len(episode) - 1)
        now = int(episode.t_ns[row])
        return Caption(
            phase=Phase(episode.robot_phase[row]),
            authority=tuple(Authority(value) for value in episode.authority[row]),
            stage=Stage(episode.stage[row]),
            time=(now - int(episode.t_ns[0])) * 1e-9,
            event=_event(episode, now),
        )


def compose(view: Array, inset: Array | None, caption: Caption) -> Array:
    """Return one picture: the view, the inset in its corner, the caption below.

    Args:
        view: Main picture, shape (h, w, 3), BGR.
        inset: Second picture, scaled to a third of the width.
        caption: What to say.

    Returns:
        Shape (h + 60, w, 3), both made even as video codecs want them.
    """
    height, width = (size - size % 2 for size in view.shape[:2])
    canvas = np.full((height + BAR_HEIGHT, width, 3), _BACKGROUND, np.uint8)
    canvas[:height] = view[:height, :width]
    if inset is not None:
        _place(canvas, inset, width)
    _banner(canvas, caption, width)
    _bar(canvas, caption, height, width)
    return canvas


def _event(episode: Episode, now: int) -> str:
    for event in reversed(episode.events):
        if event.kind in _SHOWN_EVENTS and event.t_ns <= now < event.t_ns + EVENT_NS:
            return f'{event.kind} ({event.actor})' if event.actor else event.kind
    return ''


def _place(canvas: Array, inset: Array, width: int) -> None:
    w = width // 3
    h = inset.shape[0] * w // inset.shape[1]
    small = cv2.resize(inset, (w, h), interpolation=cv2.INTER_AREA)
    canvas[8 : 8 + h, width - 8 - w : width - 8] = small
    cv2.rectangle(canvas, (width - 9 - w, 7), (width - 8, 8 + h), _WHITE, 1)


def _banner(canvas: Array, caption: Caption, width: int) -> None:
    """The robot's phase in its colour in the upper left corner, the newest event below."""
    word = caption.phase.name.replace('_', ' ')
    (w, h), _ = cv2.getTextSize(word, _FONT, 0.75, 2)
    cv2.rectangle(canvas, (8, 8), (24 + w, 24 + h), bgr(PHASE_COLOURS[caption.phase]), -1)
    cv2.putText(canvas, word, (16, 16 + h), _FONT, 0.75, _BLACK, 2, cv2.LINE_AA)
    if caption.event:
        (w, h2), _ = cv2.getTextSize(caption.event, _FONT, 0.5, 1)
        top = 32 + h
        cv2.rectangle(canvas, (8, top), (20 + w, top + h2 + 12), _BACKGROUND, -1)
        place = (14, top + h2 + 5)
        cv2.putText(canvas, caption.event, place, _FONT, 0.5, _WHITE, 1, cv2.LINE_AA)


def _bar(canvas: Array, caption: Caption, top: int, width: int) -> None:
    """One chip a group, its authority as word and colour; time and stage at the right."""
    scale = width / 640
    chip = (width - int(100 * scale)) // len(GROUPS)
    for index, (group, authority) in enumerate(zip(GROUPS, caption.authority, strict=True)):
        left = 6 + index * chip
        name = group.replace('_', ' ')
        place = (left + 3, top + 19)
        cv2.putText(canvas, name, place, _FONT, 0.4 * scale, _GREY, 1, cv2.LINE_AA)
        colour = bgr(AUTHORITY_COLOURS[authority])
        cv2.rectangle(canvas, (left, top + 27), (left + chip - 6, top + 50), colour, -1)
        word = authority.name.lower()
        place = (left + 6, top + 43)
        cv2.putText(canvas, word, place, _FONT, 0.45 * scale, _BLACK, 1, cv2.LINE_AA)
    left = width - int(92 * scale)
    clock = f'{caption.time:6.2f} s'
    cv2.putText(canvas, clock, (left, top + 22), _FONT, 0.5 * scale, _WHITE, 1, cv2.LINE_AA)
    stage = caption.stage.name.lower()
    cv2.putText(canvas, stage, (left, top + 44), _FONT, 0.45 * scale, _GREY, 1, cv2.LINE_AA)
