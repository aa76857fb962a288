"""Hypothesis looks for a sequence of events that breaks a promise, and shortens what it finds."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import Any

from arbiter_invariants import LIMITS, Invariants
from arbiter_rig import DT, Rig, operated, started
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
import numpy as np

from rove_teleop.core.judge import RESTART_COUNT
from rove_teleop.core.names import GROUPS, NUM_CHANNELS
from rove_teleop.core.phases import REQUESTS
from rove_teleop.core.types import Request

MIDDLE = 0.5 * (LIMITS.lower + LIMITS.upper)
REACH = LIMITS.upper - LIMITS.lower
STARTS = {'fresh': Rig, 'auto': started, 'human': operated}

groups = st.lists(st.sampled_from(GROUPS), max_size=6, unique=True).map(tuple)
seeds = st.integers(0, 2**16)
whom = st.sampled_from(['ann', 'ann', 'ann', 'ann', 'bob', 'director', ''])
mostly = st.sampled_from([True, True, True, False])
ASKED = [event for event in REQUESTS if event != 'stop']  # has a rule of its own
LOSSES = [
    'operator',
    'policy',
    'lease',
    'balance',
    'motor',
    'plant_alive',
    'heartbeat',
    'recorder_alive',
]

PROPOSALS: dict[str, dict[str, Any]] = {
    'nothing': {},
    'old anchor': {'anchor_id': 0},
    'foreign anchor': {'anchor_id': 99},
    'unknown group': {'groups': ('tail',)},
    'no group': {'groups': ()},
    'old number': {'seq': 0},
    'never seen': {'t_operator_ns': 0},
    'from the future': {'t_operator_ns': 10**18},
    'too short': {'position': np.zeros(12)},
    'no position': {'position': None},
    'velocity not finite': {'velocity': np.full(NUM_CHANNELS, np.nan)},
}
CHUNKS: dict[str, dict[str, Any]] = {
    'not finite': {'position': np.full((20, NUM_CHANNELS), np.nan)},
    'far away': {'position': np.full((20, NUM_CHANNELS), 9.0)},
    'empty': {'position': np.zeros((0, NUM_CHANNELS))},
    'one row only': {'position': np.zeros(NUM_CHANNELS)},
    'no group': {'groups': ()},
    'one group': {'groups': ('left_arm',)},
    'unknown group': {'groups': ('tail',)},
    'no time': {'dt': 0.0},
    'time not finite': {'dt': float('nan')},
    'over': {'t0_ns': 0},
    'from the future': {'t_observation_ns': 10**18},
    'another policy': {'policy_id': 'another'},
}
PLANTS: dict[str, dict[str, Any]] = {
    'not finite': {'position': np.full(43, np.nan)},
    'too short': {'position': np.zeros(3)},
    'infinite': {'velocity': np.full(43, np.inf)},
    'no quaternion': {'base_pose': np.zeros(7)},
    'pose not finite': {'base_pose': np.full(7, np.nan)},
    'old number': {'seq': 0},
}


@cache
def start(name: str) -> Rig:
    """A rig to begin with, made once."""
    return STARTS[name]()


class ArbiterMachine(RuleBasedStateMachine):
    """Everything that can come to an arbiter, in any order."""

    @initialize(name=st.sampled_from(sorted(STARTS)))
    def begin(self, name: str) -> None:
        self.rig = deepcopy(start(name))
        self.promises = Invariants.joining(self.rig)
        self.rig.policy = np.zeros(NUM_CHANNELS) if self.rig.policy is None else self.rig.policy
        self.goal: np.ndarray | None = np.zeros(NUM_CHANNELS)
        self.pending: list[Request] = []
        self.used = ['r1']

    def _tick(self) -> None:
        rig = self.rig
        if self.goal is not None:
            before = np.zeros(NUM_CHANNELS) if rig.operator is None else rig.operator
            rig.operator = before + 0.03 * (self.goal - before)
            rig.operator_velocity = (rig.operator - before) / DT
        else:
            rig.operator = None
        requests, self.pending = tuple(self.pending), []
        rig.step(*requests)
        self.promises.check(*requests)
        rig.raw_proposal = rig.raw_chunk = rig.raw_plant = None

    @rule(ticks=st.sampled_from([1, 2, 5, 6, 20, 22, 81, 101, 201, 401]))
    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self._tick()

    @rule(late_ms=st.sampled_from([7, 30, 120, 600, 3000]))
    def be_late(self, late_ms: int) -> None:
        self.rig.now_ns += late_ms * 1_000_000
        self._tick()

    @rule(event=st.sampled_from(ASKED), groups=groups, by=whom, admitted=st.booleans())
    def ask(self, event: str, groups: tuple[str, ...], by: str, admitted: bool) -> None:
        request = self.rig.request(event, *groups, by=by, detail='episode=e2')
        if not admitted or not self.rig.arbiter.admit(request, self.rig.now_ns):
            self.pending.append(request)
        self.used.append(request.request_id)

    @rule(event=st.sampled_from(ASKED), data=st.data())
    def ask_badly(self, event: str, data: st.DataObject) -> None:
        change: dict[str, Any] = data.draw(
            st.sampled_from(
                [
                    {'epoch': 0},
                    {'epoch': self.rig.grant.epoch + 1},
                    {'request_id': ''},
                    {'request_id': self.used[-1]},
                    {'request_id': self.used[0]},
                    {'t_receive_ns': max(self.rig.now_ns - 501_000_000, 1)},
                    {'t_receive_ns': self.rig.now_ns + 10**12},
                    {'groups': ('tail',)},
                    {'groups': ('torso', 'torso')},
                    {'event': 'dance'},
                    {'event': 'human'},
                    {'event': ''},
                    {'detail': 'anchor_id=99 t_receive_ns=1 episode='},
                ]
            )
        )
        self.pending.append(replace(self.rig.request(event), **change))

    @rule(seed=seeds)
    def move_operator(self, seed: int) -> None:
        self.goal = np.random.default_rng(seed).uniform(-0.3, 0.3, NUM_CHANNELS) * REACH

    @rule(age_ms=st.sampled_from([0, 0, 99, 101, 390, 401, 2000]))
    def repeat_old_samples(self, age_ms: int) -> None:
        self.rig.operator_age_ns = age_ms * 1_000_000

    @rule(groups=groups)
    def lose_track(self, groups: tuple[str, ...]) -> None:
        self.rig.operator_groups = tuple(group for group in GROUPS if group not in groups)

    @rule(seed=seeds, period=st.sampled_from([1, 20, 60, 110]), rows=st.sampled_from([1, 20, 400]))
    def move_policy(self, seed: int, period: int, rows: int) -> None:
        wild = np.random.default_rng(seed).uniform(-0.8, 0.8, NUM_CHANNELS) * REACH
        self.rig.policy = MIDDLE + wild
        self.rig.policy_period, self.rig.policy_rows = period, rows

    @rule(what=st.sampled_from(LOSSES), ticks=st.sampled_from([1, 5, 21, 90]), ends=mostly)
    def lose(self, what: str, ticks: int, ends: bool) -> None:
        rig = self.rig
        if what == 'operator':
            self.goal = None
        elif what == 'policy':
            rig.policy = None
        elif what == 'lease':
            rig.arbiter.lease.give_back('ann', rig.grant.secret)
        elif what == 'balance':
            rig.base_quaternion = (np.sin(0.45), 0.0, 0.0, np.cos(0.45))
        elif what == 'motor':
            rig.fault = 'hot'
        else:
            setattr(rig, what, False)
        self.run(ticks)
        if ends:
            self.repair()

    @rule()
    def repair(self) -> None:
        rig = self.rig
        rig.plant_alive = rig.recorder_alive = rig.heartbeat = True
        rig.fault, rig.base_quaternion, rig.operator_groups = '', (0.0, 0.0, 0.0, 1.0), GROUPS
        self.goal = np.zeros(NUM_CHANNELS) if self.goal is None else self.goal
        rig.operator_age_ns = 0
        rig.policy = MIDDLE.copy() if rig.policy is None else rig.policy
        grant = rig.arbiter.lease.acquire('ann', rig.now_ns)
        rig.grant = grant if grant.granted else rig.grant
        self.run(3)
        self.pending.append(rig.request('rearm'))
        self._tick()

    @rule(groups=groups, wait=st.sampled_from([0, 1, 2, 30, 101, 130]))
    def take_over(self, groups: tuple[str, ...], wait: int) -> None:
        self.pending.append(self.rig.request('takeover', *groups))
        self.run(wait + 1)

    @rule(groups=groups, wait=st.sampled_from([0, 1, 21, 60, 130, 401]))
    def release(self, groups: tuple[str, ...], wait: int) -> None:
        self.pending.append(self.rig.request('release', *groups))
        self.run(wait + 1)

    @rule(seq=st.integers(0, 3), ticks=st.integers(1, RESTART_COUNT + 1))
    def restart_plant(self, seq: int, ticks: int) -> None:
        self.rig.plant_seq = seq
        self.run(ticks)
        self.repair()

    @rule(by=st.sampled_from(['ann', 'bob', 'director', '']))
    def acquire_lease(self, by: str) -> None:
        grant = self.rig.arbiter.lease.acquire(by, self.rig.now_ns)
        if by == 'ann' and grant.granted:
            self.rig.grant = grant

    @precondition(lambda self: self.rig.last_proposal is not None)
    @rule(
        channel=st.integers(0, NUM_CHANNELS - 1),
        by=st.sampled_from([np.nan, np.inf, 0.2, -0.6, 3.0, -8.0, 1e300]),
        change=st.sampled_from(sorted(PROPOSALS)),
    )
    def spoil_proposal(self, channel: int, by: float, change: str) -> None:
        proposal = self.rig.last_proposal
        assert proposal is not None
        position = proposal.position.copy()
        position[channel] += by
        values = {'seq': proposal.seq + 1, 'position': position, **PROPOSALS[change]}
        self.rig.raw_proposal = replace(proposal, **values)
        self._tick()

    @precondition(lambda self: self.rig.last_chunk is not None)
    @rule(change=st.sampled_from(sorted(CHUNKS)))
    def spoil_chunk(self, change: str) -> None:
        chunk = self.rig.last_chunk
        assert chunk is not None
        values = {'seq': chunk.seq + 1, 't0_ns': self.rig.now_ns, **CHUNKS[change]}
        self.rig.raw_chunk = replace(chunk, **values)
        self._tick()

    @precondition(lambda self: self.rig.last_plant is not None)
    @rule(change=st.sampled_from(sorted(PLANTS)))
    def spoil_plant(self, change: str) -> None:
        plant = self.rig.last_plant
        assert plant is not None
        self.rig.raw_plant = replace(plant, **{'seq': plant.seq + 1, **PLANTS[change]})
        self._tick()

    @rule(ends=mostly)
    def stop_with_everything_else(self, ends: bool) -> None:
        for event in ('takeover', 'release', 'stop', 'rearm', 'episode_start', 'hold'):
            self.pending.append(self.rig.request(event))
        self._tick()
        if ends:
            self.repair()

    def teardown(self) -> None:
        if not hasattr(self, 'rig'):
            return
        self.run(10)
        self.promises.check_record()


TestArbiter = ArbiterMachine.TestCase
TestArbiter.settings = settings(
    max_examples=25,
    stateful_step_count=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
