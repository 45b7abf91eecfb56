"""One child execution of a distributed Map: run it, and describe it as the result files do."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

from evaldrop.engine.allowance import Allowance
from evaldrop.engine.errors import TIMEOUT, StatesError
from evaldrop.engine.machine import DistributedMap
from evaldrop.engine.map_runs.inputs import ChildInput
from evaldrop.engine.payloads import to_json
from evaldrop.engine.progress import FlowProgress, MapRunProgress
from evaldrop.engine.runs import RunningExecution, VariableScope
from evaldrop.engine.surroundings import timestamp

# AWS ends an Express execution then, whatever it is at (quotas).
EXPRESS_LIMIT_S = 300


@dataclass(slots=True, kw_only=True)
class Child:
    """
    A child execution. Times are seconds since 1970; status is PENDING, RUNNING, or how it ended.

    `place` is where a Standard child goes on from, and notes how it stops; None remembers nothing.
    """

    run: RunningExecution
    arn: str
    machine_arn: str
    given: ChildInput
    started: float
    redrives: int = 0
    place: FlowProgress | None = None
    status: str = "PENDING"
    output: Any = None
    error: str | None = None
    cause: str | None = None
    stopped: float | None = None

    def record(self) -> dict[str, Any]:
        """Return the row a result file has for it when no transformation applies."""
        # Payloads are text in it: JSON within a JSON string, as AWS writes them.
        row: dict[str, Any] = {
            "ExecutionArn": self.arn,
            "Input": to_json(self.given.value).decode(),
            "InputDetails": {"Included": True},
            "Name": self.run.name,
            "RedriveCount": self.redrives,
            "StateMachineArn": self.machine_arn,
            "Status": self.status,
        }
        if self.status != "PENDING":
            row["StartDate"] = timestamp(self.started)
        if self.status == "SUCCEEDED":
            row |= {"Output": to_json(self.output).decode(), "OutputDetails": {"Included": True}}
        if self.status in {"SUCCEEDED", "PENDING"}:
            reason = f"Execution is {self.status} and cannot be redriven"
            row |= {"RedriveStatus": "NOT_REDRIVABLE", "RedriveStatusReason": reason}
        else:
            # One that was aborted has neither error nor cause, and a Fail state need not say them.
            why = {"Error": self.error, "Cause": self.cause}
            row |= {name: text for name, text in why.items() if text is not None}
            row["RedriveStatus"] = "REDRIVABLE_BY_MAP_RUN"
        if self.stopped is not None:
            row["StopDate"] = timestamp(self.stopped)
        return dict(sorted(row.items()))


def new_child(
    run: RunningExecution, state: DistributedMap, given: ChildInput, progress: MapRunProgress
) -> Child:
    """Return a child about to start: as before, when a redrive of its Map Run starts it again."""
    # Of the Map Run's UUID and the index, so that a redrive need not remember names.
    name = f"{progress.run_id[:24]}{given.index:012x}"
    machine = f"{run.machine['Name']}/{state.label}"
    arn = run.arns.states("express" if state.express else "execution", f"{machine}:{name}")
    now = run.clock.now()
    earlier = progress.unfinished.get(given.index)
    # An Express child begins anew, a Standard one goes on.
    started = now if earlier is None or state.express else earlier.started
    execution = {
        "Id": arn,
        "Input": given.value,
        "Name": name,
        "RoleArn": run.execution["RoleArn"],
        "StartTime": timestamp(started),
    }
    if not state.express and "RedriveCount" in run.execution:
        execution["RedriveCount"] = 0
    if earlier is not None:
        execution["RedriveCount"] = earlier.redrives + 1
        if not state.express:
            execution["RedriveTime"] = timestamp(now)
    return Child(
        run=replace(run, execution=execution),
        arn=arn,
        machine_arn=run.arns.states("stateMachine", machine),
        given=given,
        started=started,
        redrives=0 if earlier is None else earlier.redrives + 1,
        place=None if earlier is None else earlier.place,
    )


async def run_child(child: Child, state: DistributedMap) -> None:
    """
    Run a child to its end; how it ended is in its status, error and cause.

    Raises:
        asyncio.CancelledError: It was stopped, and is ABORTED.
    """
    flow = child.run.flow(child.run, state.processor, VariableScope(), child.given.value, None, child.place)
    try:
        async with Allowance(EXPRESS_LIMIT_S if state.express else None):
            child.output = await flow
        child.status = "SUCCEEDED"
    except StatesError as error:
        child.status, child.error, child.cause = "FAILED", error.error, error.cause
    except asyncio.CancelledError:
        child.status, child.stopped = "ABORTED", child.run.clock.now()
        raise
    except TimeoutError:
        child.status, child.error = "TIMED_OUT", TIMEOUT
        child.cause = f"an Express execution runs for at most {EXPRESS_LIMIT_S} seconds"
    child.stopped = child.run.clock.now()
