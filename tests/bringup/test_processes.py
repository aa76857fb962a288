"""Real processes: the same events and tags as in lockstep, and a defined end for every loss."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from math import inf
from pathlib import Path
import signal
import time

import numpy as np
import pytest

from rove_bringup.config import Episode, RunConfig
from rove_bringup.faults.nodes.live_run import LiveRun
from rove_bringup.lockstep import LockstepRunner
from rove_teleop.core.names import GROUPS, Authority, Phase
from rove_teleop.core.types import ControlFrame, Event
from rove_teleop.errors import RoveError
from rove_teleop.recording.episode import Episode as RecordedEpisode
from rove_teleop.recording.loading import load_episode
from tests.fakes.collector import Collector

pytestmark = pytest.mark.alone

STARTUP_S = 40.0
ATTEMPTS = 5  # a machine that stalls, be it for 20 ms, tells another story: so try again
NO_ANSWER = 'no answer from record_episode within 10 s'
_MS = 1_000_000


def config_with(**changes: object) -> RunConfig:
    """The default run, shortened, with changes."""
    return replace(RunConfig(timeout=30.0), **changes)  # type: ignore[arg-type]  # its fields


def since_start(events: list[Event]) -> list[Event]:
    """The events of the episode."""
    kinds = [event.kind for event in events]
    return events[kinds.index('episode_start') :]


def starved(recorded: RecordedEpisode, events: list[Event]) -> bool:
    """Whether the machine kept a process from its work, so that the run had to go otherwise."""
    begun = next((event.t_ns for event in events if event.kind == 'blend'), inf)
    human = recorded.intervention & (recorded.operator_times[:, 0] > 0)
    sample_age = (recorded.t_ns - recorded.operator_times[:, 1])[human]
    return (
        any(event.kind.endswith('_lost') for event in events)
        or begun - events[0].t_ns > 1_000 * _MS
        or bool(np.percentile(sample_age, 99) > 100 * _MS)
    )


def story(events: list[Event]) -> list[tuple[str, tuple[str, ...], str]]:
    """What happened from the start of the episode to its end, without times."""
    return [
        (event.kind, event.groups, event.actor)
        for event in since_start(events)
        if event.kind != 'recorder_back'
    ]


def tags(frames: list[ControlFrame]) -> list[tuple[object, ...]]:
    """Phases, authorities and stages of an episode in order, each run of equal frames once."""
    labels = [
        (tuple(map(int, f.phase)), tuple(map(int, f.authority)), f.intervention, int(f.stage))
        for f in frames
        if f.episode
    ]
    return [label for label, _ in groupby(labels)]


def test_processes_and_lockstep_tell_the_same_story(tmp_path: Path) -> None:
    config = config_with(seed=3, timeout=60.0)
    expected = Collector()
    LockstepRunner(config).run(Episode('episode_0000', config.seed), [expected])
    told = story(expected.events), tags(expected.frames)
    for attempt in range(ATTEMPTS):
        out = tmp_path / str(attempt)
        with LiveRun(config, out) as run:
            run.wait(lambda: run.director.done, STARTUP_S + 60.0, 'the end of the run')
            events = list(run.events)
        recorded = load_episode(out / 'episode_0000.mcap')
        columns = (recorded.phase, recorded.authority, recorded.intervention, recorded.stage)
        rows = zip(*(column.tolist() for column in columns), recorded.episode, strict=True)
        seen = [(tuple(p), tuple(a), i, s) for p, a, i, s, episode in rows if episode]
        lived = story(events), [label for label, _ in groupby(seen)]
        if lived == told or not starved(recorded, since_start(events)):
            break
    assert lived == told


def test_a_stall_while_everything_starts_does_not_cost_the_episode(tmp_path: Path) -> None:
    with LiveRun(config_with(operator='none'), tmp_path) as run:
        run.wait(lambda: run.frame is not None, STARTUP_S, 'the first frame')
        twin = run.fleet.processes['twin']
        twin.send_signal(signal.SIGSTOP)
        run.wait(lambda: run.frame.robot_phase is Phase.STOPPED, 5.0, 'the stop')
        twin.send_signal(signal.SIGCONT)
        run.wait_for_event('blend', STARTUP_S)
        assert {e.actor for e in run.events if e.kind == 'rearm'} == {'director'}


def with_the_policy_in_command(
    out: Path, act: Callable[[LiveRun], None], *, cameras: bool = False, timeout: float = 30.0
) -> None:
    """Act in a run in which the policy moves the robot and nobody takes over.

    A machine that stalls for longer than plant or policy may be silent ends such a run by
    itself, as it must; then there is nothing to see, and another run is tried.
    """
    killed = {'plant_lost': 'twin', 'policy_lost': 'policy'}
    for attempt in range(ATTEMPTS):
        config = config_with(operator='none', timeout=timeout)
        with LiveRun(config, out / str(attempt), cameras) as run:
            try:
                run.wait_for_event('auto', STARTUP_S)
                act(run)
            except (AssertionError, RoveError):
                lost = [event for event in run.events if event.kind in killed]
                stalled = any(e.t_ns < run.killed_ns[killed[e.kind]] for e in lost)
                if not stalled or attempt == ATTEMPTS - 1:
                    raise
            else:
                return


def _authority_is(run: LiveRun, authority: Authority) -> bool:
    frame = run.frame
    return frame is not None and set(frame.authority) == {authority}


def test_a_killed_policy_leads_to_hold_and_the_recording_goes_on(tmp_path: Path) -> None:
    def act(run: LiveRun) -> None:
        killed_ns = run.kill('policy')
        lost = run.wait_for_event('policy_lost', 3.0, killed_ns)
        assert lost.t_ns - killed_ns < 1_500 * _MS  # the last chunk may be played to its end
        run.wait(lambda: _authority_is(run, Authority.HOLD), 1.0, 'hold')
        assert run.frame is not None and run.frame.robot_phase is Phase.HOLD

    with_the_policy_in_command(tmp_path, act)


def test_a_killed_twin_leads_to_hold_and_stop_at_the_times_of_the_table(tmp_path: Path) -> None:
    def act(run: LiveRun) -> None:
        killed_ns = run.kill('twin')
        lost = run.wait_for_event('plant_lost', 2.0, killed_ns)
        stop = run.wait_for_event('stop', 2.0, killed_ns)
        run.wait(
            lambda: run.frame is not None and run.frame.robot_phase is Phase.STOPPED,
            1.0,
            'stopped',
        )
        heard_ns = run.frame.plant.t_receive_ns
        assert 20 * _MS < lost.t_ns - heard_ns < 60 * _MS
        assert 100 * _MS < stop.t_ns - heard_ns < 150 * _MS

    with_the_policy_in_command(tmp_path, act)


def test_a_killed_arbiter_makes_the_twin_hold_upright_and_say_so(tmp_path: Path) -> None:
    def act(run: LiveRun) -> None:
        run.kill('arbiter')
        run.wait(lambda: 'lost joint_command' in run.log('twin'), 3.0, 'the line in the log')
        before = run.director.plant
        deadline = time.monotonic() + 2.0
        run.wait(lambda: time.monotonic() > deadline, 3.0, 'two seconds')
        after = run.director.plant
        assert after is not None and before is not None
        assert not after.fault and after.base_pose[2] > 0.7
        assert abs(after.position - before.position).max() < 0.3
        run.wait(lambda: 'lost control_frame' in run.log('policy'), 3.0, 'the line in the log')

    with_the_policy_in_command(tmp_path, act)


def test_a_killed_recorder_raises_an_alarm_and_leaves_a_readable_file(tmp_path: Path) -> None:
    def act(run: LiveRun) -> None:
        tick = run.frame.tick
        run.wait(lambda: run.frame is not None and run.frame.tick > tick + 600, 10.0, '600 ticks')
        last = run.frame.tick
        killed_ns = run.kill('recorder')
        run.wait_for_event('recorder_lost', 3.0, killed_ns)
        episode = load_episode(run.out / 'episode_0000.mcap')
        assert episode.truncated
        assert episode.tick[-1] > last - 200  # at most one second is lost
        assert _authority_is(run, Authority.POLICY)

    with_the_policy_in_command(tmp_path, act)


def test_a_killed_teleop_or_operator_leads_to_hold_while_a_human_commands(tmp_path: Path) -> None:
    for victim in ('teleop', 'operator'):
        config = config_with(operator='replay', recording='reach_and_wave')
        with LiveRun(config, tmp_path / victim) as run:
            run.wait_for_event('human', STARTUP_S)
            killed_ns = run.kill(victim)
            lost = run.wait_for_event('input_lost', 3.0, killed_ns)
            assert set(lost.groups) == set(GROUPS)
            run.wait(lambda: _authority_is(run, Authority.HOLD), 1.0, 'hold')
            heard_ns = run.frame.operator.t_receive_ns
            assert 400 * _MS < lost.t_ns - heard_ns < 500 * _MS


def test_a_run_goes_on_to_its_end_without_camera_and_recorder_and_says_what_it_lost(
    tmp_path: Path,
) -> None:
    problems: list[str] = []

    def act(run: LiveRun) -> None:
        problems.clear()
        run.director.on_problem = problems.append
        run.kill('camera')
        run.kill('recorder')
        run.wait(lambda: run.director.done, 30.0, 'the end of the run')
        assert {lost.name: lost.essential for lost in run.fleet.lost()} == {
            'camera': False,
            'recorder': False,
        }
        assert list(run.director.outcomes) == ['episode_0000']
        assert not [event for event in run.events if event.kind == 'stop']

    with_the_policy_in_command(tmp_path, act, cameras=True, timeout=5.0)
    assert problems == ['the recording of episode_0000 did not end well: ' + NO_ANSWER]
