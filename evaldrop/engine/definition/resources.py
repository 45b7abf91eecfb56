"""
Which resources a Task may name, and the members each takes: by botocore's model of the service, or a list.

Arguments are checked as far as they are written out, as AWS does at creation.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from evaldrop.engine.definition.fields import Problems, member_path

# Imported where a model is read: a workflow that was checked before needs none until its first call.
if TYPE_CHECKING:
    from botocore.model import ServiceModel, Shape

_ARN = re.compile(r"arn:aws[a-z-]*:states:[^:]*:[^:]*:(?P<rest>.+)")
OPTIMISED = ("bedrock:invokeModel", "dynamodb:updateItem", "lambda:invoke", "sns:publish")
BEDROCK_FIELDS = frozenset({
    "Accept", "Body", "ContentType", "GuardrailIdentifier", "GuardrailVersion", "Input", "ModelId", "Output",
    "PerformanceConfigLatency", "Trace",
})  # fmt: skip
LAMBDA_FIELDS = frozenset(
    {"ClientContext", "FunctionName", "InvocationType", "LogType", "Payload", "Qualifier"}
)
OPTIMISED_FIELDS = {"bedrock:invokeModel": BEDROCK_FIELDS, "lambda:invoke": LAMBDA_FIELDS}
# The other optimised integrations take what the service takes.
_MODELLED = frozenset(OPTIMISED) - OPTIMISED_FIELDS.keys()


@cache
def _loader() -> Any:
    """Return the one loader of all models, because listing the services takes long."""
    from botocore.loaders import Loader

    return Loader()


def strip_prefix(arn: str) -> str:
    """Return a resource without `arn:aws:states:::`, which is how integrations are keyed."""
    match = _ARN.fullmatch(arn)
    return match["rest"] if match else arn


def resource_problem(arn: str) -> str | None:
    """Say what is wrong with a Task's Resource, or None."""
    match = _ARN.fullmatch(arn)
    if match is None:
        hint = "; call a function through arn:aws:states:::lambda:invoke" if ":lambda:" in arn else ""
        return f"{arn!r} is not a service integration like arn:aws:states:::lambda:invoke{hint}"
    rest = match["rest"]
    if rest in OPTIMISED:
        return None
    if not rest.startswith("aws-sdk:"):
        return f"{rest!r} is not supported; {', '.join(OPTIMISED)} and aws-sdk:<service>:<action> are"
    parts = rest.split(":")
    if len(parts) != 3 or "." in rest:
        return f"{rest!r} is not of the form aws-sdk:<service>:<action>"
    _, service, action = parts
    if service not in _service_names():
        return f"there is no AWS service {service!r}"
    if action[:1].isupper() or sdk_operation(rest) is None:
        return f"the service {service} has no action {action!r}"
    return None


def sdk_operation(resource: str) -> Any:
    """Return botocore's model of what an aws-sdk resource calls; None when there is no such action."""
    prefix, _, rest = resource.partition(":")
    service, _, action = rest.partition(":")
    name = _service_names().get(service)
    operation = pascal(action)
    if prefix != "aws-sdk" or name is None or operation not in service_model(name).operation_names:
        return None
    return service_model(name).operation_model(operation)


@cache
def _service_names() -> dict[str, str]:
    # Step Functions writes bedrockruntime where botocore writes bedrock-runtime.
    return {name.replace("-", ""): name for name in _loader().list_available_services("service-2")}


@cache
def service_model(service: str) -> "ServiceModel":
    """Return botocore's model of a service, by botocore's name for it (bedrock-runtime)."""
    from botocore.model import ServiceModel

    return ServiceModel(_loader().load_service_model(service, "service-2"), service)


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
    operation = sdk_operation(f"aws-sdk:{resource}" if resource in _MODELLED else resource)
    if operation is not None and operation.input_shape is not None:
        _check_shape(operation.input_shape, arguments, path, problems)


def _unknown(name: str, allowed: Iterable[str]) -> str:
    same = [known for known in allowed if known.lower() == name.lower()]
    hint = f"; it is written {same[0]}" if same else ""
    return f"the field {name!r} is not supported by Step Functions{hint}"


def _check_shape(shape: "Shape", value: Any, path: str, problems: Problems) -> None:
    from botocore.model import ListShape, MapShape, StructureShape

    # Any JSON: a tool's schema, a model's own parameters. Their names are not the service's.
    if getattr(shape, "is_document_type", False):
        return
    if isinstance(value, dict) and isinstance(shape, StructureShape):
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
