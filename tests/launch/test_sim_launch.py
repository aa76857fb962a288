"""The launch file, read with stand-ins for ROS's launch, which is not on every machine."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
import importlib
from importlib.metadata import distribution
import importlib.util
from pathlib import Path
import re
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

from rove_bringup.config import RunConfig
from rove_bringup.graph import director, graph
from rove_teleop.config import check
from rove_teleop.errors import ConfigError, UnknownName

ROOT = Path(__file__).resolve().parents[2]
OTHERS = {'out', 'cameras', 'params_file', 'namespace', 'log_level'}
PARAMS = {
    spec.name: getattr(importlib.import_module(spec.module), f'{spec.name.title()}Params')
    for spec in (*graph(RunConfig(), 'runs', cameras=True, view=True), director(RunConfig()))
}


@dataclass
class Argument:
    """Stands in for ``DeclareLaunchArgument``."""

    name: str
    default_value: str
    description: str
    choices: list[str] | None = None


@dataclass
class Opaque:
    """Stands in for ``OpaqueFunction``."""

    function: Any


@dataclass
class Context:
    """Stands in for ``LaunchContext``: the arguments as the user ends up giving them."""

    values: dict[str, str]


@dataclass
class Configuration:
    """Stands in for ``LaunchConfiguration``."""

    name: str

    def perform(self, context: Context) -> str:
        return context.values[self.name]


@dataclass
class Value:
    """Stands in for ``ParameterValue``."""

    value: Any
    value_type: type


@dataclass
class Shutdown:
    """Stands in for ``Shutdown``."""

    reason: str


@dataclass
class Node:
    """Stands in for ``Node``; an option that launch does not know is an error."""

    package: str
    executable: str
    name: str
    namespace: str
    exec_name: str
    parameters: list[Any]
    prefix: str | None
    ros_arguments: list[str]
    output: str
    on_exit: list[Shutdown] | None = field(default=None)


MODULES: dict[str, dict[str, Any]] = {
    'launch': {'LaunchContext': Context, 'LaunchDescription': list},
    'launch.actions': {
        'DeclareLaunchArgument': Argument,
        'OpaqueFunction': Opaque,
        'Shutdown': Shutdown,
    },
    'launch.substitutions': {'LaunchConfiguration': Configuration},
    'launch_ros': {},
    'launch_ros.actions': {'Node': Node},
    'launch_ros.parameter_descriptions': {'ParameterValue': Value},
}


@pytest.fixture
def launch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """The arguments the launch file declares, and ``nodes(**given)``, what it then starts."""
    for name, members in MODULES.items():
        module = ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location('sim_launch', ROOT / 'launch/sim.launch.py')
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, 'has_gl', lambda: True)
    actions = module.generate_launch_description()
    arguments = {action.name: action for action in actions if isinstance(action, Argument)}
    [opaque] = [action for action in actions if isinstance(action, Opaque)]
    defaults = {name: argument.default_value for name, argument in arguments.items()}

    def nodes(**given: str) -> dict[str, Node]:
        started = opaque.function(Context(defaults | given))
        return {node.name: node for node in started}

    return SimpleNamespace(arguments=arguments, nodes=nodes, module=module)


def parameters_of(node: Node) -> dict[str, Any]:
    return {name: value.value for name, value in node.parameters[0].items()}


def test_every_field_of_a_run_is_an_argument_with_description_and_default(launch):
    assert set(launch.arguments) == {item.name for item in fields(RunConfig)} | OTHERS
    for item in fields(RunConfig):
        argument = launch.arguments[item.name]
        assert argument.description == item.metadata['doc']
        default = str(item.default)
        assert argument.default_value == (default.lower() if item.type == 'bool' else default)
        assert argument.choices == item.metadata['choices']
    assert all(launch.arguments[name].description for name in OTHERS)


def test_every_node_runs_an_installed_program_of_this_package(launch):
    programs = {entry.name: entry.value for entry in distribution('rove').entry_points}
    modules = {spec.name: spec.module for spec in graph(RunConfig(), '', cameras=True)}
    for name, node in launch.nodes().items():
        assert node.package == 'rove'
        module = modules.get(name, director(RunConfig()).module)
        assert programs[node.executable] == f'{module}:main'
        assert (ROOT / 'scripts' / node.executable).stat().st_mode & 0o111


def test_every_parameter_given_is_one_the_node_declares_and_keeps_its_type(launch):
    for name, node in launch.nodes().items():
        declared = {item.name: type(item.default) for item in fields(PARAMS[name])}
        for parameter, value in node.parameters[0].items():
            assert type(value.value) is value.value_type is declared[parameter], parameter
        check(PARAMS[name](**parameters_of(node)))


def test_arguments_reach_the_nodes(launch):
    nodes = launch.nodes(
        seed='7', timeout='40', imperfection='1', out='2026', namespace='left', log_level='warn'
    )
    assert parameters_of(nodes['twin'])['seed'] == 7
    assert parameters_of(nodes['director'])['timeout'] == 40.0
    assert parameters_of(nodes['operator'])['imperfection'] == 1.0
    teleop = parameters_of(launch.nodes(align_yaw='true', smoothing='one_euro')['teleop'])
    assert (teleop['align_yaw'], teleop['smoothing']) == (True, 'one_euro')
    assert parameters_of(nodes['recorder']) == {'out': '2026', 'robot': 'g1_dex3'}
    assert {node.namespace for node in nodes.values()} == {'left'}
    assert all(node.ros_arguments == ['--log-level', 'warn'] for node in nodes.values())


def test_the_launch_ends_with_the_director_and_with_what_the_robot_cannot_do_without(launch):
    nodes = launch.nodes()
    ending = {name for name, node in nodes.items() if node.on_exit}
    assert ending == {'twin', 'arbiter', 'director'}


def test_only_what_may_wait_gives_way_to_the_control_loop(launch):
    prefixes = {name: node.prefix for name, node in launch.nodes().items() if node.prefix}
    assert prefixes == {'recorder': 'nice -n 2', 'camera': 'nice -n 10'}


def test_cameras_are_left_out_when_not_wanted_or_not_possible(launch, monkeypatch):
    assert 'camera' in launch.nodes()
    assert 'camera' not in launch.nodes(cameras='false')
    monkeypatch.setattr(launch.module, 'has_gl', lambda: False)
    assert 'camera' not in launch.nodes()


@pytest.mark.parametrize(
    ('given', 'error', 'said'),
    [
        ({'seed': 'many'}, ConfigError, "seed is 'many'; expected int"),
        ({'align_yaw': 'perhaps'}, ConfigError, "align_yaw is 'perhaps'; expected true or false"),
        ({'smoothing': 'lots'}, ConfigError, "smoothing is 'lots'; known: none, one_euro, fixed_"),
        ({'calibration': 'gone.yaml'}, ConfigError, 'calibration gone.yaml cannot be read'),
        ({'timeout': '0'}, ConfigError, 'timeout is 0.0; expected 1.0 to 3600.0'),
        ({'task': 'juggle'}, UnknownName, "unknown task 'juggle'; known: pick_place"),
        ({'params_file': 'gone.yaml'}, ConfigError, "params_file is 'gone.yaml'"),
    ],
)
def test_a_wrong_argument_is_named_before_anything_starts(launch, given, error, said):
    with pytest.raises(error, match=re.escape(said)):
        launch.nodes(**given)
    assert not Path('runs').exists()


def test_a_directory_that_holds_a_run_is_refused(launch, tmp_path):
    (tmp_path / 'old').mkdir()
    (tmp_path / 'old/episode_0000.mcap').touch()
    with pytest.raises(ConfigError, match='name another directory with out:='):
        launch.nodes(out='old')


def test_a_params_file_comes_last_for_every_node_so_that_it_wins(launch, tmp_path):
    assert all(len(node.parameters) == 1 for node in launch.nodes(out='a').values())
    file = tmp_path / 'mine.yaml'
    file.touch()
    nodes = launch.nodes(out='b', params_file=str(file))
    assert all(node.parameters[1:] == [str(file)] for node in nodes.values())


def shipped(uncommented: bool) -> dict[str, dict[str, Any]]:
    """Node parameters of the shipped file, as it is or with all that is commented out."""
    text = (ROOT / 'config/params.yaml').read_text()
    if uncommented:
        text = re.sub(r'^#(?=/|  \S|    \w+: )', '', text, flags=re.MULTILINE)
    blocks = yaml.safe_load(text)
    return {key.removeprefix('/**/'): block['ros__parameters'] for key, block in blocks.items()}


def test_the_shipped_file_lists_every_parameter_with_its_default():
    assert shipped(uncommented=True) == {
        name: {item.name: item.default for item in fields(kind)} for name, kind in PARAMS.items()
    }


def test_the_shipped_file_as_it_is_overrides_no_launch_argument(launch):
    given = {name: set(parameters_of(node)) for name, node in launch.nodes().items()}
    for name, parameters in shipped(uncommented=False).items():
        assert not set(parameters) & (given.get(name) or {'task'})
