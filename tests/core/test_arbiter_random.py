"""Whatever happens in whatever order, the arbiter keeps its promises."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from arbiter_invariants import Invariants
from arbiter_rig import DT, Rig, make_limits
import numpy as np
import pytest

from rove_teleop.core.names import GROUPS, NUM_CHANNELS
from rove_teleop.core.phases import REQUESTS

TICKS = 1500
LIMITS = make_limits()


class Chaos:
    """Drives a rig with random sources, losses and requests from one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.rig = Rig()
        self.invariants = Invariants(self.rig)
        self.rig.policy = np.zeros(NUM_CHANNELS)
        self.silence: dict[str, int] = {}
        self.goal = np.zeros(NUM_CHANNELS)

    def tick(self) -> None:
        """Change something, ask for something, step."""
        self._move_sources()
        self._lose_streams()
        if not self.rig.arbiter.lease.holder:
            self.rig.grant = self.rig.arbiter.lease.acquire('ann', self.rig.now_ns)
        requests = []
        while self.rng.random() < 0.06:
            requests.append(self._random_request())
        self.rig.step(*requests)
        self.invariants.check(*requests)
        self.rig.raw_proposal = None

    def _move_sources(self) -> None:
        rig, rng = self.rig, self.rng
        middle = 0.5 * (LIMITS.lower + LIMITS.upper)
        reach = LIMITS.upper - LIMITS.lower
        if rng.random() < 0.03:
            rig.policy = middle + rng.uniform(-0.8, 0.8, NUM_CHANNELS) * reach
        if rng.random() < 0.02:
            self.goal = rng.uniform(-0.3, 0.3, NUM_CHANNELS) * reach
        before = np.zeros(NUM_CHANNELS) if rig.operator is None else rig.operator
        rig.operator = before + 0.03 * (self.goal - before)
        rig.operator_velocity = (rig.operator - before) / DT
        if rng.random() < 0.01:
            rig.operator_groups = tuple(g for g in GROUPS if rng.random() < 0.8)

    def _lose_streams(self) -> None:
        rig, rng = self.rig, self.rng
        for name in ('operator', 'policy', 'plant', 'heartbeat', 'recorder'):
            if rng.random() < 0.003:
                self.silence[name] = int(rng.integers(1, 120))
        silent = {name for name, left in self.silence.items() if left > 0}
        self.silence = {name: left - 1 for name, left in self.silence.items()}
        rig.operator = None if 'operator' in silent else rig.operator
        rig.policy = None if 'policy' in silent else rig.policy
        rig.plant_alive = 'plant' not in silent
        rig.recorder_alive = 'recorder' not in silent
        rig.heartbeat = 'heartbeat' not in silent
        if rng.random() < 0.01 and rig.last_proposal is not None:
            rig.raw_proposal = self._spoiled()

    def _spoiled(self):
        proposal, rng = self.rig.last_proposal, self.rng
        position = proposal.position.copy()
        channel = rng.integers(NUM_CHANNELS)
        position[channel] += rng.choice([np.nan, np.inf, 0.4, 3.0, -8.0])
        size = NUM_CHANNELS if rng.random() < 0.8 else 12
        return replace(proposal, seq=proposal.seq + 1, position=position[:size])

    def _random_request(self):
        rng = self.rng
        quiet = [event for event in REQUESTS if event != 'stop' or rng.random() < 0.3]
        event = rng.choice([*quiet, 'takeover', 'release', 'takeover', 'release', 'rearm'])
        groups = [group for group in GROUPS if rng.random() < 0.4] if rng.random() < 0.5 else []
        by = 'ann' if rng.random() < 0.8 else str(rng.choice(['director', 'eve', '']))
        extra = {'request_id': 'again'} if rng.random() < 0.05 else {}
        extra |= {'epoch': 99} if rng.random() < 0.03 else {}
        return self.rig.request(str(event), *groups, by=by, **extra)


@pytest.mark.parametrize('seed', range(6))
def test_random_events_never_break_a_promise(seed: int) -> None:
    chaos = Chaos(seed)
    rig = chaos.rig
    seen: Counter[str] = Counter()
    for _ in range(TICKS):
        chaos.tick()
        seen.update(event.kind for event in rig.output.events)
    chaos.invariants.check_record()
    assert {'takeover', 'human', 'release', 'blend', 'stop', 'rearm', 'refused'} <= set(seen), seen
