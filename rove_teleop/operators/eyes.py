"""What an operator sees of the scene, some time after it happened."""

from __future__ import annotations

from collections import deque

import pinocchio as pin

from rove_teleop.core.names import HAND_JOINTS, JOINTS
from rove_teleop.core.robot import PALM_FRAMES, Robot
from rove_teleop.core.types import PlantState
from rove_teleop.operators.source import OperatorView
from rove_teleop.tasks.grip import grip_of
from rove_teleop.tasks.skill import Scene

_SIDE = 'right'


class Eyes:
    """Sees hand, cube and goal from the outside, with the delay of a person's visual loop."""

    def __init__(self, robot: Robot) -> None:
        """Begin with nothing seen."""
        self._robot = robot
        self._data = robot.model.createData()
        self._palm = robot.model.getFrameId(PALM_FRAMES[_SIDE])
        self._hand = [JOINTS.index(name) for name in HAND_JOINTS[_SIDE]]
        self._seen: deque[tuple[int, Scene]] = deque()

    def forget(self) -> None:
        """Forget what was seen."""
        self._seen.clear()

    def look(self, view: OperatorView, now_ns: int, delay_s: float) -> Scene | None:
        """Take in what is there now; answer with what was there ``delay_s`` ago.

        None while nothing was there so long ago, or the scene has no cube or goal.
        """
        if view.plant is not None and view.task is not None:
            objects = {**view.task.objects, **view.plant.objects}
            if 'cube' in objects and 'goal' in objects:
                self._seen.append((now_ns, self._scene(view.plant, objects)))
        while len(self._seen) > 1 and now_ns - self._seen[1][0] >= delay_s * 1e9:
            self._seen.popleft()
        if not self._seen or now_ns - self._seen[0][0] < delay_s * 1e9:
            return None
        return self._seen[0][1]

    def _scene(self, plant: PlantState, objects: dict) -> Scene:
        q = self._robot.configuration(plant.position, plant.base_pose)
        pin.forwardKinematics(self._robot.model, self._data, q)
        palm = pin.updateFramePlacement(self._robot.model, self._data, self._palm).copy()
        grip = grip_of(_SIDE, plant.position[self._hand])
        return Scene(palm, grip, objects['cube'], objects['goal'])
