from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest

from rove_teleop.core.names import GROUPS, NUM_CHANNELS, NUM_JOINTS, Authority, Phase, Stage
from rove_teleop.core.types import Channels, ControlFrame
from rove_teleop.errors import ConfigError, UnknownName
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.operators.motion import Motion
from rove_teleop.operators.replay import IDLE_POSES, ReplayOperator
from rove_teleop.operators.source import OperatorView

MS = 1_000_000
ZERO = Channels(np.zeros(NUM_CHANNELS), np.zeros(NUM_CHANNELS))
WRIST = IDLE_POSES['right_wrist']


def frame(authority: Authority, phase: Phase) -> ControlFrame:
    still = np.zeros(NUM_JOINTS)
    return ControlFrame(
        tick=0,
        t_ns=0,
        episode='e',
        phase=(phase,) * len(GROUPS),
        authority=(authority,) * len(GROUPS),
        robot_phase=phase,
        intervention=authority is Authority.HUMAN,
        stage=Stage.ROLLOUT,
        takeover_id=0,
        anchor_id=0,
        reason='',
        operator_id='',
        policy_proposal=None,
        human_proposal=None,
        executed=ZERO,
        joint_position=still,
        joint_velocity=still,
        measured_position=still,
        measured_velocity=still,
    )


AUTO = OperatorView(frame(Authority.POLICY, Phase.AUTO))
HUMAN = OperatorView(frame(Authority.HUMAN, Phase.HUMAN))
HELD = OperatorView(frame(Authority.HOLD, Phase.HOLD))
STOPPED = OperatorView(frame(Authority.HOLD, Phase.STOPPED))


def wave(rows: int = 101, buttons=()) -> Motion:
    """A hand that goes 0.2 m forward in a second while it turns by 1 rad about z."""
    time = np.linspace(0.0, 1.0, rows)
    poses = np.zeros((rows, 7))
    poses[:, 0] = 5.0 + 0.2 * time
    poses[:, 5], poses[:, 6] = np.sin(time / 2.0), np.cos(time / 2.0)
    hand = np.repeat(hand_pose('right', index=1.0)[None], rows, axis=0)
    return Motion('wave', time, {'right_wrist': poses}, {'right': hand}, False, buttons)


