"""An execution's history, as GetExecutionHistory gives it."""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from evaldrop.engine import Clock, EventHistory
from evaldrop.engine.map_runs.children import Child
from evaldrop.engine.map_runs.work import MapRun
from evaldrop.engine.payloads import to_json
from evaldrop.running.local_aws.executions.map_runs import MapRunRecord

_PAYLOADS = ("input", "output", "parameters")
_SECRET = (*_PAYLOADS, "error", "cause")
_LONGEST = {"error": 256, "cause": 32_768}
# Those whose details the service's model does not have.
_BARE = {
    "MapRunSucceeded", "MapRunAborted", "MapStateSucceeded", "MapStateFailed", "MapStateAborted",
    "ParallelStateStarted", "ParallelStateSucceeded", "ParallelStateFailed", "ParallelStateAborted",
}  # fmt: skip

# The event before, in the same flow: branches run in tasks of their own, which have a context of their own.
_before: ContextVar[int] = ContextVar("_before", default=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
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
        if name in ("input", "output"):
            answer[f"{name}Details"] = {"truncated": False}
        if (value is None and name not in _PAYLOADS) or (name in _SECRET and not with_data):
            continue
        if name in _PAYLOADS:
            answer[name] = to_json(value).decode()
        else:
            answer[name] = value[: _LONGEST[name]] if name in _LONGEST else value
    # The model wants it, whatever is asked for.
    return answer | ({"parameters": "{}"} if "parameters" in details and not with_data else {})


class EventLog(EventHistory):
    """Keeps the events and Map Runs of one execution, redrives included."""

    def __init__(self, clock: Clock, execution_arn: str) -> None:
        self._clock = clock
        self._execution_arn = execution_arn
        self.events: list[Event] = []
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
        event = Event(id=number, before=_before.get(), time=self._clock.now(), kind=kind, details=details)
        self.events.append(event)
        _before.set(number)

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
