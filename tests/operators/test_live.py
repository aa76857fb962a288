from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rove_teleop.core.types import OperatorState
from rove_teleop.errors import ConfigError
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.operators.live import LiveOperator, Verdict
from rove_teleop.operators.source import OperatorView

MS = 1_000_000
OFFSET_NS = 7_000_000_000  # the device's clock is not ours
POSE = np.array([0.3, -0.2, 1.0, 0.0, 0.0, 0.0, 1.0])


class Wire:
    """A device at 100 Hz whose samples take 5 ms, and the operator that listens to it."""

    def __init__(self, operator: LiveOperator | None = None) -> None:
        self.operator = operator or LiveOperator()
        self.now_ns = 10_000 * MS
        self.seq = 0

    def sample(self, **changes) -> OperatorState:
        self.seq += 1
        self.now_ns += 10 * MS
        base = OperatorState(
            source_id='headset',
            session='one',
            seq=self.seq,
            t_source_ns=self.now_ns - 5 * MS + OFFSET_NS,
            t_receive_ns=0,
            head=POSE,
            right_wrist=POSE,
        )
        return replace(base, **changes)

    def send(self, n: int = 1, **changes) -> Verdict:
        for _ in range(n):
            verdict = self.operator.receive(self.sample(**changes), self.now_ns)
        return verdict

    def collect(self):
        return self.operator.step(OperatorView(), self.now_ns)


def test_a_good_sample_goes_on_once_with_the_time_it_was_received():
    wire = Wire()
    assert wire.send(t_receive_ns=123).reason == ''
    state = wire.collect().state
    assert state is not None
    assert (state.seq, state.t_receive_ns) == (1, wire.now_ns)
    assert np.array_equal(state.right_wrist, POSE)
    assert wire.collect().state is None


def test_only_the_newest_of_several_samples_goes_on():
    wire = Wire()
    wire.send(3)
    assert wire.collect().state.seq == 3


@pytest.mark.parametrize('step', [0, -1])
def test_duplicates_and_old_sequence_numbers_are_refused(step: int):
    wire = Wire()
    wire.send(5)
    wire.collect()
    verdict = wire.send(seq=5 + step)
    assert verdict.reason.startswith('sequence')
    assert wire.collect().state is None


def test_a_source_time_that_goes_back_is_refused():
    wire = Wire()
    wire.send(3)
    verdict = wire.send(t_source_ns=wire.now_ns + OFFSET_NS - 1000 * MS)
    assert verdict.reason.startswith('source time went back')


def test_a_source_clock_that_jumps_ahead_is_refused_and_poisons_nothing():
    wire = Wire()
    wire.send(3)
    verdict = wire.send(t_source_ns=wire.now_ns + OFFSET_NS + 3_600_000 * MS)
    assert verdict.reason.startswith('source clock jumped')
    assert wire.send().reason == ''


def test_a_burst_after_a_stall_is_refused_up_to_its_fresh_end():
    wire = Wire()
    wire.send(20)
    stalled = [wire.sample() for _ in range(50)]
    reasons = [wire.operator.receive(state, wire.now_ns).reason for state in stalled]
    assert all(reason.startswith('late') for reason in reasons[:38])
    assert reasons[-1] == ''


def test_a_burst_after_a_very_long_stall_is_refused_too():
    wire = Wire()
    wire.send(400)
    stalled = [wire.sample() for _ in range(2000)]
    reasons = [wire.operator.receive(state, wire.now_ns).reason for state in stalled]
    assert all(reason.startswith('late') for reason in reasons[:1980])


def test_a_way_that_stays_slower_becomes_the_usual_one():
    wire = Wire()
    wire.send(300)
    slow = 200 * MS
    reasons = []
    for _ in range(800):
        state = wire.sample()
        reasons.append(
            wire.operator.receive(
                replace(state, t_source_ns=state.t_source_ns - slow), wire.now_ns
            )
        )
    assert reasons[50].reason.startswith('late')
    assert reasons[-1].reason == ''


def test_a_new_session_starts_its_numbers_again_and_ends_the_old_one():
    wire = Wire()
    wire.send(5)
    assert wire.send(session='two', seq=1).reason == ''
    assert wire.send(session='one', seq=99).reason.startswith('old session')
    assert wire.send(session='two', seq=2).reason == ''


def test_a_second_source_is_refused_while_the_first_is_heard():
    wire = Wire()
    wire.send(5)
    verdict = wire.send(source_id='glove')
    assert verdict.reason == "foreign source: got 'glove', 'headset' is active"
    wire.now_ns += 500 * MS
    assert wire.send(source_id='glove').reason == ''
    assert wire.operator.source_id == 'glove'


def test_two_devices_may_use_the_same_session_name():
    wire = Wire()
    wire.send(5)
    wire.now_ns += 500 * MS
    assert wire.send(source_id='glove', seq=1).reason == ''
    assert wire.send(source_id='glove', seq=2).reason == ''


def test_a_named_source_is_the_only_one_listened_to():
    wire = Wire(LiveOperator('glove'))
    assert wire.send().reason.startswith('foreign source')
    assert wire.send(source_id='glove').reason == ''


@pytest.mark.parametrize('changes', [{'source_id': ''}, {'session': ''}, {'seq': -1}])
def test_a_malformed_sample_is_refused(changes: dict):
    assert Wire().send(**changes).reason


