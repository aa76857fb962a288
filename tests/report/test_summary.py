from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
from rich.console import Console

from rove_bringup.report.stats import EpisodeStats
from rove_bringup.report.summary import print_summary, summarize, write_summary
from rove_teleop.core.names import NUM_JOINTS
from tests.fakes.frames import Script
from tests.fakes.recordings import build_episode

WIDE = np.full(NUM_JOINTS, 3.0)
RUN = {'runner': 'lockstep', 'task': 'pick_place', 'recording': ''}


@pytest.fixture(scope='module')
def summary() -> dict:
    episodes = [build_episode(Script(episode=f'episode_{k:04d}')) for k in range(2)]
    return summarize(RUN, [EpisodeStats.of(each, (-WIDE, WIDE)) for each in episodes])


def printed(summary: dict) -> str:
    console = Console(width=140, file=io.StringIO())
    print_summary(console, summary)
    return console.file.getvalue()


def test_the_file_holds_exactly_the_figures_of_the_table(summary, tmp_path):
    path = tmp_path / 'summary.json'
    write_summary(path, summary)
    assert json.loads(path.read_text()) == summary
    assert printed(json.loads(path.read_text())) == printed(summary)
    assert [each.name for each in tmp_path.iterdir()] == ['summary.json']


def test_the_table_shows_every_figure_of_the_run(summary):
    text, total = printed(summary), summary['total']
    for word, count in (total['phase_frames'] | total['stage_frames']).items():
        assert (f'{word} {count}' in text) == (count > 0)
    assert f'{total["velocity_step"]:.4f} rad/s' in text
    assert f'{total["switch_acceleration"]:.1f} rad/s², ' in text
    assert f'{total["switch_jerk"]:.0f} rad/s³' in text
    assert f'p50 {total["takeover_effect_ms"]["p50"]:.1f}' in text
    assert f'p50 {total["human_s"]["p50"]:.1f}  max {total["human_s"]["max"]:.1f} s' in text
    assert '2 of 2' in text
    assert 'p50 13.0  max 13.0 ms' in text
    assert 'episode_0001' in text
    assert 'runner lockstep' in text
    assert re.search(r'joint limit violations +0', text)


def test_a_figure_that_was_not_measured_is_not_a_zero(tmp_path):
    episode = build_episode(Script(ticks=100))
    summary = summarize(RUN, [EpisodeStats.of(episode)])
    text = printed(summary)
    assert 'not checked' in text
    assert 'p50 –  max – ms' in text
    assert summary['total']['takeover_latency_ms'] == {'p50': None, 'max': None}


def test_json_holds_no_word_that_other_readers_refuse(summary):
    json.dumps(summary, allow_nan=False)
