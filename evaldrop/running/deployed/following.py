"""How far a run is: its execution's status, the step it is at, and the records its Map Run counts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from evaldrop import storage
from evaldrop.aws_errors import as_service_error, code_of

Status = Literal["NOT_STARTED", "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]

# The newest events of an execution: enough to hold the entry of the state it is in.
_EVENTS = 20
_MISSING = {"ExecutionDoesNotExist", "StateMachineDoesNotExist"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Records of a run, by what became of them."""

    total: int
    succeeded: int
    failed: int
    running: int
    pending: int

    @property
    def done(self) -> int:
        """Records that have come to an end."""
        return self.succeeded + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """
    A run at one moment.

    Attributes:
        status: Its execution's; NOT_STARTED when there is no such execution (yet, or any more).
        step: The state it is in; None when that is not known.
        counts: Of the Map Run; None before there is one.
        request: The execution's input.
        output: Its output; empty before it has succeeded.
        error: Name of what ended it.
        cause: The reason, as ReportFailure worded it.
    """

    status: Status
    step: str | None = None
    counts: Counts | None = None
    request: Mapping[str, Any]
    output: Mapping[str, Any]
    error: str | None = None
    cause: str | None = None
    started: datetime | None = None
    stopped: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens unless somebody redrives it."""
        return self.status not in {"NOT_STARTED", "RUNNING"}

    @property
    def folder(self) -> str | None:
        """URI of the run's folder, once its output names the report."""
        report = self.output.get("report")
        return storage.parent(str(report)) if report else None


def look(execution_arn: str, states: Any) -> Moment:
    """
    Return how far a run is.

    Args:
        execution_arn: The run's execution.
        states: boto3's client of Step Functions, in the execution's Region.

    Raises:
        AwsError: Step Functions would not say.
    """
    with as_service_error(f"{execution_arn} cannot be looked at"):
        try:
            execution = states.describe_execution(executionArn=execution_arn)
        except states.exceptions.ClientError as error:
            if code_of(error) in _MISSING:
                return Moment(status="NOT_STARTED", request={}, output={})
            raise
        is_running = execution["status"] == "RUNNING"
        return Moment(
            status=execution["status"],
            step=_step(execution_arn, states) if is_running else None,
            counts=_counts(execution_arn, states),
            request=_json(execution.get("input")),
            output=_json(execution.get("output")),
            error=execution.get("error"),
            cause=execution.get("cause"),
            started=execution.get("startDate"),
            stopped=execution.get("stopDate"),
        )


def _json(text: str | None) -> Mapping[str, Any]:
    content = json.loads(text or "{}")
    return content if isinstance(content, dict) else {}


def _step(execution_arn: str, states: Any) -> str | None:
    history = states.get_execution_history(
        executionArn=execution_arn, reverseOrder=True, maxResults=_EVENTS, includeExecutionData=False
    )
    for event in history["events"]:
        if entered := event.get("stateEnteredEventDetails"):
            return str(entered["name"])
    return None


def _counts(execution_arn: str, states: Any) -> Counts | None:
    map_runs = states.list_map_runs(executionArn=execution_arn, maxResults=1)["mapRuns"]
    if not map_runs:
        return None
    items = states.describe_map_run(mapRunArn=map_runs[0]["mapRunArn"])["itemCounts"]
    return Counts(
        total=items["total"],
        succeeded=items["succeeded"],
        failed=items["failed"] + items["timedOut"] + items["aborted"],
        running=items["running"],
        pending=items["pending"],
    )
