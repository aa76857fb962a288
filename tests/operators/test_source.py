from __future__ import annotations

import pytest

from rove_teleop.errors import ConfigError, RecordingError, UnknownName
from rove_teleop.operators.source import (
    NoOperator,
    OperatorOutput,
    OperatorSource,
    OperatorView,
    make_operator,
    operator_names,
)
from tests.fakes.frames import Script, control_frames, plant_state, task_states


def test_an_unknown_operator_lists_the_known_ones():
    with pytest.raises(UnknownName, match='live, none, replay, scripted'):
        make_operator('robot')


def test_an_operator_of_ones_own_is_named_by_module_and_class():
    assert isinstance(make_operator('rove_teleop.operators.source:NoOperator'), NoOperator)
    for wrong in ('rove_teleop.operators.source:Nobody', 'no_such_module:Operator'):
        with pytest.raises(ConfigError, match=f"operator '{wrong}' cannot be imported"):
            make_operator(wrong)


def test_the_names_are_listed():
    assert operator_names() == ('live', 'none', 'replay', 'scripted')


@pytest.mark.parametrize('name', ['live', 'none', 'replay'])
def test_every_operator_obeys_the_protocol(name: str):
    operator = make_operator(name)
    assert isinstance(operator, OperatorSource)
    operator.reset(seed=1, session='s')
    output = operator.step(OperatorView(), 1_000)
    assert isinstance(output, OperatorOutput)
    assert output.requests == ()


def test_nobody_does_nothing():
    assert NoOperator().step(OperatorView(), 0) == OperatorOutput(None, ())


def test_nobody_has_no_name_to_ask_for_the_lease_with():
    assert NoOperator().source_id == ''


def test_an_operators_samples_carry_his_name():
    operator = make_operator('replay')
    operator.reset(0, 's')
    frame = next(control_frames(Script()))
    view = OperatorView(frame, plant_state(Script(), 0), next(task_states(Script())))
    outputs = [operator.step(view, k * 10_000_000) for k in range(1, 30)]
    names = {output.state.source_id for output in outputs if output.state is not None}
    assert names == {operator.source_id}


def test_options_reach_the_operator():
    assert make_operator('live', source_id='headset').source_id == 'headset'
    operator = make_operator('replay', recording='reach_and_wave', scale=0.5, side='left')
    operator.reset(0, 's')
    assert 'left_wrist' in operator.motion.poses


def test_a_missing_recording_is_named():
    with pytest.raises(UnknownName, match='pick_like, reach_and_wave'):
        make_operator('replay', recording='juggling')
    with pytest.raises(RecordingError, match=r'nowhere\.npz: no such recording'):
        make_operator('replay', recording='nowhere.npz')
