"""What somebody at the keyboard sees of a frame."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from rich.console import Console

from rove_bringup.lamps import lamps
from rove_teleop.core.names import GROUPS, Authority, Phase
from rove_teleop.core.types import ControlFrame
from tests.fakes.frames import Script, control_frames

FRAME = replace(
    next(control_frames(Script())),
    phase=(Phase.AUTO, Phase.HUMAN, Phase.AUTO, Phase.TO_HUMAN, Phase.HOLD, Phase.AUTO),
    authority=(*(Authority.POLICY, Authority.HUMAN) * 2, Authority.HOLD, Authority.POLICY),
    robot_phase=Phase.HOLD,
    operator_id='headset',
)


def seen(frame: ControlFrame | None, chosen: tuple[str, ...] = (), problem: str = '') -> list[str]:
    console = Console(width=140, record=True, file=StringIO())
    console.print(lamps(frame, chosen, problem))
    return console.export_text().splitlines()


def line(lines: list[str], word: str) -> str:
    return next(text for text in lines if word in text)


def test_every_group_shows_its_key_its_phase_and_who_commands_it() -> None:
    lines = seen(FRAME)
    for number, (group, phase, who) in enumerate(
        zip(GROUPS, FRAME.phase, FRAME.authority, strict=True), 1
    ):
        assert line(lines, f' {group} ').split() == [
            '›',
            str(number),
            group,
            phase.name.lower(),
            who.name.lower(),
        ]


def test_only_chosen_groups_are_marked() -> None:
    lines = seen(FRAME, ('right_arm',))
    assert [group for group in GROUPS if '›' in line(lines, f' {group} ')] == ['right_arm']


def test_alignment_is_shown_for_each_hand_that_is_known() -> None:
    assert 'no hand is tracked' in seen(replace(FRAME, alignment={}))[0]
    frame = replace(FRAME, alignment={'left': (0.304, 1.047), 'right': (0.05, 0.1)})
    shown = seen(frame)[0]
    assert 'hold' in shown and 'operator headset' in shown
    assert 'left 0.30 m 1.05 rad, right 0.05 m 0.10 rad' in shown


def test_a_request_for_help_is_shown_while_it_is_open() -> None:
    assert not any('HELP' in text for text in seen(replace(FRAME, help='')))
    shown = seen(replace(FRAME, help='policy: lost the cube'))
    assert line(shown, 'HELP').strip() == 'ASKS FOR HELP  policy: lost the cube'


def test_a_silent_arbiter_a_problem_and_what_a_stop_is_not_are_said() -> None:
    shown = seen(None, problem='stop not sent')
    assert shown[0].strip() == 'no frame: the arbiter is silent'
    assert shown[1].strip() == 'stop not sent'
    assert 'not a certified stop' in shown[-1]
