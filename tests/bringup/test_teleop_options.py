"""Options of teleoperation: on the command line, in the graph, in lockstep, and in a file."""

from __future__ import annotations

import argparse
from dataclasses import fields
from pathlib import Path

import pytest

from rove_bringup.checks import check_names
from rove_bringup.config import Episode, RunConfig
from rove_bringup.graph import graph
from rove_bringup.lockstep import LockstepRunner
from rove_bringup.options import add_options, read_options
from rove_teleop.assembly import make_robot
from rove_teleop.calibration_file import load_calibration, save_calibration
from rove_teleop.core.calibration import Calibration
from rove_teleop.core.teleop import TeleopConfig
from rove_teleop.errors import ConfigError
from rove_teleop.teleop_options import TeleopOptions
from tests.fakes.collector import Collector

PROPORTIONS = Calibration('somebody', 0.6, (-0.1, 0.0, -0.05))


def parsed(*words: str) -> RunConfig:
    parser = argparse.ArgumentParser()
    add_options(parser, RunConfig)
    return read_options(parser.parse_args(words), RunConfig)


def test_the_defaults_are_those_of_the_core():
    assert TeleopOptions().teleop_config() == TeleopConfig()


def test_what_is_said_on_the_command_line_reaches_the_core(tmp_path: Path):
    file = tmp_path / 'me.yaml'
    save_calibration(PROPORTIONS, file)
    config = parsed(
        *('--translation-scale', '0.5', '--align-yaw', '--hand-frame', 'neck'),
        *('--engage', 'absolute', '--engage-distance', '0.2', '--engage-angle', '0.5'),
        *('--smoothing', 'fixed_lag', '--smoothing-lag', '0.08', '--calibration', str(file)),
    )
    check_names(config)
    assert config.make_teleop(make_robot()).config == TeleopConfig(
        translation_scale=0.5,
        align_yaw=True,
        hand_frame='neck',
        smoothing='fixed_lag',
        smoothing_lag=0.08,
        calibration=PROPORTIONS,
        engage='absolute',
        gate=(0.2, 0.5),
    )
    assert not parsed('--no-align-yaw').align_yaw


def test_every_option_is_a_parameter_of_the_teleop_node():
    config = RunConfig(align_yaw=True, smoothing='one_euro')
    [teleop] = [spec for spec in graph(config, 'out', cameras=False) if spec.name == 'teleop']
    assert set(teleop.parameters) == {
        'robot',
        'task',
        *(item.name for item in fields(TeleopOptions)),
    }
    assert teleop.parameters['align_yaw'] is True
    assert teleop.parameters['smoothing'] == 'one_euro'


def test_in_lockstep_smoothing_changes_how_the_robot_follows():
    runs = {}
    for smoothing in ('none', 'fixed_lag'):
        config = RunConfig(
            task='stand', policy='hold', operator='replay', timeout=3.0, smoothing=smoothing
        )
        runs[smoothing] = Collector()
        LockstepRunner(config).run(Episode('one', 0), [runs[smoothing]])
    plain, smooth = (
        [frame.executed.position.tobytes() for frame in run.frames] for run in runs.values()
    )
    assert any(frame.intervention for frame in runs['fixed_lag'].frames)
    assert plain != smooth


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (('--smoothing', 'lots'), "smoothing is 'lots'; known: none, one_euro, fixed_lag"),
        (('--smoothing-lag', '2'), 'smoothing_lag is 2.0; expected 0.01 to 0.2'),
        (('--hand-frame', 'hip'), "hand_frame is 'hip'; known: room, neck"),
        (('--engage', 'nearly'), "engage is 'nearly'; known: relative, absolute"),
        (('--engage-distance', '2'), 'engage_distance is 2.0; expected 0.01 to 0.5'),
        (('--hand-backend', 'magic'), "hand_backend is 'magic'; known: light, "),
        (('--translation-scale', '9'), 'translation_scale is 9.0; expected 0.1 to 3.0'),
        (('--calibration', 'gone.yaml'), 'calibration gone.yaml cannot be read: .*No such file'),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(words, said):
    with pytest.raises(ConfigError, match=said):
        check_names(parsed(*words))


def test_a_hand_backend_that_is_not_installed_is_refused_before_anything_starts(monkeypatch):
    monkeypatch.setattr('rove_bringup.checks.find_spec', lambda name: None)
    with pytest.raises(ConfigError, match=r'pip install "rove\[hands\]", or choose light'):
        check_names(RunConfig(hand_backend='dex-retargeting'))
    check_names(RunConfig())


def test_proportions_come_back_from_their_file(tmp_path: Path):
    save_calibration(PROPORTIONS, tmp_path / 'me.yaml')
    assert load_calibration(tmp_path / 'me.yaml') == PROPORTIONS


def test_a_file_that_is_there_is_never_written_over(tmp_path: Path):
    file = tmp_path / 'me.yaml'
    file.write_text('mine')
    with pytest.raises(ConfigError, match='me.yaml cannot be written: File exists'):
        save_calibration(PROPORTIONS, file)
    assert file.read_text() == 'mine'


@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('', 'holds NoneType; expected operator, arm_length, neck'),
        ('arm_length: 0.5', 'holds arm_length; expected operator, arm_length, neck'),
        ('{operator: a, arm_length: tall, neck: [0, 0, 0]}', "arm_length is 'tall'; expected met"),
        ('{operator: a, arm_length: true, neck: [0, 0, 0]}', 'arm_length is True; expected met'),
        ('{operator: 7, arm_length: 0.5, neck: [0, 0, 0]}', 'operator is 7; expected a name'),
        ('{operator: a, arm_length: 0.5, neck: 3}', 'neck is 3; expected three lengths'),
        ('{operator: a, arm_length: 55, neck: [0, 0, 0]}', 'arm_length is 55 m; expected 0.35'),
        ('{operator: a, arm_length: .nan, neck: [0, 0, 0]}', 'arm_length is nan m'),
        ('[', 'is no YAML'),
        ('\x00', 'is no YAML'),
    ],
)
def test_a_broken_file_is_refused_with_its_name_and_field(tmp_path: Path, text, said):
    file = tmp_path / 'me.yaml'
    file.write_text(text)
    with pytest.raises(ConfigError, match=f'me.yaml.*{said}'):
        load_calibration(file)
