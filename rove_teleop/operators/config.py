"""Which operator, and what he needs: the options of the command line and of the node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rove_teleop.config import check, param
from rove_teleop.core.names import SIDES
from rove_teleop.operators.source import OperatorSource, make_operator


@dataclass(frozen=True)
class OperatorConfig:
    """Options of an operator; each kind of operator takes those that concern it."""

    operator: str = param('scripted', 'Operator who may take over: a name, or module:Class.')
    imperfection: float = param(
        0.3, 'How imperfect the scripted operator is, 0 to 1.', low=0.0, high=1.0
    )
    recording: str = param(
        'pick_like', 'Recording the replay operator plays: a shipped name or a path.'
    )
    keypoints: str = param('', 'Recorded hand keypoints to go with a recorded wrist path.')
    side: str = param('right', 'Hand a single-handed recording is played on.', choices=SIDES)
    scale: float = param(1.0, 'Scale of the replayed hand path.', low=0.05, high=2.0)

    def __post_init__(self) -> None:
        """Refuse values out of range."""
        check(self)

    def make_operator(self) -> OperatorSource:
        """Build the operator.

        Raises:
            UnknownName: No such operator or recording.
            RecordingError: The recording cannot be used.
        """
        return make_operator(self.operator, **self._options())

    def _options(self) -> dict[str, Any]:
        if self.operator == 'scripted':
            return {'imperfection': self.imperfection}
        if self.operator == 'replay':
            return {
                'recording': self.recording,
                'keypoints': self.keypoints or None,
                'side': self.side,
                'scale': self.scale,
            }
        return {}
