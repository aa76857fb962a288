"""Package of rove, for pip and for colcon."""

from __future__ import annotations

from pathlib import Path
import re

from setuptools import find_packages, setup

NAME = 'rove'
NODES = ('twin', 'camera', 'viewer', 'operator', 'teleop', 'arbiter', 'recorder')
SHIPPED = ('launch', 'urdf', 'sim', 'config')


def version() -> str:
    """The version as the package states it, read without importing the package."""
    text = Path('rove_teleop/__init__.py').read_text()
    return re.search(r"^__version__ = '(.+)'$", text, re.MULTILINE)[1]


def tree(top: str) -> list[tuple[str, list[str]]]:
    """Files below a folder, each folder mirrored below share/rove."""
    folders: dict[Path, list[str]] = {}
    for file in sorted(Path(top).rglob('*')):
        hidden = any(part.startswith(('.', '__')) for part in file.parts)
        if file.is_file() and not hidden:
            folders.setdefault(file.parent, []).append(str(file))
    return [(f'share/{NAME}/{folder}', files) for folder, files in folders.items()]


setup(
    name=NAME,
    version=version(),
    description='Real-time humanoid teleoperation, and intervention while a policy runs',
    long_description=Path('README.md').read_text() if Path('README.md').exists() else '',
    long_description_content_type='text/markdown',
    author='The rove maintainers',
    license='Apache-2.0',
    python_requires='>=3.11,<3.14',
    packages=find_packages(
        include=[f'{NAME}_{part}*' for part in ('teleop', 'policy', 'bringup')]
    ),
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
        # pip puts console scripts into bin; ROS looks for a package's programs here.
        (f'lib/{NAME}', sorted(map(str, Path('scripts').glob('*_node')))),
        *(entry for top in SHIPPED for entry in tree(top)),
    ],
    zip_safe=False,
    install_requires=[
        'ros-jazzy-rclpy',
        'ros-jazzy-rmw-fastrtps-cpp',
        'ros-jazzy-common-interfaces',
        'numpy>=2',
        'pin>=4',
        'daqp',
        'mujoco>=4',
        'pyzmq',
        'msgpack',
        'mcap',
        'opencv-python-headless',
        'av',
        'matplotlib',
        'rich',
        'pyyaml',
    ],
    extras_require={
        'hands': ['dex-retargeting', 'torch', 'six'],
        'realsense': ['pyrealsense2'],
        'test': [
            'pytest',
            'pytest-xdist',
            'hypothesis',
            'colcon-common-extensions',
            'ruff',
            'mypy',
        ],
    },
    entry_points={
        'console_scripts': [
            'rove = rove_bringup.cli:main',
            *(f'{node}_node = rove_teleop.nodes.{node}_node:main' for node in NODES),
            'policy_node = rove_policy.nodes.policy_node:main',
            'director_node = rove_bringup.nodes.director_node:main',
        ]
    },
)
