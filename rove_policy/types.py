"""What a policy sees. What it answers is ``rove_teleop.core.types.ActionChunk``."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rove_teleop.core.names import CHANNELS, NUM_CHANNELS, NUM_JOINTS
from rove_teleop.core.pose import pose_fault
from rove_teleop.core.types import Array, ControlFrame, PlantState, TaskState
from rove_teleop.errors import InvalidInput


@dataclass(frozen=True)
class Observation:
    """One instant as a policy sees it; checked on construction, never edited.

    Attributes:
        seq: Number of the request; the chunk that answers it carries the same one.
        t_ns: Time of the plant state [ns, monotonic].
        joint_position, joint_velocity: Measured, model order (43,) [rad, rad/s].
        base_pose: Pelvis in the world, shape (7,).
        executed: Channels that were last commanded, shape (37,), see ``CHANNELS``.
        task: What to do, in words.
        seed, episode: Which attempt this is.
        resumed: True on the first observation after a release or an episode start: plans
            made before it do not fit the robot any more.
        images: RGB images by camera name, uint8 (H, W, 3).
        objects: World poses by name, each (7,). Ground truth of the simulation, empty on
            hardware: a policy that reads it cannot leave the twin.

    Raises:
        InvalidInput: A field has the wrong shape or type, or is not finite.
    """

    seq: int
    t_ns: int
    joint_position: Array
    joint_velocity: Array
    base_pose: Array
    executed: Array
    task: str = ''
    seed: int = 0
    episode: str = ''
    resumed: bool = False
    images: dict[str, Array] = field(default_factory=dict)
    objects: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what no policy should be asked to act on."""
        _check_numbers('joint_position', self.joint_position, (NUM_JOINTS,))
        _check_numbers('joint_velocity', self.joint_velocity, (NUM_JOINTS,))
        _check_numbers('executed', self.executed, (NUM_CHANNELS,))
        _check_pose('base_pose', self.base_pose)
        for name, pose in self.objects.items():
            _check_pose(f'objects[{name!r}]', pose)
        for name, image in self.images.items():
            _check_image(f'images[{name!r}]', image)

    @property
    def state(self) -> Array:
        """Joint positions, joint velocities, base pose and executed channels, shape (130,)."""
        return np.concatenate(
            [self.joint_position, self.joint_velocity, self.base_pose, self.executed]
        )


STATE_SIZE = 2 * NUM_JOINTS + 7 + len(CHANNELS)
"""Length of ``Observation.state``."""


def observe(
    seq: int,
    plant: PlantState,
    frame: ControlFrame,
    task: TaskState,
    images: dict[str, Array],
    resumed: bool = False,
) -> Observation:
    """Build the observation of one instant from what the parts published.

    Raises:
        InvalidInput: A part is malformed; the message names the field.
    """
    return Observation(
        seq=seq,
        t_ns=plant.t_ns,
        joint_position=plant.position,
        joint_velocity=plant.velocity,
        base_pose=plant.base_pose,
        executed=frame.executed.position,
        task=task.text,
        seed=task.seed,
        episode=frame.episode,
        resumed=resumed,
        images=dict(images),
        objects={**plant.objects, **task.objects},
    )


def _check_numbers(name: str, value: Array, shape: tuple[int, ...]) -> None:
    if not isinstance(value, np.ndarray) or value.dtype.kind != 'f' or value.shape != shape:
        raise InvalidInput(f'{name} is {_describe(value)}; expected floats of shape {shape}')
    if not np.isfinite(value).all():
        raise InvalidInput(f'{name} is not finite at {np.flatnonzero(~np.isfinite(value))}')


def _check_pose(name: str, value: Array) -> None:
    _check_numbers(name, value, (7,))
    if fault := pose_fault(value, farthest=np.inf):
        raise InvalidInput(f'{name} {fault}')


def _check_image(name: str, value: Array) -> None:
    fits = isinstance(value, np.ndarray) and value.dtype == np.uint8
    if not fits or value.ndim != 3 or value.shape[2] != 3 or 0 in value.shape:
        raise InvalidInput(f'{name} is {_describe(value)}; expected uint8 of shape (H, W, 3)')


def _describe(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f'{value.dtype} of shape {value.shape}'
    return type(value).__name__
