"""What every policy promises; mix into a test class that gives a ``policy`` fixture."""

from __future__ import annotations

import numpy as np

from rove_policy.chunk import chunk_problem
from rove_policy.policy import Policy
from tests.fakes.policies import observation


class PolicyContract:
    def test_it_has_a_name(self, policy: Policy) -> None:
        assert isinstance(policy.policy_id, str)
        assert policy.policy_id

    def test_its_chunk_is_usable(self, policy: Policy) -> None:
        policy.reset(1, 'put the cube on the mat')
        assert chunk_problem(policy.infer(observation())) == ''

    def test_its_chunk_belongs_to_the_observation(self, policy: Policy) -> None:
        policy.reset(1, 'put the cube on the mat')
        chunk = policy.infer(observation(seq=5, t_ns=42))
        assert (chunk.seq, chunk.t_observation_ns, chunk.t0_ns) == (5, 42, 42)

    def test_the_same_seed_and_observations_give_the_same_chunks(self, policy: Policy) -> None:
        runs = []
        for _ in range(2):
            policy.reset(9, 'put the cube on the mat')
            runs.append([policy.infer(observation(seq=i)).position for i in range(3)])
        np.testing.assert_array_equal(runs[0], runs[1])

    def test_it_does_not_edit_the_observation(self, policy: Policy) -> None:
        policy.reset(1, 'put the cube on the mat')
        seen = observation()
        policy.infer(seen)
        np.testing.assert_array_equal(seen.state, observation().state)
        np.testing.assert_array_equal(seen.images['head'], observation().images['head'])
