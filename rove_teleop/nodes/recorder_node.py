"""The recorder node: every tick, event and camera frame of an episode to one MCAP file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
import re
import time
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.service import Service
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
from rove_teleop.assembly import ROBOT
from rove_teleop.config import param
from rove_teleop.errors import RecordingError
from rove_teleop.nodes import qos
from rove_teleop.nodes.images import compressed_topic
from rove_teleop.nodes.params import declare
from rove_teleop.nodes.run import main_of
from rove_teleop.recording.writer import EpisodeWriter, episode_metadata

_HEARTBEAT_S = 0.5
_EPISODE_NAME = re.compile('[A-Za-z0-9_-]{1,100}')
_ANSWER_S = 0.05  # how long an answer may wait for the disk
_POLL_S = 0.005
_END_S = 10.0

TOPICS: dict[str, tuple[type, QoSProfile]] = {
    'control_frame': (ControlFrame, qos.FRAME),
    'event': (Event, qos.EVENT_LOG),
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
    robot: str = param(ROBOT, 'Robot that is recorded.')


class RecorderNode(Node):
    """Serve ``record_episode``; while recording, write every message as it arrived.

    The service is there once the first control frame came in, so an episode cannot begin
    before the recorder hears the arbiter: ROS takes its time to connect a topic, and what is
    sent until then is lost.

    Messages are taken as serialized bytes and handed to a thread, so nothing here waits for
    the disk, not even the end of an episode. A killed recorder leaves a file that can be read
    up to its last half second. The heartbeat falls silent when an episode cannot be written,
    until the next one can.
    """

    def __init__(
        self,
        make_writer: Callable[[Path, dict[str, str]], EpisodeWriter] = EpisodeWriter,
        **kwargs: Any,
    ) -> None:
        """Subscribe to everything; nothing is written until an episode begins.

        Args:
            make_writer: Opens the file of an episode.
            kwargs: For the node.
        """
        super().__init__('recorder', **kwargs)
        params = declare(self, RecorderParams)
        self._out, self._robot = Path(params.out), params.robot
        self._make_writer = make_writer
        self._writer: EpisodeWriter | None = None
        self._ending: list[EpisodeWriter] = []
        self._failed = False
        self._service: Service | None = None
        for topic, (kind, profile) in TOPICS.items():
            self.create_subscription(kind, topic, self._writer_of(topic, kind), profile, raw=True)
        self._heartbeat_pub = self.create_publisher(UInt64, 'recorder/heartbeat', qos.COMMAND)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(_HEARTBEAT_S, self._heartbeat, clock=steady)

    def destroy_node(self) -> None:
        """Bring what is queued to disk, then go."""
        self._finish()
        deadline = time.monotonic() + _END_S
        for writer in self._ending:
            writer.close(timeout=max(0.0, deadline - time.monotonic()))
            self._log_end(writer)
        super().destroy_node()

    def _heartbeat(self) -> None:
        """Say how much has been written; a recorder that cannot write is not alive."""
        self._reap()
        if self._writer is None:
            alive, size = not self._failed, 0
        else:
            alive, size = not self._writer.error, self._writer.report().size
        if alive:
            self._heartbeat_pub.publish(UInt64(data=size))

    def _reap(self) -> None:
        """Let go of the files that are ended, and say what became of them."""
        for writer in self._ending:
            if writer.closed:
                self._log_end(writer)
        self._ending = [writer for writer in self._ending if not writer.closed]

    def _log_end(self, writer: EpisodeWriter) -> None:
        report = writer.report()
        if report.error:
            self._failed = True
            self.get_logger().error(report.error)
        lost = {topic: count for topic, count in report.dropped.items() if count}
        if lost:
            self.get_logger().warning(f'{report.path}: messages given up: {lost}')

    def _writer_of(self, topic: str, kind: type) -> Callable[[bytes], None]:
        type_name = f'{kind.__module__.split(".")[0]}/msg/{kind.__name__}'

        def write(data: bytes) -> None:
            if self._writer is not None:
                self._writer.write(topic, type_name, data, time.time_ns())
            elif self._service is None and kind is ControlFrame:
                self._service = self.create_service(
                    RecordEpisode, 'record_episode', self._on_record
                )

        return write

    def _on_record(
        self, request: RecordEpisode.Request, response: RecordEpisode.Response
    ) -> RecordEpisode.Response:
        response.success, response.message = (
            self._start(request) if request.start else self._stop()
        )
        return response

    def _start(self, request: RecordEpisode.Request) -> tuple[bool, str]:
        if not _EPISODE_NAME.fullmatch(request.episode):
            return False, f'episode is {request.episode!r}; expected {_EPISODE_NAME.pattern}'
        path = self._out / f'{request.episode}.mcap'
        if self._writer is not None:
            if self._writer.path == path:
                return True, str(path)  # asked again, for the answer was lost
            self.get_logger().warning(f'{self._writer.path}: ended by the start of another')
            self._finish()
        metadata = episode_metadata(request.episode, request.task, request.seed, self._robot)
        try:
            self._writer = self._make_writer(path, metadata)
        except RecordingError as error:
            self._failed = True
            self.get_logger().error(str(error))
            return False, str(error)
        self._failed = False
        return True, str(path)

    def _stop(self) -> tuple[bool, str]:
        writer = self._finish()
        if writer is None:
            return False, 'no episode is being recorded'
        deadline = time.monotonic() + _ANSWER_S
        while not writer.closed and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        return not writer.error, writer.error or str(writer.path)

    def _finish(self) -> EpisodeWriter | None:
        """End the present episode without waiting for the disk."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.finish()
            self._ending.append(writer)
        return writer


main = main_of(RecorderNode)

if __name__ == '__main__':
    main()
