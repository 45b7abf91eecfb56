"""`sns:publish`, the optimised integration: a message may be JSON, and goes out as text."""

from typing import Any

from evaldrop.engine.errors import ServiceError
from evaldrop.engine.integrations.sdk import Call, service_failure
from evaldrop.engine.integrations.shapes import refuse, request_plan, result_plan
from evaldrop.engine.payloads import to_json
from evaldrop.engine.runs import Integration, TaskContext
from evaldrop.engine.templates import type_name


def sns_publish(publish: Call) -> Integration:
    """
    Return the integration.

    Args:
        publish: Takes {"TopicArn", "Message" as text, …}, returns {"MessageId"}, raises ServiceError.

    Its errors are named SNS.<Code>Exception.
    """
    inward, outward = request_plan("sns", "Publish"), result_plan("sns", "Publish")

    async def integration(arguments: Any, _context: TaskContext) -> Any:
        if not isinstance(arguments, dict):
            raise refuse(f"the Arguments must be an object, not {type_name(arguments)}")
        message = arguments.get("Message")
        if isinstance(message, dict | list):
            arguments = {**arguments, "Message": to_json(message).decode()}
        request = inward(arguments, ())
        try:
            return outward(await publish(request), ())
        except ServiceError as error:
            raise service_failure("SNS", error) from error

    return integration
