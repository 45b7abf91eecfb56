"""
The process that a function's code runs in: a small Lambda runtime, of the standard library alone.

Started by `sandboxes` as a script, isolated: importable are the bundle and what comes with the runtime. One
JSON document per line on standard input is an invocation, one on standard output its answer. What the handler
prints goes to standard error.
"""

import importlib
import json
import logging
import os
import sys
import time
import traceback
from typing import Any, NamedTuple

# What every record of Python's logging has; the rest came by `extra`, and Lambda writes it as fields.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Context(NamedTuple):
    """What Lambda hands to a handler beside the event."""

    aws_request_id: str
    function_name: str
    function_version: str
    invoked_function_arn: str
    memory_limit_in_mb: str
    log_group_name: str
    log_stream_name: str
    deadline_ms: int

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the function may go on."""
        # The clock of the machine, which both processes share and nobody sets.
        return max(0, self.deadline_ms - int(time.monotonic() * 1000))


class JsonLines(logging.Formatter):
    """Log records as Lambda writes them when its log format is JSON."""

    request_id = ""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": self.request_id,
            **{name: value for name, value in vars(record).items() if name not in _USUAL},
        }
        if record.exc_info and record.exc_info[1]:
            line["stackTrace"] = traceback.format_tb(record.exc_info[2])
            line["errorType"] = type(record.exc_info[1]).__name__
            line["errorMessage"] = str(record.exc_info[1])
        return json.dumps(line, default=str)


def load(handler: str) -> Any:
    """Return the function that a handler setting names: module, a dot, its name."""
    module, _, name = handler.rpartition(".")
    return getattr(importlib.import_module(module), name)


def described(error: BaseException, request_id: str) -> dict[str, Any]:
    """Return an exception as Lambda does; the first frame is this module's own."""
    frames = traceback.format_list(traceback.extract_tb(error.__traceback__)[1:])
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": frames,
    }


def answer(handler: str, invocation: dict[str, Any]) -> dict[str, Any]:
    """Run the handler; return its result, or what it raised."""
    context = Context(**invocation["context"])
    try:
        function = load(handler)
    except Exception as error:  # noqa: BLE001 - whatever an import raises is the answer
        kind = (
            "Runtime.ImportModuleError" if isinstance(error, ImportError) else "Runtime.UserCodeSyntaxError"
        )
        if isinstance(error, AttributeError):
            kind = "Runtime.HandlerNotFound"
        message = f"Unable to import module '{handler.rpartition('.')[0]}': {error}"
        return {"error": {"errorMessage": message, "errorType": kind, "requestId": "", "stackTrace": []}}
    try:
        result = function(invocation["event"], context)
    except Exception as error:
        # Whatever a handler raises is the answer, and a line of the log.
        logging.getLogger().exception("the handler failed")
        return {"error": described(error, context.aws_request_id)}
    try:
        # Here, where it can be told as Lambda tells it: later it would break the answer's line.
        json.dumps(result)
    except (TypeError, ValueError) as error:
        message = f"Unable to marshal response: {error}"
        return {"error": {"errorMessage": message, "errorType": "Runtime.MarshalError", "requestId": ""}}
    return {"result": result}


def main() -> None:
    """Answer invocations until there are no more."""
    task_root, runtime, handler = sys.argv[1:]
    sys.path[:0] = [task_root, runtime]
    # Answers get a descriptor of their own: a handler's print, or a library's, would break into them.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    log, lines = logging.StreamHandler(), JsonLines()
    log.setFormatter(lines)
    logging.basicConfig(level=os.environ.get("AWS_LAMBDA_LOG_LEVEL", "INFO"), handlers=[log])
    for line in sys.stdin.buffer:
        invocation = json.loads(line)
        lines.request_id = invocation["context"]["aws_request_id"]
        reply = answer(handler, invocation)
        # Before the answer: a line that comes later would be taken for the next event's.
        sys.stdout.flush()
        answers.write(json.dumps(reply).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
