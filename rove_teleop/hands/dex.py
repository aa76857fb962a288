"""Hand retargeting by the `dex-retargeting` package, an optional extra that imports torch.

It is the reference for our own solver: both take the same configurations and minimise the same
objective.
"""

from __future__ import annotations

import importlib
from pathlib import Path
import tempfile
from typing import Any

import numpy as np

from rove_teleop.core.retargeting import DEX3_VECTOR, VectorConfig, hand_points
from rove_teleop.core.robot import PALM_FRAMES, Robot
from rove_teleop.core.types import Array
from rove_teleop.errors import ConfigError, InvalidInput
from rove_teleop.hands.urdf import hand_urdf


class DexRetargeter:
    """`dex-retargeting` behind the `HandRetargeter` protocol.

    Its answers exceed the joint limits by up to 1 mrad and are brought back here. Its own
    low-pass filter is off, because that depends on the rate of calls.

    Attributes:
        side: ``left`` or ``right``.
        config: Which vectors it matches.
    """

    def __init__(
        self, robot: Robot, side: str, urdf: Path | str, config: VectorConfig = DEX3_VECTOR
    ) -> None:
        """Build the optimiser for one hand.

        Args:
            robot: The robot, for its limits.
            side: ``left`` or ``right``.
            urdf: The description the robot was built from.
            config: Which vectors to match.

        Raises:
            ConfigError: The package is not installed.
            UnknownName: ``side`` is neither left nor right.
            ModelError: The description lacks parts of the hand.
        """
        names = config.names(side)
        points = dict(zip(config.points, config.places(side), strict=True))
        with tempfile.TemporaryDirectory(prefix='rove-hand-') as folder:
            path = Path(folder) / f'{side}_hand.urdf'
            path.write_text(hand_urdf(urdf, PALM_FRAMES[side], points))
            self._solver = build_solver(dex_settings(config, side, path))
        self.side, self.config = side, config
        order = list(self._solver.joint_names)
        self._order = np.array([order.index(name) for name in names])
        indices = [robot.model.joints[robot.model.getJointId(name)].idx_q for name in names]
        self._lower = robot.model.lowerPositionLimit[indices]
        self._upper = robot.model.upperPositionLimit[indices]

    def reset(self, position: Array) -> None:
        """Start the next search from these joints, shape (7,).

        Raises:
            InvalidInput: ``position`` has another shape or is not finite.
        """
        if np.shape(position) != self._order.shape or not np.isfinite(position).all():
            raise InvalidInput(f'position must be {len(self._order)} finite numbers')
        start = np.empty(len(self._order))
        start[self._order] = position
        self._solver.set_qpos(start)

    def retarget(self, hand: Array) -> Array:
        """Joints (7,) [rad] for a tracked hand (25, 7); see ``HandRetargeter``."""
        points = hand_points(hand, self.side)
        vectors = self.config.human_vectors(points, self.side)
        answer = np.asarray(self._solver.retarget(vectors), dtype=float)
        return np.minimum(np.maximum(answer[self._order], self._lower), self._upper)


def dex_settings(config: VectorConfig, side: str, urdf: Path | str) -> dict[str, Any]:
    """A configuration in the words of dex-retargeting and dexi-rs, without a low-pass filter.

    Args:
        config: Whose points are the names of links.
        side: ``left`` or ``right``.
        urdf: Description of the hand alone, with those links.
    """
    settings: dict[str, Any] = {
        'type': 'dexpilot' if config.fingers else 'vector',
        'urdf_path': str(urdf),
        'target_joint_names': config.names(side),
        'scaling_factor': config.scale,
        'normal_delta': config.pull,
        'huber_delta': config.beta,
        'low_pass_alpha': -1.0,
    }
    if config.fingers:
        return settings | {
            'wrist_link_name': config.origins[-1],
            'finger_tip_link_names': list(config.tasks[-config.fingers :]),
            'project_dist': config.project,
            'escape_dist': config.escape,
        }
    return settings | {
        'target_origin_link_names': list(config.origins),
        'target_task_link_names': list(config.tasks),
        'target_link_human_indices': [list(end) for end in config.human],
    }


def build_solver(settings: dict[str, Any]) -> Any:
    """The optimiser of dex-retargeting for its settings.

    Raises:
        ConfigError: The package is not installed.
    """
    try:
        library = importlib.import_module('dex_retargeting.retargeting_config')
    except ImportError as error:
        raise ConfigError(
            f'hand retargeting "dex" needs the package dex-retargeting ({error}); '
            'install it with: pip install "rove[hands]", or choose the built-in one'
        ) from error
    return library.RetargetingConfig.from_dict(settings).build()
