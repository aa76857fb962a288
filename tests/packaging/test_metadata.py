"""What the package says of itself, in every place that says it."""

from __future__ import annotations

import ast
import importlib
from importlib.metadata import distribution, packages_distributions, version
from pathlib import Path
import pkgutil
import re
import sys
import tomllib

from catkin_pkg.package import parse_package
from packaging.requirements import Requirement
import pytest

import rove_bringup
import rove_policy
import rove_teleop

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (rove_teleop, rove_policy, rove_bringup)
PINS = sorted((ROOT / 'requirements').glob('*.txt'))
SEVEN = {
    'rclpy': 'ros-jazzy-rclpy',
    'pinocchio': 'pin',
    'python3-mujoco-pip': 'mujoco',
    'python3-dex-retargeting-pip': 'dex-retargeting',
    'python3-pyrealsense2-pip': 'pyrealsense2',
    'python3-zmq': 'pyzmq',
    'python3-numpy': 'numpy',
}
OWN = {'rove_teleop', 'rove_policy', 'rove_bringup', 'rove_msgs'}
BROUGHT_BY_PIN = {'coal'}


def canonical(name: str) -> str:
    return re.sub('[-_.]+', '-', name).lower()


def requirements() -> list[Requirement]:
    return [Requirement(line) for line in distribution('rove').requires or ()]


def pins() -> dict[str, str]:
    lines = [line for path in PINS for line in path.read_text().splitlines()]
    return dict(line.split('==') for line in lines if line and not line.startswith('#'))


def test_one_version_everywhere():
    messages = tomllib.loads((ROOT / 'rove_msgs/pyproject.toml').read_text())
    assert {
        rove_teleop.__version__,
        version('rove'),
        version('rove-msgs'),
        messages['project']['version'],
        parse_package(str(ROOT / 'package.xml')).version,
        parse_package(str(ROOT / 'rove_msgs/package.xml')).version,
    } == {rove_teleop.__version__}


@pytest.mark.parametrize(
    ('folder', 'name', 'build'),
    [('.', 'rove', 'ament_python'), ('rove_msgs', 'rove_msgs', 'ament_cmake')],
)
def test_package_xml_is_valid_and_names_its_build(folder: str, name: str, build: str):
    warnings: list[str] = []
    package = parse_package(str(ROOT / folder / 'package.xml'), warnings=warnings)
    assert not warnings
    assert (package.name, package.package_format, package.get_build_type()) == (name, 3, build)
    assert package.licenses == ['Apache-2.0']


def test_both_package_files_name_the_seven_packages():
    package = parse_package(str(ROOT / 'package.xml'))
    keys = {dependency.name for dependency in package.exec_depends}
    named = {requirement.name for requirement in requirements()}
    assert keys >= set(SEVEN)
    assert named >= set(SEVEN.values())


def test_ros_finds_the_package_by_one_name():
    name = parse_package(str(ROOT / 'package.xml')).name
    assert distribution(name).metadata['Name'] == name
    assert (ROOT / 'resource' / name).is_file()
    assert f'lib/{name}' in (ROOT / 'setup.cfg').read_text()


def test_every_program_can_be_loaded():
    programs = [entry for entry in distribution('rove').entry_points]
    shims = {path.name for path in (ROOT / 'scripts').glob('*_node')}
    assert {entry.name for entry in programs} == shims | {'rove'}
    for entry in programs:
        assert callable(entry.load()), entry


def test_every_pin_is_a_name_and_a_version():
    for path in PINS:
        for line in path.read_text().splitlines():
            pin = re.fullmatch(r'[a-z0-9.-]+==[0-9][0-9a-z.]*', line)
            assert pin or not line or line.startswith('# '), f'{path.name}: {line!r}'


def test_the_pins_are_what_is_installed():
    found = {name: version(name).split('+')[0] for name in pins()}
    assert found == pins()


def test_the_pins_meet_what_the_package_asks_for():
    for requirement in requirements():
        pinned = pins()[canonical(requirement.name)]
        assert requirement.specifier.contains(pinned), requirement


def imported(path: Path) -> set[str]:
    """Top-level names of the other distributions that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or '')
    return {name.split('.')[0] for name in names} - sys.stdlib_module_names - OWN


def test_everything_imported_is_declared():
    provided = packages_distributions()
    declared = {canonical(requirement.name) for requirement in requirements()}
    keys = {depend.name for depend in parse_package(str(ROOT / 'package.xml')).exec_depends}
    for package in PACKAGES:
        for path in Path(package.__path__[0]).rglob('*.py'):
            for name in imported(path) - keys - BROUGHT_BY_PIN:
                sources = set(map(canonical, provided.get(name, ())))
                assert sources & declared, f'{path.name} imports {name}'


def test_every_public_name_exists():
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f'{package.__name__}.'):
            if found.name.endswith('.__main__'):
                continue
            module = importlib.import_module(found.name)
            for name in getattr(module, '__all__', ()):
                assert hasattr(module, name), f'{found.name}.{name}'


def test_the_messages_are_installed_with_their_texts_and_libraries():
    files = {path.name: path.locate().resolve() for path in distribution('rove-msgs').files or ()}
    source = ROOT / 'rove_msgs'
    for text in [*source.glob('msg/*.msg'), *source.glob('srv/*.srv')]:
        assert files[text.name].read_text() == text.read_text()
    library = files['librove_msgs__rosidl_typesupport_fastrtps_c.so']
    assert library.parent == Path(sys.prefix, 'lib').resolve()


def test_nothing_names_the_machine_it_was_written_on():
    forbidden = re.compile(r'(?<![\w.])/(?:work|root|home|Users)/\w')
    kinds = {'.py', '.txt', '.toml', '.cfg', '.xml', '.yaml', '.md', '.rst', '.sh', '.urdf', ''}
    for top in (
        *OWN,
        'tests',
        'launch',
        'urdf',
        'sim',
        'config',
        'requirements',
        'scripts',
        '.ci',
    ):
        for path in (ROOT / top).rglob('*'):
            inside = path.relative_to(ROOT).parts
            if 'build' in inside or '__pycache__' in inside or path.suffix not in kinds:
                continue
            if path.is_file() and path != Path(__file__):
                assert not forbidden.search(path.read_text()), path
