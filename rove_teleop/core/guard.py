"""The plant's own gate: which command is followed, and what happens when none is.

Every plant puts a guard between the network and its joints, so the promises of
``core/plant.py`` hold whoever writes the commands.
"""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, replace

import numpy as np

from rove_teleop.core.names import NUM_BASE, NUM_JOINTS, NUM_LEG_JOINTS, WAIST_JOINTS
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Array, JointCommand

_SIZES = {
    'position': NUM_JOINTS,
    'velocity': NUM_JOINTS,
    'effort': NUM_JOINTS,
    'base': NUM_BASE,
    'base_velocity': NUM_BASE,
}


@dataclass(frozen=True)
class GuardLimits:
    """Bounds of the set-point.

    Attributes:
        timeout: Without an accepted command for this long the motion decelerates [s]; earlier
            when the last one says that it is no longer valid.
        deceleration: Of the joints when commands stop [rad/s²].
        limit_deceleration: The set-point nears a joint limit no faster than this can stop it;
            above what well-behaved commands use [rad/s²].
        velocity_slack: How much faster than the set-point moves its velocity may be, so that a
            velocity that contradicts the positions has little effect [rad/s].
        base_deceleration: Of the base reference when commands stop [m/s², rad/s²].
        max_speed: Fastest set-point motion whatever is commanded, if the joint can [rad/s].
        max_trunk_speed: The same for legs and waist, which carry the balance [rad/s].
        max_base_speed: The same for the base reference [m/s, rad/s].
    """

    timeout: float = 0.05
    deceleration: float = 60.0
    limit_deceleration: float = 120.0
    velocity_slack: float = 1.0
    base_deceleration: float = 5.0
    max_speed: float = 12.0
    max_trunk_speed: float = 4.0
    max_base_speed: float = 1.0


@dataclass(frozen=True)
class Setpoint:
    """What the joints follow this tick, always finite and within limits.

    Attributes:
        position, velocity, effort: The 43 joints in model order; effort is feed-forward.
        base, base_velocity: Base reference and its derivative, (6,).
        following: True while a command is fresh; False while holding.
        damping: True after a damping stop was asked for.
    """

    position: Array
    velocity: Array
    effort: Array
    base: Array
    base_velocity: Array
    following: bool
    damping: bool


