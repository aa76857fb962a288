from __future__ import annotations

import pytest

from rove_teleop.errors import RecordingError
from rove_teleop.recording.schemas import (
    CONTROL_FRAME,
    SEPARATOR,
    Field,
    parse_fields,
    schema_text,
    split_schema,
)


def test_a_schema_holds_every_message_inside_the_message_once():
    text = schema_text(CONTROL_FRAME)
    headings = [line for line in text.splitlines() if line.startswith('MSG: ')]
    assert headings == [
        'MSG: std_msgs/Header',
        'MSG: rove_msgs/SourceTimes',
        'MSG: builtin_interfaces/Time',
    ]
    assert text.count(SEPARATOR) == len(headings)


def test_a_schema_can_be_taken_apart_again():
    messages = split_schema(CONTROL_FRAME, schema_text(CONTROL_FRAME))
    assert Field('joint_position', 'float64', 43) in messages['rove_msgs/ControlFrame']
    assert Field('policy_position', 'float64', 0) in messages['rove_msgs/ControlFrame']
    assert Field('stamp', 'builtin_interfaces/Time', None) in messages['std_msgs/Header']


def test_constants_comments_bounds_and_defaults_are_understood():
    text = """
    # a comment
    uint8 KIND=1
    string WORD = "a # b"
    string<=10 name "x"
    float64[<=5] few
    int32[3] three [1, 2, 3]
    Other other
    """
    assert list(parse_fields(text, 'pkg')) == [
        Field('name', 'string', None),
        Field('few', 'float64', 0),
        Field('three', 'int32', 3),
        Field('other', 'pkg/Other', None),
    ]


def test_a_message_that_is_not_installed_is_named_with_the_places_searched():
    with pytest.raises(RecordingError, match=r'nowhere_msgs/Thing.*share/nowhere_msgs/msg/Thing'):
        schema_text('nowhere_msgs/msg/Thing')


@pytest.mark.parametrize('name', ['ControlFrame', 'rove_msgs/srv/AcquireLease', '/msg/', ''])
def test_a_name_that_is_no_message_type_is_refused(name):
    with pytest.raises(RecordingError, match='expected package/msg/Type'):
        schema_text(name)


def test_a_workspace_on_the_ament_path_is_searched_first(tmp_path, monkeypatch):
    folder = tmp_path / 'share' / 'own_msgs' / 'msg'
    folder.mkdir(parents=True)
    (folder / 'Own.msg').write_text('bool yes\n')
    monkeypatch.setenv('AMENT_PREFIX_PATH', str(tmp_path))
    assert schema_text('own_msgs/msg/Own') == 'bool yes\n'
