"""Makes the parts of the system with their production configuration; used by every runner."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rove_teleop.core.arbiter import Arbiter
from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.kinematics.body import Body
from rove_teleop.core.lease import Lease
from rove_teleop.core.leash import Leash
from rove_teleop.core.leg_reach import LegReach
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.limits import ChannelLimits
from rove_teleop.core.names import NUM_LEG_JOINTS, SIDES
from rove_teleop.core.retargeting import (
    DEX3_DEXPILOT,
    DEX3_VECTOR,
    HandRetargeter,
    LightRetargeter,
    VectorRetargeter,
)
from rove_teleop.core.robot import Robot
from rove_teleop.core.self_collision import SelfCollision
from rove_teleop.core.teleop import Teleop, TeleopConfig
from rove_teleop.errors import UnknownName
from rove_teleop.share import share
from rove_teleop.tasks.registry import make_task

if TYPE_CHECKING:
    from rove_teleop.twin.plant import TwinPlant

CONTROL_PERIOD_NS = 5_000_000
"""One control tick: 200 Hz."""
ROBOT = 'g1_dex3'
"""The default robot: a Unitree G1 with Dex3-1 hands."""
HAND_BACKENDS = ('light', 'vector', 'dexpilot', 'dex-retargeting')
"""Solvers of the hand retargeting; the first is the default."""
_VECTORS = {'vector': DEX3_VECTOR, 'dexpilot': DEX3_DEXPILOT}


def robot_names() -> tuple[str, ...]:
    """Robots there is a description of."""
    return tuple(sorted(path.stem for path in share('urdf').glob('*.urdf')))


def robot_description(name: str = ROBOT) -> Path:
    """URDF file of a robot.

    Raises:
        UnknownName: There is no such robot; the message lists the known ones.
    """
    if name not in robot_names():
        raise UnknownName('robot', name, robot_names())
    return share(f'urdf/{name}.urdf')


def make_robot(name: str = ROBOT) -> Robot:
    """A robot by name.

    Raises:
        UnknownName: There is no such robot.
        ModelError: Its description is broken.
    """
    return Robot.from_urdf(robot_description(name))


def make_arbiter(
    session: str, writer_id: str, robot: Robot, lease: Lease | None = None
) -> Arbiter:
    """The operator takeover arbiter.

    Args:
        session: Name of this arbiter's lifetime; the plant locks to it.
        writer_id: Identity in every command.
        robot: The robot it commands.
        lease: A lease that is already under way; a free one when None.
    """
    legs = LegKinematics(robot)
    limits = ChannelLimits.from_joints(robot.lower[NUM_LEG_JOINTS:], robot.upper[NUM_LEG_JOINTS:])
    config = ArbiterConfig(initial_base=legs.nominal_base, session=session, writer_id=writer_id)
    reach = LegReach(LegKinematics(robot), limits, CONTROL_PERIOD_NS * 1e-9)
    apart = SelfCollision(Body(robot, LegKinematics(robot)), limits)
    return Arbiter(config, limits, legs, lease, rules=(reach, Leash(), apart))


def make_teleop(
    robot: Robot, config: TeleopConfig | None = None, hand_backend: str = HAND_BACKENDS[0]
) -> Teleop:
    """Anchor, whole-body inverse kinematics and hand retargeting.

    Args:
        robot: The robot it proposes for.
        config: Defaults when None.
        hand_backend: One of ``HAND_BACKENDS``; ``dex-retargeting`` needs the extra ``hands``.
    """
    return Teleop(robot, LegKinematics(robot), config, make_retargeters(robot, hand_backend))


def make_retargeters(robot: Robot, backend: str) -> dict[str, HandRetargeter]:
    """One hand retargeter per side.

    Raises:
        UnknownName: There is no such backend.
    """
    if backend not in HAND_BACKENDS:
        raise UnknownName('hand backend', backend, HAND_BACKENDS)
    if backend == HAND_BACKENDS[0]:
        return {side: LightRetargeter(robot, side) for side in SIDES}
    if backend in _VECTORS:
        config = _VECTORS[backend]
        return {side: VectorRetargeter.of_robot(robot, side, config) for side in SIDES}
    from rove_teleop.hands.dex import DexRetargeter

    return {side: DexRetargeter(robot, side, robot_description(robot.name)) for side in SIDES}


def make_twin(task: str, robot: str = ROBOT, **options: Any) -> TwinPlant:
    """The twin at the start of a task. Imports MuJoCo.

    Raises:
        UnknownName: There is no such task or robot.
    """
    from rove_teleop.twin.plant import TwinPlant

    return TwinPlant(make_task(task), urdf=robot_description(robot), **options)
