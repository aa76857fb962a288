"""What can be set on the arbiter; the defaults are the timeout and limit tables."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rove_teleop.core.names import NUM_BASE
from rove_teleop.core.types import Array
from rove_teleop.errors import ConfigError

_MS = 1_000_000


@dataclass(frozen=True)
class ArbiterConfig:
    """Times of the arbiter [ns], counted from receive times, and its few thresholds.

    Attributes:
        initial_base: Base reference held before anything else is asked, shape (6,).
        session: One arbiter lifetime; the plant locks to it.
        period_ns: Control period.
        command_valid_ns: How long the plant may follow one command.
        operator_freeze_ns: Age of the operator's sample at which the human target freezes.
        operator_lost_ns: Age at which groups under the operator hold.
        policy_lost_ns: Time without a playable chunk after which groups in auto hold.
        policy_silence_ns: Time without a new chunk after which they hold although the last one
            is not over; above the slowest period of a policy.
        release_wait_ns: How long a release waits for a fresh chunk before the group holds.
        start_wait_ns: The same for the first chunk of an episode.
        plant_hold_ns, plant_stop_ns: Age of the plant state at which all hold, and stop.
        lease_ns: Silence after which the operator lease is lost.
        switch_ns: Time after a switch in which the tighter limits are in force.
        fade_ns, fade_max_ns: Fade of a release offset; long offsets take longer.
        splice_ns: Shortest fade from one chunk to the next.
        request_age_ns: Age above which a takeover, release or rearm is refused.
        tilt_limit: Tilt of the pelvis that means a fall [rad].
        recovery_speed, recovery_ns: Rule for t_r: so long after the operator's arms or torso
            first moved faster than this [rad/s] under human authority, when nobody marked it.
        help_hint: A policy's own hint at which it asks for help.
        stall_motion, stall_ns: A policy that moves nothing farther than this [m, rad] for so
            long has help asked for.
        tracking_error, tracking_ns: The same for a joint of arms or torso that stays farther
            than this [rad] behind its command; below the leash, above any free motion.
        help_pause_ns: Silence of a cause after its request has ended.
    """

    initial_base: Array
    session: str = 'arbiter-0'
    writer_id: str = 'arbiter'
    period_ns: int = 5 * _MS
    command_valid_ns: int = 50 * _MS
    operator_freeze_ns: int = 100 * _MS
    operator_lost_ns: int = 400 * _MS
    policy_lost_ns: int = 300 * _MS
    policy_silence_ns: int = 1_000 * _MS
    release_wait_ns: int = 2_000 * _MS
    start_wait_ns: int = 60_000 * _MS
    plant_hold_ns: int = 20 * _MS
    plant_stop_ns: int = 100 * _MS
    lease_ns: int = 2_000 * _MS
    switch_ns: int = 500 * _MS
    fade_ns: int = 500 * _MS
    fade_max_ns: int = 2_000 * _MS
    splice_ns: int = 100 * _MS
    request_age_ns: int = 500 * _MS
    tilt_limit: float = field(default=float(np.deg2rad(45.0)))
    recovery_speed: float = 0.2
    recovery_ns: int = 1_000 * _MS
    help_hint: float = 0.9
    stall_motion: float = 0.02
    stall_ns: int = 5_000 * _MS
    tracking_error: float = 0.08
    tracking_ns: int = 500 * _MS
    help_pause_ns: int = 10_000 * _MS

    def __post_init__(self) -> None:
        """Refuse values that cannot be meant.

        Raises:
            ConfigError: Naming the field.
        """
        base = np.asarray(self.initial_base, dtype=float)
        if base.shape != (NUM_BASE,) or not np.isfinite(base).all():
            raise ConfigError(f'initial_base must be {NUM_BASE} finite numbers, got {base!r}')
        for name, value in vars(self).items():
            if name.endswith('_ns') and value <= 0:
                raise ConfigError(f'{name} must be positive, got {value}')
