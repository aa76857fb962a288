"""Makes one target out of what the sources propose, channel by channel, by authority."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.fade import PEAK_BEND, PEAK_CURVATURE, PEAK_SLOPE, Fade
from rove_teleop.core.limits import ChannelLimits
from rove_teleop.core.names import GROUP_CHANNELS, GROUPS, NUM_CHANNELS, Authority
from rove_teleop.core.pickup import Pickup
from rove_teleop.core.tracker import Target
from rove_teleop.core.types import Array, Channels, JointProposal

_EXTRAPOLATION_NS = 20_000_000
_NOTHING = 1e-9  # [m, rad]
_NO_OFFSET = Channels(np.zeros(NUM_CHANNELS), np.zeros(NUM_CHANNELS))


class Composer:
    """Turns authority per group into a target per channel.

    Channels whose group nobody commands, whose finger is not picked up yet, or which the
    policy does not propose, brake and stay.

    Attributes:
        human: The operator's target where he was followed last, position of shape (37,).
        following: Channels under human authority, bool of shape (37,).
        playing: Channels under the policy's, fading or not, bool of shape (37,).
    """

    def __init__(self, config: ArbiterConfig, limits: ChannelLimits) -> None:
        """Begin with nobody in command."""
        self._config = config
        self._speed = limits.switch_velocity
        self._acceleration = 0.9 * limits.switch_acceleration
        self._fade = Fade(NUM_CHANNELS)
        self._pickup = Pickup()
        self.playing = np.zeros(NUM_CHANNELS, dtype=bool)
        self._played = self.playing
        self._human_velocity = np.zeros(NUM_CHANNELS)
        self._any_human = self._any_policy = False
        self._human_receive_ns = 0
        self.human = np.zeros(NUM_CHANNELS)
        self.following = np.zeros(NUM_CHANNELS, dtype=bool)

    def assign(self, authority: Sequence[Authority]) -> None:
        """Take over who commands each group, in the order of ``GROUPS``."""
        for group, who in zip(GROUPS, authority, strict=True):
            channels = GROUP_CHANNELS[group]
            self.following[channels] = who is Authority.HUMAN
            self.playing[channels] = who in (Authority.POLICY, Authority.BLEND)
        self._any_human = bool(self.following.any())
        self._any_policy = bool(self.playing.any())

    @property
    def followed(self) -> Array:
        """Channels that follow the operator right now, bool of shape (37,)."""
        return self.following & self._pickup.picked

    def begin_takeover(self, channels: Array, executed: Array) -> None:
        """Start from where the robot is, and let go of the fingers; bool of shape (37,)."""
        self._pickup.drop(channels)
        self.human = np.where(channels, executed, self.human)
        self._human_velocity[channels] = 0.0

    def begin_human(self, channels: Array, executed: Channels, now_ns: int) -> Array:
        """Let the motion that was under way die out on top of the operator's.

        Without it a robot taken over in full motion would spring back to the anchor.

        Returns:
            The time at which each channel's offset is gone [ns], shape (37,).
        """
        offset = Channels(executed.position - self.human, executed.velocity - self._human_velocity)
        return now_ns + self._begin_fade(channels & self._pickup.picked, offset, now_ns)

    def begin_blend(
        self, channels: Array, executed: Channels, policy: Channels, now_ns: int
    ) -> Array:
        """Fade what executed has over the policy, in channels given as bool of shape (37,).

        Returns:
            The time at which each channel's offset is gone [ns], shape (37,).
        """
        offset = Channels(executed.position - policy.position, executed.velocity - policy.velocity)
        return now_ns + self._begin_fade(channels, offset, now_ns)

    def splice(
        self, before: Channels | None, after: Channels, executed: Channels, now_ns: int
    ) -> None:
        """Go on without a step where one path of the policy gives way to another.

        What is left of an earlier offset counts once: the new one is all that the target had
        over the new path. A path that begins where the robot is has none; one that goes on as
        the one before leaves the fade as it was.

        Args:
            before: Where the policy wanted the channels now; None when it had nothing to say.
            after: Where it wants them from now on.
            executed: Where they are; channels that did not follow it begin there.
            now_ns: Time of this tick [ns].
        """
        known = self._played if before is not None else np.zeros_like(self._played)
        left = self._fade.sample(now_ns) or _NO_OFFSET
        before = before or executed
        offset = Channels(
            np.where(known, before.position + left.position, executed.position) - after.position,
            np.where(known, before.velocity + left.velocity, executed.velocity) - after.velocity,
        )
        kept = np.clip(offset.position / _away_from_zero(left.position), 0.0, 1.0)
        new = Channels(
            np.minimum(np.abs(offset.position), np.abs(offset.position - left.position)),
            np.minimum(np.abs(offset.velocity), np.abs(offset.velocity - left.velocity)),
        )
        shortest_ns = np.maximum(self._config.splice_ns, kept * self._fade.left_ns(now_ns))
        duration_ns = self._fade_time(new, self._speed, shortest_ns)
        bend = kept * self._fade.acceleration(now_ns)
        self._fade.start(self.playing, offset, now_ns, duration_ns, bend)

    def _begin_fade(self, channels: Array, offset: Channels, now_ns: int) -> Array:
        """Fade an offset; how long it takes in each channel [ns], shape (37,)."""
        duration_ns = self._fade_time(offset, 0.5 * self._speed, self._config.fade_ns)
        self._fade.start(channels, offset, now_ns, duration_ns)
        return np.where(channels, duration_ns, 0)

    def _fade_time(self, offset: Channels, speed: Array, shortest_ns: int | Array) -> Array:
        """Time [ns] in which it keeps to a speed and the acceleration of a switch, (37,)."""
        far, fast = np.abs(offset.position), np.abs(offset.velocity)
        needed_s = np.maximum(
            np.maximum(PEAK_SLOPE * far / speed, PEAK_CURVATURE * fast / self._acceleration),
            np.sqrt(PEAK_BEND * far / self._acceleration),
        )
        longest_ns = float(self._config.fade_max_ns)
        return np.clip(needed_s * 1e9, shortest_ns, longest_ns).astype(np.int64)

    def take(self, proposal: JointProposal, channels: Array, executed: Array) -> None:
        """Let the channels of a judged proposal lead, bool of shape (37,)."""
        self._pickup.update(proposal.position, executed, channels)
        self.human = np.where(channels, proposal.position, self.human)
        self._human_velocity = np.where(channels, proposal.velocity, self._human_velocity)
        self._human_receive_ns = proposal.t_receive_ns

    def freeze(self, channels: Array) -> None:
        """Let the human target stand still, bool of shape (37,)."""
        self._human_velocity = np.where(channels, 0.0, self._human_velocity)

    def target(
        self, executed: Array, policy: Channels | None, proposed: Array, now_ns: int
    ) -> Target:
        """The target of this tick.

        Args:
            executed: Where the channels are, shape (37,).
            policy: Where the policy wants them, None when it has nothing to say.
            proposed: Channels the policy proposes for, bool of shape (37,).
            now_ns: Time of this tick [ns].
        """
        position, velocity = executed, np.zeros(NUM_CHANNELS)
        led = np.zeros(NUM_CHANNELS, dtype=bool)
        if self._any_human:
            led = self.followed
            age_s = min(max(now_ns - self._human_receive_ns, 0), _EXTRAPOLATION_NS) * 1e-9
            position = np.where(led, self.human + self._human_velocity * age_s, position)
            velocity = np.where(led, self._human_velocity, velocity)
        if policy is not None and self._any_policy:
            played = self._played = self.playing & proposed
            position = np.where(played, policy.position, position)
            velocity = np.where(played, policy.velocity, velocity)
            led = led | played
        if (offset := self._fade.sample(now_ns)) is not None:
            position, velocity = position + offset.position, velocity + offset.velocity
        return Target(position, velocity, ~led)


def _away_from_zero(value: Array) -> Array:
    """The values, those too small to be divided by made infinite."""
    return np.where(np.abs(value) > _NOTHING, value, np.inf)
