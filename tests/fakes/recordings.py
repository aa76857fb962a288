"""Episode files made of the made-up frames, through the real messages and the real writer."""

from __future__ import annotations

from pathlib import Path

from builtin_interfaces.msg import Time
import cv2
import numpy as np
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage

from rove_teleop.nodes.convert import (
    control_frame_to_msg,
    event_to_msg,
    plant_state_to_msg,
    task_state_to_msg,
)
from rove_teleop.recording.builder import EpisodeBuilder
from rove_teleop.recording.episode import Episode
from rove_teleop.recording.schemas import (
    COMPRESSED_IMAGE,
    CONTROL_FRAME,
    EVENT,
    PLANT_STATE,
    TASK_STATE,
)
from rove_teleop.recording.writer import EpisodeWriter, WriterReport
from tests.fakes.frames import Script, control_frames, events, plant_state, task_states

WALL_NS = 1_700_000_000_000_000_000
CAMERAS = ('head_camera/image/compressed', 'view_camera/image/compressed')


def stamp(t_ns: int) -> Time:
    seconds, nanoseconds = divmod(WALL_NS + t_ns, 1_000_000_000)
    return Time(sec=seconds, nanosec=nanoseconds)


def jpeg(tick: int, width: int = 320, height: int = 240) -> bytes:
    image = np.full((height, width, 3), 60, np.uint8)
    cv2.circle(image, (width // 2 + tick % 100 - 50, height // 2), 30, (60, 160, 230), -1)
    return cv2.imencode('.jpg', image)[1].tobytes()


def camera_message(t_ns: int, data: bytes) -> bytes:
    message = CompressedImage(format='jpeg')
    message.header.stamp = stamp(t_ns)
    message.data.frombytes(data)
    return serialize_message(message)


def write_episode(
    path: Path, script: Script, cameras: bool = False, tilted: range = range(0)
) -> WriterReport:
    """Record a whole made-up episode; the robot lies on the ground at the ``tilted`` ticks."""
    writer = EpisodeWriter(path, {'episode': script.episode, 'seed': '7'}, patience=10.0)

    def write(topic: str, type_name: str, message: object, t_ns: int) -> None:
        writer.write(topic, type_name, serialize_message(message), WALL_NS + t_ns)

    for event in events(script):
        write('event', EVENT, event_to_msg(event, stamp(event.t_ns)), event.t_ns)
    for state in task_states(script):
        write('task_state', TASK_STATE, task_state_to_msg(state, stamp(state.t_ns)), state.t_ns)
    for frame in control_frames(script):
        now = stamp(frame.t_ns)
        write('/control_frame', CONTROL_FRAME, control_frame_to_msg(frame, now), frame.t_ns)
        plant = plant_state(script, frame.tick, 1.5 if frame.tick in tilted else 0.0)
        write('plant_state', PLANT_STATE, plant_state_to_msg(plant, now), frame.t_ns)
        if cameras and frame.tick % 13 == 0:
            for topic in CAMERAS:
                data = camera_message(frame.t_ns, jpeg(frame.tick))
                writer.write(topic, COMPRESSED_IMAGE, data, WALL_NS + frame.t_ns)
    return writer.close({'outcome': 'success'})


def build_episode(script: Script, tilted: range = range(0)) -> Episode:
    """The same episode from objects in memory."""
    builder = EpisodeBuilder()
    for event in events(script):
        builder.add_event(event)
    for state in task_states(script):
        builder.add_task(state)
    for frame in control_frames(script):
        builder.add_frame(frame)
        builder.add_plant(plant_state(script, frame.tick, 1.5 if frame.tick in tilted else 0.0))
    return builder.build({'episode': {'episode': script.episode, 'seed': '7'}})
