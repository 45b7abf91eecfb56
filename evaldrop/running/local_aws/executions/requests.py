"""What a request and its answer are made of: checks by the service's model, refusals, machines, pages."""

import base64
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from evaldrop.engine import ArnParts, Integration
from evaldrop.engine.definition.resources import service_model
from evaldrop.engine.payloads import LIMIT_BYTES


class ApiError(Exception):
    """A request is refused. `code` is the service's own name for why, `status` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code = code
        self.message = message
        self.status = status
        super().__init__(f"{code}: {message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A state machine as the control plane has it; `definition` is its text, substitutions applied."""

    arn: str
    name: str
    role_arn: str
    definition: str
    type: str = "STANDARD"

    @property
    def arns(self) -> ArnParts:
        """What ARNs of its executions carry."""
        _, partition, _, region, account, *_ = self.arn.split(":")
        return ArnParts(partition=partition, region=region, account=account, role=self.role_arn)


MachineSource = Callable[[str], Machine | None]
IntegrationsFor = Callable[[Machine], Mapping[str, Integration]]


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
    # In Python a bool is an int: true would pass for 1.
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
    # In bytes of UTF-8, as the quota counts; a lone surrogate, which cannot be encoded, must not raise here.
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


DEFAULT_RESULTS = 100
Entry = TypeVar("Entry")
Key = tuple[float, str]


def page(
    entries: Iterable[Entry],
    key: Callable[[Entry], Key],
    request: dict[str, Any],
    *,
    newest_first: bool = True,
) -> tuple[list[Entry], dict[str, str]]:
    """
    Return a page of entries, and what its answer has beside them: nextToken, when there are more.

    No two entries have the same key, which they are sorted by. Raises ApiError, InvalidToken.
    """
    after = _read_token(request.get("nextToken"))
    ordered = sorted(entries, key=key, reverse=newest_first)
    if after is not None:
        # By the last key and not by a position: executions that start meanwhile would shift the pages.
        ordered = [entry for entry in ordered if (key(entry) < after if newest_first else key(entry) > after)]
    size = request.get("maxResults") or DEFAULT_RESULTS
    if len(ordered) <= size:
        return ordered, {}
    token = base64.urlsafe_b64encode(json.dumps(key(ordered[size - 1])).encode()).decode()
    return ordered[:size], {"nextToken": token}


def _read_token(token: str | None) -> Key | None:
    if token is None:
        return None
    try:
        time, name = json.loads(base64.urlsafe_b64decode(token.encode()))
        return float(time), str(name)
    except (ValueError, TypeError) as error:
        raise ApiError("InvalidToken", f"Invalid Token: {token!r}") from error
