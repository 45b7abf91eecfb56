"""Checks requests against the service's model, and the few things that it does not say."""

import json
import re
from typing import Any

from evaldrop.engine.definition.resources import service_model
from evaldrop.engine.payloads import LIMIT_BYTES
from evaldrop.running.local_aws.executions.contract import ApiError

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "boolean": (bool,),
}
# White space, brackets, wildcards, special and control characters, surrogates (StartExecution, name).
_NOT_IN_NAMES = re.compile(r"[\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")


def checked(action: str, request: dict[str, Any]) -> dict[str, Any]:
    """
    Return a request without members that are null.

    Raises:
        ApiError: ValidationException, it does not fit the service's model of the action.
    """
    shape = service_model("stepfunctions").operation_model(action).input_shape
    given = {name: value for name, value in request.items() if value is not None}
    assert shape is not None
    problems = [f"{name} is required" for name in shape.required_members if name not in given]
    for name, value in given.items():
        member = shape.members.get(name)
        if member is None:
            problems.append(f"{name} is no parameter of {action}")
        elif problem := _problem(member, value):
            problems.append(f"{name} {problem}")
    if problems:
        raise ApiError("ValidationException", f"{len(problems)} in {action}: {'; '.join(problems)}")
    return given


def _problem(member: Any, value: Any) -> str | None:
    wanted = _TYPES[member.type_name]
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        return f"must be of type {member.type_name}"
    if member.metadata.get("enum") and value not in member.metadata["enum"]:
        return f"must be one of {', '.join(member.metadata['enum'])}"
    size = len(value) if isinstance(value, str) else value
    low, high = member.metadata.get("min"), member.metadata.get("max")
    # An execution's name and input have errors of their own.
    if member.name in {"Name", "SensitiveData"}:
        return None
    what = "characters" if isinstance(value, str) else "in value"
    if low is not None and size < low:
        return f"must be at least {low} {what}"
    if high is not None and size > high:
        return f"must be at most {high} {what}"
    return None


def checked_name(name: str) -> str:
    """Return an execution's name; raises ApiError, InvalidName."""
    if not 1 <= len(name) <= 80 or _NOT_IN_NAMES.search(name):
        raise ApiError("InvalidName", f"Invalid Name: {name!r}")
    return name


def parsed_input(text: str) -> Any:
    """Return an execution's input; raises ApiError, InvalidExecutionInput."""
    size = len(text.encode(errors="replace"))
    if size > LIMIT_BYTES:
        raise ApiError(
            "InvalidExecutionInput",
            f"Invalid State Machine Execution Input: {size} bytes; the most are {LIMIT_BYTES}",
        )
    try:
        return json.loads(text)
    except ValueError as error:
        raise ApiError("InvalidExecutionInput", f"Invalid State Machine Execution Input: {error}") from error
