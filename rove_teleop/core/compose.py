"""Makes one target out of what the sources propose, channel by channel, by authority."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rove_teleop.core.arbiter_config import ArbiterConfig
from rove_teleop.core.fade import Fade
from rove_teleop.core.limits import ChannelLimits
from rove_teleop.core.names import GROUP_CHANNELS, GROUPS, NUM_CHANNELS, Authority
from rove_teleop.core.pickup import Pickup
from rove_teleop.core.tracker import Target
from rove_teleop.core.types import Array, Channels, JointProposal

_EXTRAPOLATION_NS = 20_000_000
_PEAK_SLOPE = 1.875  # of the fade's polynomial


class Composer:
    """Turns authority per group into a target per channel.

    Channels whose group nobody commands, whose finger is not picked up yet, or which the
    policy does not propose, brake and stay.

    Attributes:
        human: The operator's target where he was followed last, position of shape (37,).
        following: Channels under human authority, bool of shape (37,).
    """

    def __init__(self, config: ArbiterConfig, limits: ChannelLimits) -> None:
        """Begin with nobody in command."""
        self._config = config
        self._fade_speed = 0.5 * limits.switch_velocity
        self._fade = Fade(NUM_CHANNELS)
        self._pickup = Pickup()
        self._playing = np.zeros(NUM_CHANNELS, dtype=bool)
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
            self._playing[channels] = who in (Authority.POLICY, Authority.BLEND)
        self._any_human = bool(self.following.any())
        self._any_policy = bool(self._playing.any())

    @property
    def followed(self) -> Array:
        """Channels that follow the operator right now, bool of shape (37,)."""
        return self.following & self._pickup.picked

    def begin_takeover(self, channels: Array, executed: Array) -> None:
        """Start from where the robot is, and let go of the fingers; bool of shape (37,)."""
        self._pickup.drop(channels)
        self.human = np.where(channels, executed, self.human)
        self._human_velocity[channels] = 0.0

    def begin_blend(
        self, channels: Array, executed: Channels, policy: Channels, now_ns: int
    ) -> int:
        """Fade what executed has over the policy, in channels given as bool of shape (37,).

        Returns:
            The time at which the offset is gone [ns].
        """
        offset = Channels(executed.position - policy.position, executed.velocity - policy.velocity)
        slowest_s = _PEAK_SLOPE * float(
            np.max(np.abs(offset.position[channels]) / self._fade_speed[channels])
        )
        needed_ns = max(self._config.fade_ns, int(slowest_s * 1e9))
        duration_ns = min(needed_ns, self._config.fade_max_ns)
        self._fade.start(channels, offset, now_ns, duration_ns)
        return now_ns + duration_ns

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
        brake = np.ones(NUM_CHANNELS, dtype=bool)
        if self._any_human:
            followed = self.followed
            age_s = min(max(now_ns - self._human_receive_ns, 0), _EXTRAPOLATION_NS) * 1e-9
            ahead = self.human + self._human_velocity * age_s
            position = np.where(followed, ahead, position)
            velocity = np.where(followed, self._human_velocity, velocity)
            brake = brake & ~followed
        if policy is not None and self._any_policy:
            played = self._playing & proposed
            if (offset := self._fade.sample(now_ns)) is not None:
                policy = Channels(
                    policy.position + offset.position, policy.velocity + offset.velocity
                )
            position = np.where(played, policy.position, position)
            velocity = np.where(played, policy.velocity, velocity)
            brake = brake & ~played
        return Target(position, velocity, brake)
