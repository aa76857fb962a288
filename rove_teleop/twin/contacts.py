"""Who touches whom in the twin, in the words a task's judge uses."""

from __future__ import annotations

import mujoco
import numpy as np

from rove_teleop.core.names import SIDES
from rove_teleop.core.types import Array
from rove_teleop.twin.model import ROBOT_ROOT

_ROBOT = ('robot', *(f'{side}_hand' for side in SIDES))


class ContactReader:
    """Names the parties of contacts: scene bodies, ``left_hand``, ``right_hand``, ``robot``."""

    def __init__(self, model: mujoco.MjModel) -> None:
        """Label every geom of the model once."""
        names = [_label(model, body) for body in model.geom_bodyid]
        self._names = sorted(set(names))
        self._label = np.array([self._names.index(name) for name in names])
        self._robot = np.array([name in _ROBOT for name in names])

    def normal_force(self, data: mujoco.MjData) -> dict[tuple[str, str], float]:
        """Sum of the normal forces [N] of every touching pair, names sorted within a pair."""
        active = data.contact.efc_address >= 0
        geoms = data.contact.geom[active]
        force = data.efc_force[data.contact.efc_address[active]]
        return self._sum(np.sort(self._label[geoms], axis=1), force)

    def self_penetration(self, data: mujoco.MjData) -> float:
        """Depth [m] of the deepest contact of the robot with itself; 0.0 without one."""
        both = self._robot[data.contact.geom].all(axis=1)
        return float(max(0.0, -data.contact.dist[both].min(initial=0.0)))

    def _sum(self, labels: Array, force: Array) -> dict[tuple[str, str], float]:
        total: dict[tuple[str, str], float] = {}
        for (a, b), value in zip(labels, force, strict=True):
            if a != b:
                pair = self._names[a], self._names[b]
                total[pair] = total.get(pair, 0.0) + float(value)
        return total


def _label(model: mujoco.MjModel, body: int) -> str:
    name = model.body(body).name
    if body == 0:
        return 'floor'
    if model.body(model.body_rootid[body]).name != ROBOT_ROOT:
        return model.body(model.body_rootid[body]).name
    return next((f'{side}_hand' for side in SIDES if name.startswith(f'{side}_hand')), 'robot')
