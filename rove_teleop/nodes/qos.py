"""Quality of service by what a topic is for. Commands are never transient local."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def _reliable(depth: int) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=DurabilityPolicy.VOLATILE,
    )


COMMAND = _reliable(1)
"""Commands, proposals, chunks, plant state: only the newest counts."""

EVENT = _reliable(1000)
"""Events: none may be lost."""

FRAME = _reliable(2000)
"""Control frames: ten seconds at 200 Hz."""

CAMERA = _reliable(2)
"""Compressed images."""
