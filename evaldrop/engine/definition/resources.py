"""Which resources a Task may name, and what an `aws-sdk:` resource means to botocore."""

import re
from functools import cache
from typing import Any

import botocore.loaders
import botocore.model

_ARN = re.compile(r"arn:aws[a-z-]*:states:[^:]*:[^:]*:(?P<rest>.+)")
OPTIMISED = ("bedrock:invokeModel", "lambda:invoke", "sns:publish")


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
    return _sdk_problem(parts[1], parts[2])


def sdk_operation(resource: str) -> botocore.model.OperationModel | None:
    """Return botocore's model of what an aws-sdk resource calls; None when there is no such action."""
    prefix, _, rest = resource.partition(":")
    service, _, action = rest.partition(":")
    name = _service_names().get(service)
    operation = action[:1].upper() + action[1:]
    if prefix != "aws-sdk" or name is None or operation not in service_model(name).operation_names:
        return None
    return service_model(name).operation_model(operation)


def _sdk_problem(service: str, action: str) -> str | None:
    name = _service_names().get(service)
    if name is None:
        return f"there is no AWS service {service!r}"
    operation = action[:1].upper() + action[1:]
    if action[:1].isupper() or operation not in service_model(name).operation_names:
        return f"the service {service} has no action {action!r}"
    return None


@cache
def _loader() -> Any:
    return botocore.loaders.Loader()


@cache
def _service_names() -> dict[str, str]:
    # Step Functions writes bedrockruntime where botocore writes bedrock-runtime.
    return {name.replace("-", ""): name for name in _loader().list_available_services("service-2")}


@cache
def service_model(service: str) -> botocore.model.ServiceModel:
    """Return botocore's model of a service, by botocore's name for it (bedrock-runtime)."""
    return botocore.model.ServiceModel(_loader().load_service_model(service, "service-2"), service)
