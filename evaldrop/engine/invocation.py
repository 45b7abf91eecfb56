"""
What happens where a function runs: a handler called as Lambda calls it, its errors worded as Lambda's.

Another process may be that place, one that never runs a state machine. So nothing of the engine but its
errors is imported here, and nothing that takes long: asyncio alone is 40 ms, which every process would wait.
"""

import json
import traceback
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from evaldrop.engine.errors import TaskError

Handler = Callable[[Any, Any], Any]
TIME_LIMIT_MS = 900_000
# Where executions and functions say they run, unless a caller says otherwise.
ACCOUNT = "000000000000"
REGION = "local"


def invoke(handler: Handler, event: Any, name: str, request_id: str) -> Any:
    """
    Call a handler with an event, and return its result as JSON would carry it.

    Raises:
        TaskError: The handler's own, or one named after what it raised, with Lambda's JSON as its cause;
            `Runtime.MarshalError` for a result that is no JSON.
    """
    context = SimpleNamespace(
        aws_request_id=request_id,
        function_name=name,
        function_version="$LATEST",
        get_remaining_time_in_millis=lambda: TIME_LIMIT_MS,
        invoked_function_arn=f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}",
        log_group_name=f"/aws/lambda/{name}",
        log_stream_name=request_id,
        memory_limit_in_mb="128",
    )
    try:
        result = handler(event, context)
    except TaskError:
        raise
    except Exception as error:
        cause = {
            "errorMessage": str(error),
            "errorType": type(error).__name__,
            "requestId": request_id,
            # The first frame is this module's own call.
            "stackTrace": traceback.format_list(traceback.extract_tb(error.__traceback__)[1:]),
        }
        raise TaskError(type(error).__name__, json.dumps(cause)) from error
    try:
        return json.loads(json.dumps(result, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TaskError("Runtime.MarshalError", f"Unable to marshal response: {error}") from error
