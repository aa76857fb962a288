"""``rove policy-serve`` as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
import re
import signal
import subprocess
import sys

import pytest

from rove_policy.serving.server import main
from rove_teleop.errors import PolicyTimeout
from tests.fakes.policies import FakePolicy, observation
from tests.fakes.serving import ANY_PORT, connected, serving


@contextmanager
def server_process(bind: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run ``rove policy-serve`` in a process of its own; yields it and its address."""
    command = [sys.executable, '-m', 'rove_policy.serving.server', '--policy', 'hold']
    process = subprocess.Popen([*command, '--bind', bind], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = process.stderr.readline()
        found = re.search(r'listens on (\S+)', line)
        assert found, line
        yield process, found[1]
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_the_robot_survives_the_death_and_the_return_of_a_server_process() -> None:
    with server_process(ANY_PORT) as (process, address), connected(address) as remote:
        remote.reset(1, 'wave')
        assert remote.infer(observation()).policy_id == 'hold'
        process.send_signal(signal.SIGKILL)
        process.wait()
        remote.timeout = 0.2
        for _ in range(2):
            with pytest.raises(PolicyTimeout):
                remote.infer(observation())
        remote.timeout = 5.0
        with server_process(address):
            assert remote.infer(observation()).policy_id == 'hold'


def test_a_server_that_restarts_between_two_observations_goes_unnoticed() -> None:
    successor = FakePolicy()
    with ExitStack() as stack:
        with serving(FakePolicy()) as address:
            remote = stack.enter_context(connected(address))
            remote.reset(6, 'wave')
            remote.infer(observation())
        with serving(successor, address=address):
            remote.infer(observation())
    assert successor.starts == [(6, 'wave')]


def test_a_server_process_ends_well_when_interrupted() -> None:
    with server_process(ANY_PORT) as (process, _):
        process.send_signal(signal.SIGINT)
        assert process.wait(10.0) == 0


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--policy', 'vla'], 'unknown policy'),
        (['--policy', 'hold', '--bind', 'tcp://0.0.0.0:5601'], 'needs CURVE keys'),
        (['--policy', 'hold', '--option', 'dt'], 'expected NAME=VALUE'),
        (['--policy', 'hold', '--option', 'dt=5'], '0 < dt <= horizon'),
        (['--new-keys'], '--new-keys needs --curve-dir'),
    ],
)
def test_a_wrong_command_line_says_what_is_wrong(
    arguments: list[str], message: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert main(arguments) == 2
    assert message in caplog.text


def test_the_command_makes_keys(tmp_path: Path) -> None:
    assert main(['--new-keys', '--curve-dir', str(tmp_path / 'keys')]) == 0
    assert (tmp_path / 'keys' / 'clients' / 'client.key').is_file()