class CommandGuard:
    """Accepts or refuses commands, and decelerates to a hold when they stop.

    One session is followed at a time, from the one writer that opened it. A new session is
    taken only when the old one has been silent for the timeout, and an ended one never returns.

    Attributes:
        accepted: Commands taken since construction.
        refused: Commands refused since construction, by reason.
    """

    def __init__(
        self,
        robot: Robot,
        position: Array,
        base: Array,
        limits: GuardLimits | None = None,
    ) -> None:
        """Start holding a posture.

        Args:
            robot: Gives the joint limits.
            position: Joints to hold [rad], (43,).
            base: Base reference to hold, (6,).
            limits: Bounds of the set-point.
        """
        self.limits = limits or GuardLimits()
        self.accepted = 0
        self.refused: Counter[str] = Counter()
        self._robot = robot
        self._speed = np.minimum(robot.velocity, self.limits.max_speed)
        trunk = slice(0, NUM_LEG_JOINTS + len(WAIST_JOINTS))
        self._speed[trunk] = np.minimum(self._speed[trunk], self.limits.max_trunk_speed)
        self._seen: JointCommand | None = None
        self._session: str | None = None
        self._writer = ''
        self._seq = -1
        self._ended: deque[str] = deque(maxlen=64)
        self._command: JointCommand | None = None
        self._accepted_ns = 0
        self._now_ns: int | None = None
        self._setpoint = Setpoint(
            position=np.clip(position, robot.lower, robot.upper),
            velocity=np.zeros(NUM_JOINTS),
            effort=np.zeros(NUM_JOINTS),
            base=np.array(base, dtype=float),
            base_velocity=np.zeros(NUM_BASE),
            following=False,
            damping=False,
        )

    def yield_to(self, position: Array, base: Array) -> None:
        """Let a limp robot carry the set-point along, so that it never jumps back.

        Args:
            position: Measured joints [rad], (43,).
            base: Base reference they amount to, (6,).
        """
        self._setpoint = replace(
            self._setpoint,
            position=np.clip(position, self._robot.lower, self._robot.upper),
            velocity=np.zeros(NUM_JOINTS),
            effort=np.zeros(NUM_JOINTS),
            base=np.array(base, dtype=float),
            base_velocity=np.zeros(NUM_BASE),
        )

    @property
    def following(self) -> bool:
        """Whether the last set-point followed a command."""
        return self._setpoint.following

    def silence_ns(self, now_ns: int) -> int:
        """Time since the last accepted command [ns]."""
        return now_ns - self._accepted_ns

    def hear(self, command: JointCommand, now_ns: int) -> str:
        """Judge a command as it arrives; the next ``step`` follows the last accepted one.

        Args:
            command: The command; the same object again is not a new one.
            now_ns: Time of this call [ns, monotonic].

        Returns:
            Why it is refused, empty when it is not.
        """
        if command is self._seen:
            return ''
        self._seen = command
        return self._take(command, now_ns)

    def step(self, command: JointCommand | None, now_ns: int) -> Setpoint:
        """Judge the newest command and return the set-point of this tick.

        Args:
            command: The newest command; the same object again is not a new one.
            now_ns: Time of this call [ns, monotonic].
        """
        dt = 0.0 if self._now_ns is None else max(0.0, (now_ns - self._now_ns) * 1e-9)
        self._now_ns = now_ns
        if command is not None:
            self.hear(command, now_ns)
        newest = self._command
        if newest is None:
            self._setpoint = self._brake(dt)
        elif self._silent(now_ns) or now_ns >= newest.valid_until_ns:
            self._command = None
            self._setpoint = self._brake(dt)
        elif newest.damping:
            self._setpoint = replace(self._brake(dt), damping=True, following=True)
        else:
            self._setpoint = self._follow(newest, now_ns, dt)
        return self._setpoint

    def _take(self, command: JointCommand, now_ns: int) -> str:
        reason = self._reason_to_refuse(command, now_ns)
        if reason:
            self.refused[reason] += 1
            return reason
        if command.session != self._session:
            if self._session is not None:
                self._ended.append(self._session)
            self._session, self._writer = command.session, command.writer_id
        self.accepted += 1
        self._seq, self._command, self._accepted_ns = command.seq, command, now_ns
        return ''

    def _reason_to_refuse(self, command: JointCommand, now_ns: int) -> str:
        for name, size in _SIZES.items():
            value = getattr(command, name)
            if not isinstance(value, np.ndarray) or value.dtype.kind not in 'fiu':
                return f'{name}: not an array of numbers'
            if value.shape != (size,):
                return f'{name}: wrong size'
            if not np.isfinite(value).all():
                return f'{name}: not finite'
        if command.valid_until_ns <= now_ns:
            return 'expired'
        if command.session == self._session:
            if command.writer_id != self._writer:
                return 'foreign writer'
            if command.seq <= self._seq:
                return 'old sequence number'
        elif command.session in self._ended:
            return 'ended session'
        elif self._session is not None and not self._silent(now_ns):
            return 'another session is live'
        return ''

    def _silent(self, now_ns: int) -> bool:
        return now_ns - self._accepted_ns > self.limits.timeout * 1e9

    def _follow(self, command: JointCommand, now_ns: int, dt: float) -> Setpoint:
        """Go to the command, carried on at its own velocity while the next one is late."""
        late = (now_ns - self._accepted_ns) * 1e-9
        here = self._setpoint.position
        lowest = -np.minimum(self._speed, self._braking_speed(here - self._robot.lower))
        highest = np.minimum(self._speed, self._braking_speed(self._robot.upper - here))
        velocity = _within(command.velocity, lowest, highest)
        target = command.position + late * velocity
        position = _within(target, here + dt * lowest, here + dt * highest)
        position = _within(position, self._robot.lower, self._robot.upper)
        rate = (position - here) / dt if dt > 0.0 else np.zeros(NUM_JOINTS)
        slack = self.limits.velocity_slack
        velocity = _within(velocity, np.minimum(rate, 0.0) - slack, np.maximum(rate, 0.0) + slack)
        base_speed = self.limits.max_base_speed
        base_velocity = _within(command.base_velocity, -base_speed, base_speed)
        base_target = command.base + late * base_velocity
        base_here, base_reach = self._setpoint.base, base_speed * dt
        return Setpoint(
            position=position,
            velocity=velocity,
            effort=_within(command.effort, -self._robot.effort, self._robot.effort),
            base=_within(base_target, base_here - base_reach, base_here + base_reach),
            base_velocity=base_velocity,
            following=True,
            damping=False,
        )

    def _braking_speed(self, distance: Array) -> Array:
        return np.sqrt(2.0 * self.limits.limit_deceleration * distance)

    def _brake(self, dt: float) -> Setpoint:
        """One tick of constant deceleration towards rest, effort fading with the motion."""
        last = self._setpoint
        velocity = _towards_zero(last.velocity, self.limits.deceleration * dt)
        base_velocity = _towards_zero(last.base_velocity, self.limits.base_deceleration * dt)
        position = last.position + 0.5 * dt * (last.velocity + velocity)
        clipped = _within(position, self._robot.lower, self._robot.upper)
        return Setpoint(
            position=clipped,
            velocity=np.where(clipped == position, velocity, 0.0),
            effort=last.effort,
            base=last.base + 0.5 * dt * (last.base_velocity + base_velocity),
            base_velocity=base_velocity,
            following=False,
            damping=last.damping,
        )


def _towards_zero(value: Array, step: float) -> Array:
    return np.sign(value) * np.maximum(np.abs(value) - step, 0.0)


def _within(value: Array, low: Array | float, high: Array | float) -> Array:
    """As ``np.clip``, which takes twice as long for so few numbers."""
    return np.minimum(np.maximum(value, low), high)
