"""Whatever a definition looks like, it is loaded or refused with paths; it never breaks the loader."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.engine import DefinitionError, load

CASES = Path(__file__).parent.parent / "cases"
DEFINITIONS = [
    definition if "States" in definition else {"StartAt": next(iter(definition)), "States": definition}
    for name in ("run_distributed_maps", "run_maps", "run_errors", "run_choices_and_ends")
    for case in json.loads((CASES / f"{name}.json").read_text())["cases"]
    for definition in [case["definition"]]
] + [json.loads((Path(__file__).parents[4] / "infra" / "workflow.asl.json").read_text())]
ODD_VALUES = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        2.5,
        1e400,
        "",
        "x",
        "{%",
        "{% $ %}",
        "{% 1 + %}",
        "{% function($a)<(a<s>n):s>{$a}('x') %}",
        "{% function($a)<x(:s>{$a}('x') %}",
        "{% /[/ %}",
        "{% \ud800 %}",
        "\udfff",
        "${X}",
        10**400,
        [],
        [1],
        {},
        {"a": 1},
        [[]],
    ]
)


def places(value, path=()):
    """Give the path to every value below one."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in items:
        yield (*path, key)
        yield from places(member, (*path, key))


@st.composite
def broken_texts(draw, text):
    """Cut a text somewhere, or put something where it was cut."""
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(len(text), start + 5)))
    return text[:start] + draw(st.text("(){}[]<>:;,.$%&'\"/\\^@#?!~|*+-=1axs \n", max_size=3)) + text[end:]


@st.composite
def broken_definitions(draw):
    definition = {"QueryLanguage": "JSONata", **copy.deepcopy(draw(st.sampled_from(DEFINITIONS)))}
    for _ in range(draw(st.integers(1, 3))):
        *path, last = draw(st.sampled_from(list(places(definition)) or [("StartAt",)]))
        holder = definition
        for key in path:
            holder = holder[key]
        if isinstance(holder[last], str) and draw(st.booleans()):
            holder[last] = draw(broken_texts(holder[last]))
        elif draw(st.booleans()):
            holder[last] = copy.deepcopy(draw(ODD_VALUES))
        elif isinstance(holder, dict):
            holder[draw(st.sampled_from(["Odd", "Next", "a.b", "Ünïcode"]))] = holder.pop(last)
        else:
            del holder[last]
    return definition


@pytest.mark.fuzz
@given(broken_definitions())
def test_any_definition_is_loaded_or_refused(definition):
    before = json.dumps(definition)
    problems = problems_of(definition)
    assert all(line.startswith("$") and ": " in line for line in problems)
    assert json.dumps(definition) == before


@pytest.mark.parametrize(
    "expression",
    ["function($a)<(a<s>n):s>{$a}('x')", "function($a)<x(:s>{$a}('x')", "$x[", "/[/", "'\\q'", "`"],
)
def test_an_expression_that_cannot_be_read_is_refused_at_its_place(expression):
    state = {"Type": "Pass", "Output": {"a": ["{% " + expression + " %}"]}, "End": True}
    problems = problems_of({"QueryLanguage": "JSONata", "StartAt": "P", "States": {"P": state}})
    assert [line.split(":")[0] for line in problems] == ["$.States.P.Output.a[0]"], problems


def problems_of(definition):
    try:
        load(definition)
    except DefinitionError as refused:
        return refused.problems
    return ()
