"""
The optimised integrations: `bedrock:invokeModel`, `dynamodb:updateItem`, `lambda:invoke` on one machine, and
`sns:publish`.
"""

import asyncio
import json
import uuid
from collections.abc import Mapping
from concurrent.futures import BrokenExecutor, Executor
from typing import Any

from evaldrop.engine.definition.resources import BEDROCK_FIELDS, LAMBDA_FIELDS, service_model
from evaldrop.engine.errors import RUNTIME, ServiceError, TaskError
from evaldrop.engine.integrations.sdk import (
    CLIENT_FAULT,
    Call,
    body_bytes,
    parse_body,
    refuse,
    sdk_integration,
    service_failure,
)
from evaldrop.engine.invocation import Handler, invoke
from evaldrop.engine.payloads import to_json
from evaldrop.engine.queries import type_name
from evaldrop.engine.runs import Integration, TaskContext


def bedrock_invoke_model(call: Call) -> Integration:
    """
    Return the integration for a model's own body, JSON in and out.

    Args:
        call: Takes {"modelId", "body" as bytes, "contentType", "accept", …}, or "input" and "output" with an
            "s3Uri" each in place of bodies; returns {"body": bytes or a stream, "contentType"}, or raises
            ServiceError.

    Its result is {"Body": parsed JSON, "ContentType"}; its errors are named Bedrock.<Code>Exception, and
    those outside the service's model Bedrock.BedrockRuntimeException.
    """

    async def integration(arguments: Any, _context: TaskContext) -> Any:
        request = _invocation(arguments)
        try:
            response = await call(request)
        except ServiceError as error:
            # AWS does not document the name. Most published workflows catch Bedrock.<Code>, one of its own
            # samples the bare code: a definition does well to name both.
            raise service_failure("Bedrock", "bedrock-runtime", error) from error
        body = parse_body(response.get("body", b""))
        return {"Body": body, "ContentType": response.get("contentType", "application/json")}

    return integration


def _invocation(arguments: Any) -> dict[str, Any]:
    request: dict[str, Any] = {"contentType": "application/json", "accept": "application/json"}
    for name, value in _fields(arguments, BEDROCK_FIELDS).items():
        member = name[:1].lower() + name[1:]
        if name == "Body":
            request[member] = body_bytes(value)
        elif name in {"Input", "Output"}:
            if not isinstance(value, dict) or set(value) != {"S3Uri"}:
                raise refuse(f'The field "{name}" must be an object with S3Uri alone')
            request[member] = {"s3Uri": _text(f"{name}.S3Uri", value["S3Uri"])}
        else:
            request[member] = _text(name, value)
    if "modelId" not in request:
        raise refuse('The field "ModelId" is required but was missing')
    if ("body" in request) == ("input" in request):
        raise TaskError(RUNTIME, "Arguments must have either Body or Input.S3Uri")
    return request


def _fields(arguments: Any, known: frozenset[str] | None = None) -> dict[str, Any]:
    if not isinstance(arguments, dict):
        raise refuse(f"the Arguments must be an object, not {type_name(arguments)}")
    unknown = [] if known is None else [name for name in arguments if name not in known]
    if unknown:
        raise refuse(f'The field "{unknown[0]}" is not supported by Step Functions')
    return arguments


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise refuse(f'The value for the field "{name}" must be a string, not {type_name(value)}')
    return value


def lambda_invoke(functions: Mapping[str, Handler], *, executor: Executor | None = None) -> Integration:
    """
    Return the integration for Python handlers, with Lambda's envelope and error causes.

    Args:
        functions: Handlers by FunctionName: a name, or the last part of an ARN.
        executor: Where they run; a thread when there is none. Another process finds a handler by its name in
            its module.

    Its result is {"StatusCode": 200, "Payload", "ExecutedVersion"}. An exception becomes an error named after
    its class, whose cause is Lambda's JSON: errorMessage, errorType, requestId, stackTrace. A TaskError goes
    through as it is: a handler that calls a function elsewhere raises it with that one's error and cause.
    """

    async def integration(arguments: Any, _context: TaskContext) -> Any:
        fields = _fields(arguments, LAMBDA_FIELDS)
        if fields.get("InvocationType", "RequestResponse") != "RequestResponse":
            raise refuse("on one machine InvocationType can only be RequestResponse")
        function = fields.get("FunctionName")
        if not isinstance(function, str):
            raise refuse('The field "FunctionName" is required, and must be a string')
        name = function.partition(":function:")[2].partition(":")[0] or function
        handler = functions.get(function) or functions.get(name)
        if handler is None:
            known = ", ".join(sorted(functions)) or "none"
            problem = f"Function not found: {function}. There are: {known}"
            raise TaskError("Lambda.ResourceNotFoundException", problem)
        # A handler may change its event, and the execution goes on with the payload.
        event = json.loads(json.dumps(fields.get("Payload", {})))
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(executor, invoke, handler, event, name, str(uuid.uuid4()))
        except BrokenExecutor as error:
            raise TaskError("Lambda.Unknown", f"the process of {name} went away: {error}") from error
        return {"ExecutedVersion": "$LATEST", "Payload": answer, "StatusCode": 200}

    return integration


def dynamodb_update_item(update: Call) -> Integration:
    """
    Return the integration.

    Args:
        update: Takes {"TableName", "Key", "UpdateExpression", …}, returns {"Attributes"} if it was asked to,
            and raises ServiceError.

    Its errors are named DynamoDB.<Code>Exception, and those outside the service's model
    DynamoDB.AmazonDynamoDBException: the words of the SDK that this integration was built with.
    """
    return sdk_integration("dynamodb", "UpdateItem", update, prefix="DynamoDB", name_error=_dynamodb_error)


def _dynamodb_error(code: str) -> str:
    name = code if code.endswith("Exception") else f"{code}Exception"
    known = {shape.name for shape in service_model("dynamodb").error_shapes}
    return name if code in known or code == CLIENT_FAULT else "AmazonDynamoDBException"


def sns_publish(publish: Call) -> Integration:
    """
    Return the integration.

    Args:
        publish: Takes {"TopicArn", "Message" as text, …}, returns {"MessageId"}, raises ServiceError.

    Its errors are named SNS.<Code>Exception.
    """
    send = sdk_integration("sns", "Publish", publish, prefix="SNS")

    async def integration(arguments: Any, context: TaskContext) -> Any:
        message = _fields(arguments).get("Message")
        if isinstance(message, dict | list):
            arguments = {**arguments, "Message": to_json(message).decode()}
        return await send(arguments, context)

    return integration
