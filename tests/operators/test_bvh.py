from __future__ import annotations

from itertools import permutations
from pathlib import Path

import numpy as np
import pinocchio as pin
import pytest

from rove_teleop.errors import RecordingError
from rove_teleop.operators.bvh import read_bvh
from rove_teleop.operators.poses import rotate
from rove_teleop.operators.skeleton import motion_from_bvh
from tests.fakes.skeletons import HEIGHT, bvh_text

REST = {'Hips': (0.0, 9.0, 0.0, 0.0, 0.0, 0.0)}
CHAIN = """HIERARCHY
ROOT base
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition %s
  JOINT tip
  {
    OFFSET 1 2 3
    CHANNELS 3 %s
    End Site
    {
      OFFSET 0.5 0 0
    }
  }
}
MOTION
Frames: 2
Frame Time: 0.0083333
1 2 3 10 20 30 40 50 60
1 2 3 0 0 0 0 0 0
"""


def write(folder: Path, text: str) -> Path:
    path = folder / 'person.bvh'
    path.write_text(text)
    return path


@pytest.mark.parametrize('axes', [''.join(p) for p in permutations('XYZ')])
def test_rotations_apply_in_the_order_of_the_channels(tmp_path: Path, axes: str):
    order = ' '.join(f'{axis}rotation' for axis in axes)
    bvh = read_bvh(write(tmp_path, CHAIN % (order, order)))
    position, rotation = bvh.forward_kinematics()

    def turn(angles) -> np.ndarray:
        R = np.eye(3)
        for axis, angle in zip(axes, np.radians(angles), strict=True):
            R = R @ pin.AngleAxis(angle, np.eye(3)['XYZ'.index(axis)]).toRotationMatrix()
        return R

    base, tip = turn((10, 20, 30)), turn((10, 20, 30)) @ turn((40, 50, 60))
    assert rotation[0, 0] == pytest.approx(base)
    assert rotation[0, 1] == pytest.approx(tip)
    assert position[0, 1] == pytest.approx([1, 2, 3] + base @ [1, 2, 3])
    assert position[0, 2] == pytest.approx(position[0, 1] + tip @ [0.5, 0, 0])
    assert position[1, 2] == pytest.approx([2.5, 4, 6])


def test_a_position_channel_replaces_that_part_of_the_offset(tmp_path: Path):
    order = 'Zrotation Xrotation Yrotation'
    text = CHAIN % (order, order)
    text = text.replace('CHANNELS 3 Z', 'CHANNELS 4 Yposition Z').replace('40 50', '7 40 50')
    text = text.replace('0 0 0 0 0 0\n', '0 0 0 7 0 0 0\n')
    position, _ = read_bvh(write(tmp_path, text)).forward_kinematics()
    assert position[1, 1] == pytest.approx([1 + 1, 2 + 7, 3 + 3])


def test_the_end_of_a_chain_has_no_channels_and_is_named_after_its_joint(tmp_path: Path):
    bvh = read_bvh(write(tmp_path, CHAIN % (('Zrotation Yrotation Xrotation',) * 2)))
    assert [joint.name for joint in bvh.joints] == ['base', 'tip', 'tip_end']
    assert bvh.joints[2].channels == ()
    assert bvh.frame_time == pytest.approx(1 / 120, rel=1e-4)


def test_other_line_ends_brackets_and_capitals_are_understood(tmp_path: Path):
    text = CHAIN % (('ZROTATION Yrotation xrotation',) * 2)
    text = text.replace('JOINT tip\n  {', 'Joint tip {').replace('\n', '\r\n')
    bvh = read_bvh(write(tmp_path, '\ufeff' + text))
    assert [joint.name for joint in bvh.joints] == ['base', 'tip', 'tip_end']


