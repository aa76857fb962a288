"""How the process of a node ends, each tried in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from rove_teleop.nodes.transport import PROFILES

PROGRAM = """
import signal
import rclpy
from rclpy.node import Node
from rove_teleop.errors import ConfigError
from rove_teleop.nodes.run import main_of

class Ending(Node):
    def __init__(self):
        super().__init__('ending')
        self.create_timer(0.01, self.end)

    def end(self):
        {end}

    def destroy_node(self):
        {teardown}
        super().destroy_node()
        print('closed')

main_of(Ending)()
"""


@pytest.mark.parametrize(
    ('end', 'teardown', 'code'),
    [
        pytest.param('rclpy.try_shutdown()', 'pass', 0, id='the node is done'),
        pytest.param('signal.raise_signal(signal.SIGINT)', 'pass', 0, id='ctrl-c'),
        pytest.param('signal.raise_signal(signal.SIGTERM)', 'pass', 0, id='terminated'),
        pytest.param(
            'signal.raise_signal(signal.SIGINT)',
            'signal.raise_signal(signal.SIGINT)',
            0,
            id='ctrl-c, and once more while it closes',
        ),
        pytest.param("raise ConfigError('wrong')", 'pass', 2, id='an error of rove'),
    ],
)
def test_a_node_closes_and_says_how_it_ended(end: str, teardown: str, code: int) -> None:
    program = PROGRAM.format(end=end, teardown=teardown)
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == code, done.stderr
    assert done.stdout == 'closed\n'
    assert 'Traceback' not in done.stderr


def test_a_node_does_not_use_shared_memory_which_could_hold_up_a_real_time_process() -> None:
    look = (
        'import os; print([open(f"/proc/self/task/{t}/comm").read().strip() '
        'for t in os.listdir("/proc/self/task")]); rclpy.try_shutdown()'
    )
    program = PROGRAM.format(end=look, teardown='pass')
    environ = {name: value for name, value in os.environ.items() if name != PROFILES}
    done = subprocess.run(
        [sys.executable, '-c', program],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env=environ,
    )
    assert 'dds.udp' in done.stdout
    assert 'dds.shm' not in done.stdout
