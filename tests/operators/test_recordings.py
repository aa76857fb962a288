from __future__ import annotations

from pathlib import Path

import numpy as np
import pinocchio as pin
import pytest

from rove_teleop.errors import RecordingError, UnknownName
from rove_teleop.operators.hand_model import hand_pose
from rove_teleop.operators.poses import rotate
from rove_teleop.operators.recordings import load_recording, recording_names
from rove_teleop.operators.synthesis import synthesize, synthetic_names, write_recordings
from rove_teleop.share import share
from tests.fakes.skeletons import bvh_text

MEDIAPIPE = [0, 1, 2, 3, 4, *range(6, 10), *range(11, 15), *range(16, 20), *range(21, 25)]
CLOSING = 1.0 - np.linspace(0.0, 1.0, 11)
TURN = [pin.Quaternion(pin.rpy.rpyToMatrix(0.0, 0.0, 0.1 * i)).coeffs() for i in range(11)]


def wrist_path(**changes) -> dict[str, np.ndarray]:
    arrays = {
        'time': 3.0 + 0.01 * np.arange(11),
        'position': np.outer(np.arange(11), [0.01, 0.0, 0.02]) + [0.5, 0.0, 0.6],
        'quaternion_wxyz': np.array(TURN)[:, [3, 0, 1, 2]],
        'aperture': 0.08 * CLOSING,
    }
    arrays.update(changes)
    return {name: array for name, array in arrays.items() if array is not None}


def keypoints(rows: int = 4, side: str = 'right', curl: float = 0.4) -> np.ndarray:
    """Points of the hand model in MediaPipe order, in a frame of their own."""
    T = pin.SE3(pin.rpy.rpyToMatrix(0.3, -0.8, 1.1), np.array([0.1, 0.2, 0.3]))
    hand = hand_pose(side, index=curl, middle=curl, T_world_wrist=T)
    return np.repeat(hand[None, MEDIAPIPE, :3], rows, axis=0)


def save(folder: Path, name: str = 'path.npz', **arrays) -> Path:
    path = folder / name
    np.savez(path, **arrays)
    return path


def test_a_wrist_path_starts_at_time_zero_with_its_own_motion(tmp_path: Path):
    motion = load_recording(save(tmp_path, **wrist_path()))
    assert not motion.absolute
    assert motion.time == pytest.approx(0.01 * np.arange(11))
    assert motion.poses['right_wrist'][10] == pytest.approx([0.6, 0.0, 0.8, *TURN[10]])


def test_between_samples_positions_go_straight_and_rotations_by_the_shortest_arc(tmp_path: Path):
    flipped = wrist_path()
    flipped['quaternion_wxyz'][1::2] *= -1.0
    sample = load_recording(save(tmp_path, **flipped)).sample(0.035)
    wrist = sample.poses['right_wrist']
    assert wrist[:3] == pytest.approx([0.535, 0.0, 0.67])
    angle = pin.rpy.matrixToRpy(pin.XYZQUATToSE3(wrist).rotation)[2]
    assert angle == pytest.approx(0.35)


def test_sampling_is_clamped_to_both_ends(tmp_path: Path):
    motion = load_recording(save(tmp_path, **wrist_path()))
    assert motion.sample(-1.0).poses['right_wrist'][0] == pytest.approx(0.5)
    assert motion.sample(99.0).poses['right_wrist'][0] == pytest.approx(0.6)


def test_an_aperture_opens_and_closes_the_whole_hand(tmp_path: Path):
    path = save(tmp_path, **wrist_path(aperture=np.linspace(0.0801, -3e-4, 11)))
    hand = load_recording(path, side='left').hands['left']
    fist = hand_pose('left', thumb=1, index=1, middle=1, ring=1, pinky=1)
    assert hand[0] == pytest.approx(hand_pose('left'))
    assert hand[10] == pytest.approx(fist)


def test_curls_move_the_fingers_one_by_one(tmp_path: Path):
    curls = np.zeros((11, 5))
    curls[:, 1] = 0.5
    hand = load_recording(save(tmp_path, **wrist_path(curls=curls, aperture=None))).hands['right']
    assert hand[3] == pytest.approx(hand_pose('right', index=0.5))


