"""The judge of the loop benchmark, on records whose latencies and lags are known."""

from __future__ import annotations

from dataclasses import replace
import json
from pathlib import Path
import subprocess
import sys
from typing import Any

import numpy as np
import pinocchio as pin
import pytest

from benchmarks.bench_loop import main
from benchmarks.loop.lag import STAGES, Stretch, find_lag, stretches
from benchmarks.loop.lag import Path as HandPath
from benchmarks.loop.operator import FASTEST, SLOWEST, Oscillation, SwingingOperator
from benchmarks.loop.scores import Line, gather, lines
from rove_teleop.assembly import make_robot
from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import GROUP_CHANNELS, NUM_BASE, NUM_LEG_JOINTS, SIDES, Phase
from rove_teleop.errors import ConfigError
from rove_teleop.operators.source import OperatorView
from rove_teleop.recording.episode import Episode
from tests.fakes.frames import PERIOD_NS, Script, control_frames, task_states
from tests.fakes.recordings import build_episode

ROOT = Path(__file__).resolve().parents[2]
ATTEMPTS = 3  # on a machine too busy for the operator to be let in
SCRIPT = Script(ticks=1400, takeover=150, release=1200)
PROPOSED_S, EXECUTED_S, MEASURED_S = 0.012, 0.019, 0.043  # behind the wrist


@pytest.fixture(scope='module')
def kinematics() -> Kinematics:
    robot = make_robot()
    return Kinematics(robot, LegKinematics(robot))


@pytest.fixture(scope='module')
def episode(kinematics: Kinematics) -> Episode:
    """A robot whose arms swing as an operator's do, each stage some time later."""
    robot = make_robot()
    legs = LegKinematics(robot)
    home = np.concatenate((legs.nominal_base, robot.nominal[NUM_LEG_JOINTS:]))
    swing = {side: Oscillation(np.random.default_rng(k)) for k, side in enumerate(SIDES)}

    def channels(t: float) -> np.ndarray:
        position = home.copy()
        for side in SIDES:
            arm = GROUP_CHANNELS[f'{side}_arm']
            position[arm][:6] += 0.1 * swing[side].at(t)
        return position

    def joints(t: float) -> np.ndarray:
        return np.concatenate((robot.nominal[:NUM_LEG_JOINTS], channels(t)[NUM_BASE:]))

    made = build_episode(SCRIPT)
    seconds = made.t_ns * 1e-9
    wrist_ns = np.arange(made.t_ns[0], made.t_ns[-1], 10_000_000)
    wrists = [kinematics.palms(channels(t)) for t in wrist_ns * 1e-9]
    times = made.plant_times.copy()
    times[:, 1] = made.t_ns - 3_000_000
    return replace(
        made,
        human_position=np.array([channels(t - PROPOSED_S) for t in seconds]),
        executed_position=np.array([channels(t - EXECUTED_S) for t in seconds]),
        measured_position=np.array([joints(t - 3e-3 - MEASURED_S) for t in seconds]),
        plant_times=times,
        wrist_t_ns=wrist_ns,
        wrist_pose=np.array([[pin.SE3ToXYZQUAT(each[s]) for s in SIDES] for each in wrists]),
    )


def lag_ms(found: list[Stretch], before: str, after: str) -> float:
    lag = find_lag(found, before, after)
    assert lag is not None
    assert lag.correlation > 0.99
    return lag.ms


def test_a_known_lag_is_found_to_the_millisecond_at_every_stage(episode, kinematics):
    found = list(stretches(episode, kinematics))
    assert len(found) == 1
    lags = [
        lag_ms(found, before, after) for before, after in zip(STAGES, STAGES[1:], strict=False)
    ]
    parts = PROPOSED_S, EXECUTED_S - PROPOSED_S, MEASURED_S - EXECUTED_S
    assert lags == [pytest.approx(1e3 * part, abs=1.0) for part in parts]
    assert lag_ms(found, 'wrist', 'measured') == pytest.approx(1e3 * MEASURED_S, abs=1.0)
    assert lag_ms(found, 'measured', 'wrist') == pytest.approx(-1e3 * MEASURED_S, abs=1.0)


@pytest.mark.parametrize('lag', [0.0, 0.0037, 0.05, 0.2])
def test_noise_and_uneven_samples_do_not_shift_the_lag(lag):
    rng = np.random.default_rng(0)
    swing = Oscillation(rng)
    found = []
    for begin in (0.0, 7.0, 20.0):
        t = np.sort(begin + rng.uniform(0.0, 4.0, 400))
        position = 0.05 * np.array([swing.at(x) for x in t])
        paths = {
            'wrist': HandPath(t, position),
            'measured': HandPath(t + lag, position + rng.normal(0.0, 1e-4, position.shape)),
        }
        found.append(Stretch(paths))
    assert lag_ms(found, 'wrist', 'measured') == pytest.approx(1e3 * lag, abs=1.0)


def test_without_a_stretch_in_command_there_is_no_lag(episode, kinematics):
    policy = replace(episode, phase=np.zeros_like(episode.phase))
    assert list(stretches(policy, kinematics)) == []
    assert find_lag([], 'wrist', 'measured') is None


