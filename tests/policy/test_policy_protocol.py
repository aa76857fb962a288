from __future__ import annotations

from dataclasses import FrozenInstanceError
import subprocess
import sys

import numpy as np
import pytest

from rove_policy import ConstantPolicy, make_policy
from rove_policy.types import STATE_SIZE, observe
from rove_teleop.core.names import GROUPS, NUM_CHANNELS
from rove_teleop.errors import ConfigError, InvalidInput, UnknownName
from tests.contracts.policy_contract import PolicyContract
from tests.fakes.frames import Script, control_frames, plant_state, task_states
from tests.fakes.policies import POSE, FakePolicy, observation


class TestConstantPolicy(PolicyContract):
    @pytest.fixture
    def policy(self) -> ConstantPolicy:
        return ConstantPolicy()


def test_the_hold_policy_repeats_the_executed_pose_over_its_horizon() -> None:
    seen = observation()
    chunk = ConstantPolicy(dt=0.1, horizon=0.5).infer(seen)
    assert chunk.position.shape == (6, NUM_CHANNELS)
    assert (chunk.position == seen.executed).all()
    assert chunk.groups == GROUPS


def test_an_observation_gathers_what_the_parts_published() -> None:
    script = Script()
    plant, frame = plant_state(script, 0), next(control_frames(script))
    image = np.zeros((4, 6, 3), np.uint8)
    seen = observe(3, plant, frame, next(task_states(script)), {'head': image}, resumed=True)
    assert (seen.seq, seen.t_ns, seen.resumed) == (3, plant.t_ns, True)
    assert (seen.task, seen.seed, seen.episode) == ('put the cube on the mat', 7, 'episode_0000')
    assert seen.executed is frame.executed.position
    assert set(seen.objects) == {'cube'}
    assert seen.state.shape == (STATE_SIZE,)


def test_an_observation_cannot_be_edited() -> None:
    with pytest.raises(FrozenInstanceError):
        observation().seed = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'joint_position': np.zeros(29)}, r'joint_position is float64 of shape \(29,\)'),
        ({'joint_velocity': np.full(43, np.nan)}, 'joint_velocity is not finite'),
        ({'executed': [0.0] * 37}, 'executed is list; expected floats of shape'),
        ({'executed': np.zeros(37, int)}, 'executed is int64'),
        ({'base_pose': np.zeros(7)}, 'base_pose has a quaternion of norm 0'),
        ({'objects': {'cube': POSE[:3]}}, r"objects\['cube'\] is float64 of shape \(3,\)"),
        ({'images': {'head': np.zeros((4, 4, 3))}}, r"images\['head'\] is float64"),
        ({'images': {'head': np.zeros((4, 4), np.uint8)}}, r'expected uint8 of shape \(H, W, 3\)'),
        ({'images': {'head': np.zeros((0, 4, 3), np.uint8)}}, r'shape \(0, 4, 3\)'),
        ({'images': {'head': None}}, 'is NoneType'),
    ],
)
def test_a_malformed_observation_is_refused_by_field(changes: dict, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        observation(**changes)


def test_an_unknown_policy_lists_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="'vla'; known: hold, remote, scripted"):
        make_policy('vla')


def test_an_unknown_option_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no option 'speed'; known: dt, horizon"):
        make_policy('hold', speed=2.0)


def test_an_impossible_horizon_is_refused() -> None:
    with pytest.raises(ConfigError, match='0 < dt <= horizon'):
        make_policy('hold', dt=0.5, horizon=0.1)


def test_a_policy_of_ones_own_is_named_by_module_and_class() -> None:
    assert isinstance(make_policy('tests.fakes.policies:FakePolicy'), FakePolicy)


@pytest.mark.parametrize('name', ['no.such.module:Policy', 'rove_policy.policy:NoPolicy'])
def test_a_policy_that_cannot_be_imported_says_so(name: str) -> None:
    with pytest.raises(ConfigError, match='cannot be imported'):
        make_policy(name)


def test_importing_the_policies_pulls_neither_ros_nor_sockets_nor_torch() -> None:
    code = (
        'import sys, rove_policy.core, rove_policy\n'
        'heavy = {"rclpy", "zmq", "torch", "mujoco", "pinocchio"} & set(sys.modules)\n'
        'raise SystemExit(",".join(heavy) or 0)'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, '')
