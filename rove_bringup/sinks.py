"""What lockstep episodes flow into: a recording, pictures, memory, the progress of a run."""

from __future__ import annotations

from pathlib import Path

from rove_bringup.config import Episode, RunConfig, episodes_of
from rove_bringup.lockstep import LockstepRunner, Sink, Tick
from rove_bringup.progress import Progress
from rove_teleop.core.types import Array
from rove_teleop.nodes.tape import Tape
from rove_teleop.recording.builder import EpisodeBuilder
from rove_teleop.recording.writer import EpisodeWriter, episode_metadata
from rove_teleop.tasks.registry import make_task
from rove_teleop.twin.camera import twin_intrinsics
from rove_teleop.twin.renderer import SceneRenderer

_TICKS_PER_PICTURE = 20  # 10 Hz
_PATIENCE_S = 10.0  # lockstep waits for the disk rather than lose a message


class RecordingSink:
    """Writes every tick of one episode, as the recorder node would."""

    def __init__(self, writer: EpisodeWriter) -> None:
        """Write to this file."""
        self._tape = Tape(writer)

    def take(self, tick: Tick) -> None:
        """Write what was said in one tick."""
        said = {
            'plant_state': tick.plant,
            'task_state': tick.task,
            'operator_state': tick.operator,
            'joint_proposal': tick.proposal,
            'action_chunk': tick.chunk,
            'joint_command': tick.command,
            'control_frame': tick.frame,
        }
        for topic, value in said.items():
            if value is not None:
                self._tape.write(topic, value, tick.now_ns)
        for event in tick.events:
            self._tape.write('event', event, tick.now_ns)


class CameraSink:
    """Draws and writes the twin's cameras at a fixed rate of simulated time."""

    def __init__(self, writer: EpisodeWriter, renderer: SceneRenderer) -> None:
        """Draw with this renderer, write to this file."""
        self._tape, self._renderer = Tape(writer), renderer
        self._objects: dict[str, Array] = {}
        self._count = 0

    def take(self, tick: Tick) -> None:
        """Draw every n-th tick."""
        if tick.task is not None:
            self._objects = tick.task.objects
        self._count += 1
        if self._count % _TICKS_PER_PICTURE:
            return
        plant = tick.plant
        pictures = self._renderer.render(plant.position, plant.base_pose, self._objects)
        for name, image in pictures.items():
            self._tape.write_image(name, image, tick.now_ns)


class EpisodeSink(EpisodeBuilder):
    """Gathers an episode in memory.

    Attributes:
        faults: What the plant reported to be wrong.
    """

    def __init__(self) -> None:
        """Begin empty."""
        super().__init__()
        self.faults: set[str] = set()

    def take(self, tick: Tick) -> None:
        """Gather one tick."""
        if tick.frame is not None:
            self.add_frame(tick.frame)
        for event in tick.events:
            self.add_event(event)
        if tick.task is not None:
            self.add_task(tick.task)
        if tick.operator is not None:
            self.add_operator(tick.operator)
        if tick.plant.fault:
            self.faults.add(tick.plant.fault)


class ProgressSink:
    """Shows the events of one episode."""

    def __init__(self, progress: Progress) -> None:
        """Show them here."""
        self._progress = progress

    def take(self, tick: Tick) -> None:
        """Show the events of one tick."""
        for event in tick.events:
            self._progress.event(event)


def run_recorded(config: RunConfig, out: Path, cameras: bool, progress: Progress) -> None:
    """Run every episode of a configuration, recorded to ``out``."""
    runner = LockstepRunner(config)
    renderer = None
    if cameras:
        renderer = SceneRenderer(make_task(config.task).scene, twin_intrinsics())
    for episode in episodes_of(config):
        _run_one(runner, config, episode, out, renderer, progress)
    if renderer is not None:
        renderer.close()


def _run_one(
    runner: LockstepRunner,
    config: RunConfig,
    episode: Episode,
    out: Path,
    renderer: SceneRenderer | None,
    progress: Progress,
) -> None:
    metadata = episode_metadata(episode.name, config.task, episode.seed, config.robot)
    writer = EpisodeWriter(out / f'{episode.name}.mcap', metadata, patience=_PATIENCE_S)
    sinks: list[Sink] = [RecordingSink(writer), ProgressSink(progress)]
    if renderer is not None:
        sinks.append(CameraSink(writer, renderer))
    try:
        result = runner.run(episode, sinks)
    finally:
        report = writer.close()
    if report.error:
        progress.problem(report.error)
    progress.outcome(episode, result.outcome)
