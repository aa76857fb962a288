from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from rove_teleop.core.types import OperatorState
from rove_teleop.errors import RecordingError
from rove_teleop.operators.poses import compose
from rove_teleop.operators.recordings import load_recording
from rove_teleop.operators.replay import replay_operator
from rove_teleop.operators.source import OperatorView
from rove_teleop.operators.states import load_states, save_states


def unit(rng: np.random.Generator, *shape: int) -> np.ndarray:
    poses = rng.normal(size=(*shape, 7))
    poses[..., 3:] /= np.linalg.norm(poses[..., 3:], axis=-1, keepdims=True)
    return poses


def stream(n: int = 20) -> list[OperatorState]:
    rng = np.random.default_rng(1)
    return [
        OperatorState(
            source_id='headset',
            session='monday',
            seq=100 + 2 * i,
            t_source_ns=10**12 + 11_111_111 * i,
            t_receive_ns=10**9 + 11_111_111 * i,
            head=unit(rng),
            right_wrist=None if 5 <= i < 8 else unit(rng),
            right_hand=None if 5 <= i < 8 else unit(rng, 25),
            left_hand=unit(rng, 25),
            body={'pelvis': unit(rng)} if i % 2 else {},
            buttons=('hold', 'takeover') if i == 3 else (),
            axes={'right_trigger': 0.1 * (i % 10)} if i > 2 else {},
        )
        for i in range(n)
    ]


def same(a: object, b: object) -> bool:
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray):
        return np.array_equal(a, b)
    return a == b


def test_what_was_saved_is_loaded_exactly(tmp_path: Path):
    states = stream()
    save_states(tmp_path / 'session.npz', states)
    loaded = load_states(tmp_path / 'session.npz')
    assert len(loaded) == len(states)
    for before, after in zip(states, loaded, strict=True):
        for field in fields(OperatorState):
            assert same(getattr(before, field.name), getattr(after, field.name)), field.name


def test_saving_leaves_no_half_written_file_and_keeps_the_old_one_on_failure(tmp_path: Path):
    path = tmp_path / 'session.npz'
    save_states(path, stream())
    content = path.read_bytes()
    with pytest.raises(ValueError, match='shape'):
        save_states(path, [*stream(), replace(stream()[0], head=np.zeros(6))])
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ['session.npz']


def test_a_stream_of_several_sources_is_not_saved(tmp_path: Path):
    states = [*stream(), replace(stream()[0], session='tuesday')]
    with pytest.raises(RecordingError, match='2 sources and sessions'):
        save_states(tmp_path / 'session.npz', states)


def test_a_saved_session_is_a_recording_with_gaps_where_nothing_was_tracked(tmp_path: Path):
    states = stream()
    save_states(tmp_path / 'session.npz', states)
    motion = load_recording(tmp_path / 'session.npz')
    assert motion.absolute
    assert motion.time[1] == pytest.approx(0.011111111)
    at = motion.sample(float(motion.time[10]))
    assert at.poses['right_wrist'] == pytest.approx(states[10].right_wrist)
    hand = compose(at.poses['right_wrist'], at.hands['right'])
    assert np.abs(hand[:, :3] - states[10].right_hand[:, :3]).max() < 1e-12
    assert 'right_wrist' not in motion.sample(float(motion.time[6])).poses
    assert motion.sample(float(motion.time[3])).buttons == ('hold', 'takeover')


def test_a_saved_session_plays_with_its_own_buttons(tmp_path: Path):
    save_states(tmp_path / 'session.npz', stream())
    operator = replay_operator(tmp_path / 'session.npz', recorded_buttons=True, in_place=False)
    operator.reset(0, 's')
    outputs = [operator.step(OperatorView(), i * 5_000_000) for i in range(60)]
    assert [r.event for output in outputs for r in output.requests] == ['hold', 'takeover']


def spoil(path: Path, **changes) -> Path:
    save_states(path, stream())
    with np.load(path, allow_pickle=False) as file:
        arrays = {**file, **changes}
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return path


BROKEN = {
    'another version': (
        {'rove_format': np.array('operator-9')},
        "'operator-9', expected 'operator-1'",
    ),
    'no numbers': ({'seq': None}, 'field seq is missing'),
    'repeated': ({'seq': np.zeros(20, np.int64)}, 'field seq does not increase at sample 1'),
    'broken clock': ({'t_source_ns': np.zeros(20)}, 'field t_source_ns is float64'),
    'short': (
        {'head': np.zeros((19, 7))},
        r'field head is float64 \(19, 7\), expected .*\(20, 7\)',
    ),
    'infinite': ({'head': np.full((20, 7), np.inf)}, 'field head is not finite at sample 0'),
    'not unit': ({'head': np.ones((20, 7))}, 'field head has a quaternion of norm 2 at sample 0'),
    'no hand': ({'left_hand': None}, 'field left_hand is missing'),
    'buttons': ({'buttons': np.zeros((20, 1), bool)}, r'field buttons is bool \(20, 1\)'),
    'axes': ({'axes': np.zeros((20, 3))}, r'field axes is float64 \(20, 3\)'),
}


@pytest.mark.parametrize(('changes', 'message'), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_stream_names_the_field_and_what_was_expected(tmp_path, changes, message):
    path = spoil(tmp_path / 'session.npz', **changes)
    with pytest.raises(RecordingError, match=message):
        load_recording(path)
