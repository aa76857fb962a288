"""The keyboard against real nodes: the terminal program, the topic, and the services."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
import os
from pathlib import Path
import pty
import select
import signal
import subprocess
import sys
import termios
import time

import pytest
from rclpy.parameter import Parameter
from std_srvs.srv import Trigger

from rove_bringup.domain import claimed_domains, domain_to_join
from rove_bringup.environment import own_domain
from rove_msgs.msg import Event, OperatorKey
from rove_msgs.srv import AcquireLease
from rove_teleop.errors import ConfigError
from rove_teleop.nodes import qos
from rove_teleop.nodes.arbiter_node import ArbiterNode
from rove_teleop.nodes.keyboard_node import KeyboardNode
from rove_teleop.nodes.operator_node import OperatorNode
from rove_teleop.operators.keyboard import Wish
from tests.fakes.ros_bench import Bench

pytestmark = pytest.mark.usefixtures('patience')

ROOT = Path(__file__).resolve().parents[2]
STARTUP_S = 60.0
AGAIN_S = 2.0


def arbiter_with(bench: Bench, operator: str) -> list[Event]:
    """A standing robot, its arbiter and an operator; the events from now on."""
    bench.stand()
    events = bench.collect(Event, 'event')
    bench.add(ArbiterNode())
    if operator:
        bench.add(OperatorNode(parameter_overrides=[Parameter('operator', value=operator)]))
    bench.until(lambda: bench.node.count_publishers('event'))
    return events


def said(events: list[Event], kind: str) -> list[str]:
    return [event.detail for event in events if event.kind == kind]


class Program:
    """``rove keys`` on a terminal of its own."""

    def __init__(self, bench: Bench, *options: str) -> None:
        self._bench = bench
        self._master, self._slave = pty.openpty()
        self.before = termios.tcgetattr(self._slave)
        self.shown = ''
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'rove_bringup', 'keys', *options],
            cwd=ROOT,
            env={**os.environ, 'COLUMNS': '120', 'TERM': 'xterm'},
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            start_new_session=True,
        )

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def press_until(self, keys: str, holds: Callable[[], object]) -> None:
        """Press again while a busy machine keeps the robot from doing what was asked for."""
        deadline = time.monotonic() + STARTUP_S
        while not holds():
            assert time.monotonic() < deadline, f'{keys!r} does nothing'
            self.press(keys)
            self._bench.spin_until(holds, AGAIN_S)

    def shows(self, text: str) -> bool:
        while select.select([self._master], [], [], 0)[0]:
            self.shown += os.read(self._master, 65536).decode(errors='ignore')
        return text in self.shown

    def ended(self) -> bool:
        self.shows('')
        return self.process.poll() is not None

    @property
    def settings(self) -> list[object]:
        return termios.tcgetattr(self._slave)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
        os.close(self._slave)


@contextmanager
def program(bench: Bench, *options: str) -> Iterator[Program]:
    keys = Program(bench, *options)
    try:
        yield keys
    finally:
        keys.close()


@pytest.mark.alone
def test_the_program_stops_holds_and_releases_and_leaves_the_terminal_as_it_was(
    bench: Bench,
) -> None:
    events = arbiter_with(bench, 'none')
    with program(bench) as keys:
        bench.until(lambda: keys.shows('operator keyboard'), STARTUP_S)
        assert keys.settings != keys.before
        keys.press_until('h', lambda: said(events, 'hold'))
        keys.press_until('R', lambda: said(events, 'release'))
        assert {event.actor for event in events if event.kind == 'release'} == {'keyboard'}
        keys.press(' ')
        bench.until(lambda: 'anybody' in {e.actor for e in events if e.kind == 'stop'})
        bench.until(lambda: keys.shows(' stopped '))
        keys.press_until('a', lambda: said(events, 'rearm'))
        keys.press('q')
        bench.until(keys.ended)
        assert keys.process.returncode == 0
        assert keys.settings == keys.before


@pytest.mark.alone
@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_program_and_restores_the_terminal(bench: Bench, number: int) -> None:
    with program(bench, '--domain', os.environ['ROS_DOMAIN_ID']) as keys:
        bench.until(lambda: keys.shows('the arbiter is silent'), STARTUP_S)
        assert keys.settings != keys.before
        keys.process.send_signal(number)
        bench.until(keys.ended)
        assert keys.process.returncode == 0
        assert keys.settings == keys.before


def test_without_a_terminal_the_program_says_so() -> None:
    done = subprocess.run(
        [sys.executable, '-m', 'rove_bringup', 'keys'],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert 'rove keys: standard input is no terminal' in done.stderr


def test_stop_and_hold_need_no_operator(bench: Bench) -> None:
    events = arbiter_with(bench, '')
    keyboard = bench.add(KeyboardNode())
    bench.until(lambda: keyboard.frame)
    keyboard.press(Wish('hold', ('right_arm',)))
    bench.until(lambda: said(events, 'hold'))
    assert [list(event.groups) for event in events if event.kind == 'hold'] == [['right_arm']]
    keyboard.press(Wish('takeover'))
    assert keyboard.problem == 'takeover not sent: no operator listens'
    keyboard.press(Wish('stop'))
    bench.until(lambda: said(events, 'stop'))
    assert keyboard.problem == ''


def test_a_keyboard_speaks_to_the_nodes_of_its_namespace(bench: Bench) -> None:
    keyboard = bench.add(KeyboardNode(namespace='left_cell'))
    stops: list[bool] = []

    def on_stop(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        stops.append(True)
        return response

    bench.node.create_service(Trigger, 'left_cell/stop', on_stop)
    bench.until(keyboard._stop.service_is_ready)
    keyboard.press(Wish('stop'))
    bench.until(lambda: stops)


def test_a_stop_that_nobody_hears_is_said_to_be_lost(bench: Bench) -> None:
    keyboard = bench.add(KeyboardNode())
    keyboard.press(Wish('stop'))
    assert keyboard.problem == 'stop not sent: no arbiter is there; use the emergency stop'


def test_the_operators_lease_is_used_for_what_a_keyboard_asks(bench: Bench) -> None:
    events = arbiter_with(bench, 'replay')
    keyboard = bench.add(KeyboardNode())
    bench.until(lambda: keyboard.frame and keyboard.frame.operator_id)
    holder = keyboard.frame.operator_id
    assert holder != 'keyboard'

    def released() -> bool:
        keyboard.press(Wish('release', ('left_arm',)))
        bench.spin_until(lambda: said(events, 'release'), AGAIN_S)
        return bool(said(events, 'release'))

    bench.until(released)
    release = next(event for event in events if event.kind == 'release')
    assert (release.actor, list(release.groups)) == (holder, ['left_arm'])


def test_an_operator_who_wants_no_keys_hears_none(bench: Bench) -> None:
    bench.add(OperatorNode(parameter_overrides=[Parameter('keys', value=False)]))
    keyboard = bench.add(KeyboardNode())
    bench.spin(0.3)
    keyboard.press(Wish('release'))
    assert keyboard.problem == 'release not sent: no operator listens'


def test_a_key_of_long_ago_is_refused(bench: Bench) -> None:
    events = arbiter_with(bench, 'replay')
    keys = bench.node.create_publisher(OperatorKey, 'operator_keys', qos.KEYS)
    bench.until(keys.get_subscription_count)
    old = OperatorKey(session='old', seq=1, event='takeover')
    keys.publish(old)
    bench.spin(0.3)
    assert not said(events, 'takeover') and not said(events, 'refused')


def test_a_keyboard_gives_the_lease_up_when_it_leaves(bench: Bench) -> None:
    arbiter_with(bench, 'none')
    keyboard = bench.add(KeyboardNode())
    bench.until(lambda: keyboard.frame and keyboard.frame.operator_id == 'keyboard')
    bench.executor.remove_node(keyboard)
    keyboard.destroy_node()
    other = AcquireLease.Request(operator_id='anna')
    deadline = time.monotonic() + 30.0
    while not bench.call(AcquireLease, 'acquire_lease', other).granted:
        assert time.monotonic() < deadline
        bench.spin(0.1)


def test_hold_and_release_are_services(bench: Bench) -> None:
    events = arbiter_with(bench, 'replay')
    answer = bench.call(Trigger, 'hold', Trigger.Request())
    assert answer.success and answer.message.startswith('holding')
    bench.until(lambda: said(events, 'hold'))
    bench.until(lambda: bench.call(Trigger, 'release', Trigger.Request()).success)
    bench.until(lambda: said(events, 'release'))
    bench.call(Trigger, 'stop', Trigger.Request())
    bench.call(Trigger, 'release', Trigger.Request())
    bench.until(lambda: said(events, 'refused') and said(events, 'stop'))
    assert said(events, 'refused')[-1].startswith('release: ')


def test_a_release_without_the_lease_is_refused_at_once(bench: Bench) -> None:
    bench.add(OperatorNode(parameter_overrides=[Parameter('operator', value='none')]))
    answer = bench.call(Trigger, 'release', Trigger.Request())
    assert (answer.success, answer.message) == (False, 'nobody here holds the operator lease')


def test_the_domain_is_what_was_asked_for_else_the_environments_else_the_only_runs() -> None:
    own = own_domain().number
    assert own in claimed_domains()
    assert domain_to_join(7, {'ROS_DOMAIN_ID': '9'}) == 7
    assert domain_to_join(None, {'ROS_DOMAIN_ID': '9'}) == 9
    with pytest.raises(ConfigError, match="ROS_DOMAIN_ID is 'x'; expected a number"):
        domain_to_join(None, {'ROS_DOMAIN_ID': 'x'})


def test_without_a_hint_the_only_run_is_joined_and_of_several_one_must_be_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for running, said_or_joined in (((), 'no run was found'), ((42,), 42), ((42, 43), '42, 43')):
        monkeypatch.setattr('rove_bringup.domain.claimed_domains', lambda found=running: found)
        if isinstance(said_or_joined, int):
            assert domain_to_join(None, {}) == said_or_joined
        else:
            with pytest.raises(ConfigError, match=said_or_joined):
                domain_to_join(None, {})
