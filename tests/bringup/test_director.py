"""The director starts an episode once the robot stands, and ends it for the right reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rove_bringup.config import Episode
from rove_bringup.director import Director, DirectorConfig, DirectorView
from rove_teleop.core.names import GROUPS, NUM_CHANNELS, NUM_JOINTS, Authority, Phase, Stage
from rove_teleop.core.types import Channels, ControlFrame, Event, PlantState, TaskState

CONFIG = DirectorConfig(
    timeout=20.0, settle=1.0, success_hold=1.5, operator_grace=4.0, failure_hold=1.0
)
EPISODE = Episode('episode_0007', 7)
STEP_NS = 20_000_000


def _frame(
    episode: str = '', intervention: bool = False, robot: Phase = Phase.AUTO
) -> ControlFrame:
    zeros = Channels(np.zeros(NUM_CHANNELS), np.zeros(NUM_CHANNELS))
    joints = np.zeros(NUM_JOINTS)
    return ControlFrame(
        1, 0, episode, (Phase.AUTO,) * len(GROUPS), (Authority.POLICY,) * len(GROUPS), robot,
        intervention, Stage.ROLLOUT, 0, 0, "", "", None, None, zeros,
        joints, joints, joints, joints,
    )  # fmt: skip


def _task(**changes: object) -> TaskState:
    task = TaskState('pick_place', '', EPISODE.seed, 0, False, False, 'start')
    return replace(task, **changes)  # type: ignore[arg-type]  # fields of TaskState


class World:
    """Steps a director at 50 Hz in front of a view the test edits."""

    def __init__(self) -> None:
        self.director = Director(CONFIG)
        self.director.begin(EPISODE)
        self.view = DirectorView(_frame(), _task(), None)
        self.now_ns = 0
        self.requests: list[str] = []

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 1e9 / STEP_NS)):
            self.now_ns += STEP_NS
            wishes = self.director.step(self.view, self.now_ns)
            self.requests += [wish.event for wish in wishes]
            self.view = replace(self.view, events=())

    def start(self) -> None:
        self.run(1.2)
        self.view = replace(self.view, frame=_frame(EPISODE.name))
        self.run(0.1)


def test_the_episode_is_asked_for_only_after_the_robot_has_settled() -> None:
    world = World()
    world.run(0.9)
    assert world.requests == []
    world.run(0.2)
    assert world.requests == ['episode_start']


def test_the_wait_begins_again_when_something_was_lost() -> None:
    world = World()
    world.run(0.9)
    world.view = replace(world.view, events=(Event(1, 1, 0, 'plant_lost', GROUPS, 'arbiter'),))
    world.run(0.9)
    assert world.requests == []
    world.run(0.2)
    assert world.requests == ['episode_start']


def test_the_start_is_asked_for_again_until_the_arbiter_runs_it() -> None:
    world = World()
    world.run(2.2)
    assert world.requests == ['episode_start'] * 3


def test_nothing_starts_before_the_twin_has_been_reset_to_the_seed() -> None:
    world = World()
    world.view = replace(world.view, task=_task(seed=99))
    world.run(5.0)
    assert world.requests == []


def test_lasting_success_of_the_policy_ends_the_episode() -> None:
    world = World()
    world.start()
    world.view = replace(world.view, task=_task(success=True))
    world.run(1.4)
    assert world.director.outcome is None
    world.run(0.2)
    assert world.director.outcome is not None and world.director.outcome.success
    assert world.director.outcome.reason == 'task'
    assert world.requests[-1] == 'episode_end'


def test_success_that_flickers_does_not_end_the_episode() -> None:
    world = World()
    world.start()
    for _ in range(3):
        world.view = replace(world.view, task=_task(success=True))
        world.run(1.0)
        world.view = replace(world.view, task=_task(success=False))
        world.run(0.1)
    assert world.director.outcome is None


def test_an_operator_in_command_gets_time_to_declare_success() -> None:
    world = World()
    world.start()
    world.view = replace(
        world.view, frame=_frame(EPISODE.name, intervention=True), task=_task(success=True)
    )
    world.run(3.5)
    assert world.director.outcome is None
    world.run(1.0)
    assert world.director.outcome is not None and world.director.outcome.reason == 'task'


def test_a_declared_success_is_still_judged_by_physics() -> None:
    world = World()
    world.start()
    world.view = replace(world.view, events=(Event(1, 1, 0, 'success', (), 'operator'),))
    world.run(0.1)
    assert world.director.outcome is not None
    assert not world.director.outcome.success and world.director.outcome.reason == 'operator'


def test_a_fall_ends_the_episode_at_once() -> None:
    world = World()
    world.start()
    world.view = replace(world.view, plant=_fallen())
    world.run(0.02)
    assert world.director.outcome is not None and world.director.outcome.reason == 'fell'


def test_a_failed_task_ends_after_a_second_and_a_long_one_by_timeout() -> None:
    world = World()
    world.start()
    world.view = replace(world.view, task=_task(failed=True))
    world.run(1.1)
    assert world.director.outcome is not None and world.director.outcome.reason == 'failed'
    world = World()
    world.start()
    world.run(20.1)
    assert world.director.outcome is not None and world.director.outcome.reason == 'timeout'


def test_after_the_end_nothing_more_is_asked() -> None:
    world = World()
    world.start()
    world.run(20.1)
    asked = len(world.requests)
    world.run(5.0)
    assert len(world.requests) == asked


def _fallen() -> PlantState:
    joints, three = np.zeros(NUM_JOINTS), np.zeros(3)
    return PlantState(
        1, 0, joints, joints, joints, np.zeros(7), np.zeros(6), three, three, np.zeros(2),
        fault='fell',
    )  # fmt: skip


def test_an_attempt_that_cannot_be_started_is_given_up() -> None:
    world = World()
    world.run(CONFIG.start_timeout + 0.1)
    assert world.director.outcome is not None
    assert world.director.outcome.reason == 'not started'
    world = World()
    world.view = replace(world.view, frame=None, task=None)
    world.run(CONFIG.start_timeout + 0.1)
    assert world.director.outcome is not None


def test_a_robot_that_falls_before_the_start_ends_the_attempt() -> None:
    world = World()
    world.view = replace(world.view, plant=_fallen())
    world.run(0.1)
    assert world.director.outcome is not None and world.director.outcome.reason == 'fell'


def test_after_a_fall_the_next_attempt_rearms_first() -> None:
    world = World()
    stopped = replace(_frame(robot=Phase.STOPPED), reason='stop by arbiter: the robot tilts')
    world.view = replace(world.view, frame=stopped)
    world.run(1.2)
    assert world.requests == ['rearm']
    world.view = replace(world.view, frame=_frame(robot=Phase.HOLD))
    world.run(0.6)
    assert world.requests == ['rearm', 'episode_start']


def test_what_a_person_stopped_only_a_person_rearms() -> None:
    world = World()
    stopped = replace(_frame(robot=Phase.STOPPED), reason='stop by anybody')
    world.view = replace(world.view, frame=stopped)
    world.run(CONFIG.start_timeout + 0.1)
    assert world.requests == []
    assert world.director.outcome is not None
    assert world.director.outcome.reason == 'not started'
