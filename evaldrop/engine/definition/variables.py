"""Read Assign, and check the names and scopes of variables across a machine."""

from collections.abc import Iterator

from evaldrop.engine import model
from evaldrop.engine.definition.fields import Fields, Problems, member_path
from evaldrop.engine.definition.graph import inner_flows
from evaldrop.engine.queries import FUNCTION_NAMES
from evaldrop.engine.templates import Template

MAX_NAME = 80
RESERVED = "states"


def assignment(fields: Fields) -> Template | None:
    """Read Assign: an object whose keys are variable names."""
    template = fields.object_template("Assign")
    if template is None:
        return None
    if not isinstance(template.literal, dict):
        fields.complain("Assign", "must be an object, so that the names it sets are known")
        return None
    for name in template.literal:
        if problem := _name_problem(name):
            fields.problems.add(member_path(fields.at("Assign"), name), problem)
    return template


def _name_problem(name: str) -> str | None:
    if not name.isidentifier() or len(name) > MAX_NAME:
        return f"a variable's name is a letter, then letters, digits and _, at most {MAX_NAME}"
    if name == RESERVED:
        return "states is reserved"
    if name in FUNCTION_NAMES:
        return f"would hide the JSONata function ${name}"
    return None


def check_scopes(flow: model.Flow, path: str, problems: Problems) -> None:
    """
    Refuse an inner scope that assigns an outer name, and a distributed Map that reads one.

    An outer scope's names are those that any state of an enclosing flow assigns.
    """
    _check(flow, path, frozenset(), frozenset(), problems)


def _check(
    flow: model.Flow, path: str, outer: frozenset[str], unreadable: frozenset[str], problems: Problems
) -> None:
    own = frozenset(name for state in flow.states.values() for name in _assigned(state))
    for state in flow.states.values():
        at = member_path(f"{path}.States", state.name)
        for name in sorted(set(_assigned(state)) & outer):
            problems.add(f"{at}.Assign.{name}", f"an outer scope already has a variable ${name}")
        for name in sorted((_reads(state) & unreadable) - own - outer):
            problems.add(
                at, f"reads ${name} of an outer scope; a distributed Map cannot, pass it by ItemSelector"
            )
        for where, inner in inner_flows(state):
            visible = outer | own
            if isinstance(state, model.DistributedMap):
                _check(inner, f"{at}.{where}", frozenset(), visible | unreadable, problems)
            else:
                _check(inner, f"{at}.{where}", visible, unreadable, problems)


def _exits(state: model.State) -> Iterator[model.Exit]:
    if isinstance(state, model.Choice):
        yield from (rule.exit for rule in state.rules)
        if state.default is not None:
            yield state.default
    elif not isinstance(state, model.Fail):
        yield state.exit
    if isinstance(state, model.Task | model.Parallel | model.InlineMap | model.DistributedMap):
        yield from (catcher.exit for catcher in state.handlers.catchers)


def _assigned(state: model.State) -> Iterator[str]:
    for leave in _exits(state):
        if leave.assign is not None:
            yield from leave.assign.literal


def _templates(state: model.State) -> Iterator[Template]:
    for leave in _exits(state):
        yield from (template for template in (leave.output, leave.assign) if template is not None)
    if isinstance(state, model.Choice):
        yield from (rule.condition for rule in state.rules)
    for name in ("arguments", "timeout_s", "error", "cause", "seconds", "timestamp", "items", "item_selector",
                 "max_concurrency", "tolerated_count", "tolerated_percentage"):  # fmt: skip
        template = getattr(state, name, None)
        if template is not None:
            yield template


def _reads(state: model.State) -> frozenset[str]:
    return frozenset(
        name for template in _templates(state) for each in template.expressions for name in each.reads
    )
