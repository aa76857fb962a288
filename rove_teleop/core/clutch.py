"""One hand's clutch: what joins an operator's wrist to a robot's palm, and lets go of it."""

from __future__ import annotations

from collections.abc import Callable

import pinocchio as pin

from rove_teleop.core.anchor import Anchor
from rove_teleop.core.engage import AbsoluteMap, Settling, alignment, apart_text, outside
from rove_teleop.core.kinematics import PalmTarget
from rove_teleop.core.names import SIDES
from rove_teleop.core.smoothing import Smoother
from rove_teleop.core.types import Array, OperatorState
from rove_teleop.core.wrist import WristTrack
from rove_teleop.errors import InvalidInput

CLUTCH_BUTTONS = {side: frozenset((f'{side}_clutch', f'{side}_grip')) for side in SIDES}
"""While one of these is down, the palm of that side keeps still and its hand is free."""


class HandClutch:
    """Follows one wrist from where it and the palm were latched together.

    It latches when its arm is taken, after every sample that could not be used, and when the
    operator engages it again; always both in the same tick, and the palm where it is commanded,
    so latching moves nothing. With an absolute map it latches only when the mapped wrist is near
    the palm; until then the palm keeps still, and after it what lies between them fades.

    Attributes:
        track: The wrist.
        released: Whether the operator holds this clutch open.
    """

    def __init__(
        self,
        side: str,
        smoother: Smoother,
        absolute: AbsoluteMap | None = None,
        gate: tuple[float, float] | None = None,
    ) -> None:
        """Begin disengaged.

        Args:
            side: Of the hand.
            smoother: Of the wrist.
            absolute: Where the palm belongs; None if it follows from wherever it is.
            gate: How near the mapped wrist must be to engage [m, rad]; None for anywhere.
        """
        self.track = WristTrack(smoother)
        self.released = False
        self._absolute, self._gate = absolute, gate
        self._settling: Settling | None = None
        self._apart = ''
        self._buttons = CLUTCH_BUTTONS[side]
        self._anchor: Anchor | None = None
        self._held = pin.SE3.Identity()
        self._yaw: float | None = None

    @property
    def fault(self) -> str:
        """Why the palm does not follow the newest sample; empty when it may."""
        return self.track.fault or ('is let go' if self.released else self._apart)

    def take(self, sample: OperatorState, wrist: Array | None, fault: str) -> None:
        """Take in the wrist (7,) of a sample, or why there is none, and its buttons."""
        self.released = not self._buttons.isdisjoint(sample.buttons)
        self.track.take(wrist, sample.t_source_ns, sample.t_receive_ns, fault)

    def follow(
        self,
        now_ns: int,
        taken: bool,
        yaw: float | None,
        scale: float,
        T_stance_palm: Callable[[], pin.SE3],
    ) -> PalmTarget:
        """Palm target of this tick; the last one, at rest, while the wrist is unknown.

        Args:
            now_ns: This tick [ns, monotonic].
            taken: Whether the arm was taken in this tick.
            yaw: Heading of the operator's frame in the stance frame [rad], None if not known:
                then nothing is followed. It counts from the takeover on, so that looking about
                later turns nothing.
            scale: Metres of palm per metre of wrist.
            T_stance_palm: Says where the palm is commanded.
        """
        if taken or self._yaw is None:
            self._yaw = yaw
        if self.released:
            self._anchor, self._apart = None, ''
        if taken:
            self._apart = ''
        if taken or self._must_latch:
            palm = self._held if self._apart else T_stance_palm()
            self._latch(now_ns, scale, palm)
        wrist = self.track.at(now_ns)
        if wrist is None or self._anchor is None:
            return PalmTarget(self._held)
        try:
            target = self._anchor.target(*wrist)
            if self._settling is not None:
                target = self._settling.apply(target, now_ns)
        except InvalidInput:
            self._anchor = None
            return PalmTarget(self._held)
        self._held = target.pose
        return target

    @property
    def _engaged(self) -> bool:
        return self.track.known and not self.released and self._yaw is not None

    @property
    def _must_latch(self) -> bool:
        """Whether the wrist is there again after relative motion was lost."""
        return self._engaged and (self._anchor is None or self.track.broken)

    def _latch(self, now_ns: int, scale: float, T_stance_palm: pin.SE3) -> None:
        """Measure from here on, or keep the palm here until the wrist is known."""
        self._held, self._anchor = T_stance_palm, None
        if not self._engaged or self._yaw is None:
            return
        self.track.restart()
        wrist = self.track.at(now_ns)
        if wrist is None:
            return
        anchor = Anchor(wrist[0], T_stance_palm, scale, self._yaw)
        if self._absolute is not None and not self._near(self._absolute, anchor, now_ns):
            return
        self._anchor = anchor
        self.track.latched()

    def _near(self, absolute: AbsoluteMap, anchor: Anchor, now_ns: int) -> bool:
        """Whether the mapped wrist is near enough to engage; says if not, else begins to fade."""
        hand = absolute.palm(anchor.T_operator_wrist, anchor.scale, anchor.yaw)
        apart = alignment(hand, anchor.T_stance_palm)
        self._settling, self._apart = None, ''
        if self._gate is not None and outside(apart, self._gate):
            self._apart = apart_text(apart, self._gate)
            return False
        self._settling = Settling.of(anchor, hand, now_ns)
        return True
