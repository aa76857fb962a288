"""The three ways in: pip, editable pip, and colcon."""

from __future__ import annotations

import os
from pathlib import Path
import shutil
import sys

import pytest

from tests.packaging.commands import install, run

ROOT = Path(__file__).resolve().parents[2]
NODES = sorted(path.name for path in (ROOT / 'scripts').glob('*_node'))
WHERE = 'from rove_teleop.share import share; print(share("urdf", "g1_dex3.urdf"))'


def where(python: Path, cwd: Path, **options: object) -> Path:
    """The robot description that an installed rove finds, away from any source tree."""
    return Path(run(python, '-c', WHERE, cwd=cwd, **options).strip())


def test_pip_installs_programs_and_files_where_ros_looks_for_them(tree, fresh, tmp_path):
    install(fresh, tree)
    assert run(fresh / 'bin/rove', '--version', cwd=tmp_path).startswith('rove ')
    assert where(fresh / 'bin/python', tmp_path) == fresh / 'share/rove/urdf/g1_dex3.urdf'
    assert (fresh / 'share/ament_index/resource_index/packages/rove').is_file()
    assert (fresh / 'share/rove/package.xml').is_file()
    assert sorted(path.name for path in (fresh / 'lib/rove').iterdir()) == NODES
    for node in NODES:
        assert os.access(fresh / 'lib/rove' / node, os.X_OK), node
        assert os.access(fresh / 'bin' / node, os.X_OK), node
    for folder in ('launch', 'sim', 'config'):
        for path in (tree / folder).rglob('*.*'):
            assert (fresh / 'share/rove' / path.relative_to(tree)).exists(), path


def test_pip_installs_nothing_beside_the_three_packages(tree, fresh):
    before = {path.name for path in fresh.glob('lib/python3*/site-packages/*')}
    install(fresh, tree)
    added = {path.name for path in fresh.glob('lib/python3*/site-packages/*')} - before
    assert {name for name in added if not name.endswith('.dist-info')} == {
        'rove_bringup',
        'rove_policy',
        'rove_teleop',
    }


def test_editable_pip_runs_the_sources_and_finds_their_files(tree, fresh, tmp_path):
    install(fresh, '--editable', tree)
    assert where(fresh / 'bin/python', tmp_path) == tree / 'urdf/g1_dex3.urdf'
    assert run(fresh / 'bin/rove', '--version', cwd=tmp_path).startswith('rove ')


@pytest.mark.parametrize('node', NODES)
def test_a_program_started_the_way_ros_does_is_the_one_in_bin(node, tmp_path):
    for folder in ('lib/rove', 'bin'):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy2(ROOT / 'scripts' / node, tmp_path / 'lib/rove' / node)
    program = tmp_path / 'bin' / node
    program.write_text('#!/bin/sh\necho "$0 $*"\n')
    program.chmod(0o755)
    output = run(tmp_path / 'lib/rove' / node, '--ros-args', '-p', 'rate:=1 2', cwd='/')
    started, arguments = output.split(maxsplit=1)
    assert Path(started).resolve() == program
    assert arguments == '--ros-args -p rate:=1 2\n'


def test_colcon_builds_both_packages_and_its_workspace_runs(tree, tmp_path):
    prefix = Path(sys.prefix)
    environment = dict(
        os.environ,
        PATH=f'{prefix / "bin"}{os.pathsep}{os.environ["PATH"]}',
        AMENT_PREFIX_PATH=str(prefix),
        CMAKE_PREFIX_PATH=str(prefix),
        CFLAGS='-O0',
        CXXFLAGS='-O0',
    )
    work = tmp_path / 'ws'
    work.mkdir()
    run(
        *('colcon', '--log-base', work / 'log', 'build', '--base-paths', tree, tree / 'rove_msgs'),
        *('--build-base', work / 'build', '--install-base', work / 'install'),
        *('--cmake-args', '-G', 'Ninja', '-DBUILD_TESTING=OFF'),
        f'-DPython3_EXECUTABLE={sys.executable}',
        env=environment,
        cwd=work,
    )
    installed = work / 'install/rove'
    assert {path.name for path in (installed / 'lib/rove').iterdir()} >= {'rove', *NODES}
    check = (
        'import rove_msgs, rove_teleop; from rove_msgs.msg import ControlFrame; '
        'ControlFrame(); print(rove_msgs.__file__, rove_teleop.__file__)'
    )
    sourced = f'. {work}/install/setup.sh && python -c "{check}"'
    output = run('sh', '-c', sourced, env=environment, cwd=tmp_path).split()
    assert output[-2].startswith(f'{work}/install/rove_msgs/')
    assert output[-1].startswith(f'{installed}/')
    version = f'. {work}/install/setup.sh && {installed}/lib/rove/rove --version'
    assert 'rove ' in run('sh', '-c', version, env=environment, cwd=tmp_path)
