"""What CreateModelInvocationJob refuses of a request, before it looks at any row."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evaldrop.bedrock.protocol import ServiceError

ROLE = re.compile(r"arn:aws(-[^:]+)?:iam::[0-9]{12}:role/.+")

_NAME = re.compile(r"[a-zA-Z0-9]{1,63}(-*[a-zA-Z0-9+\-.]){0,63}")


def refuse_first(problems: Iterable[str]) -> None:
    """
    Refuse a request that has a problem.

    Raises:
        ServiceError: ValidationException, with the first of them.
    """
    for problem in problems:
        raise ServiceError("ValidationException", problem)


def check_request(request: Mapping[str, Any]) -> None:
    """
    Refuse a request that Bedrock would refuse.

    Raises:
        ServiceError: ValidationException, with the reason.
    """
    refuse_first(_problems(request))


def _problems(request: Mapping[str, Any]) -> Iterator[str]:
    if not _NAME.fullmatch(request["jobName"]) or len(request["jobName"]) > 63:
        yield f"jobName {request['jobName']!r} is not a valid name"
    if not ROLE.fullmatch(request["roleArn"]):
        yield f"roleArn {request['roleArn']!r} is not the ARN of a role"
    if not 24 <= request.get("timeoutDurationInHours", 24) <= 168:
        yield "timeoutDurationInHours must lie between 24 and 168"
    if request.get("modelInvocationType", "InvokeModel") not in {"InvokeModel", "Converse"}:
        yield "modelInvocationType is InvokeModel or Converse"
