"""
Convert between Step Functions' PascalCase and a service's own casing, by the botocore service model.

Each shape becomes one closure, once. Document values keep their inner casing, and so do the keys of maps.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from evaldrop.engine.definition.arguments import pascal
from evaldrop.engine.definition.resources import service_model
from evaldrop.engine.errors import RUNTIME, TaskError
from evaldrop.engine.payloads import to_json
from evaldrop.engine.templates import type_name

Path = tuple[str | int, ...]
Convert = Callable[[Any, Path], Any]


def place(path: Path) -> str:
    """Write a path to a member: Messages[0].Content."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def refuse(problem: str) -> TaskError:
    """Return the error of a call that Step Functions would not make."""
    return TaskError(RUNTIME, f"The Arguments could not be used to start the Task: [{problem}]")


@cache
def request_plan(service: str, operation: str) -> Convert:
    """Return what turns Arguments into a request. It raises TaskError States.Runtime, naming the member."""
    return _Plans(_INWARD, _operation(service, operation).input_shape).plan()


@cache
def result_plan(service: str, operation: str) -> Convert:
    """Return what turns a response into a result."""
    return _Plans(_OUTWARD, _operation(service, operation).output_shape).plan()


def _operation(service: str, operation: str) -> OperationModel:
    return service_model(service).operation_model(operation)


def _payload(shape: Any) -> str | None:
    name: str | None = shape.serialization.get("payload") if shape is not None else None
    return name


class _Plans:
    """Makes one closure per shape, in one direction; a shape that contains itself finds its own by name."""

    def __init__(self, direction: "_Direction", top: Any) -> None:
        self.direction = direction
        self.top = top
        self.made: dict[str, Convert] = {}
        self.payload = _payload(top)

    def plan(self) -> Convert:
        return self.shape(self.top) if self.top is not None else lambda _value, _path: {}

    def member(self, parent: Shape, name: str, shape: Shape) -> Convert:
        is_body = parent is self.top and name == self.payload and shape.type_name == "blob"
        return self.direction.body if is_body else self.shape(shape)

    def shape(self, shape: Shape) -> Convert:
        if getattr(shape, "is_document_type", False):
            return _as_is
        if shape.name in self.made:
            return self.made[shape.name]
        # Found when it is called, not when it is made: a shape may contain itself.
        later: list[Convert] = []
        self.made[shape.name] = lambda value, path: later[0](value, path)
        convert = self._make(shape)
        later.append(convert)
        self.made[shape.name] = convert
        return convert

    def _make(self, shape: Shape) -> Convert:
        if isinstance(shape, StructureShape):
            return self.direction.structure(self, shape)
        if isinstance(shape, ListShape):
            return self.direction.list_of(self.shape(shape.member))
        if isinstance(shape, MapShape):
            return self.direction.map_of(self.shape(shape.value))
        return self.direction.scalars.get(shape.type_name, _as_is)


class _Direction(NamedTuple):
    """How structures, lists, maps, scalars and a payload's body are converted, inward or outward."""

    structure: Callable[[_Plans, StructureShape], Convert]
    list_of: Callable[[Convert], Convert]
    map_of: Callable[[Convert], Convert]
    scalars: Mapping[str, Convert]
    body: Convert


def _as_is(value: Any, _path: Path) -> Any:
    return value


def _wrong_type(path: Path, wanted: str, value: Any) -> TaskError:
    return refuse(f'The value for the field "{place(path)}" must be {wanted}, not {type_name(value)}')


def _structure_in(plans: _Plans, shape: StructureShape) -> Convert:
    members = {
        pascal(name): (name, plans.member(shape, name, member)) for name, member in shape.members.items()
    }
    required = [(name, pascal(name)) for name in shape.required_members]

    def convert(value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            raise _wrong_type(path, "an object", value)
        converted = {}
        for key, each in value.items():
            found = members.get(key)
            if found is None:
                raise refuse(f'The field "{place((*path, key))}" is not supported by Step Functions')
            converted[found[0]] = found[1](each, (*path, key))
        for name, key in required:
            if name not in converted:
                raise refuse(f'The field "{place((*path, key))}" is required but was missing')
        return converted

    return convert


def _list_in(member: Convert) -> Convert:
    def convert(value: Any, path: Path) -> Any:
        if not isinstance(value, list):
            raise _wrong_type(path, "an array", value)
        return [member(each, (*path, index)) for index, each in enumerate(value)]

    return convert


def _map_in(member: Convert) -> Convert:
    def convert(value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            raise _wrong_type(path, "an object", value)
        return {key: member(each, (*path, key)) for key, each in value.items()}

    return convert


def _structure_out(plans: _Plans, shape: StructureShape) -> Convert:
    members = {
        name: (pascal(name), plans.member(shape, name, member)) for name, member in shape.members.items()
    }

    def convert(value: Any, path: Path) -> Any:
        converted = {}
        for key, each in value.items():
            found = members.get(key)
            # A newer service may answer with members its model does not have: ResponseMetadata is one.
            if found is not None and each is not None:
                converted[found[0]] = found[1](each, path)
        return converted

    return convert


def _list_out(member: Convert) -> Convert:
    return lambda value, path: [member(each, path) for each in value]


def _map_out(member: Convert) -> Convert:
    return lambda value, path: {key: member(each, path) for key, each in value.items()}


def _text_in(value: Any, path: Path) -> Any:
    if not isinstance(value, str):
        raise _wrong_type(path, "a string", value)
    return value


def _flag_in(value: Any, path: Path) -> Any:
    if not isinstance(value, bool):
        raise _wrong_type(path, "a boolean", value)
    return value


def _whole_in(value: Any, path: Path) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise _wrong_type(path, "an integer", value)
    return int(value)


def _number_in(value: Any, path: Path) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong_type(path, "a number", value)
    return value


def _time_in(value: Any, path: Path) -> Any:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise _wrong_type(path, "a timestamp", value)
    return value


def _bytes_in(value: Any, path: Path) -> Any:
    text = _text_in(value, path)
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise refuse(f'The value for the field "{place(path)}" must be base64') from error


def body_bytes(body: Any) -> bytes:
    """Return the bytes of a body in Arguments: a string as it is, anything else as JSON."""
    return body.encode() if isinstance(body, str) else to_json(body)


def _bytes_out(value: Any, _path: Path) -> Any:
    return base64.b64encode(value).decode()


def parse_body(body: Any) -> Any:
    """Return the JSON of a response's body, bytes or a stream of them, or its text when it is not JSON."""
    content = body.read() if hasattr(body, "read") else body
    try:
        return json.loads(content)
    except ValueError:
        return content if isinstance(content, str) else content.decode(errors="replace")


def _time_out(value: Any, _path: Path) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


_INWARD = _Direction(
    structure=_structure_in,
    list_of=_list_in,
    map_of=_map_in,
    scalars={
        "string": _text_in,
        "character": _text_in,
        "boolean": _flag_in,
        "integer": _whole_in,
        "long": _whole_in,
        "float": _number_in,
        "double": _number_in,
        "timestamp": _time_in,
        "blob": _bytes_in,
    },
    body=lambda value, _path: body_bytes(value),
)
_OUTWARD = _Direction(
    structure=_structure_out,
    list_of=_list_out,
    map_of=_map_out,
    scalars={"blob": _bytes_out, "timestamp": _time_out},
    body=lambda value, _path: parse_body(value),
)
