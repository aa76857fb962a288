"""An operator may publish its state and make requests, and knows nothing of policies."""

from __future__ import annotations

import ast
from dataclasses import fields
from pathlib import Path

import rove_teleop
from rove_teleop.operators.source import OperatorOutput, OperatorView

ROOT = Path(rove_teleop.__file__).parent
CORE_ALLOWED = {'types', 'names', 'geometry', 'pose', 'robot', 'kinematics', 'phases'}
MESSAGES_ALLOWED = {
    'OperatorKey',
    'OperatorState',
    'PlantState',
    'TaskState',
    'AcquireLease',
    'RequestTransition',
}
POLICY_FIELDS = {'policy_proposal', 'policy'}


def _trees(folder: str = 'operators') -> dict[str, ast.Module]:
    return {path.name: ast.parse(path.read_text()) for path in (ROOT / folder).glob('*.py')}


def _modules(tree: ast.Module) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, 'relative imports hide where things come from'
            found |= {f'{node.module}.{alias.name}' for alias in node.names}
    return found


def test_operators_import_only_the_words_types_and_robot_model_of_core():
    for name, tree in _trees().items():
        for module in _modules(tree):
            parts = module.split('.')
            assert parts[0] not in ('rove_policy', 'rove_bringup', 'rclpy', 'rove_msgs'), name
            if parts[0] == 'rove_teleop':
                assert parts[1] in ('config', 'core', 'operators', 'errors', 'share', 'tasks'), (
                    f'{name} imports {module}'
                )
            if parts[:2] == ['rove_teleop', 'core']:
                assert parts[2] in CORE_ALLOWED, f'{name} imports {module}'


def test_operators_never_look_at_what_the_policy_proposes():
    for name, tree in _trees().items():
        read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not read & POLICY_FIELDS, f'{name} reads {read & POLICY_FIELDS}'


def test_an_operator_sees_the_robot_and_gives_a_state_and_requests():
    assert [field.name for field in fields(OperatorView)] == ['frame', 'plant', 'task']
    assert [field.name for field in fields(OperatorOutput)] == ['state', 'requests']


def test_the_operator_node_publishes_only_the_operators_state_and_asks_only_for_requests():
    tree = ast.parse((ROOT / 'nodes' / 'operator_node.py').read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made: dict[str, set[str]] = {}
    for call in calls:
        maker = getattr(call.func, 'attr', '')
        if maker in ('create_publisher', 'create_client'):
            topic = call.args[1]
            assert isinstance(topic, ast.Constant), 'topics are written out, so they can be read'
            made.setdefault(maker, set()).add(topic.value)
    assert made['create_publisher'] == {'operator_state'}
    assert made['create_client'] == {'acquire_lease', 'request_transition'}


def test_the_operator_node_imports_no_policy_message():
    tree = ast.parse((ROOT / 'nodes' / 'operator_node.py').read_text())
    messages = {m.rpartition('.')[2] for m in _modules(tree) if m.startswith('rove_msgs')}
    assert messages <= MESSAGES_ALLOWED
