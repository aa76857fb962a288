"""The whole chain in lockstep: an operator who pushes the robot's hands into the table."""

from __future__ import annotations

import numpy as np
import pinocchio as pin
import pytest

from rove_bringup.config import Episode, RunConfig
from rove_bringup.lockstep import LockstepRunner, Tick
from rove_teleop.assembly import make_robot
from rove_teleop.tasks.pick_place import PickPlace
from tests.fakes.reaching_operator import ReachingOperator

SECONDS = 2.0  # between two places
PLACES = (0.2, 0.25, 1.05), (0.45, 0.2, 1.0), (0.45, 0.2, 0.45)  # the last is below the table


def into_the_table(t: float, start: dict[str, pin.SE3]) -> dict[str, pin.SE3]:
    """Palms t seconds after the takeover."""
    result = {}
    for side, outwards in (('left', 1.0), ('right', -1.0)):
        pose = start[side]
        for k, place in enumerate(PLACES):
            share = min(max(t / SECONDS - k, 0.0), 1.0)
            share = share**3 * (10.0 - 15.0 * share + 6.0 * share**2)
            there = np.array(place) * [1.0, outwards, 1.0]
            turn = pin.exp3(share * pin.log3(pose.rotation.T))
            between = pose.translation + share * (there - pose.translation)
            pose = pin.SE3(turn @ pose.rotation, between)
        result[side] = pose
    return result


class Pressure:
    """Force of both hands on the table, tick by tick [N]."""

    def __init__(self, runner: LockstepRunner) -> None:
        self._twin = runner.twin
        self.force: list[float] = []
        self.faults: set[str] = set()

    def take(self, tick: Tick) -> None:
        """Look at one tick."""
        self.faults |= {tick.plant.fault} - {''}
        forces = self._twin.view(tick.plant.t_ns).normal_force
        hands = [
            forces.get(pair, 0.0) for pair in (('left_hand', 'table'), ('right_hand', 'table'))
        ]
        self.force.append(sum(hands))


@pytest.fixture
def pushed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Pressure:
    """An episode in which the operator pushes, with or without the table being known."""
    if not request.param:
        monkeypatch.setattr(PickPlace, 'surfaces', ())
    seconds = SECONDS * len(PLACES) + 3.0
    runner = LockstepRunner(RunConfig(policy='hold', operator='none', timeout=seconds))
    runner.operator = ReachingOperator(make_robot(), into_the_table)
    pressure = Pressure(runner)
    runner.run(Episode('push', 0), [pressure])
    return pressure


@pytest.mark.parametrize('pushed', [True], indirect=True)
def test_hands_that_are_sent_through_the_table_do_not_press_on_it(pushed: Pressure):
    assert pushed.faults == set()
    assert max(pushed.force) > 1.0  # they did get there
    assert max(pushed.force[-200:]) < 8.0


@pytest.mark.parametrize('pushed', [False], indirect=True)
def test_hands_would_press_on_a_table_that_teleoperation_does_not_know(pushed: Pressure):
    assert min(pushed.force[-200:]) > 12.0
