"""The teleop node: operator samples in, the human's joint proposal out."""

from __future__ import annotations

from dataclasses import dataclass
import time
from typing import Any

from rclpy.node import Node

from rove_msgs.msg import JointProposal, OperatorState
from rove_teleop.assembly import ROBOT, make_robot
from rove_teleop.config import param
from rove_teleop.core.smoothing import SMOOTHINGS, make_smoother
from rove_teleop.nodes import convert, latest, qos
from rove_teleop.nodes.calibration import CalibrationService
from rove_teleop.nodes.latest import Latest
from rove_teleop.nodes.losses import Losses
from rove_teleop.nodes.params import declare
from rove_teleop.nodes.run import main_of
from rove_teleop.tasks.registry import make_task
from rove_teleop.teleop_options import TeleopOptions


@dataclass(frozen=True)
class TeleopParams(TeleopOptions):
    """Parameters of the teleop node."""

    robot: str = param(ROBOT, 'Robot that is proposed for.')
    task: str = param('', 'Task whose table the hands stay above; none if empty.')


class TeleopNode(Node):
    """Subscribe ``operator_state`` and ``control_frame``; publish ``joint_proposal``.

    It steps with every control frame, so a proposal is ready before the next tick. The service
    ``calibrate`` measures the operator's proportions.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Load the robot model and wait for the first frame."""
        super().__init__('teleop', **kwargs)
        params = declare(self, TeleopParams)
        surfaces = make_task(params.task).surfaces if params.task else ()
        self._teleop = params.make_teleop(make_robot(params.robot), surfaces)
        self._calibration = CalibrationService(self, self._teleop)
        if params.smoothing != SMOOTHINGS[0]:
            delay = make_smoother(params.smoothing, params.smoothing_lag).delay()
            self.get_logger().info(
                f'smoothing {params.smoothing}: up to {delay * 1e3:.0f} ms of delay'
            )
        self._losses = Losses(self)
        self._operator = Latest(
            self,
            OperatorState,
            'operator_state',
            qos.NEWEST,
            convert.operator_state_from_msg,
            self._losses,
        )
        self._pub = self.create_publisher(JointProposal, 'joint_proposal', qos.COMMAND)
        self._frame = latest.control_frame(self, self._losses, on_news=self._step)

    def _step(self) -> None:
        sample = self._operator.get()
        self._calibration.take(sample)
        proposal = self._teleop.step(sample, self._frame.get(), time.monotonic_ns())
        if proposal is not None:
            stamp = self.get_clock().now().to_msg()
            self._pub.publish(convert.joint_proposal_to_msg(proposal, stamp))


main = main_of(TeleopNode, priority=20)

if __name__ == '__main__':
    main()
