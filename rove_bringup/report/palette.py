"""One colour a word, the same in plots, pictures and videos."""

from __future__ import annotations

from rove_teleop.core.names import Authority, Phase

PHASE_COLOURS = {
    Phase.AUTO: '#4c78a8',
    Phase.TO_AUTO: '#9ecae9',
    Phase.HUMAN: '#f58518',
    Phase.TO_HUMAN: '#ffbf79',
    Phase.HOLD: '#9d9da1',
    Phase.STOPPED: '#d62728',
}
AUTHORITY_COLOURS = {
    Authority.POLICY: PHASE_COLOURS[Phase.AUTO],
    Authority.HUMAN: PHASE_COLOURS[Phase.HUMAN],
    Authority.BLEND: PHASE_COLOURS[Phase.TO_AUTO],
    Authority.HOLD: PHASE_COLOURS[Phase.HOLD],
}


def bgr(colour: str) -> tuple[int, int, int]:
    """Return ``#rrggbb`` as OpenCV's blue, green, red."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return blue, green, red
