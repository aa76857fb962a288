"""The twin: a plant made of MuJoCo, with the joint control and balance of the real robot."""

from __future__ import annotations

from pathlib import Path

import mujoco
import numpy as np

from rove_teleop.core.geometry import wxyz_from_xyzw, xyzw_from_wxyz
from rove_teleop.core.guard import CommandGuard, Setpoint
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import JOINTS, NUM_LEG_JOINTS, SIDES
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Array, JointCommand, PlantState, TaskState
from rove_teleop.errors import ConfigError, UnknownName
from rove_teleop.share import share
from rove_teleop.tasks.task import Task, TaskView
from rove_teleop.twin.balance import Balance
from rove_teleop.twin.contacts import ContactReader
from rove_teleop.twin.gains import MOTORS
from rove_teleop.twin.model import FOOT_SENSOR, IMU_FRAME, ROBOT_ROOT, scene_spec

FELL = 'fell'
DIVERGED = 'diverged'

_MAX_TILT = np.deg2rad(60.0)
_MIN_PELVIS_HEIGHT = 0.25  # below the deepest squat [m]


class TwinPlant:
    """A robot in a scene, advanced by one control period per ``step``.

    Deterministic: the same seed and the same commands give bit-identical states.

    Attributes:
        robot: Kinematic facts, shared with the controllers.
        model, data: The MuJoCo model and its state.
        guard: Judges commands; its counters say what was refused and why.
    """

    def __init__(
        self,
        task: Task | None = None,
        *,
        scene: str = 'pick_place',
        urdf: Path | str | None = None,
        control_dt: float = 0.005,
        substeps: int = 2,
    ) -> None:
        """Compile the scene and stand at its start.

        Args:
            task: Places the objects and judges success; its scene is used.
            scene: Scene to use without a task.
            urdf: Robot description; the shipped one if None.
            control_dt: Control period [s].
            substeps: Physics steps per control period.

        Raises:
            ConfigError: The period or the number of substeps makes no sense.
            UnknownName: There is no such scene.
            ModelError: The robot description or the scene cannot be read.
        """
        if not 0.0 < control_dt / max(substeps, 1) <= 0.005 or substeps < 1:
            raise ConfigError(
                f'control_dt {control_dt} s in {substeps} substeps: a physics step must be above '
                '0 and at most 0.005 s'
            )
        urdf = Path(urdf) if urdf is not None else share('urdf/g1_dex3.urdf')
        self.robot = Robot.from_urdf(urdf)
        self.model = scene_spec(task.scene if task else scene, urdf).compile()
        self.model.opt.timestep = control_dt / substeps
        self.data = mujoco.MjData(self.model)
        self._task = task
        self._substeps = substeps
        self._legs = LegKinematics(self.robot)
        self._balance = Balance(self.robot)
        self._contacts = ContactReader(self.model)
        self._index_model()
        self.reset(0)

    def reset(self, seed: int) -> PlantState:
        """Stand in the nominal pose at the world's origin, objects where the seed puts them."""
        mujoco.mj_resetData(self.model, self.data)
        base = self._legs.nominal_base
        self.data.qpos[:3] = base[:3]
        mujoco.mju_euler2Quat(self.data.qpos[3:7], base[3:], 'XYZ')
        self.data.qpos[self._qpos] = self.robot.nominal
        self._seed, self._seq, self._fault, self._push = seed, 0, '', (np.zeros(3), 0.0)
        if self._task is not None:
            for name, pose in self._task.place(np.random.default_rng(seed)).items():
                self.set_object_pose(name, pose)
        mujoco.mj_forward(self.model, self.data)
        self.guard = CommandGuard(self.robot, self.robot.nominal, base)
        self._set_limp(False)
        return self._state(0)

    def step(self, command: JointCommand | None, now_ns: int) -> PlantState:
        """Judge the command, then advance by one control period; see ``Plant.step``."""
        if self._fault == DIVERGED:
            return self._state(now_ns)
        setpoint = self.guard.step(command, now_ns)
        limp = setpoint.damping or self._fault == FELL
        if limp != self._limp:
            self._set_limp(limp)
        if limp:
            measured = self.data.qpos[self._qpos]
            if not setpoint.damping:
                self.guard.hold_at(measured, self._legs.base_of(measured[:NUM_LEG_JOINTS]))
        else:
            self._drive(setpoint)
        self._advance()
        self._seq += 1
        self._watch()
        return self._state(now_ns)

    def close(self) -> None:
        """Nothing is held open."""

    @property
    def objects(self) -> dict[str, Array]:
        """World poses of the free objects by name, each (7,)."""
        return {
            name: _pose(self.data.qpos[adr : adr + 7]) for name, adr in self._free_qpos.items()
        }

    def set_object_pose(self, name: str, pose: Array) -> None:
        """Put a free object or a marker somewhere, at rest.

        Args:
            name: Name in the scene.
            pose: World pose ``[x y z qx qy qz qw]``, (7,).

        Raises:
            UnknownName: The scene has no such movable thing.
        """
        if name in self._free_qpos:
            adr, dof = self._free_qpos[name], self._free_dof[name]
            self.data.qpos[adr : adr + 3] = pose[:3]
            self.data.qpos[adr + 3 : adr + 7] = wxyz_from_xyzw(pose[3:])
            self.data.qvel[dof : dof + 6] = 0.0
        elif name in self._mocap:
            self.data.mocap_pos[self._mocap[name]] = pose[:3]
            self.data.mocap_quat[self._mocap[name]] = wxyz_from_xyzw(pose[3:])
        else:
            raise UnknownName('scene object', name, [*self._free_qpos, *self._mocap])

    def apply_push(self, force: Array, duration: float) -> None:
        """Push the pelvis from the next step on.

        Args:
            force: Force in world axes [N], (3,).
            duration: For how long [s].
        """
        self._push = (np.asarray(force, dtype=float), self.data.time + duration)

    def snapshot(self) -> tuple[float, Array]:
        """Simulated time [s] and a copy of MuJoCo's qpos followed by the mocap poses."""
        mocap = np.concatenate([self.data.mocap_pos, self.data.mocap_quat], axis=1).ravel()
        return self.data.time, np.concatenate([self.data.qpos, mocap])

    def view(self, now_ns: int) -> TaskView:
        """What the judge of a task may look at."""
        pose = self.objects
        for name, index in self._mocap.items():
            pose[name] = np.concatenate([
                self.data.mocap_pos[index], xyzw_from_wxyz(self.data.mocap_quat[index])
            ])  # fmt: skip
        for name, body in self._fixed.items():
            pose[name] = np.concatenate([
                self.data.xpos[body], xyzw_from_wxyz(self.data.xquat[body])
            ])  # fmt: skip
        force = self._contacts.normal_force(self.data)
        return TaskView(
            seed=self._seed,
            t_ns=now_ns,
            pose=pose,
            velocity={name: self._twist(dof, pose[name]) for name, dof in self._free_dof.items()},
            contacts=frozenset(force),
            normal_force=force,
            fallen=self._fault == FELL,
        )

    def judge(self, now_ns: int) -> TaskState | None:
        """How the task stands; None without a task."""
        return None if self._task is None else self._task.judge(self.view(now_ns))

    def _index_model(self) -> None:
        model = self.model
        self._qpos = np.array([model.joint(name).qposadr[0] for name in JOINTS])
        self._dof = np.array([model.joint(name).dofadr[0] for name in JOINTS])
        self._actuator = np.array([model.actuator(name).id for name in JOINTS])
        self._kp = np.array([MOTORS[name].kp for name in JOINTS])
        self._kd = np.array([MOTORS[name].kd for name in JOINTS])
        self._pelvis = model.body(ROBOT_ROOT).id
        self._imu = model.body(IMU_FRAME).pos.copy()
        self._foot_sensor = [model.sensor(FOOT_SENSOR[side]).adr[0] for side in SIDES]
        self._free_qpos: dict[str, int] = {}
        self._free_dof: dict[str, int] = {}
        self._mocap: dict[str, int] = {}
        self._fixed: dict[str, int] = {}
        for index in range(1, model.nbody):
            body = model.body(index)
            if body.parentid[0] != 0 or index == self._pelvis:
                continue
            if body.mocapid[0] >= 0:
                self._mocap[body.name] = body.mocapid[0]
            elif body.jntnum[0] == 1:
                joint = model.joint(body.jntadr[0])
                self._free_qpos[body.name] = joint.qposadr[0]
                self._free_dof[body.name] = joint.dofadr[0]
            else:
                self._fixed[body.name] = index

    def _drive(self, setpoint: Setpoint) -> None:
        data = self.data
        pose, twist = self._base()
        balance = self._balance.step(
            data.qpos[self._qpos], data.qvel[self._dof], pose, twist,
            setpoint.position,
        )  # fmt: skip
        effort = balance.effort + setpoint.effort + self._kd * setpoint.velocity
        data.ctrl[self._actuator] = setpoint.position + effort / self._kp

    def _set_limp(self, limp: bool) -> None:
        """Switch the motors between following and pure damping."""
        self._limp = limp
        kp = np.zeros_like(self._kp) if limp else self._kp
        self.model.actuator_gainprm[self._actuator, 0] = kp
        self.model.actuator_biasprm[self._actuator, 1] = -kp

    def _advance(self) -> None:
        force, until = self._push
        self.data.xfrc_applied[self._pelvis, :3] = force if self.data.time < until else 0.0
        mujoco.mj_step(self.model, self.data, self._substeps)

    def _watch(self) -> None:
        """Notice a fall, or a simulation that has left the finite numbers."""
        if not np.isfinite(self.data.qpos).all():
            self._fault = DIVERGED
        elif not self._fault:
            w, x, y, z = self.data.qpos[3:7]
            upright = 1.0 - 2.0 * (x * x + y * y)
            if upright < np.cos(_MAX_TILT) or self.data.qpos[2] < _MIN_PELVIS_HEIGHT:
                self._fault = FELL

    def _base(self) -> tuple[Array, Array]:
        pose = _pose(self.data.qpos[:7])
        return pose, self._twist(0, pose)

    def _twist(self, dof: int, pose: Array) -> Array:
        """World twist of a free body; MuJoCo's angular part is in body axes."""
        twist = self.data.qvel[dof : dof + 6].copy()
        rotated = np.empty(3)
        mujoco.mju_rotVecQuat(rotated, twist[3:], wxyz_from_xyzw(pose[3:]))
        twist[3:] = rotated
        return twist

    def _state(self, now_ns: int) -> PlantState:
        data = self.data
        pose, twist = self._base()
        return PlantState(
            seq=self._seq,
            t_ns=now_ns,
            position=data.qpos[self._qpos],
            velocity=data.qvel[self._dof],
            effort=data.actuator_force[self._actuator],
            base_pose=pose,
            base_twist=twist,
            imu_angular_velocity=data.qvel[3:6].copy(),
            imu_linear_acceleration=self._specific_force(),
            foot_force=data.sensordata[self._foot_sensor],
            objects=self.objects,
            fault=self._fault,
        )

    def _specific_force(self) -> Array:
        """What the pelvis accelerometer feels, in its own axes (those of the pelvis) [m/s²]."""
        data = self.data
        to_pelvis, linear = np.empty(4), np.empty(3)
        mujoco.mju_negQuat(to_pelvis, data.qpos[3:7])
        mujoco.mju_rotVecQuat(linear, data.qacc[:3] - self.model.opt.gravity, to_pelvis)
        omega = data.qvel[3:6]
        return linear + _cross(data.qacc[3:6], self._imu) + _cross(omega, _cross(omega, self._imu))


def _cross(a: Array, b: Array) -> Array:
    """Cross product of two vectors; numpy's costs ten times as much for three numbers."""
    product = np.empty(3)
    mujoco.mju_cross(product, a, b)
    return product


def _pose(qpos: Array) -> Array:
    """Pose array of MuJoCo's seven numbers of a free joint."""
    return np.concatenate([qpos[:3], xyzw_from_wxyz(qpos[3:7])])
