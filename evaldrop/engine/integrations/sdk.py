"""Calls by a service's model, `aws-sdk:<service>:<action>` and `sns:publish`: casing and error names."""

from collections.abc import Awaitable, Callable
from typing import Any

from evaldrop.engine.definition.resources import service_model
from evaldrop.engine.errors import ServiceError, TaskError
from evaldrop.engine.integrations.shapes import refuse, request_plan, result_plan
from evaldrop.engine.payloads import to_json
from evaldrop.engine.runs import Integration, TaskContext
from evaldrop.engine.templates import type_name

Call = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def sdk_integration(service: str, operation: str, call: Call) -> Integration:
    """
    Return the integration for one SDK action.

    Args:
        service: botocore's name for it: "bedrock-runtime".
        operation: The operation: "Converse".
        call: Takes a request in the service's casing, returns the response so, and raises ServiceError.

    The integration raises TaskError: States.Runtime for Arguments the service's model does not have, and
    "BedrockRuntime.ThrottlingException" for a ServiceError "ThrottlingException".
    """
    inward, outward = request_plan(service, operation), result_plan(service, operation)
    prefix = service_model(service).service_id.replace(" ", "")

    async def integration(arguments: Any, _context: TaskContext) -> Any:
        request = inward(arguments, ())
        try:
            response = await call(request)
        except ServiceError as error:
            raise service_failure(prefix, error) from error
        return outward(response, ())

    return integration


def sns_publish(publish: Call) -> Integration:
    """
    Return the integration.

    Args:
        publish: Takes {"TopicArn", "Message" as text, …}, returns {"MessageId"}, raises ServiceError.

    Its errors are named SNS.<Code>Exception.
    """
    send = sdk_integration("sns", "Publish", publish)

    async def integration(arguments: Any, context: TaskContext) -> Any:
        if not isinstance(arguments, dict):
            raise refuse(f"the Arguments must be an object, not {type_name(arguments)}")
        message = arguments.get("Message")
        if isinstance(message, dict | list):
            arguments = {**arguments, "Message": to_json(message).decode()}
        return await send(arguments, context)

    return integration


def service_failure(prefix: str, error: ServiceError) -> TaskError:
    """Return the error Step Functions makes of a service's: <prefix>.<Code>, always ending in Exception."""
    code = error.code[:1].upper() + error.code[1:]
    if not code.endswith("Exception"):
        code = f"{code.removesuffix('Error')}Exception"
    return TaskError(f"{prefix}.{code}", error.message)
