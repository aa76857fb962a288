"""What ./rove does on its first use, on later uses, and when something goes wrong."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time

import pytest

from tests.packaging.machine import Machine


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


def until_installing(machine: Machine, process: subprocess.Popen[str]) -> None:
    """Wait until pip has been started."""
    deadline = time.monotonic() + 20
    while not machine.noted('pip'):
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline
        os.sched_yield()


def test_the_first_use_makes_the_environment_and_then_runs_the_command(machine):
    code, output = machine.rove('sim', '--seed', '3')
    assert code == 0, output
    assert [line.split('-q ')[1] for line in machine.noted('pip')] == [
        '--no-deps --no-compile -r requirements/run.txt -r requirements/build.txt',
        '--no-deps --no-build-isolation --force-reinstall ./rove_msgs',
        '--no-deps --no-build-isolation -e .',
    ]
    assert machine.noted('ran') == ['-P -m rove_bringup sim --seed 3']


def test_a_later_use_installs_nothing_and_gives_the_commands_exit_code(machine):
    machine.rove('sim')
    before = machine.noted('pip')
    (machine.state / 'exit').write_text('7')
    assert machine.rove('sim') == (7, '')
    assert machine.noted('pip') == before


def test_it_can_be_called_through_a_link_and_from_anywhere(machine, tmp_path):
    link = tmp_path / 'bin' / 'rove'
    link.symlink_to(machine.checkout / 'rove')
    done = subprocess.run([link, 'doctor'], env=machine.environment, cwd='/', check=False)
    assert done.returncode == 0
    assert machine.noted('ran') == ['-P -m rove_bringup doctor']


def test_the_tests_packages_come_with_the_first_rove_test_only(machine):
    machine.rove('sim')
    assert not any('test.txt' in line for line in machine.noted('pip'))
    machine.rove('test', '-k', 'arbiter')
    machine.rove('test')
    added = machine.noted('pip')[3:]
    assert [line.rsplit('requirements/')[-1] for line in added] == ['test.txt', 'hands.txt']
    assert machine.noted('ran')[1:] == [
        '-P -m rove_bringup test -k arbiter',
        '-P -m rove_bringup test',
    ]


@pytest.mark.parametrize(
    'changed', ['requirements/run.txt', 'rove_msgs/msg/Event.msg', 'rove_teleop/__init__.py']
)
def test_an_environment_follows_what_it_is_made_from(machine, changed):
    machine.rove('sim')
    (machine.venv / 'kept').touch()
    with (machine.checkout / changed).open('a') as file:
        file.write('\n# changed\n')
    assert machine.rove('sim')[0] == 0
    assert len(machine.noted('pip')) == 6
    assert (machine.venv / 'kept').exists()


def test_a_failed_install_leaves_no_environment_and_shows_why(machine):
    machine.set('no-network')
    code, output = machine.rove('sim')
    assert code == 2
    assert 'no network' in output
    assert '[1/3] installing what rove runs on failed' in output
    assert not machine.venv.exists()
    assert not machine.noted('ran')


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_first_use_leaves_no_environment(machine, number):
    machine.set('hang')
    process = machine.start('sim')
    until_installing(machine, process)
    os.killpg(process.pid, number)
    process.communicate(timeout=20)
    assert process.returncode not in (0, None)
    assert not machine.venv.exists()


def test_a_killed_first_use_is_noticed_and_made_again(machine):
    machine.set('hang')
    process = machine.start('sim')
    until_installing(machine, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=20)
    (machine.venv / 'half').touch()
    machine.clear('hang')
    code, output = machine.rove('sim')
    assert code == 0
    assert 'unfinished' in output
    assert not (machine.venv / 'half').exists()
    assert len(machine.noted('pip')) == 1 + 3


def test_an_update_that_fails_is_tried_again_and_one_that_was_killed_starts_over(machine):
    machine.rove('sim')
    (machine.venv / 'kept').touch()
    (machine.checkout / 'requirements/run.txt').open('a').write('\n')
    machine.set('no-network')
    assert machine.rove('sim')[0] == 2
    machine.clear('no-network', 'pip')
    machine.set('hang')
    process = machine.start('sim')
    until_installing(machine, process)
    assert (machine.venv / 'kept').exists()
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=20)
    machine.clear('hang')
    assert machine.rove('sim')[0] == 0
    assert not (machine.venv / 'kept').exists()


def test_two_first_uses_at_once_make_one_environment(machine):
    processes = [machine.start('sim') for _ in range(3)]
    outputs = [process.communicate(timeout=30)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outputs
    assert len(machine.noted('pip')) == 3
    assert len(machine.noted('ran')) == 3


def test_a_moved_checkout_gets_a_new_environment(machine, tmp_path):
    machine.rove('sim')
    (machine.venv / 'stale').touch()
    machine.checkout = machine.checkout.rename(tmp_path / 'elsewhere')
    code, output = machine.rove('sim')
    assert code == 0
    assert 'has moved' in output
    assert not (machine.venv / 'stale').exists()


def test_an_environment_that_somebody_else_made_is_filled_but_never_removed(machine):
    (machine.venv / 'bin').mkdir(parents=True)
    shutil.copy2(machine.bin / 'python3', machine.venv / 'bin/python')
    (machine.venv / 'theirs').touch()
    machine.set('no-network')
    assert machine.rove('sim')[0] == 2
    machine.clear('no-network')
    assert machine.rove('sim')[0] == 0
    assert (machine.venv / 'theirs').exists()


LACKS = {
    'no-compiler': ('a C++ compiler', 'g++'),
    'no-venv': ('the venv module', 'python3.11-venv'),
    'no-headers': ('the headers', 'python3.11-dev'),
    'old-python': ('Python 3.11 to 3.13', 'python3.11 python3.11-venv python3.11-dev'),
}


@pytest.mark.parametrize('lack', LACKS)
def test_what_is_missing_is_named_with_the_command_that_installs_it(machine, lack):
    machine.set(lack)
    code, output = machine.rove('sim')
    what, package = LACKS[lack]
    assert code == 2
    assert f'cannot go on without {what}' in output
    command = f'sudo apt-get install -y --no-install-recommends {package}'
    assert sum(line.strip() == f'rove:     {command}' for line in output.splitlines()) == 1
    assert not machine.noted('apt-get')
    assert not machine.venv.exists()


def test_everything_missing_is_in_one_command(machine):
    machine.set('no-compiler', 'no-venv', 'no-headers', 'no-gl', 'no-usb')
    _, output = machine.rove('test')
    (command,) = [line for line in output.splitlines() if 'apt-get install' in line]
    assert command.split('recommends ')[1] == (
        'python3.11-venv python3.11-dev g++ libegl1 libgl1 libopengl0 libgl1-mesa-dri libusb-1.0-0'
    )


@pytest.mark.parametrize('power', ['root', 'sudoer'])
def test_what_is_missing_is_installed_where_that_takes_no_password(machine, power):
    machine.set(power, 'no-compiler', 'no-gl')
    code, output = machine.rove('sim')
    assert code == 0, output
    assert 'running it' in output
    assert machine.noted('apt-get') == [
        'install -y --no-install-recommends g++ libegl1 libgl1 libopengl0 libgl1-mesa-dri'
    ]
    assert machine.noted('ran')


def test_without_opengl_it_goes_on_without_cameras(machine):
    machine.set('no-gl')
    code, output = machine.rove('sim')
    assert code == 0
    assert 'going on without OpenGL' in output
    assert machine.noted('ran')


def test_another_architecture_is_refused(machine):
    (machine.state / 'architecture').write_text('aarch64')
    code, output = machine.rove('sim')
    assert code == 2
    assert 'rove runs on x86-64 Linux, this is Linux on aarch64' in output


def test_another_ros_environment_does_not_leak_in(machine):
    leaked = {
        '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1',
        'LD_LIBRARY_PATH': '/elsewhere/lib',
        'PYTHONPATH': '/elsewhere/site-packages',
        'AMENT_PREFIX_PATH': '/elsewhere',
        'ROS_DOMAIN_ID': '7',
    }
    machine.rove('sim', **leaked)
    names = {line.split('=')[0] for line in machine.noted('environment')}
    assert names & set(leaked) == {'ROS_DOMAIN_ID'}


def test_a_graphics_drivers_library_path_is_kept(machine):
    machine.rove('sim', LD_LIBRARY_PATH='/usr/local/nvidia/lib64')
    assert 'LD_LIBRARY_PATH=/usr/local/nvidia/lib64' in machine.noted('environment')
