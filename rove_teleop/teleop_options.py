"""How an operator's motion becomes the robot's: options of the command line and of the node."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rove_teleop.assembly import HAND_BACKENDS, make_teleop
from rove_teleop.calibration_file import load_calibration
from rove_teleop.config import param
from rove_teleop.core.engage import ENGAGES, GATE
from rove_teleop.core.kinematics import IkConfig
from rove_teleop.core.operator_frame import HAND_FRAMES
from rove_teleop.core.planes import Plane
from rove_teleop.core.robot import Robot
from rove_teleop.core.smoothing import LAGS, SMOOTHINGS
from rove_teleop.core.teleop import Teleop, TeleopConfig


@dataclass(frozen=True)
class TeleopOptions:
    """Options of teleoperation, the same for every operator."""

    translation_scale: float = param(
        1.0, 'Robot hand motion per operator hand motion.', low=0.1, high=3.0
    )
    align_yaw: bool = param(
        False, "Whether forward is where the operator faces at a takeover, not the room's x axis."
    )
    hand_frame: str = param(
        HAND_FRAMES[0], "What the operator's hands are measured in.", choices=HAND_FRAMES
    )
    calibration: str = param('', "File of the operator's proportions; none if empty.")
    smoothing: str = param(
        SMOOTHINGS[0], "Smoothing of the operator's wrists.", choices=SMOOTHINGS
    )
    smoothing_lag: float = param(
        0.05, 'Delay of the fixed-lag smoothing [s].', low=LAGS[0], high=LAGS[1]
    )
    hand_backend: str = param(
        HAND_BACKENDS[0], 'Solver of the hand retargeting.', choices=HAND_BACKENDS
    )

    engage: str = param(
        ENGAGES[0],
        'Whether a palm follows from wherever the hand is, or belongs where it is.',
        choices=ENGAGES,
    )
    engage_distance: float = param(
        GATE[0], 'Farthest hand that may engage absolutely [m].', low=0.01, high=0.5
    )
    engage_angle: float = param(
        GATE[1], 'Most turned hand that may engage absolutely [rad].', low=0.05, high=3.2
    )

    def teleop_config(self, surfaces: tuple[Plane, ...] = ()) -> TeleopConfig:
        """What the core needs to know of them.

        Args:
            surfaces: What the hands shall not go through.

        Raises:
            ConfigError: The file of the proportions cannot be used.
        """
        return TeleopConfig(
            translation_scale=self.translation_scale,
            align_yaw=self.align_yaw,
            hand_frame=self.hand_frame,
            smoothing=self.smoothing,
            smoothing_lag=self.smoothing_lag,
            calibration=load_calibration(Path(self.calibration)) if self.calibration else None,
            engage=self.engage,
            gate=(self.engage_distance, self.engage_angle),
            ik=IkConfig(workspace=surfaces),
        )

    def make_teleop(self, robot: Robot, surfaces: tuple[Plane, ...] = ()) -> Teleop:
        """Teleoperation with these options.

        Args:
            robot: The robot it proposes for.
            surfaces: What its hands shall not go through.

        Raises:
            ConfigError: The file of the proportions or the hand backend cannot be used.
        """
        return make_teleop(robot, self.teleop_config(surfaces), self.hand_backend)
