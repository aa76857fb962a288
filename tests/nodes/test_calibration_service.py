"""The service that measures an operator, as a caller sees it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pinocchio as pin
import pytest
from std_srvs.srv import SetBool

from rove_teleop.assembly import make_robot, make_teleop
from rove_teleop.calibration_file import load_calibration
from rove_teleop.core.calibration import NECK
from rove_teleop.core.teleop import Teleop
from rove_teleop.core.types import OperatorState
from rove_teleop.nodes.calibration import CalibrationService

ARM = 0.58


class Log:
    """Takes what a node would log."""

    def info(self, text: str) -> None:
        assert text.startswith('calibrate: ')


class Caller:
    """Stands in for the node, and calls what it was given to serve."""

    def create_service(self, kind: type, name: str, serve: Any) -> None:
        assert (kind, name) == (SetBool, 'calibrate')
        self._serve = serve

    def get_logger(self) -> Log:
        return Log()

    def call(self, begin: bool) -> tuple[bool, str]:
        response = self._serve(SetBool.Request(data=begin), SetBool.Response())
        return response.success, response.message


@dataclass
class Bench:
    """A caller, the teleoperation that is calibrated, and the service between them."""

    caller: Caller
    teleop: Teleop
    service: CalibrationService

    def measure(self, samples: list[OperatorState]) -> tuple[bool, str]:
        assert self.caller.call(True)[0]
        for sample in samples:
            self.service.take(sample)
            self.service.take(sample)
        return self.caller.call(False)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.chdir(tmp_path)
    caller, teleop = Caller(), make_teleop(make_robot())
    return Bench(caller, teleop, CalibrationService(caller, teleop))  # type: ignore[arg-type]


def swing(count: int = 400, source: str = 'headset') -> list[OperatorState]:
    """Somebody who swings both arms from hanging to a T-pose."""
    samples = []
    for k in range(count):
        raised = 0.25 * np.pi * (1.0 - np.cos(0.05 * k))
        neck = np.array([0.0, 0.0, 1.5])
        poses = {'head': np.concatenate([neck - np.array(NECK), [0, 0, 0, 1]])}
        for side, sign in (('left', 1.0), ('right', -1.0)):
            away = np.array([0.0, sign * np.sin(raised), -np.cos(raised)])
            wrist = neck + [0.0, sign * 0.175, -0.14] + ARM * away
            poses[f'{side}_wrist'] = pin.SE3ToXYZQUAT(pin.SE3(np.eye(3), wrist))
        samples.append(OperatorState(source, 'one', k, k, k, **poses))
    return samples


def test_an_operator_is_measured_between_two_calls_and_saved(bench, tmp_path):
    assert bench.teleop.scale == 1.0
    success, message = bench.measure(swing())
    assert success
    [file] = tmp_path.iterdir()
    assert str(file) in message
    found = load_calibration(file)
    assert found.operator == 'headset'
    assert found.arm_length == pytest.approx(ARM, abs=0.01)
    assert bench.teleop.scale == pytest.approx(0.41 / ARM, abs=0.03)
    assert f'1 m of hand is {bench.teleop.scale:.2f} m of palm' in message


def test_only_the_last_who_was_heard_is_measured(bench, tmp_path):
    assert bench.measure(swing(300, 'another') + swing())[0]
    [file] = tmp_path.iterdir()
    assert load_calibration(file).operator == 'headset'


def test_what_cannot_be_measured_is_said_and_changes_nothing(bench, tmp_path):
    for samples in ([], swing(5)):
        success, message = bench.measure(samples)
        assert not success
        assert 'samples show head and both wrists, expected at least 100' in message
    assert bench.teleop.scale == 1.0
    assert list(tmp_path.iterdir()) == []


def test_an_end_without_a_beginning_is_refused(bench):
    assert bench.caller.call(False) == (False, 'nothing was begun; call with data: true first')


def test_nobody_is_measured_while_he_operates(bench):
    bench.teleop._human = frozenset({'left_arm'})
    assert bench.caller.call(True) == (False, 'release the robot first')
    bench.teleop._human = frozenset()
    assert bench.caller.call(True)[0]
