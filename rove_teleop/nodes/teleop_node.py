"""The teleop node: operator samples in, the human's joint proposal out."""

from __future__ import annotations

from dataclasses import dataclass
import time
from typing import Any

from rclpy.node import Node

from rove_msgs.msg import ControlFrame, JointProposal, OperatorState
from rove_teleop.assembly import HAND_BACKENDS, ROBOT, make_robot, make_teleop
from rove_teleop.config import param
from rove_teleop.core.teleop import TeleopConfig
from rove_teleop.errors import InvalidInput
from rove_teleop.nodes import convert, qos
from rove_teleop.nodes.latest import Latest
from rove_teleop.nodes.losses import Losses
from rove_teleop.nodes.params import declare
from rove_teleop.nodes.run import main_of


@dataclass(frozen=True)
class TeleopParams:
    """Parameters of the teleop node."""

    robot: str = param(ROBOT, 'Robot that is proposed for.')
    translation_scale: float = param(
        1.0, 'Robot hand motion per operator hand motion.', low=0.1, high=3.0
    )
    hand_backend: str = param('light', 'Solver of the hand retargeting.', choices=HAND_BACKENDS)


class TeleopNode(Node):
    """Subscribe ``operator_state`` and ``control_frame``; publish ``joint_proposal``.

    It steps with every control frame, so a proposal is ready before the next tick.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Load the robot model and wait for the first frame."""
        super().__init__('teleop', **kwargs)
        params = declare(self, TeleopParams)
        config = TeleopConfig(translation_scale=params.translation_scale)
        self._teleop = make_teleop(make_robot(params.robot), config, params.hand_backend)
        self._losses = Losses(self)
        self._operator = Latest(
            self,
            OperatorState,
            'operator_state',
            qos.COMMAND,
            convert.operator_state_from_msg,
            self._losses,
        )
        self._pub = self.create_publisher(JointProposal, 'joint_proposal', qos.COMMAND)
        self.create_subscription(ControlFrame, 'control_frame', self._on_frame, qos.COMMAND)

    def _on_frame(self, msg: ControlFrame) -> None:
        self._losses.heard('control_frame')
        try:
            frame = convert.control_frame_from_msg(msg)
        except InvalidInput as error:
            self.get_logger().warning(f'frame refused: {error}', throttle_duration_sec=1.0)
            return
        proposal = self._teleop.step(self._operator.get(), frame, time.monotonic_ns())
        if proposal is not None:
            stamp = self.get_clock().now().to_msg()
            self._pub.publish(convert.joint_proposal_to_msg(proposal, stamp))


main = main_of(TeleopNode, priority=20)

if __name__ == '__main__':
    main()