def test_keypoints_give_back_the_joints_they_were_taken_from(tmp_path: Path):
    motion = load_recording(save(tmp_path, keypoints=keypoints()))
    expected = hand_pose('right', index=0.4, middle=0.4)
    # The wrist frame points to the middle knuckle, which the model has 2.6 degrees off x.
    T = pin.SE3(_palm_turn(expected), np.zeros(3))
    hand = motion.hands['right'][0]
    tips = [4, 9, 14, 19, 24]
    for joint in tips:
        assert T * hand[joint, :3] == pytest.approx(expected[joint, :3], abs=1e-9)
    for joint in (6, 7, 8, 9, 11, 12, 16, 17, 21, 22):
        x = rotate(hand[joint, 3:], np.array([1.0, 0, 0]))
        z = rotate(hand[joint, 3:], np.array([0, 0, 1.0]))
        axes = pin.XYZQUATToSE3(expected[joint]).rotation
        assert (T.rotation @ x) @ axes[:, 0] > 0.995
        assert (T.rotation @ z) @ axes[:, 2] > 0.98


def _palm_turn(hand: np.ndarray) -> np.ndarray:
    x = hand[11, :3] / np.linalg.norm(hand[11, :3])
    z = np.cross(x, hand[6, :3] - hand[21, :3])
    z /= np.linalg.norm(z)
    return np.stack([x, np.cross(z, x), z], axis=1)


def test_the_missing_metacarpals_lie_on_the_line_from_wrist_to_knuckle(tmp_path: Path):
    hand = load_recording(save(tmp_path, keypoints=keypoints())).hands['right'][0]
    for knuckle in (6, 11, 16, 21):
        metacarpal = hand[knuckle - 1, :3]
        assert np.cross(metacarpal, hand[knuckle, :3]) == pytest.approx(np.zeros(3), abs=1e-12)
        assert 0.2 < np.linalg.norm(metacarpal) / np.linalg.norm(hand[knuckle, :3]) < 0.5


def test_right_hand_keypoints_are_mirrored_for_the_left_hand(tmp_path: Path):
    right = save(tmp_path, 'right.npz', keypoints=keypoints())
    left = save(tmp_path, 'left.npz', keypoints=keypoints(side='left'))
    mirrored = load_recording(right, side='left').hands['left']
    expected = load_recording(left, side='left', keypoints_side='left').hands['left']
    assert mirrored == pytest.approx(expected)


def test_keypoints_join_a_wrist_path_by_interpolation_in_time(tmp_path: Path):
    points = np.concatenate([keypoints(1, curl=0.0), keypoints(1, curl=0.6)])
    hand = save(tmp_path, 'hand.npz', keypoints=points, time=np.array([0.0, 0.08]))
    motion = load_recording(save(tmp_path, **wrist_path()), keypoints=hand)
    tip = motion.hands['right'][:, 9, :3]
    assert tip[4] == pytest.approx((tip[0] + tip[8]) / 2.0)
    assert tip[10] == pytest.approx(tip[8]), 'past the end the last ones stay'
    assert motion.hands['right'].shape == (11, 25, 7)


def test_keypoints_without_times_come_thirty_times_a_second(tmp_path: Path):
    motion = load_recording(save(tmp_path, keypoints=keypoints(61)))
    assert motion.duration == pytest.approx(2.0)


def test_every_hand_quaternion_is_a_unit_one(tmp_path: Path):
    rng = np.random.default_rng(0)
    points = keypoints(50) + rng.normal(0.0, 0.004, (50, 21, 3))
    hand = load_recording(save(tmp_path, keypoints=points)).hands['right']
    assert np.linalg.norm(hand[..., 3:], axis=-1) == pytest.approx(np.ones((50, 25)))


def test_a_motion_capture_file_is_read_by_its_ending(tmp_path: Path):
    path = tmp_path / 'walk.BVH'
    path.write_text(bvh_text([{}, {}]))
    assert load_recording(path).absolute


def _spoiled(name: str, row: int, value: float) -> np.ndarray:
    array = wrist_path()[name].copy()
    array[row] = value
    return array


