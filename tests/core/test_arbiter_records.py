"""What the arbiter answers, records and refuses."""

from __future__ import annotations

from dataclasses import replace

from arbiter_rig import BASE, TICK_NS, FakeLegs, Rig, make_limits, operated, phases, started
import numpy as np

from rove_teleop.core.arbiter import Arbiter, ArbiterInputs
from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.names import Phase, Stage
from rove_teleop.core.types import Request

LIMITS = make_limits()


def test_outcomes_are_recorded_with_who_declared_them() -> None:
    rig = started()
    assert rig.ask('success', detail='by eye').accepted
    event = rig.events[-1]
    assert (event.kind, event.actor, event.detail) == ('success', 'ann', 'by eye')
    rig.ask('episode_end', by='director')
    assert rig.ask('failure').reason == 'no episode is running'


def test_a_refusal_is_recorded_and_moves_nothing() -> None:
    rig = started()
    assert not rig.ask('takeover', by='eve').accepted
    assert rig.events[-1].kind == 'refused'
    assert rig.events[-1].detail.startswith('takeover: the operator lease is held by')
    assert phases(rig) == {Phase.AUTO}


def test_a_replayed_request_is_refused() -> None:
    rig = started()
    rig.operator = np.zeros(37)
    rig.step()
    request = rig.request('takeover')
    assert rig.step(request).replies[0].accepted
    rig.ask('hold')
    assert 'was used before' in rig.step(request).replies[0].reason


def test_an_admitted_request_is_done_by_the_next_tick_and_not_before() -> None:
    rig = started()
    rig.operator = np.zeros(37)
    rig.step()
    request = rig.request('takeover')
    assert rig.arbiter.admit(request, rig.now_ns) == ''
    assert phases(rig) == {Phase.AUTO}
    assert rig.step(request).replies[0].accepted
    assert phases(rig) == {Phase.TO_HUMAN}


def test_of_two_requests_with_one_id_the_second_is_refused_at_once() -> None:
    rig = started()
    first, second = rig.request('hold', request_id='x'), rig.request('stop', request_id='x')
    again = replace(first)
    assert rig.arbiter.admit(first, rig.now_ns) == ''
    assert rig.arbiter.admit(again, rig.now_ns) == "request_id 'x' was used before"
    assert rig.arbiter.admit(second, rig.now_ns) == '', 'a stop always counts'
    assert rig.step(first).replies[0].accepted
    assert not rig.step(first).replies[0].accepted


def test_what_was_refused_between_two_ticks_is_recorded_once_and_never_done() -> None:
    rig = started()
    stale = replace(rig.request('hold'), event='takeover', epoch=9)
    assert rig.arbiter.admit(stale, rig.now_ns).startswith('stale lease')
    assert 'refused for left_arm' in rig.arbiter.admit(rig.request('release'), rig.now_ns)
    rig.run(3)
    refused = [event.detail for event in rig.events if event.kind == 'refused']
    assert [detail.split(':')[0] for detail in refused] == ['takeover', 'release']
    assert phases(rig) == {Phase.AUTO}


def test_an_admitted_request_that_a_stop_overtakes_is_refused_by_an_event() -> None:
    rig = operated()
    release = rig.request('release')
    assert rig.arbiter.admit(release, rig.now_ns) == ''
    assert not rig.step(release, rig.request('stop')).replies[1].accepted
    assert rig.events[-1].kind == 'refused'
    assert phases(rig) == {Phase.STOPPED}


def test_the_end_of_adaptation_is_marked_by_the_operator_or_else_by_rule() -> None:
    rig = operated()
    assert rig.ask('mark_recovery').accepted
    assert (rig.events[-1].kind, rig.events[-1].detail) == ('recovery', 'source=operator')
    assert rig.frame.stage is Stage.RECOVERY
    assert rig.ask('mark_recovery').reason == 'the stage is recovery, not adaptation'

    rig = operated()
    rig.run(300)
    assert rig.frame.stage is Stage.ADAPTATION, 'nothing has moved yet'
    rig.operator_velocity = np.full(37, 0.3)
    rig.run(200)
    assert rig.frame.stage is Stage.ADAPTATION
    rig.run(2)
    assert rig.frame.stage is Stage.RECOVERY
    assert rig.events[-1].detail == 'source=rule'


def test_frames_carry_both_proposals_the_times_and_the_verdicts() -> None:
    rig = operated()
    frame = rig.frame
    assert frame.operator.t_apply_ns == frame.operator.t_receive_ns == frame.t_ns
    assert frame.policy.t_apply_ns >= frame.policy.t_source_ns > 0
    assert frame.plant.seq > 0
    assert frame.human_proposal is not None and frame.policy_proposal is not None
    assert frame.verdicts == ('operator: pass', 'policy: pass', 'plant: pass')
    assert frame.operator_id == 'ann'
    assert frame.takeover_id == frame.anchor_id == 1
    np.testing.assert_array_equal(frame.joint_position, rig.output.command.position)


def test_poison_never_reaches_a_joint() -> None:
    rig = operated()
    for index, poison in enumerate([np.nan, np.inf, -np.inf, 1e300]):
        proposal = rig.last_proposal
        rig.raw_proposal = replace(
            proposal, seq=10**6 + index, position=np.full(37, poison), velocity=np.full(37, poison)
        )
        rig.step()
        assert np.isfinite(rig.output.command.position).all()
        assert rig.frame.verdicts[0].startswith('operator: reject position')
    assert sum(rig.arbiter.judge.counts.values()) == 4


def test_legs_that_cannot_be_solved_stay_where_they_are() -> None:
    class BrokenLegs(FakeLegs):
        broken = False

        def solve(self, base, base_velocity):
            position, velocity = super().solve(base, base_velocity)
            return (position * np.nan, velocity) if self.broken else (position, velocity)

    legs = BrokenLegs()
    rig = Rig(arbiter=Arbiter(ArbiterConfig(BASE), LIMITS, legs))
    rig.start()
    legs.broken = True
    rig.policy = rig.policy - np.where(np.arange(37) == 2, 0.1, 0.0)
    before = rig.frame
    rig.run(60)
    np.testing.assert_array_equal(rig.frame.joint_position[:12], before.joint_position[:12])
    np.testing.assert_array_equal(rig.frame.executed.position[:6], before.executed.position[:6])
    assert rig.arbiter.judge.counts['legs: reject not finite'] > 30
    assert 'base_z:' in ' '.join(rig.frame.limits)


def test_commands_are_numbered_and_expire() -> None:
    rig = started()
    first = rig.output.command
    rig.step()
    second = rig.output.command
    assert second.seq == first.seq + 1
    assert second.valid_until_ns - second.t_ns == 50_000_000
    assert second.t_ns - first.t_ns == TICK_NS


def test_two_arbiters_with_the_same_inputs_do_the_same_bit_for_bit() -> None:
    runs = []
    for _ in range(2):
        rig = operated()
        rig.ask('release')
        rig.run(100)
        runs.append(np.array([frame.executed.position for frame in rig.frames]).tobytes())
    assert runs[0] == runs[1]


def test_requests_may_come_before_anything_else() -> None:
    arbiter = Arbiter(ArbiterConfig(BASE), LIMITS, FakeLegs())
    output = arbiter.step(ArbiterInputs(requests=(Request('hold', request_id='a'),)), 1)
    assert output.replies[0].accepted
