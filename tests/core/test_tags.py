"""Tags follow from events alone: who commands, whether it is an intervention, which stage."""

from __future__ import annotations

from arbiter_rig import Rig
import pytest

from rove_teleop.core.names import GROUPS, Authority, Phase, Stage
from rove_teleop.core.tags import FrameTags, TagMachine, detail_value, recompute_tags
from rove_teleop.core.types import Event
from rove_teleop.errors import InvalidTransition

ARM = ('right_arm',)


class Log:
    """Events applied to a machine, one tick each."""

    def __init__(self) -> None:
        self.machine, self.count = TagMachine(), 0
        self.tags = self.machine.tags()

    def say(self, kind: str, groups: tuple[str, ...] = GROUPS, detail: str = '') -> FrameTags:
        self.count += 1
        event = Event(self.count, self.count, self.count * 5_000_000, kind, groups, '', detail)
        self.machine.apply(event)
        self.tags = self.machine.tags()
        return self.tags

    def say_all(self, *kinds: str) -> FrameTags:
        for kind in kinds:
            self.say(kind)
        return self.tags


def test_everything_begins_held_and_in_rollout() -> None:
    tags = TagMachine().tags()
    assert tags.robot_phase is Phase.HOLD
    assert set(tags.authority) == {Authority.HOLD}
    assert (tags.intervention, tags.stage) == (False, Stage.ROLLOUT)
    assert (tags.takeover_id, tags.anchor_id, tags.episode) == (0, 0, '')


def test_an_intervention_begins_with_authority_and_not_with_the_request() -> None:
    log = Log()
    log.say_all('blend', 'auto')
    assert log.say('takeover').intervention is False
    assert log.tags.stage is Stage.ROLLOUT
    assert log.say('human').intervention is True
    assert log.tags.stage is Stage.ADAPTATION


def test_the_fade_back_to_the_policy_still_is_an_intervention() -> None:
    log = Log()
    log.say_all('takeover', 'human', 'settled', 'recovery', 'release')
    assert log.tags.intervention is False
    assert log.say('blend').intervention is True
    assert log.tags.authority[0] is Authority.BLEND
    assert log.say('auto').intervention is False


def test_recovery_lasts_through_a_pause_until_the_policy_has_every_group_again() -> None:
    log = Log()
    log.say_all('takeover', 'human')
    assert log.say('recovery', ()).stage is Stage.RECOVERY
    assert log.say('hold').stage is Stage.RECOVERY
    log.say('blend', GROUPS[:-1])
    assert log.tags.stage is Stage.RECOVERY
    assert log.say('blend', GROUPS[-1:]).stage is Stage.ROLLOUT


def test_a_policy_that_starts_from_a_hold_commands_alone() -> None:
    log = Log()
    assert log.say('blend').intervention is False
    assert set(log.tags.authority) == {Authority.POLICY}
    assert log.tags.stage is Stage.ROLLOUT


def test_a_second_takeover_has_an_adaptation_of_its_own() -> None:
    log = Log()
    log.say_all('takeover', 'human', 'recovery', 'release', 'blend', 'auto', 'takeover', 'human')
    assert log.tags.stage is Stage.ADAPTATION
    assert log.tags.takeover_id == 2


def test_a_reclutch_has_a_new_anchor_but_is_no_new_takeover() -> None:
    log = Log()
    log.say_all('takeover', 'human', 'takeover')
    assert (log.tags.takeover_id, log.tags.anchor_id) == (1, 2)


def test_groups_keep_their_own_phases() -> None:
    log = Log()
    log.say_all('blend', 'auto')
    log.say('takeover', ARM)
    log.say('human', ARM)
    index = GROUPS.index('right_arm')
    assert log.tags.authority[index] is Authority.HUMAN
    assert log.tags.authority.count(Authority.POLICY) == 5
    assert log.tags.robot_phase is Phase.TO_HUMAN
    assert log.tags.intervention


def test_an_episode_begins_in_rollout_and_is_named_by_its_start() -> None:
    log = Log()
    log.say_all('takeover', 'human', 'recovery', 'hold')
    tags = log.say('episode_start', GROUPS, 'episode=e7 seed=3')
    assert (tags.episode, tags.stage) == ('e7', Stage.ROLLOUT)
    assert log.say('episode_end').episode == ''


def test_an_impossible_log_is_refused() -> None:
    with pytest.raises(InvalidTransition):
        recompute_tags([Event(1, 1, 0, 'auto', GROUPS)], [1])


def test_details_are_key_value_words() -> None:
    assert detail_value('seed=3 episode=e1 text', 'episode') == 'e1'
    assert detail_value('seed=3', 'episode') == ''


def test_recorded_frames_and_recomputed_tags_agree_through_a_whole_episode() -> None:
    rig = Rig()
    rig.start()
    rig.take_over()
    rig.ask('mark_recovery')
    rig.run(20)
    rig.ask('release', 'left_arm', 'torso')
    rig.run(30)
    rig.ask('stop')
    rig.run(5)
    rig.ask('rearm')
    rig.ask('release')
    rig.run(200)
    rig.ask('episode_end', by='director')
    expected = [FrameTags.of(frame) for frame in rig.frames]
    assert recompute_tags(rig.events, [frame.tick for frame in rig.frames]) == expected
    assert {tags.stage for tags in expected} == set(Stage)
    assert {tags.robot_phase for tags in expected} == set(Phase)
