"""Executions recorded on AWS, done again here, and what differs; recordings are beside the shared data."""

import asyncio
import io
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evaldrop.engine import Clock, ServiceError, lambda_invoke, sdk_integration
from evaldrop.running.local_aws.executions import ApiError, Executions, Machine

SHARED = os.environ.get("EVALDROP_SHARED_DATA")
_PLACEHOLDER = re.compile(r"<[^<>]*>|lambda_function_name")
# What the recorder wrote in place of what differs from run to run, without brackets.
_BARE_PLACEHOLDERS = {"date", "timestamp", "bucket-name", "snf_role_arn", "x-amzn-RequestId", "start-date"}
# HTTP headers of AWS's own calls; IDs; and paths on Lambda's machines.
_NOT_COMPARED = {"SdkHttpMetadata", "SdkResponseMetadata", "requestId", "stackTrace"}
_ENDS = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"}
_ARN = "arn:aws:states:us-east-1:111111111111:stateMachine:recorded"


def recorded(kind: str) -> list[dict[str, Any]]:
    """Return the recordings of a kind, none where they are not there."""
    path = Path(SHARED or "") / "../cases/aws-recordings/cases.jsonl"
    if SHARED is None or not path.exists():
        return []
    cases = [json.loads(line) for line in path.read_text().splitlines()]
    return [case for case in cases if case["kind"] == kind]


def id_function(event, _context):
    return event


def raise_exception(_event, _context):
    raise Exception("Some exception was raised.")  # noqa: TRY002 - the recorded function's own


_FUNCTIONS = {"id_function.py": id_function, "raise_exception.py": raise_exception}


class _NoWaiting(Clock):
    async def sleep(self, seconds):
        await asyncio.sleep(0)


class _Files:
    def __init__(self, files):
        self.files = files

    def open_read(self, _bucket, key):
        return io.BytesIO(self.files[key].encode())

    def create(self, _bucket, _key):
        return io.BytesIO()


async def _no_such_key(_request):
    raise ServiceError(
        "NoSuchKey", "The specified key does not exist.",
        status=404, request_id="<request_id>", extended_request_id="<extended_request_id>",
    )  # fmt: skip


def run_again(case: dict[str, Any]) -> tuple[str, Any]:
    """
    Do a recorded execution again.

    Returns:
        "equal" and None; "refused" and why; "text" (same outcome, another text or event) or "outcome" and the
        differences, as (place, recorded, here).
    """
    functions = {name: _FUNCTIONS[path.rsplit("/", 1)[1]] for name, path in case["lambdas"].items()}
    integrations = {
        "lambda:invoke": lambda_invoke(functions),
        "aws-sdk:s3:getObject": sdk_integration("s3", "GetObject", _no_such_key),
    }
    machine = Machine(
        arn=_ARN, name="recorded", role_arn="arn:aws:iam::111111111111:role/runs-it",
        definition=json.dumps(case["definition"]),
    )  # fmt: skip
    executions = Executions(
        machines=lambda _arn: machine,
        integrations=lambda _machine: integrations,
        store=_Files(case["files"]),
        clock=_NoWaiting(),
    )
    try:
        request = {"stateMachineArn": _ARN, "input": case["input"] or "{}"}
        arn = executions.answer("StartExecution", request)["executionArn"]
        while executions.answer("DescribeExecution", {"executionArn": arn})["status"] == "RUNNING":
            time.sleep(0.002)
        history = executions.answer("GetExecutionHistory", {"executionArn": arn, "maxResults": 1000})
    except ApiError as refused:
        return "refused", refused.message
    finally:
        executions.close()
    return compared(case["recorded"]["events"], history["events"])


def compared(theirs: list[dict[str, Any]], ours: list[dict[str, Any]]) -> tuple[str, Any]:
    """Compare two histories, but for times and the IDs of events."""
    if any(event["id"] == [0] for event in theirs):
        # Recorded without the order of what runs at once, and without ParallelStateFailed: an ID is missing.
        ours = [event for event in ours if event["type"] != "ParallelStateFailed"]
        theirs, ours = (sorted(events, key=lambda event: event["type"]) for events in (theirs, ours))
    theirs, ours = [_plain(event) for event in theirs], [_plain(event) for event in ours]
    ends = [next(event for event in events if event["type"] in _ENDS) for events in (theirs, ours)]
    found = [each for each in differences(*ends) if not each[0].endswith(".cause")]
    if found:
        return "outcome", found
    kinds = [[event["type"] for event in events] for events in (theirs, ours)]
    found = list(differences(*kinds)) or list(differences(theirs, ours))
    return ("text", found) if found else ("equal", None)


def _plain(event: dict[str, Any]) -> Any:
    return _parsed(
        {name: value for name, value in event.items() if name not in {"id", "previousEventId", "timestamp"}}
    )


def _parsed(value: Any) -> Any:
    """Read JSON within strings: the recorder parsed some of it."""
    if isinstance(value, str):
        try:
            inner = json.loads(value)
        except ValueError:
            return value
        return _parsed(inner) if not isinstance(inner, str) else inner
    if isinstance(value, dict):
        return {name: _parsed(each) for name, each in value.items() if name not in _NOT_COMPARED}
    return [_parsed(each) for each in value] if isinstance(value, list) else value


def differences(theirs: Any, ours: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Give what differs, as (place, recorded, here); a recorded placeholder stands for anything."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in [*theirs, *(name for name in ours if name not in theirs)]:
            yield from differences(
                theirs.get(name, "(absent)"), ours.get(name, "(absent)"), f"{place}.{name}"
            )
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for index, pair in enumerate(zip(theirs, ours, strict=True)):
            yield from differences(*pair, f"{place}[{index}]")
    elif isinstance(theirs, str) and isinstance(ours, str):
        pattern = ".*".join(map(re.escape, _PLACEHOLDER.split(theirs)))
        if theirs not in _BARE_PLACEHOLDERS and not re.fullmatch(pattern, ours, re.DOTALL):
            yield place, theirs, ours
    elif theirs != ours or isinstance(theirs, bool) is not isinstance(ours, bool):
        yield place, theirs, ours
