"""One execution as the service remembers it, with its history; and as its answers show it."""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from evaldrop.engine import Clock, EventHistory, Execution, Progress, StateMachine
from evaldrop.engine.map_runs.children import Child
from evaldrop.engine.map_runs.work import MapRun
from evaldrop.engine.payloads import to_json
from evaldrop.running.local_aws.executions.map_runs import MapRunRecord
from evaldrop.running.local_aws.executions.requests import Machine

_PAYLOADS = ("input", "output", "parameters")
_SECRET = (*_PAYLOADS, "assignedVariables", "error", "cause")
# Those that say whether they are whole.
_MEASURED = ("input", "output", "assignedVariables")
# The service's own lengths, by its model.
_LONGEST = {"error": 256, "cause": 32_768}
# Those whose details the service's model does not have.
_BARE = {
    "MapRunSucceeded", "MapRunAborted", "MapStateSucceeded", "MapStateFailed", "MapStateAborted",
    "ParallelStateStarted", "ParallelStateSucceeded", "ParallelStateFailed", "ParallelStateAborted",
    "TaskStateAborted", "WaitStateAborted",
}  # fmt: skip

# The event before, in the same flow: branches run in tasks of their own, which have a context of their own.
_before: ContextVar[int] = ContextVar("_before", default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEvent:
    """One event; `details` has payloads as JSON values."""

    id: int
    before: int
    time: float
    kind: str
    details: dict[str, Any]

    def as_answer(self, *, with_data: bool) -> dict[str, Any]:
        """Return the event as the service does."""
        answer: dict[str, Any] = {
            "timestamp": self.time,
            "type": self.kind,
            "id": self.id,
            "previousEventId": self.before,
        }
        if self.kind not in _BARE:
            answer[_member(self.kind)] = _details(self.details, with_data=with_data)
        return answer


def _member(kind: str) -> str:
    for ending in ("StateEntered", "StateExited"):
        if kind.endswith(ending):
            kind = ending
    return f"{kind[0].lower()}{kind[1:]}EventDetails"


def _details(details: dict[str, Any], *, with_data: bool) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    for name, value in details.items():
        if name in _MEASURED:
            answer[f"{name}Details"] = {"truncated": False}
        if (value is None and name not in _PAYLOADS) or (name in _SECRET and not with_data):
            continue
        if name in _PAYLOADS:
            answer[name] = to_json(value).decode()
        elif name == "assignedVariables":
            answer[name] = {variable: to_json(each).decode() for variable, each in value.items()}
        else:
            answer[name] = value[: _LONGEST[name]] if name in _LONGEST else value
    # The model wants it, whatever is asked for.
    return answer | ({"parameters": "{}"} if "parameters" in details and not with_data else {})


class EventLog(EventHistory):
    """Keeps the events and Map Runs of one execution, redrives included."""

    def __init__(self, clock: Clock, execution_arn: str) -> None:
        self._clock = clock
        self._execution_arn = execution_arn
        self.events: list[HistoryEvent] = []
        self.map_runs: dict[str, MapRunRecord] = {}
        self._is_closed = False

    def begin(self) -> None:
        """Begin an attempt: its first event follows the last one so far."""
        self._is_closed = False
        _before.set(len(self.events))

    def add(self, kind: str, details: dict[str, Any]) -> None:
        """Note an event, unless the execution has ended: what a stopped Map Run does then is not in it."""
        if self._is_closed:
            return
        number = len(self.events) + 1
        event = HistoryEvent(
            id=number, before=_before.get(), time=self._clock.now(), kind=kind, details=details
        )
        self.events.append(event)
        # Recorded: the first state follows no event.
        _before.set(0 if kind == "ExecutionStarted" else number)

    def end(self, kind: str, details: dict[str, Any]) -> None:
        """Note the last event of an attempt."""
        self.add(kind, details)
        self._is_closed = True

    def map_run_started(self, map_run: MapRun) -> None:
        """Keep a Map Run; a redriven one takes the place of what it was."""
        arn = map_run.progress.arn
        earlier = self.map_runs.get(arn)
        if earlier is None:
            self.map_runs[arn] = MapRunRecord(execution_arn=self._execution_arn, map_run=map_run)
        else:
            earlier.map_run = map_run

    def child_changed(self, map_run: MapRun, child: Child) -> None:
        """Keep what became of a child."""
        self.map_runs[map_run.progress.arn].note(child)


REDRIVABLE_FOR_S = 14 * 86_400
OPEN_FOR_S = 365 * 86_400
# Step Functions redrives below 24,999 events: a history has 25,000 at most.
MOST_EVENTS = 24_998


@dataclass(slots=True, kw_only=True)
class ExecutionRecord:
    """
    An execution. Times are seconds since 1970.

    `output` is JSON text. `late` is how an attempt ended that had been stopped just then; `at_work` is held
    by the attempt that runs.
    """

    arn: str
    name: str
    machine: Machine
    definition: StateMachine
    input_text: str
    input: Any
    started: float
    log: EventLog
    trace_header: str | None = None
    status: str = "RUNNING"
    stopped: float | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    redriven: float | None = None
    redrives: int = 0
    tokens: dict[str, float] = field(default_factory=dict)
    progress: Progress = field(default_factory=Progress)
    late: Execution | None = None
    task: asyncio.Task[None] | None = None
    at_work: asyncio.Lock = field(default_factory=asyncio.Lock)

    def end(self, ended: Execution, now: float) -> None:
        """Note how the execution ended."""
        self.status, self.stopped, self.error, self.cause = ended.status, now, ended.error, ended.cause
        if ended.status == "SUCCEEDED":
            self.output = to_json(ended.output).decode()
            self.log.end("ExecutionSucceeded", {"output": ended.output})
        else:
            kind = {"FAILED": "ExecutionFailed", "TIMED_OUT": "ExecutionTimedOut"}.get(
                ended.status, "ExecutionAborted"
            )
            self.log.end(kind, {"error": ended.error, "cause": ended.cause})

    def begin_redrive(self, now: float) -> None:
        """Run again, from where it stopped."""
        self.status, self.stopped, self.error, self.cause = "RUNNING", None, None, None
        self.redrives, self.redriven = self.redrives + 1, now

    def why_not_redrivable(self, now: float) -> str | None:
        """Return why the execution cannot be redriven, in the service's words; None when it can."""
        if self.status in {"RUNNING", "SUCCEEDED"}:
            return f"Execution is {self.status} and cannot be redriven"
        if now - self.started > OPEN_FOR_S:
            return "Execution has exceeded the max execution time"
        if self.stopped is not None and now - self.stopped > REDRIVABLE_FOR_S:
            return "Execution redrivable period exceeded"
        if len(self.log.events) > MOST_EVENTS:
            return "Execution history event limit exceeded"
        return None

    def as_status_change(self) -> dict[str, Any]:
        """Return the detail of the execution's event for EventBridge; its times are in milliseconds."""
        started, stopped = round(self.started * 1000), self.stopped and round(self.stopped * 1000)
        return {
            "executionArn": self.arn,
            "stateMachineArn": self.machine.arn,
            "name": self.name,
            "status": self.status,
            "startDate": started,
            "stopDate": stopped,
            "input": self.input_text,
            "inputDetails": {"included": True},
            "output": self.output,
            "outputDetails": None if self.output is None else {"included": True},
            "error": self.error,
            "cause": self.cause,
            "redriveCount": self.redrives,
        }

    @property
    def sort_time(self) -> float:
        """What listing sorts by: when it began, was redriven, or ended."""
        if self.status == "RUNNING":
            return self.started if self.redriven is None else self.redriven
        return self.stopped or self.started

    def as_entry(self) -> dict[str, Any]:
        """Return the execution as ListExecutions does."""
        return _without_nulls(
            executionArn=self.arn,
            stateMachineArn=self.machine.arn,
            name=self.name,
            status=self.status,
            startDate=self.started,
            stopDate=self.stopped,
            redriveCount=self.redrives,
            redriveDate=self.redriven,
        )

    def as_answer(self, now: float, *, with_data: bool) -> dict[str, Any]:
        """Return the execution as DescribeExecution does."""
        reason = self.why_not_redrivable(now)
        answer = self.as_entry() | _without_nulls(
            traceHeader=self.trace_header,
            redriveStatus="REDRIVABLE" if reason is None else "NOT_REDRIVABLE",
            redriveStatusReason=reason,
        )
        if with_data:
            answer |= _without_nulls(
                input=self.input_text,
                inputDetails={"included": True},
                output=self.output,
                outputDetails=None if self.output is None else {"included": True},
                error=self.error,
                cause=self.cause,
            )
        return answer


def _without_nulls(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
