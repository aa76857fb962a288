from __future__ import annotations

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest

from rove_bringup.report.stats import EpisodeStats, RunStats
from rove_bringup.report.switches import find_switches
from rove_bringup.report.timing import SOURCE, sample_age_ns
from rove_teleop.assembly import make_robot
from rove_teleop.core.geometry import pose_from_se3
from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import GROUP_CHANNELS, NUM_JOINTS, Authority, Phase
from rove_teleop.core.types import Event
from rove_teleop.recording.episode import Episode
from tests.fakes.frames import TAKEN, Script
from tests.fakes.recordings import build_episode

SCRIPT = Script(ticks=500, takeover=150, release=300, wait=3, request_age_ns=4_000_000)


@pytest.fixture(scope='module')
def episode() -> Episode:
    return build_episode(SCRIPT)


@pytest.fixture(scope='module')
def stats(episode) -> EpisodeStats:
    return EpisodeStats.of(episode)


def with_column(episode: Episode, name: str, at: object, value: object) -> Episode:
    column = getattr(episode, name).copy()
    column[at] = value
    return replace(episode, **{name: column})


def test_every_frame_is_counted_in_one_phase_and_one_stage(episode, stats):
    assert sum(stats.phase_frames.values()) == stats.frames == len(episode) == 500
    assert sum(stats.stage_frames.values()) == 500
    assert stats.phase_frames['hold'] == 2
    assert stats.phase_frames['to_human'] == SCRIPT.wait + 100
    assert stats.phase_frames['human'] == 150 - SCRIPT.wait - 100
    assert stats.stage_frames == {
        name: int((episode.stage == stage).sum())
        for stage, name in enumerate(('rollout', 'adaptation', 'recovery'))
    }
    assert stats.duration == pytest.approx(2.5)


def test_latency_runs_from_the_receipt_of_the_request_to_the_first_human_frame(stats):
    # Three ticks of waiting and the 4 ms between the receipt and the tick that took it.
    assert stats.takeovers == 1
    assert stats.takeover_latency_ms == (pytest.approx(3 * 5.0 + 4.0),)


def test_a_request_without_a_receive_time_is_counted_from_its_event(episode):
    events = tuple(replace(event, detail='') for event in episode.events)
    assert EpisodeStats.of(replace(episode, events=events)).takeover_latency_ms == (15.0,)


@pytest.mark.parametrize(('before', 'more'), [(2_500_000, 2.5), (-1, 0.0), (2_000_000_000, 0.0)])
def test_a_request_is_counted_from_the_operators_process_if_it_tells_when(episode, before, more):
    received = SCRIPT.start_ns + SCRIPT.takeover * 5_000_000 - SCRIPT.request_age_ns
    events = tuple(
        replace(event, detail=f'{event.detail} asked_ns={received - before}')
        for event in episode.events
    )
    latency = EpisodeStats.of(replace(episode, events=events)).takeover_latency_ms
    assert latency == (pytest.approx(19.0 + more),)


def test_a_takeover_that_never_became_human_has_no_latency(episode):
    authority = episode.authority.copy()
    authority[150:300] = 3
    stats = EpisodeStats.of(replace(episode, authority=authority))
    assert stats.takeovers == 1
    assert stats.takeover_latency_ms == ()


def test_the_switches_are_resume_takeover_and_release(episode):
    resume, takeover, release = find_switches(episode)
    assert (resume.kind, resume.tick) == ('resume', 2)
    assert (takeover.kind, takeover.tick, takeover.groups) == ('takeover', 150, TAKEN)
    assert (release.kind, release.tick, release.latency_ms) == ('release', 300, None)


@pytest.mark.parametrize(
    ('row', 'counts'), [(160, True), (252, True), (253, False), (280, False), (120, False)]
)
def test_the_velocity_step_is_the_largest_of_any_joint_within_half_a_second(episode, row, counts):
    jolted = with_column(episode, 'joint_velocity', (row, 5), 4.0)
    stats = EpisodeStats.of(jolted)
    assert (stats.velocity_step == pytest.approx(4.0)) == counts
    assert (stats.velocity_step_joint == 'left_ankle_roll_joint') == counts


def test_a_stop_brakes_at_its_own_limit_and_is_no_step_of_a_switch(episode):
    jolted = with_column(episode, 'joint_velocity', (160, 5), 4.0)
    stopped = with_column(jolted, 'robot_phase', slice(160, 300), Phase.STOPPED)
    assert EpisodeStats.of(stopped).velocity_step < 0.1


