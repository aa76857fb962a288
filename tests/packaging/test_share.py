from __future__ import annotations

from pathlib import Path

import pytest

from rove_teleop.share import share

ROOT = Path(__file__).resolve().parents[2]


def test_a_source_tree_comes_before_every_installed_copy(tmp_path, monkeypatch):
    (tmp_path / 'share/rove/urdf').mkdir(parents=True)
    (tmp_path / 'share/rove/urdf/g1_dex3.urdf').touch()
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    assert share('urdf', 'g1_dex3.urdf') == ROOT / 'urdf/g1_dex3.urdf'
    assert share('urdf/g1_dex3.urdf') == ROOT / 'urdf/g1_dex3.urdf'


def test_what_the_tree_lacks_is_found_in_an_ament_prefix(tmp_path, monkeypatch):
    (tmp_path / 'b/share/rove').mkdir(parents=True)
    (tmp_path / 'b/share/rove/extra.yaml').touch()
    monkeypatch.setenv('AMENT_PREFIX_PATH', f'{tmp_path / "a"}:{tmp_path / "b"}')
    assert share('extra.yaml') == tmp_path / 'b/share/rove/extra.yaml'


def test_a_missing_file_names_every_place_searched(tmp_path, monkeypatch):
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    with pytest.raises(FileNotFoundError) as caught:
        share('urdf', 'nobody.urdf')
    message = str(caught.value)
    assert "'urdf/nobody.urdf'" in message
    assert str(ROOT / 'urdf/nobody.urdf') in message
    assert str(tmp_path / 'share/rove/urdf/nobody.urdf') in message
