"""How often a run was how late, and the operator's hand beside the robot's."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
import numpy as np

from benchmarks.loop.lag import STAGES
from benchmarks.loop.scores import Samples
from rove_teleop.core.types import Array

_COLOURS = dict(zip(STAGES, ('#000000', '#e69f00', '#0072b2', '#d55e00'), strict=True))
_AXES = 'xyz'


def plot(samples: Samples, path: Path) -> Path:
    """Draw one run; returns ``path``, a PNG file."""
    figure = Figure(figsize=(12, 9), layout='constrained')
    late, hand = figure.subplots(2, 1)
    for label, values in (
        ('request to first human frame', np.array(samples.latency_ms) * 1e6),
        ('operator sample to command', _joined(samples.sample_age)),
        ('loop lateness', _joined(samples.lateness)),
        ('age of the command at the plant', _joined(samples.command_age)),
    ):
        _distribution(late, values, label)
    late.set_title('share of the values that are larger', fontsize=10, loc='left')
    late.set_xscale('log')
    late.set_yscale('log')
    late.set_xlim(left=0.1)
    late.set_xlabel('ms')
    late.legend(frameon=False)
    late.grid(alpha=0.3)
    _motion(hand, samples)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100, facecolor='white')
    return path


def _distribution(axis: Axes, values_ns: Array, label: str) -> None:
    if len(values_ns):
        share = np.arange(len(values_ns), 0, -1) / len(values_ns)
        axis.step(np.sort(values_ns) / 1e6, share, label=label)


def _motion(axis: Axes, samples: Samples) -> None:
    """Velocity of the hand that moves most, in the longest stretch."""
    if not samples.found:
        return
    paths = max(samples.found, key=lambda each: each.paths[STAGES[0]].t[-1]).paths
    t = np.arange(0.05, paths[STAGES[0]].t[-1] - 0.05, 0.005)
    column = int(np.ptp(paths[STAGES[0]].position, axis=0).argmax())
    for stage, path in paths.items():
        axis.plot(t, path.velocity(t)[:, column], color=_COLOURS[stage], label=stage)
    name = f'{"left" if column < 3 else "right"} hand along {_AXES[column % 3]}'
    axis.set_title(f'{name}, the operator in command', fontsize=10, loc='left')
    axis.set_xlabel('s')
    axis.set_ylabel('m/s')
    axis.legend(frameon=False, ncols=4)
    axis.grid(alpha=0.3)


def _joined(values: list[Array]) -> Array:
    return np.concatenate(values) if values else np.zeros(0)
