"""Bring up the twin, operator, policy, arbiter, recorder and director: ``ros2 launch rove``."""

from dataclasses import Field, fields
from pathlib import Path

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

from rove_bringup.checks import check_names, run_directory
from rove_bringup.config import RunConfig
from rove_bringup.environment import has_gl
from rove_bringup.graph import NodeSpec, director, graph
from rove_teleop.errors import ConfigError

_TRUTH = {'true': True, 'false': False}


def _text(default: str | int | float | bool) -> str:
    return str(default).lower() if isinstance(default, bool) else str(default)


def _value(context: LaunchContext, name: str) -> str:
    return LaunchConfiguration(name).perform(context)


def _typed(item: Field, text: str) -> str | int | float | bool:
    kind = type(item.default)
    try:
        return _TRUTH[text.lower()] if kind is bool else kind(text)
    except (KeyError, ValueError):
        expected = 'true or false' if kind is bool else kind.__name__
        raise ConfigError(f'{item.name} is {text!r}; expected {expected}') from None


def _run_config(context: LaunchContext) -> RunConfig:
    config = RunConfig(
        **{item.name: _typed(item, _value(context, item.name)) for item in fields(RunConfig)}
    )
    check_names(config)
    return config


def _params_files(context: LaunchContext) -> list[str]:
    file = _value(context, 'params_file')
    if file and not Path(file).is_file():
        raise ConfigError(f'params_file is {file!r}; expected a YAML file that exists')
    return [file] if file else []


def _action(spec: NodeSpec, params_files: list[str], context: LaunchContext) -> Node:
    # Without their types, launch would read texts as YAML: a directory 2026 becomes a number.
    typed = {
        name: ParameterValue(value, value_type=type(value))
        for name, value in spec.parameters.items()
    }
    return Node(
        package='rove',
        executable=spec.executable,
        name=spec.name,
        namespace=_value(context, 'namespace'),
        exec_name=spec.executable,
        parameters=[typed, *params_files],
        prefix=f'nice -n {spec.nice}' if spec.nice else None,
        ros_arguments=['--log-level', _value(context, 'log_level')],
        output='screen',
        on_exit=[Shutdown(reason=f'{spec.name} ended')] if spec.essential else None,
    )


def _bring_up(context: LaunchContext) -> list[Node]:
    config = _run_config(context)
    cameras = _value(context, 'cameras') == 'true' and has_gl()
    params_files = _params_files(context)
    out = run_directory(_value(context, 'out'), 'out:=')
    specs = [*graph(config, str(out), cameras), director(config)]
    return [_action(spec, params_files, context) for spec in specs]


def generate_launch_description() -> LaunchDescription:
    """Declare every argument, then bring up the graph."""
    arguments = [
        DeclareLaunchArgument(
            item.name,
            default_value=_text(item.default),
            description=item.metadata['doc'],
            choices=item.metadata['choices'],
        )
        for item in fields(RunConfig)
    ]
    return LaunchDescription(
        [
            *arguments,
            DeclareLaunchArgument(
                'out',
                default_value='',
                description='Directory of the recordings; runs/<time> if empty.',
            ),
            DeclareLaunchArgument(
                'cameras',
                default_value='true',
                choices=['true', 'false'],
                description='Render the head and view cameras, where there is OpenGL.',
            ),
            DeclareLaunchArgument(
                'params_file',
                default_value='',
                description='YAML file of node parameters; goes before the other arguments.',
            ),
            DeclareLaunchArgument(
                'namespace', default_value='', description='Namespace of all nodes.'
            ),
            DeclareLaunchArgument(
                'log_level', default_value='info', description='Log level of all nodes.'
            ),
            OpaqueFunction(function=_bring_up),
        ]
    )