BROKEN = {
    'no position': ({'position': None}, r'unknown format with fields aperture, quaternion_wxyz'),
    'no time': ({'time': None}, r'field time is missing, expected \(n\).*the file has aperture'),
    'time back': (
        {'time': _spoiled('time', 5, 0.0)},
        'field time goes from 3.04 to 0 s at sample 5',
    ),
    'time nan': ({'time': _spoiled('time', 5, np.nan)}, 'field time is nan at sample 5'),
    'two times': ({'time': np.zeros((11, 2))}, r'field time is float64 \(11, 2\), expected'),
    'short': (
        {'position': np.zeros((10, 3))},
        r'position is float64 \(10, 3\), expected .*\(11, 3',
    ),
    'nan': ({'position': _spoiled('position', 3, np.nan)}, r'field position is nan at sample 3'),
    'words': ({'position': np.full((11, 3), 'x')}, 'field position is <U1'),
    'zero quaternion': ({'quaternion_wxyz': np.zeros((11, 4))}, 'quaternion_wxyz has norm 0 at'),
    'no hand': ({'aperture': None}, 'field aperture is missing'),
    'millimetres': ({'aperture': 80.0 * CLOSING}, 'field aperture reaches 80, expected metres'),
    'objects': ({'position': np.array([None] * 11)}, 'not a readable recording'),
}


@pytest.mark.parametrize(('changes', 'message'), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_wrist_path_names_file_field_and_what_was_expected(tmp_path, changes, message):
    path = save(tmp_path, **wrist_path(**changes))
    with pytest.raises(RecordingError, match=message) as caught:
        load_recording(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ('points', 'message'),
    [
        (keypoints()[:, :20], r'keypoints is float64 \(4, 20, 3\), expected numbers \(n, 21, 3\)'),
        (keypoints() * 1000.0, 'expected a hand in metres'),
        (keypoints() * 0.0, 'expected a hand in metres'),
        (keypoints()[:1], 'at least 2 samples'),
        (np.where(np.arange(21)[:, None] == 7, keypoints()[:, 6:7], keypoints()), 'not finite'),
    ],
)
def test_broken_keypoints_name_the_field_and_what_was_expected(tmp_path: Path, points, message):
    path = save(tmp_path, keypoints=points)
    with pytest.raises(RecordingError, match=message):
        load_recording(path)


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04 cut off', b'\x80\x04K\x01.', b'hello'])
def test_a_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / 'path.npz'
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=r'path\.npz: not a readable recording'):
        load_recording(path)


def test_a_truncated_archive_is_refused(tmp_path: Path):
    path = save(tmp_path, **wrist_path())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(RecordingError, match='not a readable recording'):
        load_recording(path)


def test_a_single_array_is_refused(tmp_path: Path):
    path = tmp_path / 'path.npz'
    with path.open('wb') as file:
        np.save(file, np.zeros(3))
    with pytest.raises(RecordingError, match='single array'):
        load_recording(path)


def test_an_unknown_side_lists_the_known_ones():
    with pytest.raises(UnknownName, match='left, right'):
        load_recording('pick_like', side='middle')


def test_recordings_ship_and_are_what_synthesis_makes(tmp_path: Path):
    assert recording_names() == synthetic_names() == ('pick_like', 'reach_and_wave')
    for name in recording_names():
        path = share('sim/recordings') / f'{name}.npz'
        assert path.stat().st_size < 100_000
        with np.load(path, allow_pickle=False) as shipped:
            made = synthesize(name)
            assert set(shipped.files) == set(made)
            for field, array in made.items():
                assert shipped[field].dtype == array.dtype
                assert np.allclose(shipped[field], array, atol=1e-6), field
    assert [path.stem for path in write_recordings(tmp_path)] == list(recording_names())


@pytest.mark.parametrize('name', synthetic_names())
def test_shipped_recordings_move_as_people_do(name: str):
    motion = load_recording(name)
    wrist = motion.poses['right_wrist']
    speed = np.linalg.norm(np.diff(wrist[:, :3], axis=0), axis=1) / np.diff(motion.time)
    assert 0.2 < speed.max() < 1.5
    assert speed[:40].max() < 0.05, 'the hand rests at first'
    assert np.linalg.norm(wrist[-1, :3] - wrist[0, :3]) < 0.01, 'and comes back'
    tips = motion.hands['right'][:, [9, 14, 19, 24], :3]
    assert np.ptp(np.linalg.norm(tips, axis=-1), axis=0).min() > 0.02, 'every finger moves'


def test_an_unknown_synthetic_recording_lists_the_known_ones():
    with pytest.raises(UnknownName, match='pick_like, reach_and_wave'):
        synthesize('juggle')
