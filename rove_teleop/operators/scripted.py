"""An imperfect operator that watches the robot, takes over when it fails, and helps it out.

It acts as a person does: by where its wrists and fingers are, and by what it asks for. What it
knows is what a person in front of the robot sees, a little late.
"""

from __future__ import annotations

import numpy as np
import pinocchio as pin

from rove_teleop.core.names import GROUPS, Phase, Stage
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Array, ControlFrame, Request
from rove_teleop.operators.eyes import Eyes
from rove_teleop.operators.handwork import Handwork
from rove_teleop.operators.puppet import FIST, FLAT, Puppet, curls
from rove_teleop.operators.source import OperatorOutput, OperatorView
from rove_teleop.operators.traits import Traits
from rove_teleop.operators.worry import Worry
from rove_teleop.share import share
from rove_teleop.tasks.skill import OPEN, Scene

_ARM = GROUPS.index('right_arm')
_ALONE = (Phase.AUTO, Phase.TO_AUTO)
_IN_COMMAND = (Phase.TO_HUMAN, Phase.HUMAN)
_ASK_AGAIN = 1.0  # [s]
_SURE = 0.5  # of a lifted or placed cube before he acts on it [s]
_HELD = 1.5  # a robot that holds for longer waits for somebody [s]
_FIRM = 1.5  # closure beyond that of any grasp
_LONGEST_DT = 0.05  # [s]
_CATCH = 0.8  # to stretch his hand, and as long to close it [s]


