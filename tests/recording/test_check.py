from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rove_teleop.core.names import JOINTS, NUM_JOINTS, Authority, Phase, Stage
from rove_teleop.core.types import Event
from rove_teleop.recording.check import find_problems, verify_episode
from rove_teleop.recording.episode import Episode
from tests.fakes.frames import Script
from tests.fakes.recordings import build_episode, write_episode

SCRIPT = Script(ticks=400)
LOWER, UPPER = np.full(NUM_JOINTS, -3.0), np.full(NUM_JOINTS, 3.0)


@pytest.fixture(scope='module')
def episode() -> Episode:
    return build_episode(SCRIPT)


def spoiled(episode: Episode, name: str, at: object, value: object) -> Episode:
    """The episode with one value of one column changed."""
    column = getattr(episode, name).copy()
    column[at] = value
    return replace(episode, **{name: column})


def without(episode: Episode, row: int) -> Episode:
    """The episode without one of its frames."""
    count = len(episode)
    columns = {
        name: np.delete(value, row, axis=0)
        for name, value in vars(episode).items()
        if isinstance(value, np.ndarray) and len(value) == count and name[:4] != 'base'
    }
    texts = {
        name: value[:row] + value[row + 1 :]
        for name in ('episode', 'reason', 'operator_id', 'verdicts', 'limits')
        if (value := getattr(episode, name))
    }
    return replace(episode, **columns, **texts)


def test_a_sound_episode_has_no_problem_in_memory_or_on_disk(episode, tmp_path):
    assert find_problems(episode, LOWER, UPPER) == []
    path = tmp_path / 'episode_0000.mcap'
    write_episode(path, SCRIPT)
    assert verify_episode(path, LOWER, UPPER) == []


def test_a_recording_that_begins_in_mid_life_is_checked_from_its_first_frame(episode):
    later = episode
    for _ in range(30):
        later = without(later, 0)
    assert find_problems(later, LOWER, UPPER) == []


@pytest.mark.parametrize(
    ('name', 'at', 'value', 'told'),
    [
        ('phase', (200, 0), Phase.AUTO, 'phase is not the one its events give'),
        ('phase', (200, 0), 9, 'left_arm has no valid phase'),
        ('authority', (200, 3), Authority.POLICY, 'authority is not the one its events give'),
        ('authority', (200, 3), -1, 'right_hand has no valid authority'),
        ('robot_phase', 200, Phase.AUTO, 'robot_phase is not the one its groups give'),
        ('robot_phase', 200, 7, 'no valid robot_phase'),
        ('intervention', 200, False, 'intervention contradicts authority'),
        ('stage', 200, Stage.ROLLOUT, 'stage is not the one its events give'),
        ('stage', 200, 5, 'no valid stage'),
        ('takeover_id', 200, 0, 'takeover_id is not the one its events give'),
        ('anchor_id', 200, 4, 'anchor_id is not the one its events give'),
        ('tick', 200, 199, 'its tick does not ascend'),
        ('t_ns', 200, 0, 'time stands still'),
        ('executed_position', (200, 8), np.nan, 'executed_position is not finite'),
        ('executed_velocity', (200, 8), np.inf, 'executed_velocity is not finite'),
        ('measured_velocity', (200, 40), np.nan, 'measured_velocity is not finite'),
        ('joint_position', (200, 20), 1.0, 'joint_position differs from executed_position'),
        ('human_position', 200, np.nan, 'the human has authority without a proposal'),
        ('policy_position', 100, np.nan, 'the policy has authority without a proposal'),
        ('operator_times', 200, 0, 'the human proposal has no times'),
    ],
)
def test_a_spoiled_value_is_found_with_its_tick(episode, name, at, value, told):
    row = at[0] if isinstance(at, tuple) else at
    problems = find_problems(spoiled(episode, name, at, value))
    assert any(told in problem and f'tick {row}' in problem for problem in problems) or (
        name == 'tick' and any(told in problem for problem in problems)
    )


def test_a_joint_beyond_its_limit_is_named_with_its_position_and_limits(episode):
    upper = UPPER.copy()
    joint = JOINTS.index('right_wrist_yaw_joint')
    upper[joint] = 0.5
    (problem,) = find_problems(episode, LOWER, upper)
    assert 'right_wrist_yaw_joint is commanded to 0.5' in problem
    assert 'limits -3.0000 to 0.5000' in problem


def test_a_missing_frame_is_found(episode):
    assert find_problems(without(episode, 250)) == ['tick 251: ticks are missing before it']


def test_a_missing_event_is_found_by_its_number_and_by_its_consequences(episode):
    events = tuple(event for event in episode.events if event.kind != 'release')
    problems = find_problems(replace(episode, events=events))
    assert any('is followed by' in problem for problem in problems)
    assert any(problem.startswith('tick 300') for problem in problems)


def test_an_event_that_the_table_refuses_is_found(episode):
    rearm = Event(99, 200, 0, 'rearm', ('left_arm',))
    problems = find_problems(replace(episode, events=(*episode.events, rearm)))
    assert any("'rearm' is refused in phase" in problem for problem in problems)


def test_many_frames_with_one_problem_make_one_sentence(episode):
    problems = find_problems(spoiled(episode, 'measured_position', (slice(200, 250), 3), np.nan))
    assert problems == ['tick 200 (and 49 more frames): measured_position is not finite']


def test_a_recording_cut_short_is_a_problem_of_the_file(tmp_path):
    path = tmp_path / 'episode_0000.mcap'
    write_episode(path, SCRIPT)
    path.write_bytes(path.read_bytes()[:-500])
    (problem,) = verify_episode(path)
    assert problem.startswith('file: ends too early')
