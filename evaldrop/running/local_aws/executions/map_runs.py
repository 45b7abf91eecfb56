"""Map Runs and their children, as DescribeMapRun and ListExecutions give them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from evaldrop.engine.map_runs.children import Child
from evaldrop.engine.map_runs.work import MapRun
from evaldrop.engine.progress import Tolerance

_COUNTED = {"SUCCEEDED": "succeeded", "FAILED": "failed", "TIMED_OUT": "timedOut", "ABORTED": "aborted"}


class ChildRecord(NamedTuple):
    """What is kept of a child execution: neither input nor output."""

    number: int
    name: str
    status: str
    started: float
    stopped: float | None
    items: int
    redrives: int
    error: str | None
    cause: str | None


@dataclass(slots=True, kw_only=True)
class MapRunRecord:
    """A Map Run, at work or ended, with a record per child that began."""

    execution_arn: str
    map_run: MapRun
    children: dict[int, ChildRecord] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The Map Run's ARN."""
        return self.map_run.progress.arn

    @property
    def label(self) -> str:
        """The Map state's label."""
        return str(self.map_run.visit.state.label)

    @property
    def machine_arn(self) -> str:
        """The ARN of the state machine with the label, which children are executions of."""
        return f"{self.map_run.visit.run.machine['Id']}/{self.label}"

    @property
    def status(self) -> str:
        """RUNNING, SUCCEEDED, FAILED or ABORTED; one that was stopped runs until its children ended."""
        # Express children cannot be stopped: the Map Run goes on until they have ended.
        is_at_work = self.map_run.status == "ABORTED" and self.map_run.stopped is None
        return "RUNNING" if is_at_work else self.map_run.status

    def note(self, child: Child) -> None:
        """Keep what became of a child."""
        # A run has up to millions of children, and a cause may be 32 KiB.
        cause = None if child.cause is None else child.cause[:500]
        self.children[child.given.index] = ChildRecord(
            child.given.index, child.run.name, child.status, child.started, child.stopped,
            child.given.items, child.redrives, child.error, cause,
        )  # fmt: skip

    def find(self, name: str) -> ChildRecord | None:
        """Return a child by its name."""
        # The engine names children by their Map Run and, in hexadecimal, their index.
        if name[:24] != self.map_run.progress.run_id[:24]:
            return None
        found = self.children.get(int(name[24:], 16))
        return None if found is None else self._now(found)

    def all_children(self) -> Iterator[ChildRecord]:
        """Give the children that began, with their status now."""
        yield from map(self._now, self.children.values())

    def _now(self, child: ChildRecord) -> ChildRecord:
        return child._replace(status="PENDING_REDRIVE") if child.number in self.map_run.waiting else child

    def child_arn(self, child: ChildRecord) -> str:
        """Return a child's ARN."""
        run, state = self.map_run.visit.run, self.map_run.visit.state
        kind = "express" if state.express else "execution"
        return run.arns.states(kind, f"{run.machine['Name']}/{self.label}:{child.name}")

    def child_entry(self, child: ChildRecord) -> dict[str, Any]:
        """Return a child as ListExecutions does."""
        return {
            "executionArn": self.child_arn(child),
            "stateMachineArn": self.machine_arn,
            "name": child.name,
            "status": child.status,
            "startDate": child.started,
            **({} if child.stopped is None else {"stopDate": child.stopped}),
            "mapRunArn": self.arn,
            "itemCount": child.items,
            "redriveCount": child.redrives,
        }

    def describe_child(self, child: ChildRecord) -> dict[str, Any]:
        """Return a child as DescribeExecution does, without its data, which is not kept."""
        is_unsuccessful = child.status in {"FAILED", "TIMED_OUT", "ABORTED"}
        answer = self.child_entry(child) | {
            "inputDetails": {"included": False},
            "outputDetails": {"included": False},
            "redriveStatus": "REDRIVABLE_BY_MAP_RUN" if is_unsuccessful else "NOT_REDRIVABLE",
        }
        del answer["itemCount"]
        if not is_unsuccessful:
            answer["redriveStatusReason"] = f"Execution is {child.status} and cannot be redriven"
        why = {"error": child.error, "cause": child.cause}
        return answer | {name: value for name, value in why.items() if value is not None}

    def update(self, request: dict[str, Any], most: int) -> None:
        """Change the Map Run's settings: those of UpdateMapRun that are given."""
        if "maxConcurrency" in request:
            # 0 means no limit of one's own.
            self.map_run.set_limit(min(request["maxConcurrency"] or most, most))
        count, percentage = request.get("toleratedFailureCount"), request.get("toleratedFailurePercentage")
        if count is not None or percentage is not None:
            now = self.map_run.tolerance
            # No tolerance is a count of 0; a percentage that is given takes its place.
            kept = now.count if now.count or now.percentage is not None else None
            self.map_run.set_tolerance(
                Tolerance(
                    count=kept if count is None else count,
                    percentage=now.percentage if percentage is None else percentage,
                )
            )

    def as_answer(self) -> dict[str, Any]:
        """Return the Map Run as DescribeMapRun does."""
        tolerance, progress = self.map_run.tolerance, self.map_run.progress
        return {
            **self.as_entry(),
            "status": self.status,
            "maxConcurrency": self.map_run.limit,
            "toleratedFailureCount": int(tolerance.count or 0),
            "toleratedFailurePercentage": float(tolerance.percentage or 0),
            **self._counts(),
            "redriveCount": progress.redrives,
            **({} if progress.redriven is None else {"redriveDate": progress.redriven}),
        }

    def as_entry(self) -> dict[str, Any]:
        """Return what describing and listing have in common."""
        stopped = None if self.status == "RUNNING" else self.map_run.stopped
        return {
            "mapRunArn": self.arn,
            "executionArn": self.execution_arn,
            "startDate": self.map_run.progress.started,
            **({} if stopped is None else {"stopDate": stopped}),
        }

    def _counts(self) -> dict[str, Any]:
        run, progress = self.map_run, self.map_run.progress
        total = run.seen if run.total is None else run.total
        at_work, waiting = sum(run.running.values()), sum(run.waiting.values())
        pending = max(0, total - sum(progress.items.values()) - at_work - waiting)
        exports = run.visit.state.writer is not None and run.visit.state.writer.arguments is not None
        children, items = progress.written if exports else (0, 0)
        # Of batches it is not known how many there will be until they are made.
        to_come = pending if run.visit.state.batcher is None else 0
        return {
            "itemCounts": _counts(progress.items, at_work, waiting, pending, items),
            "executionCounts": _counts(
                progress.children, len(run.running), len(run.waiting), to_come, children
            ),
        }


def _counts(ended: dict[str, int], running: int, waiting: int, pending: int, written: int) -> dict[str, int]:
    return {
        "pending": pending,
        "running": running,
        **{member: ended.get(status, 0) for status, member in _COUNTED.items()},
        "total": sum(ended.values()) + running + waiting + pending,
        "resultsWritten": written,
        "failuresNotRedrivable": 0,
        "pendingRedrive": waiting,
    }
