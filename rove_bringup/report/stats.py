"""The figures of one episode and of a run, computed from what was recorded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rove_bringup.report.switches import Switch, find_switches
from rove_bringup.report.timing import lateness_ns, percentiles_ms, sample_age_ns
from rove_teleop.assembly import CONTROL_PERIOD_NS
from rove_teleop.core.kinematics import Kinematics
from rove_teleop.core.names import Phase, Stage
from rove_teleop.core.tags import detail_value
from rove_teleop.recording.check import FINITE, outside_limits
from rove_teleop.recording.episode import Array, Episode

FALL_TILT = np.pi / 4
"""A pelvis leaning further than this has fallen [rad]."""


@dataclass(frozen=True)
class EpisodeStats:
    """What an episode comes to.

    Attributes:
        outcome, reason: ``success``, ``failure`` or ``unfinished``, and who or what said so.
        duration: From the first to the last frame [s].
        phase_frames, stage_frames: Frames by word, over all words.
        takeover_latency_ms: Request received to first frame in the human's hands, each.
        takeover_effect_ms: Request received to the first effect on the robot, each.
        alignment_m, alignment_deg: How far the operator's hand was from the robot's, each.
        human_s: How long each takeover lasted [s].
        help_requests: How often policy or monitor asked for a takeover.
        help_answer_s: How long each request waited that a takeover answered [s].
        velocity_step: Largest change of an executed joint velocity in one tick, in the half
            second after a switch [rad/s]; zero without a switch.
        velocity_step_joint: The joint that made it.
        switch_acceleration, switch_jerk: Largest of any executed joint in that time
            [rad/s², rad/s³]; zero without a switch.
        lateness: How late each tick was on the loop's own schedule [ns].
        missed_periods: Ticks that never came because the loop was late.
        sample_age: From each of the operator's samples to the first command of it [ns].
        limit_violations: Executed joint positions outside their limits, None if not checked.
        not_finite: Frames with a number that is not finite in what was executed or measured.
    """

    episode: str
    seed: int | None
    outcome: str
    reason: str
    success: bool
    duration: float
    frames: int
    phase_frames: dict[str, int]
    stage_frames: dict[str, int]
    intervention_frames: int
    takeovers: int
    releases: int
    takeover_latency_ms: tuple[float, ...]
    takeover_effect_ms: tuple[float, ...]
    alignment_m: tuple[float, ...]
    alignment_deg: tuple[float, ...]
    human_s: tuple[float, ...]
    help_requests: int
    help_answer_s: tuple[float, ...]
    velocity_step: float
    velocity_step_joint: str
    switch_acceleration: float
    switch_jerk: float
    falls: int
    limit_violations: int | None
    not_finite: int
    missing_frames: int
    missed_periods: int
    lateness: Array = field(repr=False, compare=False)
    sample_age: Array = field(repr=False, compare=False)
    switches: tuple[Switch, ...] = field(repr=False)

    @staticmethod
    def of(
        episode: Episode,
        limits: tuple[Array, Array] | None = None,
        period_ns: int = CONTROL_PERIOD_NS,
        kinematics: Kinematics | None = None,
    ) -> EpisodeStats:
        """Compute the figures of an episode.

        Args:
            episode: What was recorded, at least one frame.
            limits: Lower and upper joint limits [rad], each shape (43,).
            period_ns: Nominal period of the loop.
            kinematics: Of the robot, for the alignment at takeovers.
        """
        switches = find_switches(episode, kinematics)
        hardest = max(switches, key=lambda switch: switch.velocity_step, default=None)
        outcome, reason = _outcome(episode)
        lateness = lateness_ns(episode, period_ns)
        return EpisodeStats(
            episode=episode.name,
            seed=_seed(episode),
            outcome=outcome,
            reason=reason,
            success=outcome == 'success',
            duration=float(episode.t_ns[-1] - episode.t_ns[0] + period_ns) * 1e-9,
            frames=len(episode),
            phase_frames={p.name.lower(): int((episode.robot_phase == p).sum()) for p in Phase},
            stage_frames={s.name.lower(): int((episode.stage == s).sum()) for s in Stage},
            intervention_frames=int(episode.intervention.sum()),
            takeovers=len({each.takeover_id for each in switches if each.kind == 'takeover'}),
            releases=sum(event.kind == 'release' for event in episode.events),
            takeover_latency_ms=_known(switch.latency_ms for switch in switches),
            takeover_effect_ms=_known(switch.effect_ms for switch in switches),
            alignment_m=_known(switch.alignment_m for switch in switches),
            alignment_deg=_known(switch.alignment_deg for switch in switches),
            human_s=_known(switch.human_s for switch in switches),
            help_requests=sum(event.kind == 'help' for event in episode.events),
            help_answer_s=_known(switch.help_s for switch in switches),
            velocity_step=hardest.velocity_step if hardest else 0.0,
            velocity_step_joint=hardest.joint if hardest else '',
            switch_acceleration=max((each.acceleration for each in switches), default=0.0),
            switch_jerk=max((each.jerk for each in switches), default=0.0),
            falls=_falls(episode),
            limit_violations=None
            if limits is None
            else int(outside_limits(episode, *limits).sum()),
            not_finite=_not_finite(episode),
            missing_frames=int((np.diff(episode.tick) - 1).clip(min=0).sum()),
            missed_periods=int((lateness // period_ns).sum()),
            lateness=lateness,
            sample_age=sample_age_ns(episode),
            switches=tuple(switches),
        )


@dataclass(frozen=True)
class RunStats:
    """What a run of one or more episodes comes to; sums, but for the figures named here.

    Attributes:
        takeover_latency_ms, takeover_effect_ms: Median and largest, None without a takeover.
        alignment_m, alignment_deg, human_s, help_answer_s: Median and largest, likewise.
        loop_ms: How late a tick was on the loop's own schedule: p50, p99, max.
        sample_to_command_ms: From an operator's sample to the first command of it, likewise;
            None without one.
        velocity_step, switch_acceleration, switch_jerk: Largest of all episodes.
        limit_violations: None if not checked.
    """

    episodes: int
    successes: int
    frames: int
    duration: float
    phase_frames: dict[str, int]
    stage_frames: dict[str, int]
    intervention_frames: int
    takeovers: int
    releases: int
    takeover_latency_ms: dict[str, float | None]
    takeover_effect_ms: dict[str, float | None]
    alignment_m: dict[str, float | None]
    alignment_deg: dict[str, float | None]
    human_s: dict[str, float | None]
    help_requests: int
    help_answer_s: dict[str, float | None]
    velocity_step: float
    switch_acceleration: float
    switch_jerk: float
    loop_ms: dict[str, float | None]
    sample_to_command_ms: dict[str, float | None]
    missed_periods: int
    falls: int
    limit_violations: int | None
    not_finite: int
    missing_frames: int

    @staticmethod
    def of(episodes: Sequence[EpisodeStats]) -> RunStats:
        """Sum up the episodes of a run, at least one."""
        checked = [each.limit_violations for each in episodes]
        return RunStats(
            episodes=len(episodes),
            successes=sum(each.success for each in episodes),
            phase_frames=_sum([each.phase_frames for each in episodes]),
            stage_frames=_sum([each.stage_frames for each in episodes]),
            loop_ms=percentiles_ms(np.concatenate([each.lateness for each in episodes])),
            sample_to_command_ms=percentiles_ms(
                np.concatenate([each.sample_age for each in episodes])
            ),
            limit_violations=sum(n for n in checked if n is not None)
            if None not in checked
            else None,
            takeover_latency_ms=_spread([each.takeover_latency_ms for each in episodes]),
            takeover_effect_ms=_spread([each.takeover_effect_ms for each in episodes]),
            alignment_m=_spread([each.alignment_m for each in episodes]),
            alignment_deg=_spread([each.alignment_deg for each in episodes]),
            human_s=_spread([each.human_s for each in episodes]),
            help_answer_s=_spread([each.help_answer_s for each in episodes]),
            **{
                name: max(getattr(each, name) for each in episodes)
                for name in ('velocity_step', 'switch_acceleration', 'switch_jerk')
            },
            **{
                name: sum(getattr(each, name) for each in episodes)
                for name in (
                    'frames',
                    'duration',
                    'intervention_frames',
                    'takeovers',
                    'releases',
                    'help_requests',
                    'falls',
                    'not_finite',
                    'missing_frames',
                    'missed_periods',
                )
            },
        )


def _outcome(episode: Episode) -> tuple[str, str]:
    """How the director ended the episode; else how the task stood when the record ended."""
    for event in reversed(episode.events):
        if event.kind == 'episode_end':
            outcome = detail_value(event.detail, 'outcome')
            return outcome or 'unfinished', detail_value(event.detail, 'reason')
    if episode.task and episode.task[-1].success:
        return 'success', 'task'
    return 'unfinished', 'record ends'


def _seed(episode: Episode) -> int | None:
    text = episode.metadata.get('episode', {}).get('seed', '')
    if text.isdigit():
        return int(text)
    return episode.task[-1].seed if episode.task else None


def _falls(episode: Episode) -> int:
    """How often the pelvis tilted from upright to fallen."""
    _, _, _, x, y, _, _ = episode.base_pose.T
    # z component of the rotated z axis, from the quaternion xyzw.
    fallen = 1 - 2 * (x**2 + y**2) < np.cos(FALL_TILT)
    return int((np.diff(fallen.astype(int), prepend=0) == 1).sum())


def _not_finite(episode: Episode) -> int:
    bad = [~np.isfinite(getattr(episode, name)).all(axis=1) for name in FINITE]
    return int(np.any(bad, axis=0).sum())


def _known(values: Iterable[float | None]) -> tuple[float, ...]:
    return tuple(value for value in values if value is not None)


def _spread(lists: Iterable[Sequence[float]]) -> dict[str, float | None]:
    values = [value for each in lists for value in each]
    median = float(np.median(values)) if values else None
    return {'p50': median, 'max': max(values, default=None)}


def _sum(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    return {word: sum(each[word] for each in counts) for word in counts[0]}
