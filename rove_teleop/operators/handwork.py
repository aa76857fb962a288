"""Doing the task by hand: which way the wrist must move so that the robot's palm gets there."""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.types import Array
from rove_teleop.operators.traits import Traits
from rove_teleop.tasks.skill import HELD, OPEN, Scene, go_on
from rove_teleop.tasks.trajectory import Target, Trajectory, Waypoint

_GAIN = 2.0  # of the visual loop [1/s]; its delay is below 0.25 s
_BEHIND = 0.05  # when the robot's palm is this far behind, he waits for it [m]
_THERE, _TURNED = 0.010, 0.12  # before he closes or opens his hand [m], [rad]
_PRESS = 0.03  # he never pushes farther into what resists [m]
_BLOCKED = 0.8  # without getting through, before he backs off [s]
_BACK = 0.08  # upwards, to begin anew [m]
_CENTRED = np.array([-0.012, 0.0, 0.0])  # a hand that opens as his is holds the cube there [m]
_LOST = 0.5  # without the cube in the hand, before he believes it [s]


class Handwork:
    """Follows the skill's way by looking at the robot's palm; begins anew when it went wrong.

    Attributes:
        attempts: How often he began to grasp.
    """

    def __init__(self, traits: Traits, scene: Scene, wrist: pin.SE3) -> None:
        """Begin with the robot at rest.

        Args:
            traits: How well he does it.
            scene: What is seen.
            wrist: T_operator_wrist, which the robot's palm will follow from here.
        """
        self._traits = traits
        self._ahead = wrist.translation - scene.palm.translation
        self.attempts = 0
        self._way: Trajectory | None = None
        self._progress = self._pause = self._lost = self._blocked = 0.0
        self._part = ''

    def step(self, scene: Scene, wrist: pin.SE3, grip: float, dt: float) -> tuple[Array, float]:
        """What to do now.

        Args:
            scene: What is seen, a little late.
            wrist: T_operator_wrist.
            grip: Closure of his own hand.
            dt: Time since the last step [s].

        Returns:
            Twist of the wrist (6,) in world axes, and the closure of the hand to go for.
        """
        press = wrist.translation - self._ahead - scene.palm.translation
        self._blocked = self._blocked + dt if np.linalg.norm(press) > _PRESS else 0.0
        if self._blocked > _BLOCKED:
            self._back_off(scene, grip)
        elif self._way is None or self._went_wrong(scene, dt):
            self._begin(scene, grip)
        assert self._way is not None
        now = self._way.sample(self._progress)
        error = _error(scene.palm, now.palm)
        step = self._advance(now, error, scene.grip, dt)
        self._progress += step
        then = self._way.sample(self._progress)
        twist = _GAIN * error
        if step > 0.0:
            twist += _error(now.palm, then.palm) / dt
        twist[:3] = _without_pressing(twist[:3], press)
        return twist, then.grip

    def _back_off(self, scene: Scene, grip: float) -> None:
        """Something is in the way: open, go up, and look again."""
        palm = pin.SE3(scene.palm.rotation, scene.palm.translation + [0.0, 0.0, _BACK])
        self._follow(Trajectory(scene.palm, grip, [Waypoint('back', palm, OPEN, 1.0)]))

    def _follow(self, way: Trajectory) -> None:
        self._way = way
        self._progress = self._lost = self._blocked = 0.0
        self._part = ''

    def _begin(self, scene: Scene, grip: float) -> None:
        aim = self._traits.aim() + _CENTRED
        way = [self._overshot(point, scene) for point in go_on(scene, aim)]
        self.attempts += any(point.name == 'close' for point in way)
        start = max(grip, scene.grip) if scene.in_hand else grip
        self._follow(Trajectory(scene.palm, start, way))

    def _overshot(self, point: Waypoint, scene: Scene) -> Waypoint:
        """A little too far where the motion is fast and harm is far."""
        if point.name not in ('approach', 'carry'):
            return point
        too_far = self._traits.overshoot() * (point.palm.translation - scene.palm.translation)
        palm = pin.SE3(point.palm.rotation, point.palm.translation + [*too_far[:2], 0.0])
        return Waypoint(point.name, palm, point.grip, point.duration)

    def _advance(self, now: Target, error: Array, grip: float, dt: float) -> float:
        """Time by which he goes on along the way; none while he waits or thinks."""
        if now.name != self._part:
            self._part, self._pause = now.name, self._traits.hesitation()
        if self._pause > 0.0:
            self._pause -= dt
            return 0.0
        distance, angle = np.linalg.norm(error[:3]), np.linalg.norm(error[3:])
        if now.name in ('close', 'open') and (distance > _THERE or angle > _TURNED):
            return 0.0
        if now.name == 'descend' and grip > HELD:
            return 0.0
        return self._traits.pace * dt * (0.2 if distance > _BEHIND else 1.0)

    def _went_wrong(self, scene: Scene, dt: float) -> bool:
        """Whether the way is at its end, or the cube is not where it should be by now."""
        assert self._way is not None
        if self._progress >= self._way.duration:
            return not scene.placed
        lifted, lowered = self._way.span('lift')[1], self._way.span('lower')[1]
        away = lifted < self._progress < lowered and not scene.in_hand
        self._lost = self._lost + dt if away else 0.0
        return self._lost > _LOST


def _without_pressing(velocity: Array, press: Array) -> Array:
    """A velocity (3,) without the part that would push farther than ``_PRESS``."""
    depth = float(np.linalg.norm(press))
    if depth < _PRESS:
        return velocity
    direction = press / depth
    return velocity - max(0.0, float(velocity @ direction)) * direction


def _error(seen: pin.SE3, wanted: pin.SE3) -> Array:
    """Displacement [m] and rotation vector [rad] from one pose to another, world axes, (6,)."""
    turn = pin.log3(wanted.rotation @ seen.rotation.T)
    return np.concatenate([wanted.translation - seen.translation, turn])
