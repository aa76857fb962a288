"""The twin: a plant made of MuJoCo, with the joint control and balance of the real robot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mujoco
import numpy as np

from rove_teleop.core.guard import CommandGuard, Setpoint
from rove_teleop.core.legs import LegKinematics
from rove_teleop.core.names import JOINTS, NUM_JOINTS, NUM_LEG_JOINTS, SIDES
from rove_teleop.core.robot import Robot
from rove_teleop.core.types import Array, JointCommand, PlantState, TaskState
from rove_teleop.errors import ConfigError
from rove_teleop.share import share
from rove_teleop.tasks.task import Task, TaskView
from rove_teleop.twin.balance import Balance
from rove_teleop.twin.contacts import ContactReader
from rove_teleop.twin.gains import MOTORS
from rove_teleop.twin.model import FOOT_SENSOR, IMU_FRAME, ROBOT_ROOT, scene_spec
from rove_teleop.twin.objects import SceneObjects, free_pose, free_twist

FELL = 'fell'
DIVERGED = 'diverged'

_MAX_TILT = np.deg2rad(60.0)
_MIN_PELVIS_HEIGHT = 0.25  # below the deepest squat [m]
_ABSURD_SPEED = 1e4  # [m/s, rad/s]


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
        self._dt, self._substeps = control_dt, substeps
        self._legs = LegKinematics(self.robot)
        self._balance = Balance(self.robot, _per_joint('armature'))
        self._objects = SceneObjects(self.model)
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
        self._velocity = np.zeros(NUM_JOINTS)
        self._set_limp(False)
        self._last = self._state(0)
        return self._last

    def hear(self, command: JointCommand, now_ns: int) -> str:
        """Judge a command as it arrives, so that none is covered by a later one of a stranger.

        Returns:
            Why it is refused, empty when it is not.
        """
        return self.guard.hear(command, now_ns)

    def step(self, command: JointCommand | None, now_ns: int) -> PlantState:
        """Judge the command, then advance by one control period; see ``Plant.step``."""
        self._seq += 1
        if self._fault != DIVERGED:
            self._simulate(command, now_ns)
        if self._fault == DIVERGED:  # the last sound numbers, under a new number
            return replace(self._last, seq=self._seq, t_ns=now_ns, fault=DIVERGED)
        self._last = self._state(now_ns)
        return self._last

    def close(self) -> None:
        """Nothing is held open."""

    @property
    def objects(self) -> dict[str, Array]:
        """World poses of the free objects by name, each (7,)."""
        return self._objects.free_poses(self.data)

    def set_object_pose(self, name: str, pose: Array) -> None:
        """Put a free object or a marker somewhere, at rest.

        Args:
            name: Name in the scene.
            pose: World pose ``[x y z qx qy qz qw]``, (7,).

        Raises:
            UnknownName: The scene has no such movable thing.
        """
        self._objects.place(self.data, name, pose)

    def apply_push(self, force: Array, duration: float) -> None:
        """Push the pelvis from the next step on.

        Args:
            force: Force in world axes [N], (3,).
            duration: For how long [s].
        """
        self._push = (np.asarray(force, dtype=float), self.data.time + duration)

    def view(self, now_ns: int) -> TaskView:
        """What the judge of a task may look at."""
        force = self._contacts.normal_force(self.data)
        return TaskView(
            seed=self._seed,
            t_ns=now_ns,
            pose=self._objects.poses(self.data),
            velocity=self._objects.velocities(self.data),
            contacts=frozenset(force),
            normal_force=force,
            fallen=self._fault == FELL,
        )

    def self_penetration(self) -> float:
        """Depth [m] of the deepest contact of the robot with itself; 0.0 without one."""
        return self._contacts.self_penetration(self.data)

    def judge(self, now_ns: int) -> TaskState | None:
        """How the task stands; None without a task."""
        return None if self._task is None else self._task.judge(self.view(now_ns))

    def _index_model(self) -> None:
        model = self.model
        self._qpos = np.array([model.joint(name).qposadr[0] for name in JOINTS])
        self._dof = np.array([model.joint(name).dofadr[0] for name in JOINTS])
        self._actuator = np.array([model.actuator(name).id for name in JOINTS])
        self._kp = _per_joint('kp')
        self._kd = _per_joint('kd')
        self._pelvis = model.body(ROBOT_ROOT).id
        self._imu = model.body(IMU_FRAME).pos.copy()
        self._foot_sensor = [model.sensor(FOOT_SENSOR[side]).adr[0] for side in SIDES]

    def _simulate(self, command: JointCommand | None, now_ns: int) -> None:
        setpoint = self.guard.step(command, now_ns)
        limp = setpoint.damping or self._fault == FELL
        if limp != self._limp:
            self._set_limp(limp)
        if limp:
            measured = self.data.qpos[self._qpos]
            self.guard.yield_to(measured, self._legs.base_of(measured[:NUM_LEG_JOINTS]))
        else:
            self._drive(setpoint)
        self._advance()
        self._watch()

    def _drive(self, setpoint: Setpoint) -> None:
        data = self.data
        pose, twist = free_pose(data, 0), free_twist(data, 0, 0)
        balance = self._balance.step(
            data.qpos[self._qpos], data.qvel[self._dof], pose, twist,
            setpoint.position, (setpoint.velocity - self._velocity) / self._dt,
        )  # fmt: skip
        self._velocity = setpoint.velocity
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
        if not np.abs(self.data.qvel).max() < _ABSURD_SPEED:  # also true of NaN
            self._fault = DIVERGED
        elif not self._fault:
            w, x, y, z = self.data.qpos[3:7]
            upright = 1.0 - 2.0 * (x * x + y * y)
            if upright < np.cos(_MAX_TILT) or self.data.qpos[2] < _MIN_PELVIS_HEIGHT:
                self._fault = FELL

    def _state(self, now_ns: int) -> PlantState:
        data = self.data
        pose, twist = free_pose(data, 0), free_twist(data, 0, 0)
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


def _per_joint(quantity: str) -> Array:
    """One number of every motor, in model order, (43,)."""
    return np.array([getattr(MOTORS[name], quantity) for name in JOINTS])


def _cross(a: Array, b: Array) -> Array:
    """Cross product of two vectors; numpy's costs ten times as much for three numbers."""
    product = np.empty(3)
    mujoco.mju_cross(product, a, b)
    return product
