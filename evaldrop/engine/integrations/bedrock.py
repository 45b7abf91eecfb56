"""`bedrock:invokeModel`, the optimised integration: a model's own body, JSON in and out."""

from typing import Any

from evaldrop.engine.errors import RUNTIME, ServiceError, TaskError
from evaldrop.engine.integrations.sdk import Call, service_failure
from evaldrop.engine.integrations.shapes import body_bytes, parse_body, refuse
from evaldrop.engine.runs import Integration, TaskContext
from evaldrop.engine.templates import type_name

TEXTS = {
    "ModelId": "modelId",
    "ContentType": "contentType",
    "Accept": "accept",
    "Trace": "trace",
    "GuardrailIdentifier": "guardrailIdentifier",
    "GuardrailVersion": "guardrailVersion",
    "PerformanceConfigLatency": "performanceConfigLatency",
}


def bedrock_invoke_model(call: Call) -> Integration:
    """
    Return the integration.

    Args:
        call: Takes {"modelId", "body" as bytes, "contentType", "accept", …}, or "input" and "output" with an
            "s3Uri" each in place of bodies; returns {"body": bytes or a stream, "contentType"}, or raises
            ServiceError.

    Its result is {"Body": parsed JSON, "ContentType"}; its errors are named Bedrock.<Code>Exception.
    """

    async def integration(arguments: Any, _context: TaskContext) -> Any:
        request = _request(arguments)
        try:
            response = await call(request)
        except ServiceError as error:
            # AWS does not document the name. Most published workflows catch Bedrock.<Code>, one of its own
            # samples the bare code: a definition does well to name both.
            raise service_failure("Bedrock", error) from error
        return _result(response)

    return integration


def _request(arguments: Any) -> dict[str, Any]:
    if not isinstance(arguments, dict):
        raise refuse(f"the Arguments must be an object, not {type_name(arguments)}")
    request: dict[str, Any] = {"contentType": "application/json", "accept": "application/json"}
    for name, value in arguments.items():
        if name in TEXTS:
            request[TEXTS[name]] = _text(name, value)
        elif name in {"Input", "Output"}:
            request[name.lower()] = {"s3Uri": _s3_uri(name, value)}
        elif name == "Body":
            request["body"] = body_bytes(value)
        else:
            raise refuse(f'The field "{name}" is not supported by Step Functions')
    _check(request)
    return request


def _check(request: dict[str, Any]) -> None:
    if "modelId" not in request:
        raise refuse('The field "ModelId" is required but was missing')
    if ("body" in request) == ("input" in request):
        raise TaskError(RUNTIME, "Arguments must have either Body or Input.S3Uri")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise refuse(f'The value for the field "{name}" must be a string, not {type_name(value)}')
    return value


def _s3_uri(name: str, value: Any) -> str:
    if not isinstance(value, dict) or set(value) != {"S3Uri"}:
        raise refuse(f'The field "{name}" must be an object with S3Uri alone')
    return _text(f"{name}.S3Uri", value["S3Uri"])


def _result(response: dict[str, Any]) -> dict[str, Any]:
    body = parse_body(response.get("body", b""))
    return {"Body": body, "ContentType": response.get("contentType", "application/json")}
