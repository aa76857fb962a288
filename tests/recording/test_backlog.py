from __future__ import annotations

import threading

from rove_teleop.recording.backlog import Backlog, Entry, Priority


def entry(topic: str, size: int = 100) -> Entry:
    return Entry(topic, 'pkg/msg/Type', bytes(size), 0, 0)


def topics(backlog: Backlog) -> list[str]:
    return [each.topic for each in backlog.take(0.0)]


def test_messages_come_out_in_the_order_of_their_arrival():
    backlog = Backlog(10_000)
    order = [('a', Priority.VITAL), ('b', Priority.BULK), ('c', Priority.NORMAL)] * 3
    for topic, priority in order:
        assert backlog.put(priority, entry(topic))
    assert topics(backlog) == [topic for topic, _ in order]
    assert topics(backlog) == []


def test_camera_frames_are_given_up_first_and_the_oldest_of_them():
    backlog = Backlog(400)
    backlog.put(Priority.NORMAL, entry('state'))
    for number in range(3):
        backlog.put(Priority.BULK, entry(f'camera{number}'))
    assert backlog.put(Priority.VITAL, entry('frame'))
    assert topics(backlog) == ['state', 'camera1', 'camera2', 'frame']
    assert backlog.dropped == {'camera0': 1}


def test_a_state_gives_way_to_a_control_frame_once_no_camera_is_left():
    backlog = Backlog(200)
    backlog.put(Priority.NORMAL, entry('state'))
    backlog.put(Priority.VITAL, entry('frame0'))
    assert backlog.put(Priority.VITAL, entry('frame1'))
    assert not backlog.put(Priority.NORMAL, entry('state'))
    assert topics(backlog) == ['frame0', 'frame1']
    assert backlog.dropped == {'state': 2}


def test_among_equals_the_newcomer_is_given_up():
    backlog = Backlog(200)
    assert [backlog.put(Priority.VITAL, entry(f'frame{n}')) for n in range(3)] == [
        True,
        True,
        False,
    ]
    assert backlog.dropped == {'frame2': 1}


def test_a_message_larger_than_the_backlog_drives_nothing_out():
    backlog = Backlog(200)
    backlog.put(Priority.BULK, entry('camera'))
    assert not backlog.put(Priority.VITAL, entry('frame', 201))
    assert topics(backlog) == ['camera']


def test_after_closing_nothing_is_accepted_and_what_was_queued_can_be_taken():
    backlog = Backlog(1000)
    backlog.put(Priority.VITAL, entry('before'))
    backlog.close()
    assert not backlog.put(Priority.VITAL, entry('after'))
    assert topics(backlog) == ['before']
    assert backlog.dropped == {'after': 1}


def test_a_patient_writer_waits_until_there_is_room():
    backlog = Backlog(100)
    backlog.put(Priority.VITAL, entry('first'))
    result: list[bool] = []
    waiting = threading.Thread(
        target=lambda: result.append(backlog.put(Priority.VITAL, entry('second'), patience=30.0))
    )
    waiting.start()
    taken: list[str] = []
    while len(taken) < 2:
        taken += [each.topic for each in backlog.take(0.01)]
    waiting.join()
    assert result == [True]
    assert taken == ['first', 'second']
    assert not backlog.dropped


def test_closing_releases_a_patient_writer():
    backlog = Backlog(100)
    backlog.put(Priority.VITAL, entry('first'))
    result: list[bool] = []
    waiting = threading.Thread(
        target=lambda: result.append(backlog.put(Priority.VITAL, entry('second'), patience=30.0))
    )
    waiting.start()
    backlog.close()
    waiting.join(10.0)
    assert result == [False]
