"""How the process of a node ends, each tried in a process of its own."""

from __future__ import annotations

from ast import literal_eval
import os
import subprocess
import sys

import pytest

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


def test_the_listeners_of_the_middleware_wake_up_before_every_loop() -> None:
    look = (
        'import os; print({t if int(t) == os.getpid() else '
        'open(f"/proc/self/task/{t}/comm").read().strip(): '
        '(os.sched_getscheduler(int(t)), os.sched_getparam(int(t)).sched_priority) '
        'for t in os.listdir("/proc/self/task")}); rclpy.try_shutdown()'
    )
    program = PROGRAM.format(end=look, teardown='pass').replace('Ending)', 'Ending, priority=20)')
    done = subprocess.run(
        [sys.executable, '-c', program], capture_output=True, text=True, timeout=30, check=True
    )
    threads = literal_eval(done.stdout.splitlines()[0])
    listeners = {name for name in threads if name.startswith('dds.shm.')} - {'dds.shm.wdog'}
    speakers = {name for name in threads if name.startswith('dds.')} - listeners
    assert listeners and speakers
    (main,) = (scheduling for name, scheduling in threads.items() if name.isdigit())
    permitted = main == (os.SCHED_FIFO, 20)
    listening = (os.SCHED_FIFO, 50) if permitted else (os.SCHED_OTHER, 0)
    assert {threads[name] for name in listeners} == {listening}
    assert {threads[name] for name in speakers} == {(os.SCHED_OTHER, 0)}