GOOD = CHAIN % (('Zrotation Yrotation Xrotation',) * 2)
BROKEN = {
    'not a BVH file': (GOOD.replace('HIERARCHY', 'SKELETON'), 'person.bvh:1: expected HIERARCHY'),
    'a word for an offset': (
        GOOD.replace('1 2 3\n    CH', '1 two 3\n    CH'),
        ':8: expected an off',
    ),
    'an unknown channel': (GOOD.replace('Zrotation', 'Wrotation', 1), ':5: expected one of'),
    'a channel twice': (GOOD.replace('Yrotation', 'Zrotation', 1), ':5: expected one of'),
    'too many channels': (GOOD.replace('CHANNELS 6', 'CHANNELS 7'), ':5: expected 1 to 6'),
    'a missing bracket': (GOOD.replace('    }\n  }\n}', '    }\n  }\n'), 'expected JOINT, End'),
    'a short row': (GOOD.replace('40 50 60', '40 50'), ':19: expected 9 channel values, got'),
    'a row of words': (
        GOOD.replace('40 50 60', '40 50 x'),
        ":19: expected a channel value, got 'x'",
    ),
    'not a number': (
        GOOD.replace('40 50 60', '40 50 nan'),
        ':19: expected a channel value, finite',
    ),
    'missing frames': (GOOD.replace('Frames: 2', 'Frames: 3'), "expected 3 frames, got '2'"),
    'no time': (GOOD.replace('0.0083333', '0'), ':18: expected a positive time'),
    'one frame': (GOOD.replace('Frames: 2', 'Frames: 1'), ':17: expected at least 2 frames'),
    'the end': (GOOD[:38], "got 'the end of the file'"),
    'empty': ('', "expected HIERARCHY, got 'the end of the file'"),
}


