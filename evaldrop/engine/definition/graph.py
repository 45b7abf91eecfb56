"""
Check a machine as a whole: how its states lead to each other, and which variables they see.

Found are dangling targets, states nobody reaches, flows that cannot end, and variables that a scope may not
assign or read.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

from evaldrop.engine import machine
from evaldrop.engine.definition.fields import Problems, member_path
from evaldrop.engine.templates import Template


def check_graph(flow: machine.Flow, path: str, problems: Problems, owners: dict[str, str]) -> None:
    """Check a flow and those inside it. `owners` collects the path of every state's name in the machine."""
    for state in flow.states.values():
        at = member_path(f"{path}.States", state.name)
        # Names are unique in the whole machine, inner flows included (the spec).
        if state.name in owners:
            problems.add(at, f"the name is already taken by {owners[state.name]}")
        owners.setdefault(state.name, at)
        for where, target in _targets(state):
            if target not in flow.states:
                problems.add(f"{at}.{where}", f"there is no state {target!r} here")
        for where, inner in inner_flows(state):
            check_graph(inner, f"{at}.{where}", problems, owners)
    _check_reach(flow, path, problems)


def _check_reach(flow: machine.Flow, path: str, problems: Problems) -> None:
    if flow.start not in flow.states:
        return
    reached, ahead = {flow.start}, [flow.start]
    while ahead:
        state = flow.states[ahead.pop()]
        for _, target in _targets(state):
            if target in flow.states and target not in reached:
                reached.add(target)
                ahead.append(target)
    for name in flow.states:
        if name not in reached:
            problems.add(
                member_path(f"{path}.States", name), f"no state leads here from StartAt {flow.start!r}"
            )
    if not any(_ends(flow.states[name]) for name in reached):
        problems.add(f"{path}.States", "no state ends the flow: one needs End, or to be a Succeed or Fail")


def _ends(state: machine.State) -> bool:
    return isinstance(state, machine.Fail) or (isinstance(state, machine.Leaving) and state.exit.next is None)


def _exits(state: machine.State) -> Iterator[tuple[str, machine.Exit]]:
    """Give every way out of a state, with the path to the field that names the next state."""
    if isinstance(state, machine.Choice):
        yield from ((f"Choices[{index}].Next", rule.exit) for index, rule in enumerate(state.rules))
        if state.default is not None:
            yield "Default", state.default
    elif isinstance(state, machine.Leaving):
        yield "Next", state.exit
    if isinstance(state, machine.Working):
        yield from (
            (f"Catch[{index}].Next", catcher.exit) for index, catcher in enumerate(state.handlers.catchers)
        )


def _targets(state: machine.State) -> Iterator[tuple[str, str]]:
    return ((where, leave.next) for where, leave in _exits(state) if leave.next is not None)


def inner_flows(state: machine.State) -> Iterator[tuple[str, machine.Flow]]:
    """Give the flows inside a state, with the path to each from the state."""
    if isinstance(state, machine.Parallel):
        yield from ((f"Branches[{index}]", flow) for index, flow in enumerate(state.branches))
    elif isinstance(state, machine.Map):
        yield "ItemProcessor", state.processor


def resources(flow: machine.Flow) -> Iterator[str]:
    """Give the resource of every Task, those of inner flows included."""
    for state in flow.states.values():
        if isinstance(state, machine.Task):
            yield state.resource
        for _, inner in inner_flows(state):
            yield from resources(inner)


def check_scopes(
    flow: machine.Flow,
    path: str,
    problems: Problems,
    outer: frozenset[str] = frozenset(),
    unreadable: frozenset[str] = frozenset(),
) -> None:
    """
    Refuse an inner scope that assigns an `outer` name, and one that reads a name which is `unreadable`.

    An outer scope's names are those that any state of an enclosing flow assigns, less those that only the
    state around the inner scope does: it assigns when the inner scope is gone, and AWS takes that.
    """
    assigned = {state.name: frozenset(_assigned(state)) for state in flow.states.values()}
    own = frozenset[str]().union(*assigned.values())
    for state in flow.states.values():
        at = member_path(f"{path}.States", state.name)
        for name in sorted(assigned[state.name] & outer):
            problems.add(f"{at}.Assign.{name}", f"an outer scope already has a variable ${name}")
        for name in sorted((_reads(state) & unreadable) - own - outer):
            problems.add(
                at, f"reads ${name} of an outer scope; a distributed Map cannot, pass it by ItemSelector"
            )
        for where, inner in inner_flows(state):
            others = (names for each, names in assigned.items() if each != state.name)
            visible = outer.union(*others)
            # Its children are executions of their own: "Distributed Map states cannot currently reference
            # variables in outer scopes" (the guide, Variable scope).
            if isinstance(state, machine.DistributedMap):
                check_scopes(inner, f"{at}.{where}", problems, frozenset(), outer | own | unreadable)
            else:
                check_scopes(inner, f"{at}.{where}", problems, visible, unreadable)


def _assigned(state: machine.State) -> Iterator[str]:
    for _, leave in _exits(state):
        if leave.assign is not None:
            yield from leave.assign.literal


def _reads(state: machine.State) -> frozenset[str]:
    found: list[Any] = [getattr(state, field.name) for field in dataclasses.fields(state)]
    for _, leave in _exits(state):
        found += (leave.output, leave.assign)
    if isinstance(state, machine.Choice):
        found += (rule.condition for rule in state.rules)
    templates = (each for each in found if isinstance(each, Template))
    return frozenset(name for template in templates for each in template.expressions for name in each.reads)
