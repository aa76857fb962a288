"""Bring up the twin, operator, policy, arbiter, recorder and director: ``ros2 launch rove``."""

from dataclasses import fields

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from rove_bringup.config import RunConfig
from rove_bringup.graph import NodeSpec, director, graph


def _action(spec: NodeSpec, namespace: str, log_level: str) -> Node:
    return Node(
        package='rove',
        executable=spec.executable,
        name=spec.name,
        namespace=namespace,
        parameters=[spec.parameters],
        prefix=f'nice -n {spec.nice}' if spec.nice else None,
        arguments=['--ros-args', '--log-level', log_level],
        output='screen',
        on_exit=[Shutdown(reason=f'{spec.name} ended')] if spec.essential else None,
    )


def _bring_up(context) -> list[Node]:
    def value(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    config = RunConfig(**{f.name: type(f.default)(value(f.name)) for f in fields(RunConfig)})
    specs = [
        *graph(config, out=value('out'), cameras=value('cameras') == 'true'),
        director(config),
    ]
    return [_action(spec, value('namespace'), value('log_level')) for spec in specs]


def generate_launch_description() -> LaunchDescription:
    """Declare every argument, then bring up the graph."""
    arguments = [
        DeclareLaunchArgument(f.name, default_value=str(f.default), description=f.metadata['doc'])
        for f in fields(RunConfig)
    ]
    return LaunchDescription(
        [
            *arguments,
            DeclareLaunchArgument('out', default_value='runs', description='Recordings go here.'),
            DeclareLaunchArgument(
                'cameras',
                default_value='true',
                choices=['true', 'false'],
                description='Render the head and view cameras.',
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