@pytest.mark.parametrize(('text', 'message'), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_names_the_line_and_what_was_expected(tmp_path: Path, text, message):
    with pytest.raises(RecordingError) as caught:
        read_bvh(write(tmp_path, text))
    assert message in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(RecordingError, match='nobody.bvh: cannot be read'):
        read_bvh(tmp_path / 'nobody.bvh')


def person(folder: Path, frames, height: float = 1.6, **options):
    return motion_from_bvh(read_bvh(write(folder, bvh_text(frames, **options))), height)


def test_the_person_stands_on_the_ground_at_the_given_height_facing_x(tmp_path: Path):
    motion = person(tmp_path, [REST, REST])
    unit = 1.6 / HEIGHT
    assert motion.poses['pelvis'][0, :3] == pytest.approx([0, 0, 8.7 * unit + 0.039 * 1.6])
    assert motion.poses['left_foot'][0, :3] == pytest.approx([0, unit, 0.039 * 1.6])
    assert motion.poses['head'][0, 2] == pytest.approx(1.6 - 1.7 * unit)
    assert motion.poses['left_wrist'][0, 1] == pytest.approx(7.1 * unit)
    assert motion.poses['right_wrist'][0, 1] == pytest.approx(-7.1 * unit)


def test_body_axes_are_x_forward_and_wrist_axes_point_to_the_fingers_with_the_back_up(tmp_path):
    motion = person(tmp_path, [REST, REST])
    for name in ('pelvis', 'torso', 'head', 'left_foot', 'right_foot'):
        assert motion.poses[name][0, 3:] == pytest.approx([0, 0, 0, 1]), name
    for side, outward in (('left', 1.0), ('right', -1.0)):
        wrist = motion.poses[f'{side}_wrist'][0, 3:]
        assert rotate(wrist, np.array([1.0, 0, 0])) == pytest.approx([0, outward, 0])
        assert rotate(wrist, np.array([0, 0, 1.0])) == pytest.approx([0, 0, 1])


def test_a_file_with_z_up_gives_the_same_person(tmp_path: Path):
    upright = person(tmp_path, [REST, REST])
    lying = {'Hips': (0.0, 0.0, 9.0, 0.0, 0.0, 0.0)}
    # The file's axes are now x backward, y right, z up.
    other = person(tmp_path, [lying, lying], turn=lambda v: (-v[2], -v[0], v[1]))
    for name, track in upright.poses.items():
        assert other.poses[name] == pytest.approx(track), name


def test_turned_and_moved_people_start_at_the_origin_facing_x_and_walk_forward(tmp_path: Path):
    # Turned by 90 degrees about y (file up) the person faces the file's x axis.
    walk = [{'Hips': (30.0 + 0.1 * i, 9.0, -4.0, 0.0, 90.0, 0.0)} for i in range(20)]
    motion = person(tmp_path, walk, height=HEIGHT / 10)
    pelvis = motion.poses['pelvis']
    assert pelvis[0, :2] == pytest.approx([0, 0])
    assert pelvis[-1, :2] == pytest.approx([0.19, 0.0], abs=1e-6)
    assert pelvis[-1, 3:] == pytest.approx([0, 0, 0, 1])


def test_raising_an_arm_moves_that_wrist_up_and_turns_it(tmp_path: Path):
    raised = {**REST, 'LeftArm': (60.0, 0.0, 0.0)}
    frames = [{**REST, 'LeftArm': (6.0 * i, 0.0, 0.0)} for i in range(11)]
    frames[-1] = raised
    motion = person(tmp_path, frames, frame_time=0.1)
    left, right = motion.poses['left_wrist'], motion.poses['right_wrist']
    assert left[-1, 2] - left[0, 2] == pytest.approx(5.3 * 1.6 / HEIGHT * np.sin(np.pi / 3))
    fingers = rotate(left[-1, 3:], np.array([1.0, 0, 0]))
    assert fingers == pytest.approx([0, 0.5, np.sqrt(0.75)], abs=1e-6)
    assert right[-1] == pytest.approx(right[0])


def test_a_rest_pose_in_the_first_frame_is_left_out(tmp_path: Path):
    down = {**REST, 'LeftArm': (-80.0, 0.0, 0.0), 'RightArm': (80.0, 0.0, 0.0)}
    motion = person(tmp_path, [REST, down, down, down])
    assert len(motion.time) == 3
    assert motion.time[0] == 0.0


def test_walking_in_place_keeps_the_pelvis_over_the_origin(tmp_path: Path):
    walk = [{'Hips': (0.0, 9.0, 0.1 * i, 0.0, 3.0 * i, 0.0)} for i in range(20)]
    motion = person(tmp_path, walk, frame_time=0.1).in_place()
    pelvis = motion.poses['pelvis']
    assert pelvis[:, :2] == pytest.approx(np.zeros((20, 2)))
    assert pelvis[:, 3:] == pytest.approx(np.tile([0, 0, 0, 1.0], (20, 1)), abs=1e-9)


@pytest.mark.parametrize(
    'rename',
    [
        lambda name: f'mixamorig:{name}',
        lambda name: {'LeftHand': 'L_Wrist', 'RightHand': 'R_Wrist'}.get(name, name),
        lambda name: {'Hips': 'Pelvis', 'LeftForeArm': 'LeftElbow'}.get(name, name),
    ],
)
def test_usual_names_of_joints_are_understood(tmp_path: Path, rename):
    lines = bvh_text([REST, REST]).splitlines()
    words = [line.split() for line in lines]
    named = [
        f'{w[0]} {rename(w[1])}' if w and w[0] in ('ROOT', 'JOINT') else line
        for w, line in zip(words, lines, strict=True)
    ]
    motion = motion_from_bvh(read_bvh(write(tmp_path, '\n'.join(named))))
    assert {'head', 'pelvis', 'left_wrist', 'right_wrist', 'left_elbow'} <= set(motion.poses)


def test_a_skeleton_without_a_wrist_lists_the_names_that_would_do_and_those_there(tmp_path):
    text = bvh_text([REST, REST]).replace('RightHand', 'Tentacle')
    with pytest.raises(RecordingError, match='right wrist, expected one of righthand.*Tentacle'):
        motion_from_bvh(read_bvh(write(tmp_path, text)))


@pytest.mark.parametrize('height', [0.0, -1.7, 170.0, float('nan')])
def test_an_impossible_height_is_refused(tmp_path: Path, height: float):
    with pytest.raises(RecordingError, match='subject_height'):
        person(tmp_path, [REST, REST], height=height)
