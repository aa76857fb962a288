"""A stream of ``OperatorState`` on disk: what a live session saves and a replay plays.

One ``.npz`` archive of plain arrays, one row per sample; a pose that was not tracked is a row
of NaN. Loading gives back exactly what was saved.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rove_teleop.core.types import Array, OperatorState
from rove_teleop.errors import RecordingError
from rove_teleop.operators import poses as arithmetic
from rove_teleop.operators.arrays import ArrayFile
from rove_teleop.operators.motion import Motion, check_poses

FORMAT = 'operator-1'
_POSES = ('head', 'left_wrist', 'right_wrist')
_HANDS = {'left': 'left_hand', 'right': 'right_hand'}
_STAMPS = ('seq', 't_source_ns', 't_receive_ns')


def is_stream(file: ArrayFile) -> bool:
    """Whether an archive holds an operator stream."""
    return 'rove_format' in file


def save_states(path: Path | str, states: Sequence[OperatorState]) -> None:
    """Write a stream; a file of that name is replaced only once the new one is complete.

    Raises:
        RecordingError: There are fewer than two samples, or they are of several sources.
    """
    path = Path(path)
    sources = {(state.source_id, state.session) for state in states}
    if len(states) < 2 or len(sources) != 1:
        raise RecordingError(
            f'{path}: {len(states)} samples of {len(sources)} sources and sessions, expected at '
            'least 2 samples of one'
        )
    arrays: dict[str, Any] = {}
    arrays |= {name: np.array([getattr(s, name) for s in states], np.int64) for name in _STAMPS}
    tracks = {name: [getattr(s, name) for s in states] for name in _POSES}
    tracks |= {f'body.{name}': [s.body.get(name) for s in states] for name in _body_names(states)}
    arrays |= {name: _rows(track, (7,)) for name, track in tracks.items()}
    for name in _HANDS.values():
        arrays[name] = _rows([getattr(s, name) for s in states], (25, 7))
    buttons = sorted({button for s in states for button in s.buttons})
    axes = sorted({axis for s in states for axis in s.axes})
    arrays['button_names'] = np.array(buttons, dtype=np.str_)
    arrays['buttons'] = np.array([[b in s.buttons for b in buttons] for s in states], bool)
    arrays['axis_names'] = np.array(axes, dtype=np.str_)
    arrays['axes'] = np.array([[s.axes.get(a, np.nan) for a in axes] for s in states], float)
    text = {'rove_format': FORMAT, 'source_id': states[0].source_id, 'session': states[0].session}
    arrays |= {name: np.array(value) for name, value in text.items()}
    unfinished = path.with_name(path.name + '.part')
    with unfinished.open('wb') as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    unfinished.replace(path)


def load_states(path: Path | str) -> tuple[OperatorState, ...]:
    """Read a stream.

    Raises:
        RecordingError: The file is not an operator stream, or a field of it is broken.
    """
    file = ArrayFile(Path(path))
    if file.text('rove_format') != FORMAT:
        raise RecordingError(
            f'{path}: field rove_format is {file.text("rove_format")!r}, expected {FORMAT!r}'
        )
    stamps = _stamps(file)
    n = len(stamps['seq'])
    singles = [name for name in file.names if name in _POSES or name.startswith('body.')]
    tracks = {name: _checked(file, name, (n, 7)) for name in singles}
    hands = {name: _checked(file, name, (n, 25, 7)) for name in _HANDS.values()}
    buttons = _flags(file, n)
    axis_names = [str(name) for name in file.raw('axis_names', 'names of the axes')]
    axes = file.numbers('axes', (n, len(axis_names)), 'in [-1, 1]')
    source_id, session = file.text('source_id'), file.text('session')
    return tuple(
        OperatorState(
            source_id=source_id,
            session=session,
            seq=int(stamps['seq'][i]),
            t_source_ns=int(stamps['t_source_ns'][i]),
            t_receive_ns=int(stamps['t_receive_ns'][i]),
            **{name: _row(tracks.get(name), i) for name in _POSES},
            **{name: _row(hand, i) for name, hand in hands.items()},
            body={
                name.removeprefix('body.'): track[i]
                for name, track in tracks.items()
                if name.startswith('body.') and not np.isnan(track[i]).all()
            },
            buttons=buttons[i],
            axes={a: float(x) for a, x in zip(axis_names, axes[i], strict=True) if x == x},
        )
        for i in range(n)
    )


def motion_from_states(states: Sequence[OperatorState], name: str) -> Motion:
    """The motion in a stream, timed by its source clock.

    Raises:
        RecordingError: Its times do not increase, or a pose in it is broken.
    """
    start = states[0].t_source_ns
    tracks = {pose: _rows([getattr(s, pose) for s in states], (7,)) for pose in _POSES}
    tracks |= {b: _rows([s.body.get(b) for s in states], (7,)) for b in _body_names(states)}
    hands = {}
    for side, field in _HANDS.items():
        hand = _rows([getattr(s, field) for s in states], (25, 7))
        if not np.isnan(hand).all():
            wrist = tracks[f'{side}_wrist']
            wrist = np.where(np.isnan(wrist), hand[:, 0], wrist)
            tracks[f'{side}_wrist'] = wrist
            hands[side] = arithmetic.compose(arithmetic.inverse(wrist)[:, None], hand)
    return Motion(
        name=name,
        time=np.array([(s.t_source_ns - start) * 1e-9 for s in states]),
        poses={pose: track for pose, track in tracks.items() if not np.isnan(track).all()},
        hands=hands,
        buttons=tuple(s.buttons for s in states),
    )


def _body_names(states: Iterable[OperatorState]) -> list[str]:
    return sorted({name for state in states for name in state.body})


def _rows(values: Sequence[Array | None], shape: tuple[int, ...]) -> Array:
    untracked = np.full(shape, np.nan)
    return np.array([untracked if value is None else value for value in values], float)


def _row(track: Array | None, i: int) -> Array | None:
    return None if track is None or np.isnan(track[i]).all() else track[i]


def _checked(file: ArrayFile, name: str, shape: tuple[int, ...]) -> Array:
    array = file.numbers(name, shape, '[m, unit quaternion xyzw]')
    check_poses(str(file.path), name, array, shape)
    return array


def _stamps(file: ArrayFile) -> dict[str, Array]:
    n = len(np.atleast_1d(file.raw('seq', '(n,) sequence numbers')))
    stamps = {}
    for name in _STAMPS:
        stamp = file.raw(name, f'({n},) integers')
        if stamp.shape != (n,) or stamp.dtype.kind not in 'iu' or n < 2:
            raise RecordingError(
                f'{file.path}: field {name} is {stamp.dtype} {stamp.shape}, expected integers '
                f'({n},), at least 2'
            )
        if name != 't_receive_ns' and (np.diff(stamp) <= 0).any():
            at = int(np.argmax(np.diff(stamp) <= 0)) + 1
            raise RecordingError(
                f'{file.path}: field {name} does not increase at sample {at}, expected strictly '
                'increasing'
            )
        stamps[name] = stamp
    return stamps


def _flags(file: ArrayFile, n: int) -> list[tuple[str, ...]]:
    names = [str(name) for name in file.raw('button_names', 'names of the buttons')]
    held = file.raw('buttons', f'({n}, {len(names)}) flags')
    if held.shape != (n, len(names)) or held.dtype.kind != 'b':
        raise RecordingError(
            f'{file.path}: field buttons is {held.dtype} {held.shape}, expected flags '
            f'({n}, {len(names)})'
        )
    return [tuple(b for b, down in zip(names, row, strict=True) if down) for row in held]