def test_the_hands_swing_between_the_slowest_and_the_fastest_motion():
    swing = Oscillation(np.random.default_rng(3))
    step = 1e-3
    path = np.array([swing.at(k * step) for k in range(60_000)])
    crossings = (np.diff(np.signbit(path).astype(int), axis=0) != 0).sum(axis=0)
    middle = 0.5 * (SLOWEST + FASTEST)
    assert crossings / 120.0 == pytest.approx(middle, rel=0.2)
    speed = np.abs(np.diff(path, axis=0)).max() / step
    assert speed == pytest.approx(2.0 * np.pi * FASTEST, rel=0.02)


def test_latencies_are_those_of_the_records(episode, kinematics):
    samples = gather([episode], kinematics)
    assert samples.latency_ms == [pytest.approx(SCRIPT.wait * 5.0 + 3.0)]
    assert set(np.concatenate(samples.sample_age)) == {4_000_000}
    assert set(np.concatenate(samples.source_age)) == {6_000_000}
    assert set(np.concatenate(samples.plant_age)) == {3_000_000}
    assert not np.concatenate(samples.lateness).any()
    assert set(np.concatenate(samples.command_age)) == {PERIOD_NS}
    assert (samples.takeovers, samples.falls, samples.missing_frames) == (1, 0, 0)


def test_missed_periods_are_counted_within_the_episodes_and_between_them(episode, kinematics):
    later = np.where(episode.tick >= 500, episode.t_ns + 3 * PERIOD_NS, episode.t_ns)
    first = replace(episode, t_ns=later)
    ticks = len(episode) + 100
    after = later[-1] + (101 + 2) * PERIOD_NS - episode.t_ns[0]
    second = replace(episode, tick=episode.tick + ticks, t_ns=episode.t_ns + after)
    samples = gather([first, second], kinematics)
    assert samples.missed_periods == 3 + 2
    assert samples.ticks == 2 * len(episode)


def test_a_goal_is_met_only_by_what_was_measured():
    goal = {'p50': 15.0, 'p99': 40.0}
    assert Line('', 'ms', {'p50': 15.0, 'p99': 40.0, 'max': 900.0}, goal).met
    assert not Line('', 'ms', {'p50': 9.0, 'p99': 40.1, 'max': 90.0}, goal).met
    assert not Line('', 'ms', {'p50': None, 'p99': None, 'max': None}, goal).met
    assert Line('', '', {'count': 100}, {'at least': 100}).met
    assert not Line('', '', {'count': 99}, {'at least': 100}).met
    assert Line('', 'ms', {'p50': 1.0}).met is None


def test_the_table_of_a_run_without_a_single_frame_meets_nothing_it_could_not_measure(kinematics):
    table = {line.name: line for line in lines(gather([], kinematics), 100)}
    for name in ('request to first human frame', 'operator sample to command', 'hand behind hand'):
        assert table[name].met is False
    json.dumps([line.record() for line in table.values()], allow_nan=False)


def test_wrong_numbers_are_refused_before_anything_runs():
    with pytest.raises(ConfigError, match='--minutes must be'):
        main(['--minutes', '0'])
    with pytest.raises(ConfigError, match='--requests must be'):
        main(['--requests', '-1'])


@pytest.mark.parametrize(
    ('phase', 'wish'),
    [
        (Phase.AUTO, 'takeover'),
        (Phase.TO_AUTO, 'takeover'),
        (Phase.HUMAN, 'release'),
        (Phase.TO_HUMAN, 'release'),
        (Phase.HOLD, 'takeover'),
        (Phase.STOPPED, 'rearm'),
    ],
)
def test_the_operator_asks_again_and_again_whatever_was_lost(phase, wish):
    operator, frame = SwingingOperator(), next(control_frames(SCRIPT))
    operator.reset(0, 'session')
    view = OperatorView(
        replace(frame, phase=(phase,) * len(frame.phase)), None, next(task_states(SCRIPT))
    )
    asked = [
        request.event
        for tick in range(600)
        for request in operator.step(view, SCRIPT.start_ns + tick * 10_000_000).requests
    ]
    assert 2 <= len(asked) <= 6
    assert set(asked) == {wish}


@pytest.mark.alone
def test_a_short_run_of_the_real_processes_is_judged_and_drawn(tmp_path: Path):
    for attempt in range(ATTEMPTS):
        out = tmp_path / str(attempt)
        table = run_briefly(out)
        if table['takeovers asked for']['met']:
            break
    assert table['takeovers asked for']['met']
    assert table['falls']['met']
    for name in ('operator sample to command', 'request to first human frame'):
        assert table[name]['measured']['p50'] > 0.0
    assert (out / 'loop.png').stat().st_size > 10_000


def run_briefly(out: Path) -> dict[str, Any]:
    """The lines of a run of a few seconds, by name."""
    words = ['--minutes', '0.12', '--requests', '1', '--headless', '--out', str(out / 'run')]
    files = ['--json', str(out / 'loop.json'), '--plot', str(out / 'loop.png')]
    done = subprocess.run(
        [sys.executable, '-m', 'rove_bringup', 'bench', 'loop', *words, *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert 'request to first human frame' in done.stdout
    found = json.loads((out / 'loop.json').read_text())['lines']
    return {line['name']: line for line in found}
