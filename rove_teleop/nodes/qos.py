"""Quality of service by what a topic is for. Commands are never transient local."""

from __future__ import annotations

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy


def _profile(
    depth: int,
    reliability: ReliabilityPolicy = ReliabilityPolicy.RELIABLE,
    durability: DurabilityPolicy = DurabilityPolicy.VOLATILE,
) -> QoSProfile:
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=reliability,
        durability=durability,
    )


COMMAND = _profile(1)
"""For who sends commands, proposals, chunks, plant state: only the newest counts."""

NEWEST = _profile(1, ReliabilityPolicy.BEST_EFFORT)
"""For who follows them: the next one comes sooner than a lost one would again."""

INPUT = _profile(8, ReliabilityPolicy.BEST_EFFORT)
"""For who moves joints by them: several may speak, and one must not cover the other."""

CHUNK = _profile(8)
"""The same for action chunks, which are too rare to miss one."""

KEYS = _profile(20)
"""Keys of a keyboard: every press counts."""

EVENT = _profile(1000)
"""Events, for who acts on them: those from now on."""

EVENT_LOG = _profile(1000, durability=DurabilityPolicy.TRANSIENT_LOCAL)
"""Events, for who sends or keeps them: none may be lost, even to a recorder that connects late."""

FRAME = _profile(2000)
"""Control frames: ten seconds at 200 Hz."""

CAMERA = _profile(2)
"""Compressed images."""
