"""Who may import whom, read from the source without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
import subprocess
import sys

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROS = {
    'ament_index_python',
    'builtin_interfaces',
    'diagnostic_msgs',
    'geometry_msgs',
    'rcl_interfaces',
    'rclpy',
    'rosidl_runtime_py',
    'rove_msgs',
    'sensor_msgs',
    'std_msgs',
    'std_srvs',
}
ROS_OUTSIDE_NODES = {'rove_bringup', 'rove_teleop/recording'}
CORE_MAY_USE = {'numpy', 'scipy', 'pinocchio', 'coal', 'daqp'}
CORE_MUST_NOT_USE = {
    'asyncio',
    'io',
    'logging',
    'multiprocessing',
    'os',
    'random',
    'shutil',
    'socket',
    'subprocess',
    'tempfile',
    'threading',
    'time',
}
ARBITER = {'arbiter', 'compose', 'desk', 'fade', 'judge', 'lease', 'playback', 'tracker', 'watch'}


def sources(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob('*.py'))
    assert found, f'no sources below {folder}'
    return found


def imports(path: Path) -> Iterator[str]:
    """Every module a file imports, at any depth; relative ones resolved."""
    package = path.relative_to(ROOT).with_suffix('').parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = '.'.join(package[: len(package) - node.level + 1]) if node.level else ''
            module = '.'.join(part for part in (base, node.module) if part)
            yield module
            yield from (f'{module}.{alias.name}' for alias in node.names)


def offences(folder: str, forbidden: set[str]) -> list[str]:
    return [
        f'{path.relative_to(ROOT)} imports {name}'
        for path in sources(folder)
        for name in imports(path)
        if any(name == bad or name.startswith(bad + '.') for bad in forbidden)
    ]


def test_core_uses_only_numerics_and_itself():
    for path in sources('rove_teleop/core'):
        for name in imports(path):
            top = name.split('.')[0]
            own = name in ('rove_teleop', 'rove_teleop.core') or name.startswith(
                ('rove_teleop.core.', 'rove_teleop.errors')
            )
            known = top in CORE_MAY_USE or top in sys.stdlib_module_names
            assert own or known, f'{path.relative_to(ROOT)} imports {name}'


def test_core_has_no_clock_thread_file_or_log():
    assert not offences('rove_teleop/core', CORE_MUST_NOT_USE)


def test_core_opens_no_file():
    for path in sources('rove_teleop/core'):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                called = getattr(node.func, 'id', getattr(node.func, 'attr', ''))
                assert called not in {'open', 'read_text', 'write_text', 'read_bytes'}, path


@pytest.mark.parametrize('package', ['rove_teleop', 'rove_policy', 'rove_bringup'])
def test_only_nodes_import_ros(package: str):
    for path in sources(package):
        where = path.relative_to(ROOT).parent.as_posix()
        if path.parent.name == 'nodes' or where in ROS_OUTSIDE_NODES:
            continue
        wrong = {name for name in imports(path) if name.split('.')[0] in ROS}
        assert not wrong, f'{path.relative_to(ROOT)} imports {sorted(wrong)}'


def test_teleoperation_knows_neither_policies_nor_bringup_nor_torch():
    assert not offences('rove_teleop', {'rove_policy', 'rove_bringup', 'torch'})


def test_policies_do_not_know_bringup():
    assert not offences('rove_policy', {'rove_bringup'})


def test_operators_see_nothing_of_policies_and_nothing_inside_the_arbiter():
    inside = {f'rove_teleop.core.{module}' for module in ARBITER}
    assert not offences('rove_teleop/operators', {'rove_policy', 'rove_teleop.twin', *inside})


def test_importing_rove_teleop_pulls_in_no_ros_no_simulator_and_no_torch():
    code = (
        'import sys, rove_teleop; '
        'print([m for m in ("rclpy", "mujoco", "torch", "numpy") if m in sys.modules])'
    )
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == '[]'
