"""A definition that was checked before is the same machine, compiled as it is needed."""

import asyncio
import json
import subprocess
import sys

import pytest

from evaldrop.engine import DefinitionError, compile_ahead, execute, load
from evaldrop.engine.queries import LaterExpression, compile_expression
from evaldrop.running import workflow
from evaldrop.running.workflow import state_machine
from evaldrop.shipped import workflow_definition


def machine(output, *, was_checked):
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Say",
        "States": {"Say": {"Type": "Pass", "Output": output, "Assign": {"a": 1}, "End": True}},
    }
    return load(definition, was_checked=was_checked)


def outcome(output, *, was_checked):
    execution = asyncio.run(
        execute(machine(output, was_checked=was_checked), {"n": 2}, integrations={}, name="x")
    )
    return execution.status, execution.output, execution.error, execution.cause


@pytest.mark.parametrize(
    "output",
    [
        "{% $states.input.n + 1 %}",
        {"x": ["{% $states.context.Execution.Name %}", 1]},
        "{% $states.input.none %}",
        "{% 'a' + 1 %}",
        "plain",
    ],
)
def test_it_runs_as_one_that_is_checked_now(output):
    was, now = (outcome(output, was_checked=each) for each in (True, False))
    assert was == now


def test_a_mistake_in_an_expression_is_heard_where_nothing_was_checked():
    with pytest.raises(DefinitionError, match="JSONata syntax error"):
        machine("{% 1 + %}", was_checked=False)


def test_other_mistakes_are_heard_all_the_same():
    with pytest.raises(DefinitionError, match="Nxet"):
        load(
            {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Nxet": "B"}}},
            was_checked=True,
        )


def test_an_expression_knows_of_itself_what_a_compiled_one_knows():
    source = "$a + $states.context.Map.Item.Index"
    later, now = LaterExpression(source), compile_expression(source)
    assert (later.source, later.uses_context, later.reads) == (now.source, now.uses_context, now.reads)


CALLS = {
    "QueryLanguage": "JSONata",
    "StartAt": "Call",
    "States": {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:bedrockruntime:converse",
            "Arguments": {"ModelId": "m"},
            "End": True,
        }
    },
}


@pytest.mark.parametrize(("was_checked", "imported"), [(True, "[]"), (False, "['botocore']")])
def test_no_services_model_is_read_for_what_was_checked(was_checked, imported):
    code = (
        "import sys; from evaldrop.engine import load, sdk_integration;"
        f"load({CALLS}, was_checked={was_checked});"
        "sdk_integration('bedrock-runtime', 'Converse', None);"
        "print(sorted({'botocore', 'boto3'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == imported


def test_a_states_expressions_are_compiled_ahead_one_with_every_step_those_within_a_map_too():
    inner = {"A": {"Type": "Pass", "Output": "{% 'ahead ' & 'within' %}", "End": True}}
    outer = {
        "Type": "Map",
        "Items": "{% [1, 'ahead'] %}",
        "ItemProcessor": {"StartAt": "A", "States": inner},
        "End": True,
    }
    definition = {"QueryLanguage": "JSONata", "StartAt": "All", "States": {"All": outer}}
    (state,) = load(definition, was_checked=True).flow.states.values()
    before = compile_expression.cache_info().misses
    made = [compile_expression.cache_info().misses - before for _ in compile_ahead(state)]
    assert made == [1, 2]
    # What was compiled at once need not be.
    (state,) = load(definition).flow.states.values()
    assert list(compile_ahead(state)) == []


@pytest.fixture
def engine_elsewhere(tmp_path, monkeypatch):
    """Where marks are kept, empty."""
    package = type("Package", (), {"__file__": str(tmp_path / "__init__.py")})
    (tmp_path / "__init__.py").write_text("")
    (tmp_path / "__pycache__").mkdir()
    monkeypatch.setattr(workflow, "engine_package", package)
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    state_machine.cache_clear()
    yield tmp_path
    state_machine.cache_clear()


def test_the_shipped_workflow_is_checked_once_until_the_engine_changes(engine_elsewhere, monkeypatch):
    asked = []
    real = workflow.load
    monkeypatch.setattr(workflow, "load", lambda *args, was_checked: asked.append(was_checked) or real(*args))
    for _ in range(2):
        state_machine()
        state_machine.cache_clear()
    (engine_elsewhere / "changed.py").write_text("")
    state_machine()
    assert asked == [False, True, False]
    # Marks of what is there no longer go.
    assert len(list((engine_elsewhere / "__pycache__").iterdir())) == 1


def test_a_workflow_that_is_refused_leaves_no_mark(engine_elsewhere, monkeypatch):
    broken = json.loads(json.dumps(workflow_definition()).replace("$states.input", "$states..input("))
    monkeypatch.setattr(workflow, "workflow_definition", lambda: broken)
    with pytest.raises(DefinitionError):
        state_machine()
    assert list((engine_elsewhere / "__pycache__").iterdir()) == []
