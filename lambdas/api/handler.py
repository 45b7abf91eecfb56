"""The HTTP API: an event of API Gateway's proxy integration in, its response out."""

from typing import Any

from evaldrop.api.stack import stack_api


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a request; whatever is wrong with it is an answer, too."""
    return stack_api(context.invoked_function_arn).handle(event)
