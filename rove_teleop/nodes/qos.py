"""Quality of service by what a topic is for. Commands are never transient local."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def _reliable(depth: int, durability: DurabilityPolicy = DurabilityPolicy.VOLATILE) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE,
        durability=durability,
    )


COMMAND = _reliable(1)
"""Commands, proposals, chunks, plant state: only the newest counts."""

KEYS = _reliable(20)
"""Keys of a keyboard: every press counts."""

INPUT = _reliable(8)
"""The same for who moves joints by them: several may speak, and one must not cover the other."""

EVENT = _reliable(1000)
"""Events, for who acts on them: those from now on."""

EVENT_LOG = _reliable(1000, DurabilityPolicy.TRANSIENT_LOCAL)
"""Events, for who sends or keeps them: none may be lost, even to a recorder that connects late."""

FRAME = _reliable(2000)
"""Control frames: ten seconds at 200 Hz."""

CAMERA = _reliable(2)
"""Compressed images."""
