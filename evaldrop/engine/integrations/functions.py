"""`lambda:invoke` on one machine: Python handlers, with Lambda's envelope and error causes."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from concurrent.futures import BrokenExecutor, Executor
from typing import Any

from evaldrop.engine.definition.arguments import LAMBDA_FIELDS
from evaldrop.engine.errors import TaskError
from evaldrop.engine.integrations.shapes import refuse
from evaldrop.engine.invocation import Handler, invoke
from evaldrop.engine.runs import Integration, TaskContext
from evaldrop.engine.templates import type_name


def lambda_invoke(functions: Mapping[str, Handler], *, executor: Executor | None = None) -> Integration:
    """
    Return the integration.

    Args:
        functions: Handlers by FunctionName: a name, or the last part of an ARN.
        executor: Where they run; a thread when there is none. Another process finds a handler by its name in
            its module.

    Its result is {"StatusCode": 200, "Payload", "ExecutedVersion"}. An exception becomes an error named after
    its class, whose cause is Lambda's JSON: errorMessage, errorType, requestId, stackTrace. A TaskError goes
    through as it is: a handler that calls a function elsewhere raises it with that one's error and cause.
    """

    async def integration(arguments: Any, _context: TaskContext) -> Any:
        handler, name, payload = _called(arguments, functions)
        request_id = str(uuid.uuid4())
        # A handler may change its event, and the execution goes on with the payload.
        event = json.loads(json.dumps(payload))
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(executor, invoke, handler, event, name, request_id)
        except BrokenExecutor as error:
            raise TaskError("Lambda.Unknown", f"the process of {name} went away: {error}") from error
        return {"ExecutedVersion": "$LATEST", "Payload": answer, "StatusCode": 200}

    return integration


def _called(arguments: Any, functions: Mapping[str, Handler]) -> tuple[Handler, str, Any]:
    if not isinstance(arguments, dict):
        raise refuse(f"the Arguments must be an object, not {type_name(arguments)}")
    for field in arguments:
        if field not in LAMBDA_FIELDS:
            raise refuse(f'The field "{field}" is not supported by Step Functions')
    if arguments.get("InvocationType", "RequestResponse") != "RequestResponse":
        raise refuse("on one machine InvocationType can only be RequestResponse")
    name = arguments.get("FunctionName")
    if not isinstance(name, str):
        raise refuse('The field "FunctionName" is required, and must be a string')
    short = name.partition(":function:")[2].partition(":")[0] or name
    handler = functions.get(name) or functions.get(short)
    if handler is None:
        known = ", ".join(sorted(functions)) or "none"
        raise TaskError("Lambda.ResourceNotFoundException", f"Function not found: {name}. There are: {known}")
    return handler, short, arguments.get("Payload", {})
