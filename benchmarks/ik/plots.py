"""Error, clearance and acceleration over time, all tools in one picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
import numpy as np

from benchmarks.ik.model import MINIMUM_DISTANCE
from benchmarks.ik.race import Lane
from benchmarks.ik.scores import Curves
from benchmarks.ik.tool import TOOLS, Array
from benchmarks.ik.trajectories import Trajectory

_COLOURS = dict(zip(TOOLS, ('#e69f00', '#999999', '#0072b2', '#009e73', '#d55e00'), strict=True))


def plot(trajectory: Trajectory, curves: Mapping[Lane, Curves], path: Path) -> Path:
    """Draw one trajectory; returns ``path``, a PNG file."""
    figure = Figure(figsize=(12, 10), layout='constrained')
    error, clearance, acceleration = figure.subplots(3, 1, sharex=True)
    for lane, curve in curves.items():
        _draw(error, trajectory.time, 1e3 * curve.error.mean(axis=1), lane)
        _draw(clearance, trajectory.time, 1e3 * curve.clearance, lane)
        largest = np.abs(curve.acceleration).max(axis=1)
        _draw(acceleration, trajectory.time[2:], np.maximum(largest, 1e-1), lane)
    _title(error, 'position error, mean of both hands', 'mm')
    error.set_yscale('symlog', linthresh=1.0)
    error.set_ylim(bottom=0.0)
    _title(clearance, 'smallest distance of the collision pairs', 'mm')
    for level, style in ((1e3 * MINIMUM_DISTANCE, ':'), (0.0, '-')):
        clearance.axhline(level, color='black', linewidth=0.8, linestyle=style)
    _title(acceleration, 'largest joint acceleration', 'rad/s²')
    acceleration.set_yscale('log')
    acceleration.set_xlabel('time [s]')
    acceleration.set_xlim(0.0, trajectory.time[-1])
    figure.suptitle(trajectory.name, fontweight='bold')
    handles, labels = error.get_legend_handles_labels()
    figure.legend(handles, labels, loc='outside lower center', ncols=5, frameon=False)
    figure.savefig(path, dpi=100, facecolor='white')
    return path


def _draw(axis: Axes, time: Array, values: Array, lane: Lane) -> None:
    axis.plot(
        time,
        values,
        color=_COLOURS[lane.tool],
        linestyle='-' if lane.collision else '--',
        linewidth=2.0 if lane.tool == 'rove-full' else 1.1,
        label=lane.tool + (' + collision' if lane.collision else ''),
    )


def _title(axis: Axes, title: str, unit: str) -> None:
    axis.set_title(title, fontsize=10, loc='left')
    axis.set_ylabel(unit)
    axis.grid(alpha=0.3)