def test_acceleration_and_jerk_are_differences_of_the_executed_velocity(episode):
    velocity = np.zeros_like(episode.joint_velocity)
    velocity[200:, 20] = 0.05
    velocity[201:, 20] = 0.15
    takeover = find_switches(replace(episode, joint_velocity=velocity))[1]
    assert takeover.velocity_step == pytest.approx(0.1)
    assert takeover.acceleration == pytest.approx(20.0)  # 0.1 rad/s in 5 ms
    assert takeover.jerk == pytest.approx(4000.0)  # from 20 rad/s² to none in 5 ms


def test_the_effect_is_when_robot_and_operator_have_both_moved_by_a_milliradian(episode):
    elbow = GROUP_CHANNELS['right_arm'].start + 3
    human, executed = episode.human_position.copy(), episode.executed_position.copy()
    human[:], executed[:] = 0.0, 0.0
    executed[:, elbow - 1] = np.arange(len(episode))  # moves, but not by the operator
    human[200:, elbow], executed[210:, elbow] = 0.002, 0.0011
    moved = replace(episode, human_position=human, executed_position=executed)
    _, takeover, release = find_switches(moved)
    assert takeover.effect_ms == pytest.approx((210 - 150) * 5.0 + 4.0)
    assert release.effect_ms is None
    still = replace(moved, human_position=np.zeros_like(human))
    assert find_switches(still)[1].effect_ms is None


def test_the_alignment_is_that_of_the_hand_that_is_farther_off(episode):
    robot = make_robot()
    kinematics = Kinematics(robot, LegKinematics(robot))
    palms = kinematics.palms(episode.executed_position[150 + SCRIPT.wait])
    away = pin.SE3(pin.exp3(np.array([0.0, 0.0, np.deg2rad(60.0)])), np.array([0.3, 0.0, 0.0]))
    wrists = np.array([[pose_from_se3(palms['left']), pose_from_se3(palms['right'] * away)]])
    seen = replace(episode, wrist_t_ns=episode.t_ns[150:151], wrist_pose=wrists)
    takeover = find_switches(seen, kinematics)[1]
    assert takeover.alignment_m == pytest.approx(0.3)
    assert takeover.alignment_deg == pytest.approx(60.0)
    lost = replace(seen, wrist_pose=np.full_like(wrists, np.nan))
    for unknown in (find_switches(lost, kinematics), find_switches(episode, kinematics)):
        assert unknown[1].alignment_m is unknown[1].alignment_deg is None


def test_a_takeover_lasts_from_the_first_human_frame_to_the_release(episode):
    resume, takeover, release = find_switches(episode)
    assert takeover.human_s == pytest.approx((300 - 150 - SCRIPT.wait) * 5e-3)
    assert resume.human_s is release.human_s is None


def test_falls_are_counted_once_each(episode):
    assert EpisodeStats.of(episode).falls == 0
    tilted = build_episode(SCRIPT, range(100, 150))
    assert EpisodeStats.of(tilted).falls == 1
    assert EpisodeStats.of(build_episode(SCRIPT, range(100, 500, 2))).falls == 200


def test_lateness_is_measured_on_the_schedule_of_the_loop(episode):
    late = episode.t_ns.copy()
    late[200:202] += 3_000_000
    run = RunStats.of([EpisodeStats.of(replace(episode, t_ns=late))])
    assert run.loop_ms == {'p50': 0.0, 'p99': 0.0, 'max': pytest.approx(3.0)}
    assert run.missed_periods == 0


def test_a_tick_that_never_came_is_a_missed_period_and_one_not_recorded_is_none(episode):
    later = np.where(episode.tick >= 200, episode.t_ns + 2 * 5_000_000, episode.t_ns)
    stats = EpisodeStats.of(replace(episode, t_ns=later))
    assert (stats.missed_periods, stats.missing_frames) == (2, 0)
    lost = np.where(episode.tick >= 200, episode.tick + 2, episode.tick)
    stats = EpisodeStats.of(replace(episode, t_ns=later, tick=lost))
    assert (stats.missed_periods, stats.missing_frames) == (0, 2)


