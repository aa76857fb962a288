"""What the arbiter says of itself on ``/diagnostics``, once a second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from rove_teleop.core.arbiter import Arbiter
from rove_teleop.core.handovers import Handovers
from rove_teleop.core.names import GROUPS, Authority
from rove_teleop.core.schedule import Lateness
from rove_teleop.core.types import ControlFrame
from rove_teleop.nodes.latest import Heard

_OK, _WARN, _ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR
_NEVER = 'never'


@dataclass(frozen=True)
class Health:
    """What there is to be told.

    Attributes:
        streams: Messages that came in, by stream.
        frame: The newest, None before the first.
        foreign_writers: Who else may publish commands.
    """

    arbiter: Arbiter
    lateness: Lateness
    streams: Mapping[str, Heard]
    handovers: Handovers
    frame: ControlFrame | None
    foreign_writers: tuple[str, ...]


class Diagnostics:
    """Turns the state of the arbiter into statuses; rates are those since the last call."""

    def __init__(self, name: str) -> None:
        """Speak for a node of this name."""
        self._name = name
        self._counts: dict[str, int] = {}
        self._last_ns: int | None = None

    def statuses(self, health: Health, now_ns: int) -> list[DiagnosticStatus]:
        """All statuses; call it at a slow period.

        Args:
            health: What there is to be told.
            now_ns: Now [ns, monotonic].
        """
        return [
            self._loop(health.lateness),
            self._streams(health, now_ns),
            self._verdicts(health.arbiter),
            self._lease(health.arbiter),
            self._robot(health),
            self._handovers(health.handovers),
        ]

    def _status(
        self, about: str, level: bytes, message: str, values: Iterable[tuple[str, object]]
    ) -> DiagnosticStatus:
        return DiagnosticStatus(
            level=level,
            name=f'{self._name}: {about}',
            message=message,
            values=[KeyValue(key=key, value=str(value)) for key, value in values],
        )

    def _loop(self, lateness: Lateness) -> DiagnosticStatus:
        missed = lateness.missed
        p50, p99, worst = (ns * 1e-6 for ns in lateness.percentiles(50, 99, 100))
        values = [
            ('lateness_p50_ms', f'{p50:.3f}'),
            ('lateness_p99_ms', f'{p99:.3f}'),
            ('lateness_max_ms', f'{worst:.3f}'),
            ('missed_ticks', missed),
        ]
        level, message = (_WARN, 'a tick was missed') if missed else (_OK, 'on time')
        return self._status('control loop', level, message, values)

    def _streams(self, health: Health, now_ns: int) -> DiagnosticStatus:
        elapsed_s = (now_ns - self._last_ns) * 1e-9 if self._last_ns is not None else 0.0
        self._last_ns = now_ns
        values: list[tuple[str, object]] = []
        for stream, heard in health.streams.items():
            gained = heard.count - self._counts.get(stream, 0)
            self._counts[stream] = heard.count
            values.append((f'{stream}_age_ms', _age_ms(heard.last_ns, now_ns)))
            rate = gained / elapsed_s if elapsed_s > 0.0 else 0.0
            values.append((f'{stream}_hz', f'{rate:.1f}'))
        sample_ns = health.frame.operator.t_receive_ns if health.frame else 0
        values.append(('operator_sample_age_ms', _age_ms(sample_ns, now_ns)))
        trouble = health.arbiter.plant_trouble
        return self._status('streams', _ERROR if trouble else _OK, trouble or 'heard', values)

    def _verdicts(self, arbiter: Arbiter) -> DiagnosticStatus:
        counts = arbiter.judge.counts
        message = f'{sum(counts.values())} inputs were clamped or rejected'
        return self._status('verdicts', _OK, message, sorted(counts.items()))

    def _lease(self, arbiter: Arbiter) -> DiagnosticStatus:
        lease = arbiter.lease
        message = f'held by {lease.holder}' if lease.holder else 'free'
        values = [('holder', lease.holder), ('epoch', lease.epoch), ('last_ended', lease.ended)]
        return self._status('operator lease', _OK, message, values)

    def _robot(self, health: Health) -> DiagnosticStatus:
        frame, others = health.frame, ', '.join(health.foreign_writers)
        if frame is None:
            return self._status('robot', _WARN, 'no plant state yet', [])
        values: list[tuple[str, object]] = [
            (group, f'{phase.name.lower()}, {Authority(who).name.lower()}')
            for group, phase, who in zip(GROUPS, frame.phase, frame.authority, strict=True)
        ]
        values += [(f'alignment_{side}', _pair(pair)) for side, pair in frame.alignment.items()]
        values += [('reason', frame.reason), ('help', frame.help), ('foreign_writers', others)]
        message = frame.robot_phase.name.lower()
        if others:
            return self._status('robot', _ERROR, f'{message}; foreign writer', values)
        if frame.help:
            return self._status('robot', _WARN, f'{message}; asks for help', values)
        return self._status('robot', _OK, message, values)

    def _handovers(self, handovers: Handovers) -> DiagnosticStatus:
        values: list[tuple[str, object]] = []
        for kind, count in handovers.counts.items():
            values.append((f'{kind}s', count))
            if (last := handovers.last.get(kind)) is None:
                continue
            latency = last.latency_ms
            values.append((f'{kind}_groups', ' '.join(last.groups)))
            values.append((f'{kind}_latency_ms', '' if latency is None else f'{latency:.3f}'))
            for side, pair in last.alignment.items():
                values.append((f'{kind}_alignment_{side}', _pair(pair)))
            if last.help_ms:
                values.append((f'{kind}_help_ms', last.help_ms))
        message = ', '.join(f'{count} {kind}s' for kind, count in handovers.counts.items())
        return self._status('handovers', _OK, message, values)


def _age_ms(last_ns: int, now_ns: int) -> str:
    return f'{(now_ns - last_ns) * 1e-6:.1f}' if last_ns else _NEVER


def _pair(alignment: tuple[float, float]) -> str:
    return f'{alignment[0]:.3f} m, {alignment[1]:.3f} rad'
