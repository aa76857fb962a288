"""The process graph as data: one description for ``rove sim`` and for ``ros2 launch``."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from rove_bringup.config import RunConfig
from rove_teleop.operators.config import OperatorConfig
from rove_teleop.teleop_options import TeleopOptions

Value = str | int | float | bool


@dataclass(frozen=True)
class NodeSpec:
    """One process of the graph.

    Attributes:
        name: Node name.
        executable: Console script, as ``ros2 run rove`` knows it.
        module: Python module with ``main``.
        parameters: ROS parameters that differ from the node's defaults.
        nice: Added to the scheduling priority; above 0 gives way to the control loop.
        essential: Without it the run is over.
    """

    name: str
    executable: str
    module: str
    parameters: dict[str, Value] = field(default_factory=dict)
    nice: int = 0
    essential: bool = False


def _node(name: str, package: str = 'rove_teleop', **kwargs: object) -> NodeSpec:
    executable = f'{name}_node'
    return NodeSpec(name, executable, f'{package}.nodes.{executable}', **kwargs)  # type: ignore[arg-type]  # checked by NodeSpec's own fields


def _options(config: RunConfig, kind: type) -> dict[str, Value]:
    return {item.name: getattr(config, item.name) for item in fields(kind)}


def graph(config: RunConfig, out: str, cameras: bool, view: bool = False) -> tuple[NodeSpec, ...]:
    """Every process of a run but the director, which is the runner itself.

    Args:
        config: What to run.
        out: Directory of the recordings.
        cameras: Whether this machine can render.
        view: Whether to open a window on the twin.
    """
    policy = {'policy': config.policy, 'address': config.policy_address}
    robot, task = {'robot': config.robot}, {'task': config.task}
    twin = {**task, **robot, 'seed': config.seed}
    nodes = [
        _node('twin', parameters=twin, essential=True),
        _node('arbiter', parameters=robot, essential=True),
        _node('teleop', parameters={**robot, **task, **_options(config, TeleopOptions)}),
        _node('operator', parameters=_options(config, OperatorConfig)),
        _node('policy', 'rove_policy', parameters=policy),
        _node('recorder', parameters={'out': out, **robot}, nice=2),
    ]
    if cameras:
        nodes.append(_node('camera', parameters=task, nice=10))
    if view:
        nodes.append(_node('viewer', parameters=task, nice=10))
    return tuple(nodes)


def director(config: RunConfig) -> NodeSpec:
    """The director as a process of its own, for ``ros2 launch``."""
    parameters: dict[str, Value] = {
        'task': config.task,
        'episodes': config.episodes,
        'seed': config.seed,
        'timeout': config.timeout,
    }
    return _node('director', 'rove_bringup', parameters=parameters, essential=True)
