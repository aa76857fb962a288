"""The plant protocol: what the twin and a real robot driver both promise."""

from __future__ import annotations

from typing import Protocol

from rove_teleop.core.types import JointCommand, PlantState


class Plant(Protocol):
    """Whatever moves. It owns balance, and it stops by itself when commands stop.

    The contract, tested for every implementation by ``tests/contracts/plant_contract.py``:

    - ``step`` never blocks for longer than its period and never raises on a bad command; a
      command with wrong sizes, NaN, a stale ``valid_until_ns``, an older ``seq`` or another
      writer than the session's first is refused, counted, and as if absent.
    - Without an accepted command for 50 ms the plant decelerates, holds and keeps its balance.
    - Positions never leave the joint limits; efforts never exceed the effort limits.
    """

    def reset(self, seed: int) -> PlantState:
        """Put the plant at its start. A real driver moves there slowly or refuses.

        Args:
            seed: Seed of everything random in the start.
        """

    def step(self, command: JointCommand | None, now_ns: int) -> PlantState:
        """Take the newest command and advance by one control period.

        Args:
            command: The newest command, or None when there is none yet.
            now_ns: Time of this call [ns, monotonic].
        """

    def close(self) -> None:
        """Release what the plant holds; the robot is left in a safe state."""
