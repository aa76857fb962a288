"""Proportions of people who are not there: made from known ones, and found again."""

from __future__ import annotations

from dataclasses import dataclass, replace
import math

import numpy as np
import pinocchio as pin
import pytest
from teleop_rig import make_robot

from rove_teleop.core.calibration import NECK, Calibration, arm_reach, calibrate
from rove_teleop.core.geometry import pose_from_se3
from rove_teleop.core.types import OperatorState
from rove_teleop.errors import ConfigError, InvalidInput


@dataclass(frozen=True)
class Person:
    """Somebody who calibrates, at 50 samples a second.

    Attributes:
        arm: Shoulder to wrist [m].
        neck: Pivot in the head's axes [m].
        shoulder: Left shoulder from the neck [m].
        facing: Where he faces in the room [rad].
        looks: How far the head turns and nods [rad].
        swing: How far the arms are raised [rad].
        bent: Share of the time the arms are bent.
        sway, noise: Standard deviations of body and tracker [m].
        steps: How far he walks [m].
    """

    arm: float = 0.55
    neck: tuple[float, float, float] = NECK
    shoulder: tuple[float, float, float] = (-0.01, 0.18, -0.15)
    facing: float = 0.0
    looks: float = 0.6
    swing: float = math.pi / 2
    bent: float = 0.0
    sway: float = 0.005
    noise: float = 0.002
    steps: float = 0.0

    def samples(self, count: int = 1500) -> list[OperatorState]:
        rng = np.random.default_rng(2)
        body = pin.rpy.rpyToMatrix(0.0, 0.0, self.facing)
        result = []
        for k in range(count):
            t = k / 50.0
            sway = self.sway * np.array([math.sin(0.7 * t), math.cos(0.9 * t), 0.0])
            neck = np.array([0.4 + self.steps * t / 30.0, -0.2, 1.5]) + sway
            look = pin.rpy.rpyToMatrix(
                0.0, self.looks * math.sin(1.3 * t), self.looks * math.sin(0.8 * t)
            )
            head = pin.SE3(body @ look, neck - body @ look @ np.array(self.neck))
            poses = {'head': head}
            for side, sign in (('left', 1.0), ('right', -1.0)):
                raised = self.swing * 0.5 * (1.0 - math.cos(0.6 * t))
                ahead = 0.5 * math.pi * (0.5 + 0.5 * math.sin(0.25 * t))
                direction = np.array([
                    math.sin(raised) * math.sin(ahead),
                    sign * math.sin(raised) * math.cos(ahead),
                    -math.cos(raised),
                ])  # fmt: skip
                reach = self.arm * (0.6 if (t * 0.2) % 1.0 < self.bent else 1.0)
                shoulder = np.array(self.shoulder) * (1.0, sign, 1.0)
                wrist = neck + body @ (shoulder + reach * direction)
                poses[f'{side}_wrist'] = pin.SE3(body, wrist + self.noise * rng.normal(size=3))
            arrays = {name: pose_from_se3(T) for name, T in poses.items()}
            ns = int(t * 1e9)
            result.append(OperatorState('somebody', 'one', k, ns, ns, **arrays))
        return result


@pytest.mark.parametrize(
    'person',
    [
        Person(),
        Person(arm=0.46, shoulder=(0.0, 0.155, -0.13)),
        Person(arm=0.66, shoulder=(-0.02, 0.205, -0.18)),
        Person(facing=2.5),
        Person(bent=0.2),
        Person(sway=0.02, noise=0.005),
        Person(neck=(-0.12, 0.01, -0.05)),
    ],
    ids=['average', 'small', 'tall', 'turned', 'sometimes bent', 'restless', 'other neck'],
)
def test_the_proportions_of_a_person_are_found(person):
    found = calibrate('somebody', person.samples())
    assert found.operator == 'somebody'
    assert found.arm_length == pytest.approx(person.arm, abs=0.015)
    assert np.allclose(found.neck, person.neck, atol=0.012)


def test_a_person_who_only_goes_from_hanging_arms_to_a_t_pose_is_measured_as_well():
    samples = []
    for sample in Person().samples():
        raised = sample.left_wrist[2] > 1.3
        hanging = sample.left_wrist[2] < 0.85
        if hanging or (raised and sample.left_wrist[0] < 0.75):
            samples.append(sample)
    assert calibrate('somebody', samples).arm_length == pytest.approx(0.55, abs=0.02)


def test_who_never_looks_about_gets_the_usual_neck():
    assert np.allclose(calibrate('somebody', Person(looks=0.0).samples()).neck, NECK, atol=1e-3)


@pytest.mark.parametrize(
    ('person', 'said'),
    [
        (Person(swing=0.2), 'left arm swung by .* deg, expected at least 60'),
        (Person(bent=0.5), 'arm was stretched in .*%.*, expected at least 70%: keep the elbow'),
        (Person(steps=1.0), 'the neck moved by 0.2. m, expected at most 0.10: stand in one place'),
        (Person(arm=1.3), r'arm_length is 1\.\d* m; expected 0.35 to 0.80, shoulder to wrist'),
        (Person(arm=0.2), r'arm_length is 0\.\d* m; expected 0.35 to 0.80, shoulder to wrist'),
    ],
    ids=['no swing', 'bent', 'walking', 'giant', 'dwarf'],
)
def test_what_does_not_tell_or_is_no_person_is_refused_with_what_to_do(person, said):
    with pytest.raises((InvalidInput, ConfigError), match=said):
        calibrate('somebody', person.samples())


def test_arms_of_two_lengths_are_refused():
    both = zip(Person(arm=0.60).samples(), Person(arm=0.50).samples(), strict=True)
    samples = [replace(a, right_wrist=b.right_wrist) for a, b in both]
    with pytest.raises(InvalidInput, match='left arm came out as 0.60 m and the right one as 0.5'):
        calibrate('somebody', samples)


def test_too_few_whole_samples_are_refused():
    samples = [
        replace(sample, right_wrist=None if k % 20 else sample.right_wrist)
        for k, sample in enumerate(Person().samples())
    ]
    with pytest.raises(InvalidInput, match='75 of 1500 samples show head and both wrists'):
        calibrate('somebody', samples)


def test_hostile_samples_among_good_ones_change_nothing():
    samples = Person().samples()
    broken = [
        replace(samples[0], head=np.full(7, np.nan)),
        replace(samples[0], left_wrist=np.zeros(7)),
        replace(samples[0], right_wrist=np.zeros(3)),
        replace(samples[0], head=np.full(7, 1e300)),
    ]
    assert calibrate('x', broken + samples) == calibrate('x', samples)


def test_the_scale_brings_a_stretched_arm_to_a_stretched_arm():
    reach = arm_reach(make_robot())
    assert 0.38 < reach < 0.43
    assert Calibration(arm_length=0.55).scale(reach) * 0.55 == pytest.approx(reach)


@pytest.mark.parametrize(
    ('fields', 'said'),
    [
        ({'arm_length': 55.0}, r'arm_length is 55 m; expected 0.35 to 0.80'),
        ({'arm_length': math.nan}, 'arm_length is nan m'),
        ({'neck': (-0.08, 0.0, -0.8)}, r'neck is -0.8 m in z .* expected -0.23 to 0.07'),
        ({'neck': (math.nan, 0.0, -0.08)}, 'neck is nan m in x'),
    ],
)
def test_numbers_no_person_has_are_refused(fields, said):
    with pytest.raises(ConfigError, match=said):
        Calibration(**fields)
