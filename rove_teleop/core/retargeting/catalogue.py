"""Robot hands as data: which vectors of a human hand each of them matches.

The Dex3 is part of the robot's description. Inspire and Shadow are described by the URDFs of
dex-urdf, which the package dexi-rs brings along; scales and points are those that dex-retargeting
uses for them.
"""

from __future__ import annotations

from types import MappingProxyType

from rove_teleop.core.retargeting.vectors import VectorConfig, dexpilot_config

_HERE = (0.0, 0.0, 0.0)
_TIPS = (4, 9, 14, 19, 24)  # WebXR, thumb to little finger
_URDF_AXES = ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0), (-1.0, 0.0, 0.0))

_DEX3_JOINTS = tuple(
    f'{{side}}_hand_{name}_joint'
    for name in ('thumb_0', 'thumb_1', 'thumb_2', 'middle_0', 'middle_1', 'index_0', 'index_1')
)
_DEX3_AXES = ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
_DEX3_POINTS = {
    'wrist': ('{side}_hand_palm_link', (-0.0153, 0.0016, 0.0)),  # a human palm from the knuckles
    'thumb': ('{side}_hand_thumb_2_link', (0.0085, -0.043, 0.0)),
    'index': ('{side}_hand_index_1_link', (0.043, -0.0085, 0.0)),
    'middle': ('{side}_hand_middle_1_link', (0.043, -0.0085, 0.0)),
}
_DEX3_TIPS = ('thumb', 'index', 'middle')

DEX3_VECTOR = VectorConfig(
    name='dex3 vector',
    joints=_DEX3_JOINTS,
    points=_DEX3_POINTS,
    origins=('wrist',) * 3,
    tasks=_DEX3_TIPS,
    human=((0,) * 3, _TIPS[:3]),
    axes=_DEX3_AXES,
)
"""Unitree Dex3-1, wrist to the pads of its three fingers."""

DEX3_DEXPILOT = dexpilot_config(
    'dex3 dexpilot',
    wrist='wrist',
    tips=_DEX3_TIPS,
    human_tips=_TIPS[:3],
    joints=_DEX3_JOINTS,
    points=_DEX3_POINTS,
    axes=_DEX3_AXES,
)
"""Unitree Dex3-1 with pinches that close."""

_INSPIRE_JOINTS = (
    'pinky_proximal_joint',
    'ring_proximal_joint',
    'middle_proximal_joint',
    'index_proximal_joint',
    'thumb_proximal_pitch_joint',
    'thumb_proximal_yaw_joint',
)
_INSPIRE_TIPS = ('thumb_tip', 'index_tip', 'middle_tip', 'ring_tip', 'pinky_tip')
_INSPIRE_POINTS = {name: (name, _HERE) for name in ('base', *_INSPIRE_TIPS)}

INSPIRE_VECTOR = VectorConfig(
    name='inspire vector',
    joints=_INSPIRE_JOINTS,
    points=_INSPIRE_POINTS,
    origins=('base',) * 5,
    tasks=_INSPIRE_TIPS,
    human=((0,) * 5, _TIPS),
    axes=_URDF_AXES,
    scale=1.15,
)
"""Inspire hand: six motors, the other six joints follow."""

INSPIRE_DEXPILOT = dexpilot_config(
    'inspire dexpilot',
    wrist='base',
    tips=_INSPIRE_TIPS,
    human_tips=_TIPS,
    joints=_INSPIRE_JOINTS,
    points=_INSPIRE_POINTS,
    axes=_URDF_AXES,
    scale=1.15,
)
"""Inspire hand with pinches that close."""

_SHADOW_JOINTS = (
    *('WRJ2', 'WRJ1'),
    *(f'{finger}J{n}' for finger in ('FF', 'MF', 'RF') for n in (4, 3, 2, 1)),
    *(f'{finger}J{n}' for finger in ('LF', 'TH') for n in (5, 4, 3, 2, 1)),
)
_SHADOW_TIPS = ('thtip', 'fftip', 'mftip', 'rftip', 'lftip')
_SHADOW_MIDDLES = ('thmiddle', 'ffmiddle', 'mfmiddle', 'rfmiddle', 'lfmiddle')

SHADOW_VECTOR = VectorConfig(
    name='shadow vector',
    joints=_SHADOW_JOINTS,
    points={name: (name, _HERE) for name in ('palm', *_SHADOW_TIPS, *_SHADOW_MIDDLES)},
    origins=('palm',) * 10,
    tasks=_SHADOW_TIPS + _SHADOW_MIDDLES,
    human=((0,) * 10, (*_TIPS, 2, 7, 12, 17, 22)),
    axes=_URDF_AXES,
    scale=1.2,
)
"""Shadow hand with its wrist, 24 joints."""

SHADOW_DEXPILOT = dexpilot_config(
    'shadow dexpilot',
    wrist='ee_link',
    tips=_SHADOW_TIPS,
    human_tips=_TIPS,
    joints=_SHADOW_JOINTS,
    points={name: (name, _HERE) for name in ('ee_link', *_SHADOW_TIPS)},
    axes=_URDF_AXES,
    scale=1.2,
)
"""Shadow hand with pinches that close."""

HAND_CONFIGS = MappingProxyType(
    {
        ('dex3', 'vector'): DEX3_VECTOR,
        ('dex3', 'dexpilot'): DEX3_DEXPILOT,
        ('inspire', 'vector'): INSPIRE_VECTOR,
        ('inspire', 'dexpilot'): INSPIRE_DEXPILOT,
        ('shadow', 'vector'): SHADOW_VECTOR,
        ('shadow', 'dexpilot'): SHADOW_DEXPILOT,
    }
)
"""By hand and kind."""
