"""Check the member names in a Task's Arguments as far as they are written out, as AWS does at creation."""

from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from evaldrop.engine.definition.fields import Problems, member_path
from evaldrop.engine.definition.resources import sdk_operation

BEDROCK_FIELDS = frozenset({
    "Accept", "Body", "ContentType", "GuardrailIdentifier", "GuardrailVersion", "Input", "ModelId", "Output",
    "PerformanceConfigLatency", "Trace",
})  # fmt: skip
LAMBDA_FIELDS = frozenset(
    {"ClientContext", "FunctionName", "InvocationType", "LogType", "Payload", "Qualifier"}
)
OPTIMISED_FIELDS = {"bedrock:invokeModel": BEDROCK_FIELDS, "lambda:invoke": LAMBDA_FIELDS}


def pascal(name: str) -> str:
    """Return a member's name as Step Functions writes it."""
    return name[:1].upper() + name[1:]


def check_arguments(resource: str, arguments: Any, path: str, problems: Problems) -> None:
    """Report every member that the resource does not take; what an expression will give is not known yet."""
    allowed = OPTIMISED_FIELDS.get(resource)
    if allowed is not None and isinstance(arguments, dict):
        for name in arguments:
            if name not in allowed:
                problems.add(member_path(path, name), _unknown(name, allowed))
        return
    operation = sdk_operation("aws-sdk:sns:publish" if resource == "sns:publish" else resource)
    if operation is not None and operation.input_shape is not None:
        _check_shape(operation.input_shape, arguments, path, problems)


def _unknown(name: str, allowed: Any) -> str:
    same = [known for known in allowed if known.lower() == name.lower()]
    hint = f"; it is written {same[0]}" if same else ""
    return f"the field {name!r} is not supported by Step Functions{hint}"


def _check_shape(shape: Shape, value: Any, path: str, problems: Problems) -> None:
    if isinstance(value, dict) and isinstance(shape, StructureShape):
        # Any JSON: a tool's schema, a model's own parameters. Their names are not the service's.
        if getattr(shape, "is_document_type", False):
            return
        members = {pascal(name): member for name, member in shape.members.items()}
        for name, each in value.items():
            if name in members:
                _check_shape(members[name], each, member_path(path, name), problems)
            else:
                problems.add(member_path(path, name), _unknown(name, members))
    elif isinstance(value, dict) and isinstance(shape, MapShape):
        for name, each in value.items():
            _check_shape(shape.value, each, member_path(path, name), problems)
    elif isinstance(value, list) and isinstance(shape, ListShape):
        for index, each in enumerate(value):
            _check_shape(shape.member, each, f"{path}[{index}]", problems)
