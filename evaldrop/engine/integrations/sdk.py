"""
Calls by a service's model, `aws-sdk:<service>:<action>`: casing and error names, by botocore's model.

Step Functions writes members in PascalCase, a service in a casing of its own. Each shape becomes one closure,
once. Document values keep their inner casing, and so do the keys of maps.
"""

import base64
import binascii
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar

from evaldrop.engine.definition.resources import pascal, service_model
from evaldrop.engine.errors import RUNTIME, ServiceError, TaskError
from evaldrop.engine.payloads import to_json
from evaldrop.engine.queries import is_boolean, is_number, is_string, type_name
from evaldrop.engine.runs import Integration, TaskContext

CLIENT_FAULT = "SdkClientException"
_WORDS = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[a-z]+\d*|\d+")
Call = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
Path = tuple[str | int, ...]
Convert = Callable[[Any, Path], Any]


def sdk_integration(
    service: str,
    operation: str,
    call: Call,
    *,
    prefix: str | None = None,
    name_error: Callable[[str], str] | None = None,
) -> Integration:
    """
    Return the integration for one SDK action.

    Args:
        service: botocore's name for it: "bedrock-runtime".
        operation: The operation: "Converse".
        call: Takes a request in the service's casing, returns the response so, and raises ServiceError.
        prefix: What errors' names begin with; the service's name when there is none.
        name_error: Names a service's error, after the prefix, where `service_failure` has another name.

    The integration raises TaskError: States.Runtime for Arguments the service's model does not have, and
    what `service_failure` names for a ServiceError. The model, which takes long to read, is read by the first
    call or by `read_ahead`: of a dozen actions that a table of integrations has most are never called.
    """

    async def integration(arguments: Any, _context: TaskContext) -> Any:
        first = prefix or service_prefix(service)
        outward = result_plan(service, operation)
        request = request_plan(service, operation)(arguments, ())
        try:
            response = await call(request)
        except ServiceError as error:
            raise service_failure(first, service, error, name_error) from error
        try:
            return outward(response, ())
        # Only where a shape is walked through: a check of every member would be paid for by every answer.
        except (AttributeError, TypeError) as fault:
            what = f"the answer is not laid out as one of {operation}'s"
            raise service_failure(first, service, ServiceError(CLIENT_FAULT, what)) from fault

    return integration


def read_ahead(service: str, operation: str) -> None:
    """Read what the first call of an action needs of its service's model."""
    service_prefix(service)
    request_plan(service, operation)
    result_plan(service, operation)


@cache
def service_prefix(service: str) -> str:
    """Return what the names of a service's errors begin with: BedrockRuntime."""
    return java_name(service_model(service).service_id)


def service_failure(
    prefix: str, service: str, error: ServiceError, name_error: Callable[[str], str] | None = None
) -> TaskError:
    """
    Return the error that Step Functions makes of a service's.

    It is <prefix>.<Code>, always ending in Exception, for a code of the service's model: ThrottlingException.
    Any other comes under the one name that the SDK for Java has for it: BedrockRuntimeException. What was
    answered over the network ends the cause: (Service: BedrockRuntime, Status Code: 429, Request ID: …).
    """
    # A runtime that sees for itself that no state can hold an answer says so by the engine's own name.
    if error.code.startswith("States."):
        return TaskError(error.code, error.message)
    name = service_prefix(service)
    code = _modelled_name(service, name, error.code) if name_error is None else name_error(error.code)
    cause = f"{error.message}{_answered(name, error)}"
    return TaskError(f"{prefix}.{code}", cause, retry_after_s=error.retry_after_s)


def _modelled_name(service: str, name: str, code: str) -> str:
    exception = _exception(code)
    # The SDK's client has a name of its own for a call that got no answer.
    return exception if exception in _modelled(service) or exception == CLIENT_FAULT else f"{name}Exception"


def _exception(code: str) -> str:
    name = code[:1].upper() + code[1:]
    return name if name.endswith("Exception") else f"{name.removesuffix('Error')}Exception"


@cache
def _modelled(service: str) -> frozenset[str]:
    # An error's shape may have another name than what the service answers with.
    shapes = service_model(service).error_shapes
    codes = [shape.metadata.get("error", {}).get("code") for shape in shapes]
    return frozenset(_exception(name) for name in [*(shape.name for shape in shapes), *codes] if name)


def _answered(name: str, error: ServiceError) -> str:
    if error.status is None:
        return ""
    told = {
        "Service": name,
        "Status Code": error.status,
        "Request ID": error.request_id,
        "Extended Request ID": error.extended_request_id,
    }
    return f" ({', '.join(f'{key}: {value}' for key, value in told.items() if value is not None)})"


def java_name(service_id: str) -> str:
    """Return a service's name as the SDK for Java has it: BedrockRuntime, DynamoDb, S3."""
    return "".join(word.capitalize() for word in _WORDS.findall(service_id))


@cache
def request_plan(service: str, operation: str) -> Convert:
    """Return what turns Arguments into a request. It raises TaskError States.Runtime, naming the member."""
    return _Requests(service_model(service).operation_model(operation).input_shape).plan()


@cache
def result_plan(service: str, operation: str) -> Convert:
    """Return what turns a response into a result."""
    return _Results(service_model(service).operation_model(operation).output_shape).plan()


def body_bytes(body: Any) -> bytes:
    """Return the bytes of a body in Arguments: a string as it is, anything else as JSON."""
    return body.encode() if isinstance(body, str) else to_json(body)


