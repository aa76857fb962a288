"""Makes one target out of what the sources propose, channel by channel, by authority."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.fade import PEAK_CURVATURE, PEAK_SLOPE, Fade
from rove_teleop.core.limits import ChannelLimits
from rove_teleop.core.names import GROUP_CHANNELS, GROUPS, NUM_CHANNELS, Authority
from rove_teleop.core.pickup import Pickup
from rove_teleop.core.tracker import Target
from rove_teleop.core.types import Array, Channels, JointProposal

_EXTRAPOLATION_NS = 20_000_000


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
        self._speed = 0.5 * limits.switch_velocity
        self._acceleration = 0.9 * limits.switch_acceleration
        self._fade = Fade(NUM_CHANNELS)
        self._pickup = Pickup()
        self.playing = np.zeros(NUM_CHANNELS, dtype=bool)
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

    def _begin_fade(self, channels: Array, offset: Channels, now_ns: int) -> Array:
        """Fade an offset, so slowly that speed and acceleration stay below those of a switch."""
        needed_s = np.maximum(
            PEAK_SLOPE * np.abs(offset.position) / self._speed,
            PEAK_CURVATURE * np.abs(offset.velocity) / self._acceleration,
        )
        longest_ns = float(self._config.fade_max_ns)
        duration_ns = np.clip(needed_s * 1e9, self._config.fade_ns, longest_ns).astype(np.int64)
        self._fade.start(channels, offset, now_ns, duration_ns)
        return np.where(channels, duration_ns, 0)

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
            played = self.playing & proposed
            position = np.where(played, policy.position, position)
            velocity = np.where(played, policy.velocity, velocity)
            led = led | played
        if (offset := self._fade.sample(now_ns)) is not None:
            position, velocity = position + offset.position, velocity + offset.velocity
        return Target(position, velocity, ~led)