BROKEN = {
    'not a number': np.where(np.arange(7) == 1, np.nan, POSE),
    'infinite': np.where(np.arange(7) == 1, np.inf, POSE),
    'zero quaternion': POSE * np.array([1, 1, 1, 0, 0, 0, 0]),
    'long quaternion': POSE * np.array([1, 1, 1, 2, 2, 2, 2]),
    'in the origin': np.array([0.0, 0, 0, 0, 0, 0, 1]),
    'huge': POSE * 1e300,
    'far away': np.array([1e6, 0, 0, 0, 0, 0, 1.0]),
    'short': POSE[:6],
    'words': np.array(['a'] * 7),
}


@pytest.mark.parametrize('pose', BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_pose_is_taken_out_and_the_rest_of_the_sample_stays(pose):
    wire = Wire()
    wire.send()
    verdict = wire.send(right_wrist=pose, body={'pelvis': pose}, buttons=('stop',))
    assert verdict.state.right_wrist is None
    assert verdict.state.body == {}
    assert np.array_equal(verdict.state.head, POSE)
    assert [entry.partition(':')[0] for entry in verdict.dropped] == ['right_wrist', 'pelvis']
    assert [request.event for request in wire.collect().requests] == ['stop']


def test_a_hand_with_one_broken_joint_is_taken_out():
    hand = hand_pose('right') + np.array([0.3, 0, 1, 0, 0, 0, 0])
    wire = Wire()
    assert wire.send(right_hand=hand).state.right_hand is not None
    hand = hand.copy()
    hand[7, 4] = np.nan
    verdict = wire.send(right_hand=hand)
    assert verdict.state.right_hand is None
    assert verdict.dropped == ('right_hand: is not finite',)
    assert wire.operator.counts['right_hand dropped'] == 1


def test_nearly_unit_quaternions_become_exact():
    wire = Wire()
    state = wire.send(head=POSE * np.array([1, 1, 1, 1.004, 1.004, 1.004, 1.004])).state
    assert np.linalg.norm(state.head[3:]) == pytest.approx(1.0, abs=1e-15)


def test_axes_are_clipped_and_broken_ones_left_out():
    state = Wire().send(axes={'x': 3.0, 'y': float('nan'), 'z': -0.5}).state
    assert state.axes == {'x': 1.0, 'z': -0.5}


def test_verdicts_are_counted_by_their_kind():
    wire = Wire()
    wire.send(4)
    wire.send(2, seq=1)
    assert wire.operator.counts == {'passed': 4, 'sequence': 2}


def test_a_press_becomes_a_request_of_the_device_even_between_two_steps():
    wire = Wire()
    wire.send(5)
    wire.send(buttons=('right_a',))
    wire.send()
    (request,) = wire.collect().requests
    assert (request.event, request.operator_id) == ('takeover', 'headset')
    assert wire.collect().requests == ()


def test_a_button_held_into_a_new_session_must_be_released_first():
    wire = Wire()
    wire.send(5)
    wire.send(5, session='two', buttons=('takeover',))
    assert wire.collect().requests == ()


def test_a_button_held_into_a_new_episode_must_be_released_first():
    wire = Wire()
    wire.send(5)
    wire.send(2, buttons=('takeover',))
    wire.collect()
    wire.operator.reset(0, 'episode')
    wire.send(5, buttons=('takeover',))
    assert wire.collect().requests == ()


def test_a_stop_that_nobody_collected_survives_a_new_episode():
    wire = Wire()
    wire.send(5)
    wire.send(buttons=('stop',))
    wire.operator.reset(0, 'episode')
    assert [request.event for request in wire.collect().requests] == ['stop']


def test_a_stop_in_a_sample_too_late_to_move_the_robot_still_counts():
    wire = Wire()
    wire.send(20)
    wire.collect()
    late = wire.sample(buttons=('stop', 'takeover'))
    assert wire.operator.receive(late, wire.now_ns + 300 * MS).reason.startswith('late')
    output = wire.collect()
    assert output.state is None
    assert [request.event for request in output.requests] == ['stop']


def test_a_time_that_is_not_positive_is_refused():
    with pytest.raises(ConfigError, match='late_ns=0'):
        LiveOperator(late_ns=0)


def test_no_hostile_sample_raises_or_gets_a_bad_pose_through():
    rng = np.random.default_rng(7)
    odd = [np.nan, np.inf, -np.inf, 0.0, 1.0, -1.0, 1e-300, 1e300, 0.5]
    numbers = [0, 1, -1, 2**61, 2**63, 12345]
    wire = Wire()
    for _ in range(2000):
        wire.operator.receive(wire.sample(), wire.now_ns)
        pose = rng.choice(odd, size=rng.choice([0, 6, 7, 8]))
        hand = rng.choice(odd, size=(rng.choice([1, 25, 26]), 7))
        changes = {
            'head': pose,
            'left_wrist': rng.choice(odd, size=7),
            'left_hand': hand,
            'right_hand': rng.choice(odd, size=(25, 7)),
            'body': {'': pose},
            'axes': {'x': float(rng.choice(odd))},
            'buttons': ('', 'takeover'),
        }
        if rng.random() < 0.3:
            changes |= {'t_source_ns': int(rng.choice(numbers)), 'seq': int(rng.choice(numbers))}
        state = wire.operator.receive(wire.sample(**changes), wire.now_ns).state
        if state is None:
            continue
        for pose in (state.head, state.left_wrist, state.left_hand, *state.body.values()):
            assert pose is None or np.isfinite(pose).all()
            assert pose is None or np.allclose(np.linalg.norm(pose[..., 3:], axis=-1), 1.0)
    assert wire.operator.counts['passed'] > 2000
