"""Turn the states of a definition into typed states. Every fault goes to the list of problems."""

import re
from collections.abc import Callable
from dataclasses import replace

from evaldrop.engine import machine
from evaldrop.engine.definition.fields import Fields, member_path
from evaldrop.engine.definition.maps import parse_map
from evaldrop.engine.definition.resources import check_arguments, resource_problem, strip_prefix
from evaldrop.engine.definition.transitions import assignment, parse_exit, parse_handlers
from evaldrop.engine.machine import MAX_SECONDS
from evaldrop.engine.queries import is_boolean, is_number, is_string
from evaldrop.engine.templates import compile_template

NEVER = compile_template(False, "Condition", "", lambda _path, _problem: None)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def parse_flow(fields: Fields) -> machine.Flow:
    """Read StartAt and States out of a state machine, a branch or an item processor."""
    start = fields.text("StartAt", required=True)
    states = fields.inner("States", required=True, comment=False)
    parsed: dict[str, machine.State] = {}
    if states is not None:
        parsed = _parse_states(states)
        if start is not None and start not in parsed:
            fields.complain("StartAt", f"there is no state {start!r} here")
    return machine.Flow(start=start or "", states=parsed)


def _parse_states(fields: Fields) -> dict[str, machine.State]:
    values = {name: fields.take(name) for name in fields.names()}
    if not values:
        fields.problems.add(fields.path, "must hold at least one state")
    parsed = {}
    for name, value in values.items():
        path = member_path(fields.path, name)
        if len(name) > 80:
            fields.problems.add(path, "a state's name has at most 80 characters")
        parsed[name] = _parse_state(name, Fields(value, path, fields.problems))
    return parsed


def _parse_state(name: str, fields: Fields) -> machine.State:
    kind = fields.text("Type", required=True)
    if kind not in STATES:
        if kind is not None:
            fields.complain("Type", f"{kind!r} is not one of {', '.join(STATES)}")
        # In place of the broken state, so that those it leads to are not called unreachable.
        return machine.Pass(name=name, exit=machine.Exit(next=fields.text("Next")))
    fields.language()
    state = STATES[kind](name, fields)
    fields.finish(f"a {kind} state")
    expressions = (each for template in fields.templates for each in template.expressions)
    return replace(state, uses_context=state.uses_context or any(each.uses_context for each in expressions))


def _task(name: str, fields: Fields) -> machine.State:
    arn = fields.text("Resource", required=True)
    is_to_check = arn is not None and not fields.problems.was_checked
    if arn is not None and is_to_check and (problem := resource_problem(arn)):
        fields.complain("Resource", problem)
    arguments = fields.template("Arguments")
    if arn is not None and is_to_check and arguments is not None:
        check_arguments(strip_prefix(arn), arguments.literal, fields.at("Arguments"), fields.problems)
    timeout = fields.number_template("TimeoutSeconds", minimum=1, maximum=MAX_SECONDS)
    heartbeat = fields.number_template("HeartbeatSeconds", minimum=1, maximum=MAX_SECONDS)
    if heartbeat is not None and timeout is not None:
        bounds = (heartbeat.literal, timeout.literal)
        if all(map(is_number, bounds)) and heartbeat.literal >= timeout.literal:
            fields.complain("HeartbeatSeconds", "must be smaller than TimeoutSeconds")
    leave, handlers = parse_exit(fields), parse_handlers(fields)
    return machine.Task(
        name=name,
        exit=leave,
        resource=strip_prefix(arn or ""),
        arguments=arguments,
        timeout_s=timeout,
        heartbeat_s=heartbeat,
        handlers=handlers,
    )


def _fail(name: str, fields: Fields) -> machine.State:
    error = fields.typed_template("Error", is_string, "a string")
    cause = fields.typed_template("Cause", is_string, "a string")
    return machine.Fail(name=name, error=error, cause=cause)


def _wait(name: str, fields: Fields) -> machine.State:
    if fields.has("Seconds") == fields.has("Timestamp"):
        fields.problems.add(fields.path, "must have either Seconds or Timestamp")
    seconds = fields.number_template("Seconds", minimum=0, maximum=MAX_SECONDS)
    timestamp = fields.typed_template("Timestamp", is_string, "a string")
    if timestamp is not None and not timestamp.expressions and not _RFC3339.fullmatch(timestamp.literal):
        fields.complain("Timestamp", f"{timestamp.literal!r} is not a time like 2026-01-31T12:00:00Z")
    return machine.Wait(name=name, exit=parse_exit(fields), seconds=seconds, timestamp=timestamp)


def _choice(name: str, fields: Fields) -> machine.State:
    rules = []
    for each in fields.each("Choices", required=True):
        condition = each.typed_template("Condition", is_boolean, "true, false", required=True)
        target = each.text("Next", required=True)
        leave = machine.Exit(next=target, output=each.template("Output"), assign=assignment(each))
        each.finish("a Choice rule")
        fields.templates.extend(each.templates)
        rules.append(machine.Rule(condition=condition or NEVER, exit=leave))
    default, output, assign = fields.text("Default"), fields.template("Output"), assignment(fields)
    return machine.Choice(
        name=name,
        rules=tuple(rules),
        default=None if default is None else machine.Exit(next=default, output=output, assign=assign),
    )


def _parallel(name: str, fields: Fields) -> machine.State:
    branches = []
    for branch in fields.each("Branches", required=True):
        branches.append(replace(parse_flow(branch), is_branch=True))
        branch.finish("a branch")
    arguments, leave, handlers = fields.template("Arguments"), parse_exit(fields), parse_handlers(fields)
    return machine.Parallel(
        name=name,
        exit=leave,
        branches=tuple(branches),
        arguments=arguments,
        handlers=handlers,
    )


STATES: dict[str, Callable[[str, Fields], machine.State]] = {
    "Task": _task,
    "Pass": lambda name, fields: machine.Pass(name=name, exit=parse_exit(fields)),
    "Choice": _choice,
    "Wait": _wait,
    "Succeed": lambda name, fields: machine.Succeed(name=name, exit=parse_exit(fields, is_terminal=True)),
    "Fail": _fail,
    "Parallel": _parallel,
    "Map": lambda name, fields: parse_map(name, fields, parse_flow),
}
