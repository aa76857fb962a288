"""How far the hands are from the palms, and what an absolute clutch makes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pinocchio as pin
import pytest
from teleop_rig import DT, TICK_NS, Rig, distance, make_robot, moved, smooth

from rove_teleop.assembly import make_arbiter, make_teleop
from rove_teleop.core.arbiter import ArbiterInputs
from rove_teleop.core.calibration import Calibration
from rove_teleop.core.engage import GATE, AbsoluteMap, alignment
from rove_teleop.core.names import GROUPS, NUM_JOINTS, SIDES, Phase
from rove_teleop.core.teleop import TeleopConfig
from rove_teleop.core.types import ControlFrame, Event, PlantState, Request
from rove_teleop.errors import ConfigError

ABSOLUTE = TeleopConfig(engage='absolute')
CENTIMETRE = 0.01


def apart(rig: Rig, offset: np.ndarray, turn: np.ndarray | None = None) -> None:
    """Bring the operator's hands to an offset from the robot's palms."""
    rig.wrists = {side: moved(T, offset, turn) for side, T in rig.palms().items()}


@pytest.mark.parametrize('engage', ['relative', 'absolute'])
def test_distance_and_angle_of_each_hand_are_known_before_a_takeover(engage: str) -> None:
    rig = Rig(TeleopConfig(engage=engage))
    apart(rig, np.array([0.12, 0.16, 0.0]), np.array([0.0, 0.5, 0.0]))
    rig.step()
    assert rig.phase is Phase.AUTO
    for side in SIDES:
        assert rig.proposal.alignment[side] == pytest.approx((0.2, 0.5), abs=1e-9)
    del rig.wrists['left']
    rig.step()
    assert list(rig.proposal.alignment) == ['right']


def test_only_an_absolute_clutch_has_a_gate() -> None:
    assert Rig().step().gate is None
    assert Rig(ABSOLUTE).step().gate == GATE


def test_alignment_is_not_known_before_the_heading_is() -> None:
    rig = Rig(TeleopConfig(align_yaw=True))
    rig.step()
    assert rig.proposal.alignment == {}


def test_a_heading_turns_the_map_and_proportions_scale_it_about_the_shoulders() -> None:
    absolute = AbsoluteMap(np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, -0.14]))
    wrist = pin.SE3(np.eye(3), np.array([0.5, 0.0, -0.14]))
    palm = absolute.palm(wrist, 0.8, np.pi / 2)
    np.testing.assert_allclose(palm.translation, [0.0, 0.4, 1.0], atol=1e-12)
    np.testing.assert_allclose(palm.rotation[:, 0], [0.0, 1.0, 0.0], atol=1e-12)
    assert alignment(palm, palm) == (0.0, 0.0)


def test_measured_from_the_neck_the_shoulders_of_both_coincide() -> None:
    neck = (-0.08, 0.0, -0.08)
    rig = Rig(TeleopConfig(hand_frame='neck', calibration=Calibration(neck=neck)))
    rig.head = pin.SE3(np.eye(3), np.array([0.7, -0.4, 1.6]))
    pivot = rig.head.act(np.array(neck))
    shoulders = rig.teleop._map.stance_shoulders
    palm = rig.palms()['right']
    reach = (palm.translation - shoulders) / rig.teleop.scale
    rig.wrists = {'right': pin.SE3(palm.rotation, pivot + reach + [0.0, 0.0, -0.14])}
    rig.step()
    assert rig.proposal.alignment['right'] == pytest.approx((0.0, 0.0), abs=1e-6)


def test_a_near_hand_engages_where_the_palm_is_and_the_rest_fades() -> None:
    rig = Rig(ABSOLUTE)
    offset, turn = np.array([0.03, -0.04, 0.0]), np.array([0.0, 0.0, 0.2])
    apart(rig, offset, turn)
    rig.run(5)
    start = rig.palms()
    rig.take()
    assert max(distance(palm, start[side]) for side, palm in rig.palms().items()) < CENTIMETRE
    speeds, last = [], rig.palms()
    for _ in range(round(1.6 / DT)):
        rig.step()
        speeds.append(max(distance(T, last[side]) for side, T in rig.palms().items()) / DT)
        last = rig.palms()
    for side in SIDES:
        assert rig.proposal.alignment[side] == pytest.approx((0.0, 0.0), abs=5e-3)
        assert distance(rig.palms()[side], moved(start[side], offset)) < 5e-3
    assert max(speeds) < 0.2


def test_what_fades_does_not_change_how_a_motion_is_followed() -> None:
    rig = Rig(ABSOLUTE)
    apart(rig, np.array([0.05, 0.0, 0.0]))
    rig.run(5)
    rig.take()
    wrists = dict(rig.wrists)
    for k in range(round(2.0 / DT)):
        up = smooth(k * DT) * np.array([0.0, 0.0, 0.1])
        rig.wrists = {side: moved(T, up) for side, T in wrists.items()}
        rig.step()
    for side, palm in rig.palms().items():
        assert distance(palm, rig.wrists[side]) < 5e-3


def test_a_far_hand_moves_nothing_until_it_is_brought_near() -> None:
    rig = Rig(ABSOLUTE)
    apart(rig, np.array([0.3, 0.0, 0.0]))
    rig.run(5)
    palms = rig.palms()
    rig.take()
    far = dict(rig.wrists)
    for k in range(round(1.5 / DT)):
        back = smooth(k * DT / 1.5) * np.array([-0.15, 0.0, 0.0])
        rig.wrists = {side: moved(T, back) for side, T in far.items()}
        rig.step()
    assert 'left wrist is 0.15 m and 0.00 rad from the palm; bring it within' in (
        rig.proposal.reason
    )
    assert set(rig.proposal.groups) == set(GROUPS)
    assert max(distance(T, palms[side]) for side, T in rig.palms().items()) < 1e-3
    near = dict(rig.wrists)
    for k in range(round(3.0 / DT)):
        back = smooth(k * DT) * np.array([-0.15, 0.0, 0.0])
        rig.wrists = {side: moved(T, back) for side, T in near.items()}
        rig.step()
    assert rig.proposal.reason == ''
    for side, palm in rig.palms().items():
        assert distance(palm, rig.wrists[side]) < 5e-3


def test_a_hand_that_was_let_go_engages_again_only_near_its_palm() -> None:
    rig = Rig(ABSOLUTE)
    apart(rig, np.zeros(3))
    rig.run(5)
    rig.take()
    palms, wrist = rig.palms(), rig.wrists['right']
    rig.buttons = ('right_clutch',)
    for k in range(round(1.0 / DT)):
        rig.wrists['right'] = moved(wrist, smooth(k * DT) * np.array([0.0, -0.3, 0.0]))
        rig.step()
    rig.buttons = ()
    rig.run(100)
    assert distance(rig.palms()['right'], palms['right']) < 1e-3
    assert 'right wrist is 0.30 m' in rig.proposal.reason


@pytest.mark.parametrize(
    'change', [{'engage': 'nearly'}, {'gate': (0.0, 0.3)}, {'gate': (0.1, float('nan'))}]
)
def test_an_engagement_that_cannot_be_meant_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match='engage is|gate is'):
        TeleopConfig(**change)


class Loop:
    """Teleoperation, the arbiter with the robot's own limits, and a plant that follows."""

    def __init__(self) -> None:
        self.rig = Rig()
        robot = make_robot()
        self.teleop = make_teleop(robot, ABSOLUTE)
        self.arbiter = make_arbiter('one', 'arbiter', robot)
        self.grant = self.arbiter.lease.acquire('tracker', self.rig.now_ns)
        self.frame: ControlFrame | None = None
        self.frames: list[ControlFrame] = []
        self.events: list[Event] = []
        self.joints = robot.nominal

    def step(self, *requests: Request) -> None:
        rig = self.rig
        rig.tick += 1
        proposal = self.teleop.step(rig.sample(), self.frame, rig.now_ns)
        if proposal is not None:
            proposal = replace(proposal, t_receive_ns=rig.now_ns)
        self.arbiter.lease.heartbeat('tracker', self.grant.epoch, rig.now_ns)
        inputs = ArbiterInputs(proposal, None, self._plant(), requests)
        output = self.arbiter.step(inputs, rig.now_ns)
        self.frame = output.frame
        self.frames.append(output.frame)
        self.events += output.events
        rig.executed = output.frame.executed
        self.joints = output.frame.joint_position

    def take_over(self, *groups: str) -> None:
        self.step(
            Request(
                'takeover',
                groups,
                'tracker',
                self.grant.epoch,
                f'r{len(self.frames)}',
                t_receive_ns=self.rig.now_ns,
            )
        )

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self.step()

    def _plant(self) -> PlantState:
        zero = np.zeros(NUM_JOINTS)
        return PlantState(
            seq=self.rig.tick,
            t_ns=self.rig.now_ns,
            position=self.joints,
            velocity=zero,
            effort=zero,
            base_pose=np.array([0.0, 0.0, 0.74, 0.0, 0.0, 0.0, 1.0]),
            base_twist=np.zeros(6),
            imu_angular_velocity=np.zeros(3),
            imu_linear_acceleration=np.zeros(3),
            foot_force=np.array([170.0, 170.0]),
            t_receive_ns=self.rig.now_ns,
        )


