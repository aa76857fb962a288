"""Every fault of a message, in lockstep: the defined reaction, in time, and nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rove_bringup.faults.evidence import read_evidence
from rove_bringup.faults.fault import Fault
from rove_bringup.faults.judge import judge
from rove_bringup.faults.lockstep import FaultRunner
from rove_bringup.faults.messages import MESSAGE_FAULTS
from rove_bringup.sinks import RecordingSink
from rove_teleop.recording.writer import EpisodeWriter


@pytest.fixture(scope='module')
def runner() -> FaultRunner:
    return FaultRunner()


def named(name: str) -> Fault:
    return next(fault for fault in MESSAGE_FAULTS if fault.name == name)


def test_no_two_faults_have_one_name() -> None:
    assert len({fault.name for fault in MESSAGE_FAULTS}) == len(MESSAGE_FAULTS)


@pytest.mark.parametrize('fault', MESSAGE_FAULTS, ids=lambda fault: fault.name)
def test_a_fault_of_a_message_ends_as_it_must(runner: FaultRunner, fault: Fault) -> None:
    strike, evidence = runner.strike(fault, seed=1)
    judged = judge(fault, strike, evidence, runner.robot, layer='lockstep', seed=1)
    assert judged.problems == ()


def test_a_fault_strikes_equally_with_an_equal_seed(runner: FaultRunner) -> None:
    fault = named('joint-proposal-reordered')
    runs = [runner.strike(fault, seed)[1].episode.executed_position for seed in (5, 5, 6)]
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_the_recording_of_a_fault_tells_the_same_as_its_run(
    runner: FaultRunner, tmp_path: Path
) -> None:
    fault = named('plant-state-silent')
    path = tmp_path / 'episode_0000.mcap'
    writer = EpisodeWriter(path, {'episode': 'episode_0000'}, patience=10.0)
    strike, seen = runner.strike(fault, 2, sinks=(RecordingSink(writer),))
    assert writer.close().error == ''
    told = read_evidence(path)
    assert told.episode.events == seen.episode.events
    one, other = (
        judge(fault, strike, each, runner.robot, layer='lockstep', seed=2) for each in (seen, told)
    )
    assert one == other
    assert one.ticks == 1


def test_a_reaction_that_never_comes_and_one_that_nobody_ordered_are_told(
    runner: FaultRunner,
) -> None:
    silent, fine = named('plant-state-silent'), named('plant-state-delay')
    strike, evidence = runner.strike(silent)
    judged = judge(fine, strike, evidence, runner.robot, layer='lockstep', seed=0)
    assert any(text.startswith('plant_lost') for text in judged.problems)
    strike, evidence = runner.strike(fine)
    judged = judge(silent, strike, evidence, runner.robot, layer='lockstep', seed=0)
    assert 'plant lost at 20 ms: never came' in judged.problems
