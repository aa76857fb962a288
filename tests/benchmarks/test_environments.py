"""Environments of the peers: what they are made from, and what a process in them inherits."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.environments import environ, names, pins
from rove_teleop.errors import ConfigError, UnknownName


def test_every_shipped_environment_pins_names_and_versions_only():
    assert {'mink', 'placo'} <= set(names())
    for name in names():
        found = pins(name)
        assert found
        assert len({pin.split('==')[0] for pin in found}) == len(found)


def test_the_peers_have_the_versions_that_were_compared():
    assert {'mink==1.3.0', 'pin-pink==4.4.0', 'pin==4.1.0'} <= set(pins('mink'))
    assert {'placo==0.10.2', 'pin==3.8.0'} <= set(pins('placo'))


def test_comments_and_empty_lines_are_no_pins(tmp_path: Path):
    (tmp_path / 'peer.txt').write_text('# why\none==1.0\n\n  two-b==2.1.0.post1\n')
    assert pins('peer', tmp_path) == ('one==1.0', 'two-b==2.1.0.post1')


@pytest.mark.parametrize('line', ['one', 'one>=1', '--index-url x', 'https://host/one.whl'])
def test_anything_but_a_pin_is_refused_by_file_and_line(tmp_path: Path, line: str):
    (tmp_path / 'peer.txt').write_text(f'{line}\n')
    with pytest.raises(ConfigError, match='peer.txt.*package==version'):
        pins('peer', tmp_path)


def test_an_unknown_environment_is_refused_with_the_known_ones(tmp_path: Path):
    (tmp_path / 'peer.txt').write_text('one==1.0\n')
    with pytest.raises(UnknownName, match="'nobody'; known: peer"):
        pins('nobody', tmp_path)


def test_a_child_does_not_inherit_what_leads_to_our_packages():
    ours = {
        'LD_LIBRARY_PATH': 'x',
        '_ROS_WHEELS_BOOTSTRAP_COMPLETE': '1',
        'PYTHONPATH': 'y',
        'HOME': 'z',
    }
    assert environ(ours) == {'HOME': 'z', 'OMP_NUM_THREADS': '1', 'OPENBLAS_NUM_THREADS': '1'}