@pytest.mark.parametrize('groups', [(), ('right_arm', 'right_hand')])
def test_an_absolute_takeover_is_refused_from_30_cm_with_the_numbers(groups) -> None:
    loop = Loop()
    loop.run(3)
    palms = loop.rig.palms()
    loop.rig.wrists = {side: moved(T, [0.3, 0.0, 0.0]) for side, T in palms.items()}
    loop.run(200)
    loop.take_over(*groups)
    side = 'right' if groups else 'left'
    assert loop.events[-1].kind == 'refused'
    assert loop.events[-1].detail == (
        f'takeover: the {side} hand is 0.30 m and 0.00 rad from the palm; '
        'bring it within 0.10 m and 0.35 rad'
    )
    assert loop.frames[-1].alignment['right'] == pytest.approx((0.3, 0.0), abs=1e-6)
    loop.take_over('torso')
    assert loop.events[-1].kind == 'takeover', 'the gate is about arms'


def test_an_absolute_takeover_is_refused_while_a_hand_is_turned_away() -> None:
    loop = Loop()
    loop.run(3)
    palms = loop.rig.palms()
    turn = np.array([0.0, 0.0, 0.6])
    loop.rig.wrists = {side: moved(T, [0.0, 0.0, 0.0], turn) for side, T in palms.items()}
    loop.run(200)
    loop.take_over('left_arm')
    assert 'the left hand is 0.00 m and 0.60 rad' in loop.events[-1].detail


