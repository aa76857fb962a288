"""The recorder node: every tick, event and camera frame of an episode to one MCAP file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
import time
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import UInt64

from rove_msgs.msg import (
    ActionChunk,
    ControlFrame,
    Event,
    JointCommand,
    JointProposal,
    OperatorState,
    PlantState,
    TaskState,
)
from rove_msgs.srv import RecordEpisode
import rove_teleop
from rove_teleop.config import param
from rove_teleop.errors import RecordingError
from rove_teleop.nodes import qos
from rove_teleop.nodes.images import compressed_topic
from rove_teleop.nodes.params import declare
from rove_teleop.nodes.run import main_of
from rove_teleop.recording.writer import EpisodeWriter

_HEARTBEAT_S = 0.5

TOPICS: dict[str, tuple[type, QoSProfile]] = {
    'control_frame': (ControlFrame, qos.FRAME),
    'event': (Event, qos.EVENT),
    'plant_state': (PlantState, qos.FRAME),
    'task_state': (TaskState, qos.FRAME),
    'operator_state': (OperatorState, qos.FRAME),
    'joint_proposal': (JointProposal, qos.FRAME),
    'joint_command': (JointCommand, qos.FRAME),
    'action_chunk': (ActionChunk, qos.FRAME),
    compressed_topic('head'): (CompressedImage, qos.CAMERA),
    compressed_topic('view'): (CompressedImage, qos.CAMERA),
}
"""What an episode holds."""


@dataclass(frozen=True)
class RecorderParams:
    """Parameters of the recorder."""

    out: str = param('runs', 'Directory the episodes are written to.')


class RecorderNode(Node):
    """Serve ``record_episode``; while recording, write every message as it arrived.

    Messages are taken as serialized bytes and handed to a thread, so nothing here waits for
    the disk. A killed recorder leaves a file that can be read up to its last half second.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Subscribe to everything; nothing is written until an episode begins."""
        super().__init__('recorder', **kwargs)
        self._out = Path(declare(self, RecorderParams).out)
        self._writer: EpisodeWriter | None = None
        for topic, (kind, profile) in TOPICS.items():
            self.create_subscription(kind, topic, self._writer_of(topic, kind), profile, raw=True)
        self.create_service(RecordEpisode, 'record_episode', self._on_record)
        self._heartbeat_pub = self.create_publisher(UInt64, 'recorder/heartbeat', qos.COMMAND)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_HEARTBEAT_S, self._heartbeat, clock=steady)

    def destroy_node(self) -> None:
        """Bring what is queued to disk, then go."""
        if self._writer is not None:
            self._writer.close()
        super().destroy_node()

    def _heartbeat(self) -> None:
        """Say how much has been written; a recorder that cannot write is not alive."""
        if self._writer is None:
            self._heartbeat_pub.publish(UInt64())
        elif not self._writer.error:
            self._heartbeat_pub.publish(UInt64(data=self._writer.report().size))

    def _writer_of(self, topic: str, kind: type) -> Callable[[bytes], None]:
        type_name = f'{kind.__module__.split(".")[0]}/msg/{kind.__name__}'

        def write(data: bytes) -> None:
            if self._writer is not None:
                self._writer.write(topic, type_name, data, time.time_ns())

        return write

    def _on_record(
        self, request: RecordEpisode.Request, response: RecordEpisode.Response
    ) -> RecordEpisode.Response:
        response.success, response.message = (
            self._start(request) if request.start else self._stop()
        )
        return response

    def _start(self, request: RecordEpisode.Request) -> tuple[bool, str]:
        if self._writer is not None:
            self._writer.close()
        path = self._out / f'{request.episode}.mcap'
        metadata = {
            'episode': request.episode,
            'task': request.task,
            'seed': str(request.seed),
            'robot': 'g1_dex3',
            'rove': rove_teleop.__version__,
        }
        try:
            self._writer = EpisodeWriter(path, metadata)
        except RecordingError as error:
            self._writer = None
            self.get_logger().error(str(error))
            return False, str(error)
        return True, str(path)

    def _stop(self) -> tuple[bool, str]:
        if self._writer is None:
            return False, 'no episode is being recorded'
        report = self._writer.close()
        self._writer = None
        if report.error:
            self.get_logger().error(report.error)
        if any(report.dropped.values()):
            self.get_logger().warning(f'messages given up: {report.dropped}')
        return not report.error, report.error or str(report.path)


main = main_of(RecorderNode)

if __name__ == '__main__':
    main()