class ScriptedOperator:
    """Does pick-and-place with the right hand when the robot fails at it alone.

    Args:
        imperfection: 0 quick and precise to 1 slow and clumsy, see ``Traits``.
        release_probability: Of handing back after the grasp instead of finishing by himself.
        give_up: Time in command after which he declares failure [s].

    Attributes:
        epoch: Epoch of the operator's lease, written into every request.
        doing: ``watch``, ``ask``, ``adapt``, ``work``, ``leave`` or ``done``.
    """

    source_id = 'scripted'

    def __init__(
        self,
        imperfection: float = 0.3,
        release_probability: float = 0.5,
        give_up: float = 40.0,
    ) -> None:
        self._options = imperfection, release_probability
        self._give_up = give_up
        self._eyes = Eyes(Robot.from_urdf(share('urdf/g1_dex3.urdf')))
        self._puppet = Puppet(self.source_id)
        self._worry = Worry()
        self.epoch = 0
        self.reset(0, '')

    def reset(self, seed: int, session: str) -> None:
        """Begin an episode: other traits, hands somewhere else."""
        self._traits = Traits(*self._options, seed)
        self._session, self._placed, self._reason = session, False, ''
        self._puppet.reset(session, pin.SE3.Identity())
        self._eyes.forget()
        self._worry.forget()
        self._last_ns: int | None = None
        self._requests = 0
        self._interrupted = False
        self._work: Handwork | None = None
        self._watch_anew(0)

    def step(self, view: OperatorView, now_ns: int) -> OperatorOutput:
        """Look, think, move."""
        dt = 0.0 if self._last_ns is None else (now_ns - self._last_ns) * 1e-9
        dt, self._last_ns = min(dt, _LONGEST_DT), now_ns
        scene = self._eyes.look(view, now_ns, self._traits.delay)
        if scene is None or view.frame is None or dt <= 0.0:
            return OperatorOutput()
        if not self._placed:
            self._stand_somewhere(scene)
        success = view.task is not None and view.task.success
        event = self._think(scene, view.frame, success, now_ns)
        self._move(scene, now_ns, dt)
        request = (self._request(event, now_ns),) if event else ()
        return OperatorOutput(self._puppet.sample(now_ns), request)

    def _stand_somewhere(self, scene: Scene) -> None:
        displacement, turn = self._traits.start()
        wrist = pin.SE3(
            pin.exp3(turn) @ scene.palm.rotation, scene.palm.translation + displacement
        )
        self._puppet.reset(self._session, wrist)
        self._placed = True

    def _begin(self, doing: str, now_ns: int, wait: float = 0.0) -> None:
        """Change what he does; what comes after it not before ``wait`` seconds."""
        self.doing = doing
        self._since_ns, self._until_ns = now_ns, now_ns + round(wait * 1e9)
        self._sure_since_ns: int | None = None

    def _think(self, scene: Scene, frame: ControlFrame, success: bool, now_ns: int) -> str:
        """Decide what to do next; the answer is what to ask for, or empty."""
        phase = frame.phase[_ARM]
        if self.doing == 'watch':
            return self._watch(scene, frame, now_ns)
        if self.doing == 'ask':
            return self._ask(phase, now_ns)
        if phase not in _IN_COMMAND:
            lost = phase in (Phase.HOLD, Phase.STOPPED)
            self._interrupted = lost and self.doing in ('adapt', 'work')
            self._watch_anew(now_ns)
            return ''
        if self.doing == 'leave' and now_ns >= self._until_ns:
            self._begin('leave', now_ns, _ASK_AGAIN)
            return 'release'
        if self.doing == 'adapt' and now_ns >= self._until_ns:
            self._work = Handwork(self._traits, scene, self._puppet.wrist)
            self._begin('work', now_ns)
            return 'mark_recovery' if frame.stage is Stage.ADAPTATION else ''
        if self.doing == 'work':
            return self._judge_own_work(scene, success, now_ns)
        return ''

    def _watch(self, scene: Scene, frame: ControlFrame, now_ns: int) -> str:
        """Wait for the robot to fail, then for himself to react."""
        phase = frame.phase[_ARM]
        if phase in _IN_COMMAND:
            self._begin('adapt', now_ns, 2.5 * _CATCH + self._traits.adaptation())
        elif phase not in _ALONE:
            self._worry.forget()
            if phase is Phase.HOLD and frame.episode:
                return self._wake(now_ns)
            if phase is Phase.STOPPED and frame.episode and _came_by_itself(frame):
                return self._rearm(now_ns)
            self._begin('watch', now_ns)
        elif not self._reason:
            self._since_ns = now_ns
            self._reason = self._worry.step(scene, now_ns)
            self._until_ns = now_ns + round(self._traits.reaction() * 1e9) if self._reason else 0
        elif now_ns >= self._until_ns:
            self._begin('ask', now_ns, _ASK_AGAIN)
            return 'takeover'
        return ''

    def _wake(self, now_ns: int) -> str:
        """Get a robot going that holds: by himself if he was at work, else by its policy."""
        self._since_ns = self._since_ns or now_ns
        if now_ns - self._since_ns < _HELD * 1e9:
            return ''
        if not self._interrupted:
            self._begin('watch', now_ns)
            return 'release'
        self._reason = 'held'
        self._begin('ask', now_ns, _ASK_AGAIN)
        return 'takeover'

    def _rearm(self, now_ns: int) -> str:
        """Undo a stop that nobody asked for, once he has looked at the robot for a while."""
        self._since_ns = self._since_ns or now_ns
        if now_ns - self._since_ns < _HELD * 1e9:
            return ''
        self._begin('watch', now_ns)
        return 'rearm'

    def _ask(self, phase: Phase, now_ns: int) -> str:
        if phase in _IN_COMMAND:
            self._begin('adapt', now_ns, 2.5 * _CATCH + self._traits.adaptation())
        elif now_ns >= self._until_ns:
            self._begin('ask', now_ns, _ASK_AGAIN)
            return 'takeover'
        return ''

    def _judge_own_work(self, scene: Scene, success: bool, now_ns: int) -> str:
        """Hand back, declare success, or give up."""
        if now_ns - self._since_ns > self._give_up * 1e9:
            self._begin('done', now_ns)
            return 'failure'
        done = scene.placed and scene.clear and success
        handing_back = self._traits.releases and scene.lifted
        if not (done or handing_back):
            self._sure_since_ns = None
        elif self._sure_since_ns is None:
            self._sure_since_ns = now_ns
        elif now_ns - self._sure_since_ns > _SURE * 1e9:
            self._begin('done' if done else 'leave', now_ns, _ASK_AGAIN)
            return 'success' if done else 'release'
        return ''

    def _watch_anew(self, now_ns: int) -> None:
        self._begin('watch', now_ns)
        self._worry.forget()
        self._reason = ''

    def _move(self, scene: Scene, now_ns: int, dt: float) -> None:
        """Let the body follow what he does."""
        twist, fingers = np.zeros(6), self._puppet.curls
        if self.doing == 'work' and self._work is not None:
            twist, grip = self._work.step(scene, self._puppet.wrist, self._puppet.grip, dt)
            fingers = curls(grip)
        elif self.doing == 'adapt':
            fingers = self._catch_the_fingers(scene, now_ns)
        self._puppet.tremble(self._traits.shake(), self._traits.tremor, dt)
        self._puppet.move(twist, fingers, dt)

    def _catch_the_fingers(self, scene: Scene, now_ns: int) -> Array:
        """The robot's fingers follow only once his have met them: reach past them both ways."""
        if scene.in_hand:
            return curls(_FIRM)
        elapsed = (now_ns - self._since_ns) * 1e-9
        return FLAT if elapsed < _CATCH else FIST if elapsed < 2.0 * _CATCH else curls(OPEN)

    def _request(self, event: str, now_ns: int) -> Request:
        self._requests += 1
        return Request(
            event=event,
            operator_id=self.source_id,
            epoch=self.epoch,
            request_id=f'{self._session}-{self._requests}',
            detail=f'reason={self._reason}' if self._reason and event == 'takeover' else '',
            t_receive_ns=now_ns,
        )


def _came_by_itself(frame: ControlFrame) -> bool:
    """Whether the arbiter stopped because a stream was lost, not a person, fault or fall."""
    return frame.reason.startswith('stop by arbiter: no plant state')
