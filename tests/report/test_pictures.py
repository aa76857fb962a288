from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from rclpy.serialization import serialize_message

from rove_bringup.report.overlay import BAR_HEIGHT, Caption, compose
from rove_bringup.report.palette import AUTHORITY_COLOURS, PHASE_COLOURS, bgr
from rove_bringup.report.picture import AFTER_NS, write_picture
from rove_bringup.report.plot import plot_takeover
from rove_bringup.report.video import annotated_pictures, write_video
from rove_teleop.core.names import GROUPS, Authority, Phase, Stage
from rove_teleop.nodes.convert import control_frame_to_msg
from rove_teleop.recording.episode import Episode
from rove_teleop.recording.loading import load_episode
from rove_teleop.recording.schemas import COMPRESSED_IMAGE, CONTROL_FRAME
from rove_teleop.recording.writer import EpisodeWriter
from tests.fakes.frames import Script, control_frames
from tests.fakes.recordings import WALL_NS, camera_message, jpeg, stamp, write_episode

SCRIPT = Script(ticks=400)
PICTURES = len(range(0, 400, 13))


@pytest.fixture(scope='module')
def recording(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp('recording') / 'episode_0000.mcap'
    write_episode(path, SCRIPT, cameras=True)
    return path


@pytest.fixture(scope='module')
def episode(recording) -> Episode:
    return load_episode(recording)


def near(colour: np.ndarray, wanted: str) -> bool:
    return bool(np.abs(colour.astype(int) - bgr(wanted)).max() < 40)


def corner(picture: np.ndarray) -> np.ndarray:
    """A point of the box that shows the robot's phase."""
    return picture[11, 11]


def test_the_video_plays_every_picture_at_its_own_time(recording, episode, tmp_path):
    path = write_video(recording, episode, tmp_path / 'video.mp4')
    assert path is not None
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == PICTURES
    assert (frames[0].width, frames[0].height) == (320, 240 + BAR_HEIGHT)
    times = [frame.time for frame in frames]
    assert np.allclose(times, np.arange(PICTURES) * 13 * 5e-3, atol=2e-3)
    shown = [corner(frame.to_ndarray(format='bgr24')) for frame in frames]
    assert near(shown[5], PHASE_COLOURS[Phase.AUTO])
    assert near(shown[15], PHASE_COLOURS[Phase.TO_HUMAN])
    assert near(shown[22], PHASE_COLOURS[Phase.HUMAN])


def test_a_picture_shows_who_commands_each_group(recording, episode):
    taken = next(
        picture
        for stamp_ns, picture in annotated_pictures(recording, episode)
        if stamp_ns >= WALL_NS + SCRIPT.start_ns + 260 * 5_000_000
    )
    left, legs = taken[-13, 9], taken[-13, 9 + 5 * ((320 - 50) // len(GROUPS))]
    assert near(left, AUTHORITY_COLOURS[Authority.HUMAN])
    assert near(legs, AUTHORITY_COLOURS[Authority.POLICY])


def test_the_still_shows_the_operator_at_work(recording, episode, tmp_path):
    path = write_picture(recording, episode, tmp_path / 'picture.png')
    assert path is not None
    image = cv2.imread(str(path))
    assert image.shape == (240 + BAR_HEIGHT, 320, 3)
    assert near(corner(image), PHASE_COLOURS[Phase.HUMAN])


def test_without_a_takeover_the_still_shows_the_middle(tmp_path):
    recording = tmp_path / 'episode_0000.mcap'
    write_episode(recording, Script(ticks=140), cameras=True)
    path = write_picture(recording, load_episode(recording), tmp_path / 'picture.png')
    assert path is not None
    assert near(corner(cv2.imread(str(path))), PHASE_COLOURS[Phase.AUTO])


def test_without_cameras_there_is_neither_video_nor_still(tmp_path):
    recording = tmp_path / 'episode_0000.mcap'
    write_episode(recording, Script(ticks=50))
    episode = load_episode(recording)
    assert write_video(recording, episode, tmp_path / 'video.mp4') is None
    assert write_picture(recording, episode, tmp_path / 'picture.png') is None
    assert [each.name for each in tmp_path.iterdir()] == ['episode_0000.mcap']


def record_with_pictures(path: Path, pictures: list[bytes]) -> Episode:
    """An episode with these pictures of the head camera only, one a tick."""
    writer = EpisodeWriter(path, {})
    for frame, data in zip(control_frames(Script(ticks=len(pictures))), pictures, strict=True):
        message = serialize_message(control_frame_to_msg(frame, stamp(frame.t_ns)))
        writer.write('control_frame', CONTROL_FRAME, message, WALL_NS + frame.t_ns)
        image = camera_message(frame.t_ns, data)
        writer.write('head_camera/image/compressed', COMPRESSED_IMAGE, image, frame.t_ns)
    writer.close()
    return load_episode(path)


def test_damaged_pictures_and_pictures_of_another_size_are_left_out(tmp_path):
    recording = tmp_path / 'episode_0000.mcap'
    pictures = [jpeg(0), b'', b'not a jpeg', jpeg(3, 160, 120), jpeg(4)]
    episode = record_with_pictures(recording, pictures)
    path = write_video(recording, episode, tmp_path / 'video.mp4')
    assert path is not None
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert [round(frame.time, 3) for frame in frames] == [0.0, 0.02]


def test_a_picture_with_odd_sides_is_made_even_for_the_codec():
    caption = Caption(Phase.HOLD, (Authority.HOLD,) * 6, Stage.ROLLOUT, 1.5, '')
    image = np.zeros((241, 321, 3), np.uint8)
    assert compose(image, None, caption).shape == (240 + BAR_HEIGHT, 320, 3)


def test_an_event_is_shown_for_a_while_and_quiet_ones_never(episode):
    start = WALL_NS + SCRIPT.start_ns
    at = {row: Caption.at(episode, start + row * 5_000_000).event for row in (100, 160, 310)}
    assert at == {100: '', 160: 'takeover (operator)', 310: 'release (operator)'}


def test_the_plot_is_written_for_a_takeover_and_for_nothing_else(episode, tmp_path):
    path = plot_takeover(episode, tmp_path / 'takeover.png')
    assert path is not None
    image = cv2.imread(str(path))
    assert min(image.shape[:2]) > 800
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 100
    assert plot_takeover(episode, tmp_path / 'second.png', takeover=1) is None
    early = replace(episode, phase=np.zeros_like(episode.phase))
    assert plot_takeover(early, tmp_path / 'none.png') is None
    assert [each.name for each in tmp_path.iterdir()] == ['takeover.png']


def test_a_takeover_at_the_very_end_can_be_plotted(tmp_path):
    recording = tmp_path / 'episode_0000.mcap'
    write_episode(recording, Script(ticks=152))
    episode = load_episode(recording)
    assert plot_takeover(episode, tmp_path / 'takeover.png') is not None


def test_the_still_is_taken_while_the_operator_commands():
    assert 500_000_000 < AFTER_NS < (SCRIPT.release - SCRIPT.takeover) * 5_000_000
