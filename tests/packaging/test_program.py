"""The rove program: its commands, its environment and the doctor."""

from __future__ import annotations

import os
from pathlib import Path
import subprocess
import sys

import pytest

from rove_bringup import cli, doctor, domain, environment
from rove_bringup.cli import COMMANDS, main
from rove_bringup.domain import ClaimedDomain
from rove_teleop.errors import ConfigError, RoveError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize('name', COMMANDS)
def test_every_command_can_be_imported(name: str):
    assert callable(cli.load(name))


def test_help_lists_every_command(capsys):
    with pytest.raises(SystemExit) as caught:
        main(['--help'])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert all(
        f'  {name} ' in shown and command.help in shown for name, command in COMMANDS.items()
    )


def test_no_command_shows_the_help_and_fails(capsys):
    assert main([]) == 2
    assert 'commands:' in capsys.readouterr().err


def test_an_unknown_command_is_refused_with_the_known_ones(capsys):
    assert main(['dance', '--fast']) == 2
    assert "unknown command 'dance'; known: bench, doctor, keys, policy-serve, sim, test" in (
        capsys.readouterr().err
    )


def test_a_command_gets_the_arguments_after_its_name_and_gives_the_exit_code(monkeypatch):
    monkeypatch.setattr(cli, 'load', lambda name: lambda argv: len(argv))
    assert main(['sim', '--seed', '3']) == 2


def test_an_error_of_ours_is_a_line_and_not_a_traceback(monkeypatch, capsys):
    def refuse(argv: list[str]) -> int:
        raise ConfigError('seed is -1; expected 0 to 9')

    monkeypatch.setattr(cli, 'load', lambda name: refuse)
    assert main(['sim']) == 2
    assert capsys.readouterr().err == 'rove sim: seed is -1; expected 0 to 9\n'


def test_ctrl_c_ends_a_command_quietly(monkeypatch, capsys):
    def interrupted(argv: list[str]) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, 'load', lambda name: interrupted)
    assert main(['sim']) == 130
    assert capsys.readouterr().err == ''


def test_ros_stays_on_this_machine_unless_told_otherwise():
    environ: dict[str, str] = {}
    environment.prepare(environ)
    assert environ == {
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'LOCALHOST',
        'ROS_DOMAIN_ID': str(environment.own_domain().number),
        'AMENT_PREFIX_PATH': sys.prefix,
        'MUJOCO_GL': 'egl',
    }


def test_every_run_has_a_ros_domain_of_its_own_until_it_ends():
    first = ClaimedDomain()
    second = ClaimedDomain()
    assert len({first.number, second.number, environment.own_domain().number}) == 3
    first.free()
    second.free()


def test_when_every_ros_domain_is_taken_the_user_is_told_what_to_set(monkeypatch):
    own = environment.own_domain().number
    monkeypatch.setattr(domain, 'DOMAINS', range(own, own + 1))
    with pytest.raises(RoveError, match=f'{own} to {own} are all in use.*set ROS_DOMAIN_ID'):
        ClaimedDomain()


def test_what_the_user_set_is_kept():
    environ = {
        'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET',
        'ROS_DOMAIN_ID': '7',
        'AMENT_PREFIX_PATH': '/opt/ros/jazzy',
        'MUJOCO_GL': 'osmesa',
    }
    kept = dict(environ)
    environment.prepare(environ)
    assert environ == kept


def test_without_opengl_mujoco_still_imports_and_says_it_cannot_render(monkeypatch):
    monkeypatch.setattr(environment, '_loads', lambda library: 'GL' not in library)
    environ: dict[str, str] = {}
    environment.prepare(environ)
    done = subprocess.run(
        [sys.executable, '-c', 'import mujoco; print(hasattr(mujoco, "GLContext"))'],
        env={**os.environ, 'MUJOCO_GL': environ['MUJOCO_GL']},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == 'False'


def test_the_doctor_finds_this_installation_sound():
    findings = {finding.name: finding for finding in doctor.examine()}
    assert [name for name, finding in findings.items() if not finding.good] == []
    assert findings['mujoco'].detail[0].isdigit()


def test_the_doctor_fails_for_a_missing_package_and_only_notes_an_extra(monkeypatch, capsys):
    monkeypatch.setattr(doctor, 'REQUIRED', {'no_such_module': 'no-such-package'})
    assert doctor.main([]) == 1
    assert 'MISSING' in capsys.readouterr().out
    monkeypatch.setattr(doctor, 'REQUIRED', {})
    monkeypatch.setattr(doctor, 'OPTIONAL', {'no_such_module': ('none', 'nothing')})
    assert doctor.main([]) == 0
    assert 'note' in capsys.readouterr().out
