"""Load a definition: fill its placeholders, parse it, check it as a whole."""

import re
from collections.abc import Mapping
from typing import Any

from evaldrop.engine.definition.fields import Fields, Problems, member_path
from evaldrop.engine.definition.graph import check_graph, check_scopes, resources
from evaldrop.engine.definition.parse import parse_flow
from evaldrop.engine.errors import DefinitionError
from evaldrop.engine.machine import MAX_SECONDS, StateMachine
from evaldrop.engine.queries import type_name

PLACEHOLDER = re.compile(r"\$\{([A-Za-z0-9_.:-]+)\}")
NO_SUBSTITUTIONS: Mapping[str, str] = {}


def load(
    definition: Mapping[str, Any],
    substitutions: Mapping[str, str] = NO_SUBSTITUTIONS,
    *,
    name: str = "StateMachine",
    was_checked: bool = False,
) -> StateMachine:
    """
    Check a definition and compile it.

    Args:
        definition: The state machine, parsed from JSON.
        substitutions: What stands for each `${Placeholder}`, as CloudFormation's DefinitionSubstitutions.
        name: The state machine's name in ARNs and in $states.context.
        was_checked: This very definition has been loaded before without problems: expressions, which take
            most of the time, are compiled when a state first needs them, and what Tasks call is not looked
            for in the services' models.

    Raises:
        DefinitionError: Lists every problem, each with the path to it.
    """
    if not isinstance(definition, Mapping):
        raise DefinitionError([f"$: must be an object, not {type_name(definition)}"])
    problems = Problems(was_checked=was_checked)
    filled = _fill(dict(definition), substitutions, "$", problems)
    fields = Fields(filled, "$", problems)
    # JSONPath is the default: a state that names no language would run another one on AWS than here. A
    # machine may say JSONPath as long as no state runs it.
    if fields.choice("QueryLanguage", ("JSONata", "JSONPath"), "JSONPath") == "JSONPath":
        _want_language(filled.get("States"), "$.States", problems)
    fields.text("Version")
    timeout = fields.number("TimeoutSeconds", minimum=1, maximum=MAX_SECONDS)
    flow = parse_flow(fields)
    fields.finish("a state machine")
    check_graph(flow, "$", problems, {})
    if not was_checked:
        check_scopes(flow, "$", problems)
    if problems.lines:
        raise DefinitionError(problems.lines)
    return StateMachine(name=name, flow=flow, timeout_s=timeout, resources=frozenset(resources(flow)))


def _want_language(states: Any, path: str, problems: Problems) -> None:
    """Report the states, inner ones too, that run JSONPath because nothing says otherwise."""
    for name, state in states.items() if isinstance(states, dict) else ():
        if not isinstance(state, dict):
            continue
        branches = state.get("Branches")
        inner = {"ItemProcessor": state.get("ItemProcessor")}
        if isinstance(branches, list):
            inner |= {f"Branches[{index}]": flow for index, flow in enumerate(branches)}
        for where, flow in inner.items():
            if isinstance(flow, dict):
                _want_language(flow.get("States"), f"{member_path(path, name)}.{where}.States", problems)
        if "QueryLanguage" not in state:
            problems.add(
                member_path(path, name),
                "runs JSONPath, the default; write QueryLanguage JSONata here or on the state machine",
            )


def _fill(value: Any, substitutions: Mapping[str, str], path: str, problems: Problems) -> Any:
    def replace(match: re.Match[str]) -> str:
        if match[1] not in substitutions:
            problems.add(path, f"nothing fills the placeholder {match[0]}")
        return substitutions.get(match[1], match[0])

    if isinstance(value, str):
        return PLACEHOLDER.sub(replace, value)
    if isinstance(value, list):
        return [_fill(each, substitutions, f"{path}[{index}]", problems) for index, each in enumerate(value)]
    if isinstance(value, dict):
        return {
            _fill(str(key), substitutions, path, problems): _fill(
                member, substitutions, member_path(path, str(key)), problems
            )
            for key, member in value.items()
        }
    return value