class Room:
    """Steps a replay at 200 Hz in front of a view and keeps what it does."""

    def __init__(self, motion: Motion | None = None, **options) -> None:
        self.operator = ReplayOperator(motion or wave(), **options)
        self.operator.reset(0, 'session')
        self.now_ns = 5_000 * MS
        self.states, self.requests = [], []

    def watch(self, view: OperatorView, ms: int) -> list[str]:
        before = len(self.requests)
        for _ in range(ms // 5):
            output = self.operator.step(view, self.now_ns)
            self.now_ns += 5 * MS
            self.states += [output.state] if output.state else []
            self.requests += output.requests
        return [request.event for request in self.requests[before:]]


def test_it_samples_at_its_own_rate_with_increasing_numbers():
    room = Room(rate_hz=50.0)
    room.watch(AUTO, 1000)
    assert len(room.states) == 50
    assert [state.seq for state in room.states] == list(range(1, 51))
    assert {state.session for state in room.states} == {'session'}


def test_it_waits_idle_then_asks_once_a_second_until_it_is_in_command():
    room = Room(takeover_s=1.0)
    assert room.watch(AUTO, 1000) == []
    assert room.watch(AUTO, 1500) == ['takeover', 'takeover']
    assert len({request.request_id for request in room.requests}) == 2
    for state in room.states:
        assert np.allclose(state.right_wrist, WRIST)


def test_it_does_not_ask_before_it_sees_the_robot_nor_while_it_is_stopped():
    room = Room(takeover_s=0.0)
    assert room.watch(OperatorView(), 500) == []
    assert room.watch(STOPPED, 1500) == []
    assert room.watch(HELD, 100) == ['takeover']


def test_it_does_not_ask_between_episodes():
    room = Room(takeover_s=0.5)
    between = frame(Authority.HOLD, Phase.HOLD)
    between = OperatorView(ControlFrame(**{**vars(between), 'episode': ''}))
    assert room.watch(between, 3000) == []
    assert room.watch(AUTO, 500) == []
    assert room.watch(AUTO, 100) == ['takeover']


def test_it_leaves_asking_to_others_if_told_so():
    room = Room(auto_takeover=False)
    assert room.watch(AUTO, 3000) == []
    room.watch(HUMAN, 1000)
    assert room.operator.playing_time > 0.5


def test_it_moves_relative_to_its_start_by_the_scale_and_turns_as_recorded():
    room = Room(scale=0.5, settle_s=0.3)
    room.watch(AUTO, 1200)
    room.watch(HUMAN, 290)
    assert np.allclose(room.states[-1].right_wrist, WRIST)
    room.watch(HUMAN, 1200)
    end = room.states[-1]
    assert end.right_wrist[:3] == pytest.approx(WRIST[:3] + [0.1, 0.0, 0.0])
    turned = pin.XYZQUATToSE3(end.right_wrist).rotation
    assert turned == pytest.approx(pin.rpy.rpyToMatrix(0.0, 0.0, 1.0), abs=1e-9)


def test_the_fingers_go_with_the_wrist():
    room = Room()
    room.watch(HUMAN, 1000)
    state = room.states[-1]
    T = pin.XYZQUATToSE3(state.right_wrist)
    expected = hand_pose('right', index=1.0, T_world_wrist=T)
    assert state.right_hand[:, :3] == pytest.approx(expected[:, :3], abs=1e-9)


def test_the_other_hand_and_the_head_are_there_and_still():
    room = Room()
    room.watch(HUMAN, 2000)
    for state in room.states:
        assert np.allclose(state.left_wrist, IDLE_POSES['left_wrist'])
        assert np.allclose(state.head, IDLE_POSES['head'])
        assert state.left_hand.shape == (25, 7)


def test_it_asks_for_the_release_at_the_end_and_again_while_nothing_happens():
    room = Room(settle_s=0.0)
    room.watch(AUTO, 1100)
    assert room.watch(HUMAN, 900) == []
    assert room.watch(HUMAN, 1600) == ['release', 'release']
    assert room.operator.done
    assert room.watch(AUTO, 3000) == []


def test_it_reports_success_once():
    room = Room(settle_s=0.0, at_end='success')
    assert room.watch(HUMAN, 4000) == ['success']


def test_it_pauses_when_command_is_lost_and_takes_over_again_after_a_second():
    room = Room(takeover_s=0.0, settle_s=0.1)
    room.watch(HUMAN, 600)
    reached = room.operator.playing_time
    assert 0.4 < reached < 0.6
    assert room.watch(HELD, 900) == []
    assert room.watch(HELD, 200) == ['takeover']
    assert room.operator.playing_time == reached
    held = room.states[-1].right_wrist
    room.watch(HUMAN, 90)
    assert np.allclose(room.states[-1].right_wrist, held)
    room.watch(HUMAN, 2000)
    assert room.operator.done


def test_only_the_arm_it_moves_must_follow_it():
    room = Room()
    mixed = frame(Authority.POLICY, Phase.AUTO)
    authority = tuple(
        Authority.HUMAN if group == 'right_arm' else Authority.POLICY for group in GROUPS
    )
    mixed = OperatorView(ControlFrame(**{**vars(mixed), 'authority': authority}))
    room.watch(mixed, 1000)
    assert room.operator.playing_time > 0.5


def test_named_groups_are_asked_for_and_given_back():
    groups = ('right_arm', 'right_hand')
    room = Room(takeover_s=0.0, settle_s=0.0, groups=groups)
    room.watch(AUTO, 100)
    room.watch(HUMAN, 1500)
    assert [(r.event, r.groups) for r in room.requests] == [
        ('takeover', groups),
        ('release', groups),
    ]


def test_no_step_between_samples_is_larger_than_the_recorded_motion():
    room = Room(speed=1.0, rate_hz=100.0)
    for view, ms in ((AUTO, 1200), (HUMAN, 700), (HELD, 1200), (HUMAN, 3000), (AUTO, 500)):
        room.watch(view, ms)
    path = np.array([state.right_wrist[:3] for state in room.states])
    assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() <= 0.2 * 0.01 + 1e-9


def test_an_absolute_recording_stands_where_it_was_taken():
    motion = wave()
    absolute = Motion('body', motion.time, motion.poses)
    room = Room(absolute)
    room.watch(AUTO, 100)
    assert room.states[-1].right_wrist[:3] == pytest.approx([5.0, 0.0, 0.0])


def test_a_hand_that_was_not_tracked_is_not_there():
    motion = wave()
    motion.poses['right_wrist'][30:60] = np.nan
    room = Room(motion, settle_s=0.0)
    room.watch(HUMAN, 1100)
    tracked = [state.right_wrist is not None for state in room.states]
    assert tracked[0] and tracked[-1] and not tracked[45]
    assert room.states[45].right_hand is None
    assert room.states[45].left_hand is not None


def test_recorded_buttons_make_the_requests_of_the_recorded_session():
    held = tuple(('takeover',) if 20 <= i < 40 else () for i in range(101))
    room = Room(wave(buttons=held), recorded_buttons=True)
    assert room.watch(AUTO, 1500) == ['takeover']
    assert room.operator.done
    assert room.states[25].buttons == ('takeover',)


def test_two_runs_are_equal():
    runs = []
    for _ in range(2):
        room = Room()
        room.watch(AUTO, 1100)
        room.watch(HUMAN, 1000)
        runs.append(np.array([state.right_hand for state in room.states]).tobytes())
    assert runs[0] == runs[1]


def test_a_reset_begins_anew():
    room = Room()
    room.watch(HUMAN, 3000)
    room.operator.reset(0, 'again')
    assert not room.operator.done
    room.states.clear()
    room.watch(AUTO, 100)
    assert np.allclose(room.states[0].right_wrist, WRIST)
    assert (room.states[0].seq, room.states[0].session) == (1, 'again')


@pytest.mark.parametrize(
    ('options', 'field'),
    [
        ({'scale': 0.0}, 'scale'),
        ({'scale': float('nan')}, 'scale'),
        ({'rate_hz': -1.0}, 'rate_hz'),
        ({'takeover_s': -1.0}, 'takeover_s'),
    ],
)
def test_a_number_out_of_range_is_named(options: dict, field: str):
    with pytest.raises(ConfigError, match=field):
        ReplayOperator(wave(), **options)


@pytest.mark.parametrize('options', [{'at_end': 'sleep'}, {'groups': ('arm',)}])
def test_an_unknown_name_lists_the_known_ones(options: dict):
    with pytest.raises(UnknownName, match='release|right_arm'):
        ReplayOperator(wave(), **options)
