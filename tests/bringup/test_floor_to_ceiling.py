"""The whole chain in lockstep: hands to the floor in front of the feet, then above the head."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_bringup.config import Episode, RunConfig
from rove_bringup.lockstep import LockstepRunner, Tick
from rove_teleop.assembly import make_robot
from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import Phase
from rove_teleop.core.types import Array
from tests.fakes.reaching_operator import ReachingOperator

REACH_S, STAY_S = 4.0, 1.5
LOW, HIGH = np.array([0.36, 0.14, 0.16]), np.array([0.12, 0.25, 1.5])


def pose(place: Array, pitch: float, outwards: float) -> pin.SE3:
    turned = pin.rpy.rpyToMatrix(0.0, pitch, 0.0)
    return pin.SE3(turned, place * [1.0, outwards, 1.0])


def between(start: pin.SE3, end: pin.SE3, share: float) -> pin.SE3:
    turn = pin.exp3(share * pin.log3(end.rotation @ start.rotation.T))
    there = start.translation + share * (end.translation - start.translation)
    return pin.SE3(turn @ start.rotation, there)


def down_and_up(t: float, start: dict[str, pin.SE3]) -> dict[str, pin.SE3]:
    """Palms t seconds after the takeover."""
    down, up = (min(max(s / REACH_S, 0.0), 1.0) for s in (t, t - REACH_S - STAY_S))
    down, up = (s**3 * (10.0 - 15.0 * s + 6.0 * s**2) for s in (down, up))
    result = {}
    for side, outwards in (('left', 1.0), ('right', -1.0)):
        low, high = pose(LOW, 0.6, outwards), pose(HIGH, -1.2, outwards)
        result[side] = between(between(start[side], low, down), high, up)
    return result


class Watcher:
    """Heights of the palms and of the pelvis while the operator is in command."""

    def __init__(self) -> None:
        self._kinematics = Kinematics(make_robot(), LegKinematics(make_robot()))
        self.palms: list[float] = []
        self.pelvis: list[float] = []
        self.faults: set[str] = set()

    def take(self, tick: Tick) -> None:
        """Look at one tick."""
        if tick.plant.fault:
            self.faults.add(tick.plant.fault)
        if tick.frame is None or set(tick.frame.phase) != {Phase.HUMAN}:
            return
        palms = self._kinematics.palms(self._kinematics.from_joints(tick.plant.position))
        self.palms += [palm.translation[2] for palm in palms.values()]
        self.pelvis.append(float(tick.plant.base_pose[2]))


def test_the_twin_reaches_from_the_floor_to_above_its_head_and_does_not_fall() -> None:
    seconds = 2.0 * (REACH_S + STAY_S) + 2.0
    runner = LockstepRunner(
        RunConfig(task='stand', policy='hold', operator='none', timeout=seconds)
    )
    runner.operator = ReachingOperator(make_robot(), down_and_up)
    watcher = Watcher()
    runner.run(Episode('reach', 0), [watcher])
    assert watcher.faults == set()
    assert len(watcher.pelvis) > 200 * (2.0 * REACH_S + STAY_S)
    assert min(watcher.pelvis) < 0.5
    assert min(watcher.palms) < 0.22 and max(watcher.palms) > 1.4
