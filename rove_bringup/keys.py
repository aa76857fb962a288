"""``rove keys``: stop, hold, release and take over from the keyboard of any terminal."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
import os
import time

import rclpy
from rclpy.executors import Executor
from rclpy.experimental.events_executor import EventsExecutor
from rclpy.signals import SignalHandlerOptions
from rich.console import Console
from rich.live import Live

from rove_bringup.domain import domain_to_join
from rove_bringup.lamps import lamps
from rove_bringup.progress import Progress
from rove_bringup.terminal import KeyTerminal
from rove_teleop.nodes.keyboard_node import KeyboardNode
from rove_teleop.nodes.run import StopFlag
from rove_teleop.nodes.threads import first_node
from rove_teleop.operators.keyboard import Keyboard

_WAIT_S = 0.02
_DRAW_NS = 200_000_000
_LAST_S = 0.2  # for a key pressed just before the end to leave
_QUIT = 'q'
_PRIORITY = 10  # of a stop key on a busy machine; below every control loop


def main(argv: Sequence[str]) -> int:
    """Run until ``q`` or Ctrl-C; 0, or 2 when there is no terminal or no run to join."""
    options = _parser().parse_args(argv)
    os.environ['ROS_DOMAIN_ID'] = str(domain_to_join(options.domain, os.environ))
    terminal = KeyTerminal()
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    stop = StopFlag()
    first = first_node(_PRIORITY)
    node = KeyboardNode(namespace=options.namespace)
    first.destroy_node()
    executor = EventsExecutor()
    executor.add_node(node)
    try:
        with terminal:
            _run(node, executor, terminal, stop)
    except EOFError:
        return 0
    finally:
        stop.ignore_from_now()
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _run(node: KeyboardNode, executor: Executor, terminal: KeyTerminal, stop: StopFlag) -> None:
    keyboard, console = Keyboard(), Console()
    progress = Progress(console)
    console.print(f'ROS_DOMAIN_ID={os.environ["ROS_DOMAIN_ID"]}', style='dim', highlight=False)
    drawn_ns, pressed = 0, True
    with Live(console=console, auto_refresh=False) as live:
        while not stop.stopped:
            executor.spin_once(timeout_sec=_WAIT_S)
            keys = terminal.keys()
            for key in keys:
                if wish := keyboard.press(key, time.monotonic_ns()):
                    node.press(wish)
            if _QUIT in keys.lower():
                break
            while node.events:
                progress.event(node.events.popleft())
            pressed |= bool(keys)
            if pressed or time.monotonic_ns() - drawn_ns > _DRAW_NS:
                live.update(lamps(node.frame, keyboard.groups, node.problem), refresh=True)
                drawn_ns, pressed = time.monotonic_ns(), False
    deadline = time.monotonic() + _LAST_S
    while time.monotonic() < deadline:
        executor.spin_once(timeout_sec=_WAIT_S)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='rove keys',
        description='Stop, hold, release and take over from this terminal, beside any operator.',
    )
    parser.add_argument(
        '--domain',
        type=int,
        help='ROS domain of the run. Default: ROS_DOMAIN_ID, else that of the only run there is.',
    )
    parser.add_argument('--namespace', default='', help='Namespace of the nodes. Default: none.')
    return parser