def test_an_absolute_takeover_from_5_cm_brings_the_palm_to_the_hand_without_a_jolt() -> None:
    loop = Loop()
    loop.run(3)
    palms = loop.rig.palms()
    loop.rig.wrists = {
        side: moved(T, [0.03, 0.0, 0.04], np.array([0.1, 0.0, 0.2])) for side, T in palms.items()
    }
    loop.run(200)
    loop.take_over()
    assert loop.events[-1].kind == 'takeover'
    at = len(loop.frames)
    loop.run(600)
    assert loop.frames[-1].robot_phase is Phase.HUMAN
    velocity = np.array([frame.joint_velocity for frame in loop.frames[at - 1 :]])
    assert np.abs(np.diff(velocity, axis=0)).max() <= 0.1
    for side, palm in loop.rig.palms().items():
        assert distance(palm, loop.rig.wrists[side]) < CENTIMETRE


def test_a_recorded_frame_forgets_an_alignment_that_teleop_no_longer_confirms() -> None:
    loop = Loop()
    loop.run(5)
    assert set(loop.frames[-1].alignment) == set(SIDES)
    loop.teleop.step = lambda *_: None  # type: ignore[method-assign]
    loop.run(round(0.5e9) // TICK_NS)
    assert loop.frames[-1].alignment == {}
