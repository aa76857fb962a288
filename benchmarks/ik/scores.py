"""One judge for all tools: figures from the configurations after each tick, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import coal
import numpy as np
import pinocchio as pin

from benchmarks.ik import model as spec
from benchmarks.ik.tool import Array
from rove_teleop.core.names import JOINTS

_TOLERANCE = 1e-9  # rad, by which rounding may exceed a joint limit


@dataclass(frozen=True)
class Curves:
    """What happened over time.

    Attributes:
        error: Position error [m], shape (n, 2), left then right.
        turn: Orientation error [rad], shape (n, 2).
        clearance: Smallest distance of the pairs [m], shape (n,).
        slip: Largest displacement of a foot from its start [m], shape (n,).
        velocity, acceleration, jerk: Of the 43 joints by finite differences, shapes (n - 1, 43),
            (n - 2, 43), (n - 3, 43).
        violation: How far any joint is beyond its limits [rad], shape (n,).
    """

    error: Array
    turn: Array
    clearance: Array
    slip: Array
    velocity: Array
    acceleration: Array
    jerk: Array
    violation: Array


class Judge:
    """Kinematics and capsules of the benchmark's robot.

    Attributes:
        model: pinocchio's, with a free-flyer root.
        start: T_world_hand at the start, by side.
    """

    def __init__(self) -> None:
        self.model = pin.buildModelFromXML(spec.description(), pin.JointModelFreeFlyer())
        self._data = self.model.createData()
        joints = [self.model.joints[self.model.getJointId(name)] for name in JOINTS]
        self._idx_q = np.array([joint.idx_q for joint in joints])
        self._geometry = _capsules(self.model)
        self._distances = self._geometry.createData()
        self._update(np.array([0, 0, 0, 0, 0, 0, 1.0]), np.array(list(spec.START.values())))
        self.start = {side: self._pose(frame) for side, frame in spec.HAND_FRAMES.items()}
        self._feet = {side: self._pose(frame) for side, frame in spec.FOOT_FRAMES.items()}

    def curves(self, base: Array, joints: Array, targets: Array, dt: float) -> Curves:
        """Look at every configuration.

        Args:
            base: Pelvis poses ``[x y z qx qy qz qw]``, shape (n, 7).
            joints: In model order [rad], shape (n, 43).
            targets: T_world_hand, shape (n, 2, 4, 4).
            dt: Tick [s].
        """
        n = len(joints)
        error, turn = np.empty((n, 2)), np.empty((n, 2))
        clearance, slip = np.empty(n), np.empty(n)
        for tick in range(n):
            self._update(base[tick], joints[tick])
            for column, frame in enumerate(spec.HAND_FRAMES.values()):
                pose, target = self._pose(frame), targets[tick, column]
                error[tick, column] = np.linalg.norm(target[:3, 3] - pose.translation)
                turn[tick, column] = np.linalg.norm(pin.log3(pose.rotation.T @ target[:3, :3]))
            clearance[tick] = self._clearance()
            slip[tick] = max(
                np.linalg.norm(self._pose(frame).translation - self._feet[side].translation)
                for side, frame in spec.FOOT_FRAMES.items()
            )
        velocity = np.diff(joints, axis=0) / dt
        acceleration = np.diff(velocity, axis=0) / dt
        lower = self.model.lowerPositionLimit[self._idx_q]
        upper = self.model.upperPositionLimit[self._idx_q]
        violation = np.maximum(lower - joints, joints - upper).max(axis=1)
        return Curves(
            error=error,
            turn=turn,
            clearance=clearance,
            slip=slip,
            velocity=velocity,
            acceleration=acceleration,
            jerk=np.diff(acceleration, axis=0) / dt,
            violation=np.where(violation > _TOLERANCE, violation, 0.0),
        )

    def _update(self, base: Array, joints: Array) -> None:
        q = np.empty(self.model.nq)
        q[:7], q[self._idx_q] = base, joints
        pin.framesForwardKinematics(self.model, self._data, q)

    def _pose(self, frame: str) -> pin.SE3:
        return self._data.oMf[self.model.getFrameId(frame)].copy()

    def _clearance(self) -> float:
        pin.updateGeometryPlacements(self.model, self._data, self._geometry, self._distances)
        pin.computeDistances(self._geometry, self._distances)
        return min(result.min_distance for result in self._distances.distanceResults)


def scores(curves: Curves, ok: Array) -> Mapping[str, float]:
    """The figures of a table row.

    Args:
        curves: What happened.
        ok: Which ticks had a solution, shape (n,).
    """
    error_mm, turn_deg = 1e3 * curves.error, np.rad2deg(curves.turn)
    found = {
        **{f'error_{name}_mm': value for name, value in _spread(error_mm).items()},
        **{f'orientation_{name}_deg': value for name, value in _spread(turn_deg).items()},
        'clearance_min_mm': 1e3 * curves.clearance.min(),
        'penetrating_share': np.mean(curves.clearance < 0.0),
        'foot_slip_max_mm': 1e3 * curves.slip.max(),
        'limit_violation_max': curves.violation.max(),
    }
    for name in ('velocity', 'acceleration', 'jerk'):
        values = getattr(curves, name)
        found[f'{name}_rms'] = np.sqrt(np.mean(values**2))
        found[f'{name}_max'] = np.abs(values).max()
    failed = int(np.count_nonzero(~np.asarray(ok, bool)))
    return {name: float(value) for name, value in found.items()} | {'failed_ticks': failed}


def _spread(values: Array) -> dict[str, float]:
    return {
        'mean': float(values.mean()),
        'p95': float(np.percentile(values, 95)),
        'max': float(values.max()),
    }


def _capsules(model: pin.Model) -> pin.GeometryModel:
    geometry = pin.GeometryModel()
    for name, capsule in spec.CAPSULES.items():
        frame = model.frames[model.getFrameId(capsule.link)]
        a, b = np.array(capsule.start, float), np.array(capsule.end, float)
        turn = pin.Quaternion.FromTwoVectors(np.array((0.0, 0.0, 1.0)), b - a)
        placement = frame.placement * pin.SE3(turn.toRotationMatrix(), (a + b) / 2)
        shape = coal.Capsule(capsule.radius, float(np.linalg.norm(b - a)))
        geometry.addGeometryObject(pin.GeometryObject(name, frame.parentJoint, placement, shape))
    for pair in spec.PAIRS:
        ids = [geometry.getGeometryId(name) for name in pair]
        geometry.addCollisionPair(pin.CollisionPair(*ids))
    return geometry
