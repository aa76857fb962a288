"""Makes the parts of the system with their production configuration; used by every runner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rove_teleop.core.arbiter import Arbiter
from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.lease import Lease
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.limits import ChannelLimits
from rove_teleop.core.names import NUM_LEG_JOINTS
from rove_teleop.core.robot import Robot
from rove_teleop.core.teleop import Teleop, TeleopConfig
from rove_teleop.share import share
from rove_teleop.tasks.registry import make_task

if TYPE_CHECKING:
    from rove_teleop.twin.plant import TwinPlant

CONTROL_PERIOD_NS = 5_000_000
"""One control tick: 200 Hz."""


def make_robot() -> Robot:
    """The Unitree G1 with Dex3-1 hands."""
    return Robot.from_urdf(share('urdf/g1_dex3.urdf'))


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
    return Arbiter(config, limits, legs, lease)


def make_teleop(config: TeleopConfig | None = None, robot: Robot | None = None) -> Teleop:
    """Anchor, whole-body inverse kinematics and hand retargeting."""
    robot = robot or make_robot()
    return Teleop(robot, LegKinematics(robot), config or TeleopConfig())


def make_twin(task: str, **options: Any) -> TwinPlant:
    """The twin at the start of a task. Imports MuJoCo.

    Raises:
        UnknownName: There is no such task.
    """
    from rove_teleop.twin.plant import TwinPlant

    return TwinPlant(make_task(task), **options)
