"""Checks of the tools that a candidate asked for. Nothing is executed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evaldrop.checks.json_values import same_json
from evaldrop.checks.subject import Outcome, Subject
from evaldrop.checks.values import WrongValueError, read_options, shortened
from evaldrop.json_text import is_too_deep


@dataclass(frozen=True, slots=True)
class WantedCall:
    """A tool that has to be asked for, with at least these arguments."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


def read_call(value: Any) -> WantedCall:
    """
    Read a tool's name, or {name, arguments}.

    Raises:
        ValueError: It is neither.
    """
    value = {"name": value} if isinstance(value, str) else value
    options = read_options(value, {"name": "the tool's", "arguments": "those it has to have, among others"})
    name, arguments = options.get("name"), options.get("arguments", {})
    if not isinstance(name, str) or not name:
        raise WrongValueError(f"name is {name!r}, and has to be a tool's name")
    if not isinstance(arguments, Mapping) or is_too_deep(arguments):
        raise WrongValueError("arguments is no mapping of names to values")
    return WantedCall(name, arguments)


def tool_called(wanted: WantedCall, subject: Subject) -> Outcome:
    """Tell whether a tool was asked for, with the arguments among its own."""
    names = [call.name for call in subject.tool_calls]
    if wanted.name not in names:
        asked = f"asked for {', '.join(dict.fromkeys(names))}" if names else "asked for no tool"
        return Outcome(0.0, f"It {shortened(asked, 200)}.")
    calls = [call for call in subject.tool_calls if call.name == wanted.name]
    if any(_holds(wanted.arguments, call.arguments) for call in calls):
        return Outcome(1.0, f"Asked for {wanted.name}.")
    return Outcome(0.0, f"Asked for {wanted.name} with {shortened(repr(dict(calls[-1].arguments)), 200)}.")


def _holds(wanted: Any, given: Any) -> bool:
    if isinstance(wanted, Mapping) and isinstance(given, Mapping):
        return all(key in given and _holds(member, given[key]) for key, member in wanted.items())
    return same_json(wanted, given)
