"""How closely the twin's hand follows recorded operators, through the whole chain in lockstep.

The robot stands on an empty floor. The path of the measured palm is compared with the recorded
wrist path, at the same instant and with nothing shifted, on the samples that an offline inverse
kinematics reaches. Run::

    python benchmarks/bench_replay.py RECORDING ... --scale 0.6 [--keypoints FILE] [--json FILE]
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
import json
from pathlib import Path
import sys

import numpy as np
import pinocchio as pin
from rich.console import Console
from rich.table import Table

from rove_bringup.config import Episode, RunConfig
from rove_bringup.lockstep import LockstepRunner, Tick
from rove_teleop.core.geometry import se3_from_pose
from rove_teleop.core.kinematics import Kinematics, PalmTarget, Targets, WholeBodyIK
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import GROUPS, Phase
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Array
from rove_teleop.operators.recordings import load_recording
from rove_teleop.twin.plant import TwinPlant

EXTRA_S = 6.0  # before the takeover, and after the release
EVERY = 5  # operator samples between two that the offline solver is asked about
REACHED = 0.005, np.deg2rad(5.0)  # m, rad
OFFLINE_STEPS, OFFLINE_DT = 80, 0.05


@dataclass(frozen=True)
class Sample:
    """One instant under human command: transforms in the stance frame."""

    t_ns: int
    wrist: pin.SE3
    executed: pin.SE3
    measured: pin.SE3
    channels: Array


class Watcher:
    """Collects what a replay did."""

    def __init__(self, twin: TwinPlant, robot: Robot, side: str) -> None:
        self._twin, self._side = twin, side
        self._kinematics = Kinematics(robot, LegKinematics(robot))
        self._group = GROUPS.index(f'{side}_arm')
        self.samples: list[Sample] = []
        self.faults: set[str] = set()
        self.penetration = 0.0
        self.pelvis = np.inf

    def take(self, tick: Tick) -> None:
        """Look at one tick."""
        if tick.plant.fault:
            self.faults.add(tick.plant.fault)
        self.pelvis = min(self.pelvis, float(tick.plant.base_pose[2]))
        self.penetration = max(self.penetration, self._twin.self_penetration())
        commanded = tick.frame is not None and tick.frame.phase[self._group] in (
            Phase.TO_HUMAN,
            Phase.HUMAN,
        )
        if not commanded or tick.operator is None or tick.frame is None:
            return
        wrist = tick.operator.right_wrist if self._side == 'right' else tick.operator.left_wrist
        if wrist is None:
            return
        channels = self._kinematics.from_joints(tick.plant.position)
        executed = tick.frame.executed.position
        self.samples.append(
            Sample(
                tick.now_ns,
                se3_from_pose(wrist),
                self._kinematics.palms(executed)[self._side],
                self._kinematics.palms(channels)[self._side],
                executed,
            )
        )


def reached(robot: Robot, side: str, samples: list[Sample], goals: list[pin.SE3]) -> Array:
    """Which goals an offline solver reaches when it has all the time, bool of shape (n,)."""
    legs = LegKinematics(robot)
    solver, kinematics = WholeBodyIK(robot, legs), Kinematics(robot, LegKinematics(robot))
    solver.reset(samples[0].channels)
    result = []
    for goal in goals:
        targets = Targets({side: PalmTarget(goal)})
        for _ in range(OFFLINE_STEPS):
            solution = solver.solve(targets, OFFLINE_DT)
            palm = kinematics.palms(solution.position)[side]
            distance = float(np.linalg.norm(palm.translation - goal.translation))
            angle = float(np.linalg.norm(pin.log3(palm.rotation.T @ goal.rotation)))
            if distance < REACHED[0] and angle < REACHED[1]:
                break
        result.append(distance < REACHED[0] and angle < REACHED[1])
    return np.array(result)


def measure(recording: str, keypoints: str, scale: float, side: str) -> dict[str, object]:
    """Play one recording; returns its figures."""
    motion = load_recording(recording, side=side, keypoints=keypoints or None)
    config = RunConfig(
        task='stand',
        policy='hold',
        operator='replay',
        recording=recording,
        keypoints=keypoints,
        side=side,
        scale=scale,
        timeout=motion.duration + EXTRA_S,
    )
    runner = LockstepRunner(config)
    watcher = Watcher(runner.twin, runner.robot, side)
    runner.run(Episode('replay', 0), [watcher])
    samples = watcher.samples[::EVERY]
    first = samples[0]
    goals = [
        pin.SE3(
            sample.wrist.rotation @ first.wrist.rotation.T @ first.executed.rotation,
            first.executed.translation + sample.wrist.translation - first.wrist.translation,
        )
        for sample in samples
    ]
    can = reached(runner.robot, side, samples, goals)
    error_mm = 1e3 * np.array([
        np.linalg.norm(sample.measured.translation - goal.translation)
        for sample, goal in zip(samples, goals, strict=True)
    ])  # fmt: skip
    near = error_mm[can]
    return {
        'recording': Path(recording).name,
        'scale': scale,
        'samples': len(samples),
        'reached_share': float(can.mean()),
        'error_mean_mm': float(near.mean()) if len(near) else None,
        'error_p95_mm': float(np.percentile(near, 95)) if len(near) else None,
        'error_max_mm': float(near.max()) if len(near) else None,
        'error_all_mean_mm': float(error_mm.mean()),
        'self_penetration_mm': 1e3 * watcher.penetration,
        'pelvis_min_m': watcher.pelvis,
        'faults': sorted(watcher.faults),
    }


def main(argv: Sequence[str]) -> int:
    """Measure every recording and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('recordings', nargs='*', default=['pick_like', 'reach_and_wave'])
    parser.add_argument('--keypoints', default='')
    parser.add_argument('--scale', type=float, default=0.6)
    parser.add_argument('--side', default='right')
    parser.add_argument('--json', type=Path)
    options = parser.parse_args(argv)
    rows = [
        measure(recording, options.keypoints, options.scale, options.side)
        for recording in options.recordings
    ]
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(f'{v:.3g}' if isinstance(v, float) else str(v) for v in row.values()))
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
