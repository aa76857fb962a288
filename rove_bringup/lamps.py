"""What a person at the keyboard sees: who commands which group, who asks for help, and why."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text

from rove_teleop.core.names import GROUPS, SIDES, Authority, Phase
from rove_teleop.core.types import ControlFrame
from rove_teleop.operators.keyboard import GROUP_KEYS

LEGEND = (
    'space stop · H hold · R release · T take over · A rearm · S/F success/failure · '
    'M recovery · 1-6 groups, 0 all · q quit'
)
NOT_CERTIFIED = 'a software stop, not a certified stop (ISO 13850, IEC 60204-1)'
_PHASES = {
    Phase.AUTO: 'blue',
    Phase.TO_AUTO: 'cyan',
    Phase.HUMAN: 'magenta',
    Phase.TO_HUMAN: 'bold magenta',
    Phase.HOLD: 'yellow',
    Phase.STOPPED: 'bold white on red',
}


def lamps(frame: ControlFrame | None, chosen: tuple[str, ...], problem: str = '') -> Group:
    """The picture of one frame.

    Args:
        frame: The newest, None while the arbiter is silent.
        chosen: Groups the next key is about, empty for all.
        problem: What went wrong at the keyboard.
    """
    parts: list[Table | Text] = []
    if frame is None:
        parts.append(Text('no frame: the arbiter is silent', style='bold red'))
    else:
        parts += [_head(frame), _groups(frame, chosen)]
        if frame.help:
            parts.append(Text(f'ASKS FOR HELP  {frame.help}', style='bold black on yellow'))
    if problem:
        parts.append(Text(problem, style='bold red'))
    parts += [Text(LEGEND, style='dim'), Text(NOT_CERTIFIED, style='dim')]
    return Group(*parts)


def alignment_text(frame: ControlFrame) -> str:
    """Distance and angle of each hand from the robot's, in words."""
    known = [
        f'{side} {frame.alignment[side][0]:.2f} m {frame.alignment[side][1]:.2f} rad'
        for side in SIDES
        if side in frame.alignment
    ]
    return ', '.join(known) or 'no hand is tracked'


def _head(frame: ControlFrame) -> Text:
    text = Text()
    phase = frame.robot_phase
    text.append(f' {phase.name.lower()} ', style=_PHASES[phase])
    text.append(f'  operator {frame.operator_id or "nobody"}  hand from palm: ')
    text.append(alignment_text(frame))
    text.append(f'\n{frame.reason}', style='dim')
    return text


def _groups(frame: ControlFrame, chosen: tuple[str, ...]) -> Table:
    table = Table.grid(padding=(0, 2))
    keys = {group: key for key, group in GROUP_KEYS.items()}
    for group, phase, who in zip(GROUPS, frame.phase, frame.authority, strict=True):
        marked = not chosen or group in chosen
        table.add_row(
            Text(f'{"›" if marked else " "} {keys[group]} {group}', style='' if marked else 'dim'),
            Text(phase.name.lower(), style=_PHASES[phase]),
            Text(Authority(who).name.lower()),
        )
    return table
