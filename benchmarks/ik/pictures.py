"""Pictures of the whole body at its extreme reaches, as what ships solves them."""

from __future__ import annotations

from collections.abc import Mapping
import math
from pathlib import Path

from matplotlib.figure import Figure
import numpy as np
import pinocchio as pin

from rove_teleop.assembly import make_robot
from rove_teleop.cameras.camera import Intrinsics
from rove_teleop.core.geometry import pose_from_se3, se3_from_base
from rove_teleop.core.kinematics import Kinematics, PalmTarget, Targets, WholeBodyIK
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import NUM_BASE
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Array
from rove_teleop.twin.model import VIEW_CAMERA, VIEW_FOVY
from rove_teleop.twin.renderer import SceneRenderer

REACHES: Mapping[str, tuple[tuple[float, float, float], tuple[float, float, float], float]] = {
    'floor in front of the feet': ((0.36, 0.14, 0.15), (0.36, -0.14, 0.15), 1.2),
    'above the head': ((0.12, 0.25, 1.5), (0.12, -0.25, 1.5), -1.2),
    'far to the left': ((0.1, 0.75, 0.9), (0.3, 0.35, 0.9), 0.0),
    'far ahead, out of reach': ((1.2, 0.15, 0.9), (1.2, -0.15, 0.9), 0.0),
}
"""Left and right palm in the stance frame [m], and their pitch [rad]."""

SIZE = 480  # pixels
_DT, _SECONDS = 0.01, 12.0


def draw(path: Path) -> Path:
    """Draw all reaches; returns ``path``, a PNG file.

    Each panel tells how far the palms are from their targets, how far the feet have slipped and
    where the centre of mass is.

    Raises:
        DeviceError: This machine cannot render.
    """
    robot = make_robot()
    figure = Figure(figsize=(10.0, 10.6), layout='constrained')
    axes = figure.subplots(2, 2).ravel()
    focal = 0.5 * SIZE / math.tan(math.radians(0.5 * VIEW_FOVY))
    camera = Intrinsics(SIZE, SIZE, focal, focal, 0.5 * SIZE, 0.5 * SIZE)
    renderer = SceneRenderer('empty', {VIEW_CAMERA: camera}, still=True)
    for panel, (name, (left, right, pitch)) in zip(axes, REACHES.items(), strict=True):
        picture, words = _reach(robot, renderer, {'left': left, 'right': right}, pitch)
        panel.imshow(picture)
        panel.set(xticks=[], yticks=[], title=name, xlabel=words)
    renderer.close()
    figure.savefig(path, dpi=80)
    return path


def _reach(
    robot: Robot,
    renderer: SceneRenderer,
    places: Mapping[str, tuple[float, float, float]],
    pitch: float,
) -> tuple[Array, str]:
    legs = LegKinematics(robot)
    solver, forward = WholeBodyIK(robot, legs), Kinematics(robot, legs)
    turn = pin.rpy.rpyToMatrix(0.0, pitch, 0.0)
    goals = {side: pin.SE3(turn, np.array(place)) for side, place in places.items()}
    targets = Targets({side: PalmTarget(goal) for side, goal in goals.items()})
    for _ in range(round(_SECONDS / _DT)):
        solution = solver.solve(targets, _DT)
    base, joints = solution.position[:NUM_BASE], solution.position[NUM_BASE:]
    pelvis = pose_from_se3(se3_from_base(base))
    picture = renderer.render(np.concatenate((solver.legs, joints)), pelvis, {})[VIEW_CAMERA]
    palms = forward.palms(solution.position)
    error = [np.linalg.norm(palms[s].translation - goals[s].translation) for s in goals]
    slip = np.abs(legs.base_of(solver.legs) - base).max()
    x, y, _ = forward.com(solution.position)
    words = (
        f'palms {1e3 * error[0]:.0f}, {1e3 * error[1]:.0f} mm away; '
        f'feet slip {1e3 * slip:.3f} mm\n'
        f'pelvis {base[2]:.2f} m high; centre of mass at x {x:.3f}, y {y:.3f} m'
    )
    return picture, words
