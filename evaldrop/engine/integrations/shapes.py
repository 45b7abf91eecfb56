"""
Convert between Step Functions' PascalCase and a service's own casing, by the botocore service model.

Each shape becomes one closure, once. Document values keep their inner casing, and so do the keys of maps.
"""

import base64
import binascii
import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from evaldrop.engine.definition.arguments import pascal
from evaldrop.engine.definition.resources import service_model
from evaldrop.engine.errors import RUNTIME, TaskError
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
    return _Inward(_operation(service, operation)).plan()


@cache
def result_plan(service: str, operation: str) -> Convert:
    """Return what turns a response into a result."""
    return _Outward(_operation(service, operation)).plan()


def _operation(service: str, operation: str) -> OperationModel:
    return service_model(service).operation_model(operation)


def _payload(shape: Any) -> str | None:
    name: str | None = shape.serialization.get("payload") if shape is not None else None
    return name


class _Plans:
    """Makes one closure per shape; a shape that contains itself finds its own by name."""

    def __init__(self, top: Any) -> None:
        self.top = top
        self.made: dict[str, Convert] = {}
        self.payload = _payload(top)

    def plan(self) -> Convert:
        return self._shape(self.top) if self.top is not None else lambda _value, _path: {}

    def _shape(self, shape: Shape) -> Convert:
        if getattr(shape, "is_document_type", False):
            return _as_is
        if shape.name in self.made:
            return self.made[shape.name]
        later: list[Convert] = []
        self.made[shape.name] = lambda value, path: later[0](value, path)
        convert = self._make(shape)
        later.append(convert)
        self.made[shape.name] = convert
        return convert

    def _make(self, shape: Shape) -> Convert:
        if isinstance(shape, StructureShape):
            return self._structure(shape)
        if isinstance(shape, ListShape):
            return self._list(self._shape(shape.member))
        if isinstance(shape, MapShape):
            return self._map(self._shape(shape.value))
        return self._scalar(shape)

    def _structure(self, shape: StructureShape) -> Convert:
        raise AssertionError(shape)

    def _scalar(self, shape: Shape) -> Convert:
        raise AssertionError(shape)

    def _list(self, member: Convert) -> Convert:
        def convert(value: Any, path: Path) -> Any:
            if not isinstance(value, list):
                raise _wrong_type(path, "an array", value)
            return [member(each, (*path, index)) for index, each in enumerate(value)]

        return convert

    def _map(self, member: Convert) -> Convert:
        def convert(value: Any, path: Path) -> Any:
            if not isinstance(value, dict):
                raise _wrong_type(path, "an object", value)
            return {key: member(each, (*path, key)) for key, each in value.items()}

        return convert


def _as_is(value: Any, _path: Path) -> Any:
    return value


def _wrong_type(path: Path, wanted: str, value: Any) -> TaskError:
    return refuse(f'The value for the field "{place(path)}" must be {wanted}, not {type_name(value)}')


class _Inward(_Plans):
    """From Arguments to a request: names lowered as the service has them, types checked."""

    def __init__(self, operation: OperationModel) -> None:
        super().__init__(operation.input_shape)

    def _structure(self, shape: StructureShape) -> Convert:
        members = {}
        for name, member in shape.members.items():
            payload = shape is self.top and name == self.payload and member.type_name == "blob"
            members[pascal(name)] = (name, _payload_in if payload else self._shape(member))
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

    def _scalar(self, shape: Shape) -> Convert:
        return _SCALARS_IN[shape.type_name]


class _Outward(_Plans):
    """From a response to a result: names raised, bytes and times as text."""

    def __init__(self, operation: OperationModel) -> None:
        super().__init__(operation.output_shape)

    def _structure(self, shape: StructureShape) -> Convert:
        members = {}
        for name, member in shape.members.items():
            payload = shape is self.top and name == self.payload and member.type_name == "blob"
            members[name] = (pascal(name), _payload_out if payload else self._shape(member))

        def convert(value: Any, path: Path) -> Any:
            converted = {}
            for key, each in value.items():
                found = members.get(key)
                # A newer service may answer with members its model does not have: ResponseMetadata is one.
                if found is not None and each is not None:
                    converted[found[0]] = found[1](each, path)
            return converted

        return convert

    def _list(self, member: Convert) -> Convert:
        return lambda value, path: [member(each, path) for each in value]

    def _map(self, member: Convert) -> Convert:
        return lambda value, path: {key: member(each, path) for key, each in value.items()}

    def _scalar(self, shape: Shape) -> Convert:
        return _SCALARS_OUT.get(shape.type_name, _as_is)


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


def _payload_in(value: Any, _path: Path) -> Any:
    """Return a body's bytes: a string as it is, anything else as JSON."""
    return value.encode() if isinstance(value, str) else orjson.dumps(value)


def _bytes_out(value: Any, _path: Path) -> Any:
    return base64.b64encode(value).decode()


def _payload_out(value: Any, _path: Path) -> Any:
    """Return a body as JSON when it is that, else as text."""
    return parse_body(value.read() if hasattr(value, "read") else value)


def parse_body(body: bytes | str) -> Any:
    """Return a body's JSON, or its text when it is not JSON."""
    try:
        return json.loads(body)
    except ValueError:
        return body if isinstance(body, str) else body.decode(errors="replace")


def _time_out(value: Any, _path: Path) -> Any:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


_SCALARS_IN: dict[str, Convert] = {
    "string": _text_in,
    "character": _text_in,
    "boolean": _flag_in,
    "integer": _whole_in,
    "long": _whole_in,
    "float": _number_in,
    "double": _number_in,
    "timestamp": _time_in,
    "blob": _bytes_in,
}
_SCALARS_OUT: dict[str, Convert] = {"blob": _bytes_out, "timestamp": _time_out}
