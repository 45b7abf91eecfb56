"""Check how states lead to each other: dangling targets, states nobody reaches, flows that cannot end."""

from collections.abc import Iterator

from evaldrop.engine import model
from evaldrop.engine.definition.fields import Problems, member_path


def check_graph(flow: model.Flow, path: str, problems: Problems, owners: dict[str, str]) -> None:
    """Check a flow and those inside it. `owners` collects the path of every state's name in the machine."""
    for state in flow.states.values():
        at = member_path(f"{path}.States", state.name)
        if state.name in owners:
            problems.add(at, f"the name is already taken by {owners[state.name]}")
        owners.setdefault(state.name, at)
        for where, target in _targets(state):
            if target not in flow.states:
                problems.add(f"{at}.{where}", f"there is no state {target!r} here")
        for where, inner in inner_flows(state):
            check_graph(inner, f"{at}.{where}", problems, owners)
    _check_reach(flow, path, problems)


def _check_reach(flow: model.Flow, path: str, problems: Problems) -> None:
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


def _ends(state: model.State) -> bool:
    if isinstance(state, model.Choice):
        return False
    return isinstance(state, model.Fail) or state.exit.next is None


def _targets(state: model.State) -> Iterator[tuple[str, str]]:
    if isinstance(state, model.Choice):
        for index, rule in enumerate(state.rules):
            if rule.exit.next is not None:
                yield f"Choices[{index}].Next", rule.exit.next
        if state.default is not None and state.default.next is not None:
            yield "Default", state.default.next
        return
    if not isinstance(state, model.Fail) and state.exit.next is not None:
        yield "Next", state.exit.next
    if isinstance(state, model.Task | model.Parallel | model.InlineMap | model.DistributedMap):
        for index, catcher in enumerate(state.handlers.catchers):
            if catcher.exit.next is not None:
                yield f"Catch[{index}].Next", catcher.exit.next


def inner_flows(state: model.State) -> Iterator[tuple[str, model.Flow]]:
    """Give the flows inside a state, with the path to each from the state."""
    if isinstance(state, model.Parallel):
        yield from ((f"Branches[{index}]", flow) for index, flow in enumerate(state.branches))
    elif isinstance(state, model.InlineMap | model.DistributedMap):
        yield "ItemProcessor", state.processor


def resources(flow: model.Flow) -> Iterator[str]:
    """Give the resource of every Task, those of inner flows included."""
    for state in flow.states.values():
        if isinstance(state, model.Task):
            yield state.resource
        for _, inner in inner_flows(state):
            yield from resources(inner)
