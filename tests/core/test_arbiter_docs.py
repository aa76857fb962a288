"""What docs/arbiter.md says in its tables is what the code does."""

from __future__ import annotations

from pathlib import Path
import re

from arbiter_rig import BASE, make_limits
import pytest

from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.desk import Desk, obstacle
from rove_teleop.core.lease import Lease
from rove_teleop.core.names import CHANNELS, Authority, Phase
from rove_teleop.core.phases import PHASE_EVENTS, REQUESTS, TABLE, authority_after
from rove_teleop.core.tags import TagMachine
from rove_teleop.core.types import Event, Request

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / 'docs/arbiter.md').read_text()
NOW = 10_000_000_000


def table(first: str) -> dict[str, dict[str, str]]:
    """Rows of the table whose first column has this heading, by their first cell."""
    lines = TEXT.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith(f'| {first} |'))
    rows = []
    for line in lines[at:]:
        if not line.startswith('|'):
            break
        rows.append([cell.strip() for cell in line.strip('|').split('|')])
    head, _, *body = rows
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in body}


def test_the_phases_and_authorities_of_the_page_are_those_of_the_code() -> None:
    said = table('event')
    assert tuple(said) == PHASE_EVENTS
    for event, row in said.items():
        who = row.pop('authority')
        assert {Phase[name.upper()] for name in row} == set(Phase)
        for name, after in row.items():
            phase = Phase[name.upper()]
            assert TABLE.get((phase, event)) == (None if after == '–' else Phase[after.upper()])
            if (phase, event) in TABLE and (phase, event) != (Phase.HOLD, 'blend'):
                expected = Authority.BLEND if who == 'same' else Authority[who.upper()]
                assert authority_after(phase, Authority.BLEND, event) is expected
    assert authority_after(Phase.HOLD, Authority.HOLD, 'blend') is Authority.POLICY


def test_every_arrow_of_the_diagram_is_in_the_table_and_every_change_is_drawn() -> None:
    drawn = set()
    for before, after, events in re.findall(r'^    (\w+) --> (\w+): (.+)$', TEXT, re.MULTILINE):
        for event in re.sub(r' \(.*?\)', '', events).split(', '):
            assert TABLE[Phase[before.upper()], event] is Phase[after.upper()]
            drawn.add((Phase[before.upper()], event))
    changes = {pair for pair, after in TABLE.items() if after is not pair[0]}
    whole_robot = {'plant_restarted', 'episode_end'}
    assert {pair for pair in changes if pair[1] not in whole_robot} <= drawn


@pytest.mark.parametrize('operated', [True, False])
def test_who_may_ask_on_the_page_is_who_may_ask(operated: bool) -> None:
    lease, seat = Lease(), Lease(of='director')
    epoch = lease.acquire('ann', NOW).epoch if operated else 0
    seat.acquire('director', NOW)
    desk = Desk(ArbiterConfig(BASE), lease, seat)
    said = table('request')
    assert set(said) == set(REQUESTS)
    names = {'lease holder': ('ann', epoch), 'director': ('director', 1), 'anybody else': ('', 0)}
    for event, row in said.items():
        for column, (name, number) in names.items():
            if column == 'lease holder' and not operated:
                continue
            may = row[column] in ('yes', 'between episodes')
            may |= row[column] == 'while nobody holds the lease' and not operated
            refused = desk.refusal(Request(event, (), name, number, 'r1'), NOW)
            assert (refused == '') == may, (event, column, refused)


def test_the_director_rearms_only_between_episodes_as_the_page_says() -> None:
    assert table('request')['rearm']['director'] == 'between episodes'
    tags = TagMachine()
    assert obstacle(Request('rearm', operator_id='director'), tags) == ''
    tags.apply(Event(1, 1, 0, 'episode_start', (), '', 'episode=e1'))
    assert obstacle(Request('rearm', operator_id='director'), tags)


def test_the_limits_of_the_page_are_those_of_the_code() -> None:
    limits, elbow = make_limits(), CHANNELS.index('left_elbow_joint')
    assert [*table('pace')] == ['moving', 'switch', 'stop']
    for pace, row in table('pace').items():
        prefix = '' if pace == 'moving' else f'{pace}_'
        for heading, value in row.items():
            name = heading.split()[0]
            assert getattr(limits, prefix + name)[elbow] == float(value)


def test_the_times_of_the_page_are_those_of_the_code() -> None:
    config = ArbiterConfig(BASE)
    for name, row in table('time').items():
        assert getattr(config, name.strip('`')) == int(row['ms']) * 1_000_000


def test_every_promise_of_the_page_names_a_test_that_exists() -> None:
    tests = '\n'.join(path.read_text() for path in (ROOT / 'tests').rglob('test_*.py'))
    for promise, row in table('promise').items():
        names = re.findall(r'`(\w+)`', row['test'])
        assert names, promise
        for name in names:
            assert f'def {name}(' in tests, name


def test_every_link_of_the_page_leads_to_a_file() -> None:
    for target in re.findall(r'\]\(([^)#]+)\)', TEXT):
        assert (ROOT / 'docs' / target).is_file(), target
