"""The robot hands of the benchmark and where their descriptions come from."""

from __future__ import annotations

from dataclasses import dataclass
import importlib
from pathlib import Path
import sys
from types import ModuleType

from benchmarks.environments import environment
from rove_teleop.core.retargeting import HAND_CONFIGS, VectorConfig
from rove_teleop.core.robot import PALM_FRAMES
from rove_teleop.hands.urdf import hand_urdf
from rove_teleop.share import share

HANDS = ('dex3', 'inspire', 'shadow')
KINDS = ('vector', 'dexpilot')


@dataclass(frozen=True)
class Hand:
    """One robot hand and what it shall match.

    Attributes:
        urdf: Description of the hand alone, with a link for every point of the configuration.
        inside: The configuration whose points are those links.
    """

    name: str
    kind: str
    side: str
    urdf: Path
    inside: VectorConfig


def dexi() -> ModuleType:
    """The module of dexi-rs, out of an environment of its own.

    Raises:
        EnvironmentFailed: It could not be installed.
    """
    python = environment('retarget')
    site = next(python.parents[1].glob('lib/python*/site-packages'))
    if str(site) not in sys.path:
        sys.path.append(str(site))
    return importlib.import_module('dexi_rs')


def load_hand(name: str, kind: str, side: str, folder: Path) -> Hand:
    """A hand to measure with.

    Args:
        name: One of ``HANDS``.
        kind: One of ``KINDS``.
        side: ``left`` or ``right``.
        folder: Where a description may be written.

    Raises:
        EnvironmentFailed: Its description could not be installed.
    """
    config = HAND_CONFIGS[name, kind]
    if name != 'dex3':
        assets = Path(dexi().asset_path('robots/hands'))
        return Hand(name, kind, side, assets / f'{name}_hand/{name}_hand_{side}.urdf', config)
    points = dict(zip(config.points, config.places(side), strict=True))
    urdf = folder / f'dex3_{side}.urdf'
    urdf.write_text(hand_urdf(share('urdf/g1_dex3.urdf'), PALM_FRAMES[side], points))
    return Hand(name, kind, side, urdf, config)