def test_a_samples_age_is_that_of_the_first_command_made_of_it(episode):
    begin, end = 150 + SCRIPT.wait, 300
    rows = np.arange(len(episode))
    times = episode.operator_times.copy()
    times[:, 0] = rows // 2  # every sample serves two ticks
    times[:, 1:] = times[rows // 2 * 2, 1:]
    held = replace(episode, operator_times=times)
    stats = EpisodeStats.of(held)
    assert len(stats.sample_age) == len(range(begin + begin % 2, end, 2))
    assert set(stats.sample_age) == {4_000_000}
    assert set(sample_age_ns(held, SOURCE)) == {6_000_000}
    assert RunStats.of([stats]).sample_to_command_ms == dict.fromkeys(('p50', 'p99', 'max'), 4.0)
    nobody = np.where(episode.authority == Authority.HUMAN, Authority.HOLD, episode.authority)
    alone = RunStats.of([EpisodeStats.of(replace(episode, authority=nobody))])
    assert alone.sample_to_command_ms == dict.fromkeys(('p50', 'p99', 'max'))


def test_limit_violations_are_counted_only_when_limits_are_given(episode):
    wide, narrow = np.full(NUM_JOINTS, 3.0), np.full(NUM_JOINTS, 0.5)
    assert EpisodeStats.of(episode).limit_violations is None
    assert EpisodeStats.of(episode, (-wide, wide)).limit_violations == 0
    beyond = int((np.abs(episode.joint_position) > 0.5).sum())
    assert EpisodeStats.of(episode, (-narrow, narrow)).limit_violations == beyond > 0


def test_frames_that_are_not_finite_are_counted_and_spoil_no_other_figure(episode, stats):
    spoiled = with_column(episode, 'joint_velocity', (slice(200, 203), 4), np.nan)
    got = EpisodeStats.of(spoiled)
    assert got.not_finite == 3
    assert got.velocity_step == stats.velocity_step


def test_the_director_has_the_word_on_the_outcome(episode):
    end = Event(50, 499, 0, 'episode_end', (), 'director', 'outcome=failure reason=timeout')
    ended = EpisodeStats.of(replace(episode, events=(*episode.events, end)))
    assert (ended.outcome, ended.reason, ended.success) == ('failure', 'timeout', False)


def test_without_an_end_the_task_as_it_last_stood_decides(episode):
    assert EpisodeStats.of(episode).outcome == 'success'
    early = EpisodeStats.of(replace(episode, task=episode.task[:10]))
    assert (early.outcome, early.success) == ('unfinished', False)


def test_the_seed_comes_from_the_metadata_or_else_from_the_task(episode):
    assert EpisodeStats.of(episode).seed == 7
    assert EpisodeStats.of(replace(episode, metadata={})).seed == 7
    assert EpisodeStats.of(replace(episode, metadata={}, task=())).seed is None


def test_a_run_sums_up_its_episodes(stats):
    failed = replace(
        stats, success=False, takeover_latency_ms=(31.0,), velocity_step=0.2, switch_jerk=9e9
    )
    run = RunStats.of([stats, failed, replace(stats, takeover_latency_ms=())])
    assert (run.episodes, run.successes, run.frames, run.takeovers) == (3, 2, 1500, 3)
    assert run.phase_frames['human'] == 3 * stats.phase_frames['human']
    assert run.takeover_latency_ms == {'p50': 25.0, 'max': 31.0}
    assert run.velocity_step == 0.2
    assert run.switch_jerk == 9e9
    assert run.human_s == {'p50': stats.human_s[0], 'max': stats.human_s[0]}
    assert run.limit_violations is None


def test_requests_for_help_are_counted_and_their_answers_timed(episode):
    events = [
        replace(event, detail=f'help_ms=1250 {event.detail}')
        if event.kind == 'takeover'
        else event
        for event in episode.events
    ]
    asked = replace(events[2], kind='help', actor='policy', detail='lost the cube')
    stats = EpisodeStats.of(replace(episode, events=(*events, asked)))
    assert (stats.help_requests, stats.help_answer_s) == (1, (1.25,))
    total = RunStats.of([stats, EpisodeStats.of(episode)])
    assert (total.help_requests, total.help_answer_s) == (1, {'p50': 1.25, 'max': 1.25})


def test_an_alignment_that_the_frames_tell_goes_before_one_that_is_computed(episode):
    robot = make_robot()
    kinematics = Kinematics(robot, LegKinematics(robot))
    told = np.full_like(episode.alignment, np.nan)
    told[:, 1] = 0.25, np.deg2rad(30.0)
    takeover = find_switches(replace(episode, alignment=told), kinematics)[1]
    assert (takeover.alignment_m, takeover.alignment_deg) == (0.25, pytest.approx(30.0))