def parse_body(body: Any) -> Any:
    """Return the JSON of a response's body, bytes or a stream of them, or its text when it is not JSON."""
    content = body.read() if hasattr(body, "read") else body
    try:
        return json.loads(content)
    except ValueError:
        return content if isinstance(content, str) else content.decode(errors="replace")


def refuse(problem: str) -> TaskError:
    """Return the error of a call that Step Functions would not make."""
    return TaskError(RUNTIME, f"The Arguments could not be used to start the Task: [{problem}]")


def _place(path: Path) -> str:
    """Write a path to a member: Messages[0].Content."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def _wrong_type(path: Path, wanted: str, value: Any) -> TaskError:
    return refuse(f'The value for the field "{_place(path)}" must be {wanted}, not {type_name(value)}')


def _as_is(value: Any, _path: Path) -> Any:
    return value


def _of_type(wanted: str, holds: Callable[[Any], bool]) -> Convert:
    def convert(value: Any, path: Path) -> Any:
        if not holds(value):
            raise _wrong_type(path, wanted, value)
        return value

    return convert


_text_in = _of_type("a string", is_string)
_number_in = _of_type("a number", is_number)


def _whole_in(value: Any, path: Path) -> Any:
    if not is_number(value) or value != int(value):
        raise _wrong_type(path, "an integer", value)
    return int(value)


def _bytes_in(value: Any, path: Path) -> Any:
    text = _text_in(value, path)
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise refuse(f'The value for the field "{_place(path)}" must be base64') from error


class _Results:
    """Makes one closure per shape, from a service's casing to PascalCase."""

    scalars: ClassVar[Mapping[str, Convert]] = {
        # A runtime that hands on what came over the network has it as JSON does, which is base64 already.
        "blob": lambda value, _path: value if isinstance(value, str) else base64.b64encode(value).decode(),
        "timestamp": lambda value, _path: (
            value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value
        ),
    }

    def __init__(self, top: Any) -> None:
        self.top = top
        self.made: dict[str, Convert] = {}

    def plan(self) -> Convert:
        return self.shape(self.top) if self.top is not None else lambda _value, _path: {}

    def shape(self, shape: Any) -> Convert:
        if getattr(shape, "is_document_type", False):
            return _as_is
        if shape.name in self.made:
            return self.made[shape.name]
        # Found by name when it is called, not when it is made: a shape may contain itself.
        self.made[shape.name] = lambda value, path: self.made[shape.name](value, path)
        match shape.type_name:
            case "structure":
                convert = self.structure(shape)
            case "list":
                convert = self.list_of(self.shape(shape.member))
            case "map":
                convert = self.map_of(self.shape(shape.value))
            case scalar:
                convert = self.scalars.get(scalar, _as_is)
        self.made[shape.name] = convert
        return convert

    def members(self, shape: Any) -> Iterator[tuple[str, Convert]]:
        body = shape.serialization.get("payload") if shape is self.top else None
        for name, member in shape.members.items():
            # The whole body of a call or an answer is JSON, any other blob base64.
            is_body = name == body and member.type_name == "blob"
            yield name, self.body if is_body else self.shape(member)

    def structure(self, shape: Any) -> Convert:
        members = {name: (pascal(name), convert) for name, convert in self.members(shape)}

        def convert(value: Any, path: Path) -> Any:
            converted = {}
            for key, each in value.items():
                found = members.get(key)
                # A newer service may answer with members its model does not have: ResponseMetadata is one.
                if found is not None and each is not None:
                    converted[found[0]] = found[1](each, path)
            return converted

        return convert

    def list_of(self, member: Convert) -> Convert:
        return lambda value, path: [member(each, path) for each in value]

    def map_of(self, member: Convert) -> Convert:
        return lambda value, path: {key: member(each, path) for key, each in value.items()}

    def body(self, value: Any, _path: Path) -> Any:
        return parse_body(value)


class _Requests(_Results):
    """Makes the closures that lead back; they refuse what the shape does not allow."""

    scalars: ClassVar[Mapping[str, Convert]] = {
        "string": _text_in,
        "character": _text_in,
        "boolean": _of_type("a boolean", is_boolean),
        "integer": _whole_in,
        "long": _whole_in,
        "float": _number_in,
        "double": _number_in,
        "timestamp": _of_type("a timestamp", lambda value: is_string(value) or is_number(value)),
        "blob": _bytes_in,
    }

    def structure(self, shape: Any) -> Convert:
        members = {pascal(name): (name, convert) for name, convert in self.members(shape)}
        required = [(name, pascal(name)) for name in shape.required_members]

        def convert(value: Any, path: Path) -> Any:
            if not isinstance(value, dict):
                raise _wrong_type(path, "an object", value)
            converted = {}
            for key, each in value.items():
                found = members.get(key)
                if found is None:
                    raise refuse(f'The field "{_place((*path, key))}" is not supported by Step Functions')
                converted[found[0]] = found[1](each, (*path, key))
            for name, key in required:
                if name not in converted:
                    raise refuse(f'The field "{_place((*path, key))}" is required but was missing')
            return converted

        return convert

    def list_of(self, member: Convert) -> Convert:
        def convert(value: Any, path: Path) -> Any:
            if not isinstance(value, list):
                raise _wrong_type(path, "an array", value)
            return [member(each, (*path, index)) for index, each in enumerate(value)]

        return convert

    def map_of(self, member: Convert) -> Convert:
        def convert(value: Any, path: Path) -> Any:
            if not isinstance(value, dict):
                raise _wrong_type(path, "an object", value)
            return {key: member(each, (*path, key)) for key, each in value.items()}

        return convert

    def body(self, value: Any, _path: Path) -> Any:
        return body_bytes(value)
