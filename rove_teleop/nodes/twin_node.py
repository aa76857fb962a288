"""The twin as a node: a MuJoCo plant behind the topics a real robot's driver would have."""

from __future__ import annotations

from dataclasses import dataclass
import time
from typing import Any

from builtin_interfaces.msg import Time
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import Imu, JointState

from rove_msgs.msg import JointCommand, PlantState, TaskState
from rove_msgs.srv import ResetPlant
from rove_teleop.assembly import CONTROL_PERIOD_NS, ROBOT, make_twin
from rove_teleop.config import param
from rove_teleop.core import types
from rove_teleop.core.names import JOINTS
from rove_teleop.errors import InvalidInput, RoveError
from rove_teleop.nodes import convert, qos
from rove_teleop.nodes.params import declare
from rove_teleop.nodes.run import main_of

_SLOW_EVERY = 4  # ticks between two task states, joint states and IMU samples: 50 Hz


@dataclass(frozen=True)
class TwinParams:
    """Parameters of the twin."""

    task: str = param('pick_place', 'Task whose scene is simulated.')
    robot: str = param(ROBOT, 'Robot that is simulated.')
    seed: int = param(0, 'Seed of the first placement of the objects.', low=0, high=2**31)


class TwinNode(Node):
    """Subscribe ``joint_command``; publish ``plant_state``, ``task_state``.

    Who listens also gets ``joint_states`` and ``imu``, as any robot publishes them.
    Physics advances with wall time, one control period per timer call. The twin keeps its
    balance and stops by itself when commands stop.
    """

    def __init__(self, **kwargs: Any) -> None:
        """Load the model and start."""
        super().__init__('twin', **kwargs)
        params = declare(self, TwinParams)
        self._task, self._robot = params.task, params.robot
        self._plant = make_twin(params.task, params.robot)
        self._plant.reset(params.seed)
        self._following = False
        self._ticks = 0
        self._plant_state_pub = self.create_publisher(PlantState, 'plant_state', qos.COMMAND)
        self._task_state_pub = self.create_publisher(TaskState, 'task_state', qos.COMMAND)
        self._joint_states_pub = self.create_publisher(JointState, 'joint_states', qos.COMMAND)
        self._imu_pub = self.create_publisher(Imu, 'imu', qos.COMMAND)
        self.create_subscription(JointCommand, 'joint_command', self._on_command, qos.INPUT)
        self.create_service(ResetPlant, 'twin/reset', self._on_reset)
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(CONTROL_PERIOD_NS * 1e-9, self._step, clock=steady)

    def _on_command(self, msg: JointCommand) -> None:
        now_ns = time.monotonic_ns()
        try:
            fault = self._plant.hear(convert.joint_command_from_msg(msg, now_ns), now_ns)
        except InvalidInput as error:
            fault = str(error)
        if fault:
            self.get_logger().warning(
                f'command of {msg.writer_id!r} refused: {fault}', throttle_duration_sec=1.0
            )

    def _on_reset(
        self, request: ResetPlant.Request, response: ResetPlant.Response
    ) -> ResetPlant.Response:
        try:
            if request.task != self._task:
                self._plant.close()
                self._plant = make_twin(request.task, self._robot)
                self._task = request.task
            self._plant.reset(request.seed)
            self._following = False
            response.success = True
        except RoveError as error:
            response.success, response.message = False, str(error)
        return response

    def _step(self) -> None:
        now_ns = time.monotonic_ns()
        state = self._plant.step(None, now_ns)
        self._say_if_lost(now_ns)
        stamp = self.get_clock().now().to_msg()
        self._plant_state_pub.publish(convert.plant_state_to_msg(state, stamp))
        if self._ticks % _SLOW_EVERY == 0:
            task = self._plant.judge(state.t_ns)
            assert task is not None
            self._task_state_pub.publish(convert.task_state_to_msg(task, stamp))
        elif self._ticks % _SLOW_EVERY == 2:
            self._publish_standard(state, stamp)
        self._ticks += 1

    def _say_if_lost(self, now_ns: int) -> None:
        """One line in the log when the robot begins to brake, and one when it follows again."""
        guard = self._plant.guard
        if guard.following and not self._following:
            self.get_logger().info('joint_command is followed')
        elif self._following and not guard.following:
            age = guard.silence_ns(now_ns) * 1e-9
            self.get_logger().warning(f'lost joint_command: silent for {age:.3f} s, braking')
        self._following = guard.following

    def _publish_standard(self, state: types.PlantState, stamp: Time) -> None:
        if self._joint_states_pub.get_subscription_count():
            self._joint_states_pub.publish(_joint_state(state, stamp))
        if self._imu_pub.get_subscription_count():
            self._imu_pub.publish(_imu(state, stamp))


def _joint_state(state: types.PlantState, stamp: Time) -> JointState:
    joints = JointState()
    joints.header.stamp = stamp
    joints.name = list(JOINTS)
    joints.position = state.position.tolist()
    joints.velocity = state.velocity.tolist()
    joints.effort = state.effort.tolist()
    return joints


def _imu(state: types.PlantState, stamp: Time) -> Imu:
    imu = Imu()
    imu.header.stamp, imu.header.frame_id = stamp, 'imu_in_pelvis'
    orientation = imu.orientation
    orientation.x, orientation.y, orientation.z, orientation.w = state.base_pose[3:].tolist()
    rate, force = imu.angular_velocity, imu.linear_acceleration
    rate.x, rate.y, rate.z = state.imu_angular_velocity.tolist()
    force.x, force.y, force.z = state.imu_linear_acceleration.tolist()
    return imu


main = main_of(TwinNode, priority=30)

if __name__ == '__main__':
    main()
