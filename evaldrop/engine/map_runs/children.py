"""One child execution of a distributed Map: run it, and describe it as the result files do."""

import asyncio
import uuid
from dataclasses import dataclass, replace
from typing import Any

from evaldrop.engine import model
from evaldrop.engine.clock import timestamp
from evaldrop.engine.errors import TIMEOUT, StatesError
from evaldrop.engine.map_runs.inputs import ChildInput
from evaldrop.engine.payloads import to_json
from evaldrop.engine.runs import ACCOUNT, REGION, Run
from evaldrop.engine.scopes import Scope

EXPRESS_LIMIT_S = 300


@dataclass(slots=True, kw_only=True)
class Child:
    """A child execution. Times are seconds since 1970; status is RUNNING until it ended."""

    run: Run
    arn: str
    machine_arn: str
    given: ChildInput
    started: float
    status: str = "RUNNING"
    output: Any = None
    error: str | None = None
    cause: str | None = None
    stopped: float | None = None

    def record(self) -> dict[str, Any]:
        """Return the row a result file has for it when no transformation applies."""
        row: dict[str, Any] = {
            "ExecutionArn": self.arn,
            "Input": to_json(self.given.value).decode(),
            "InputDetails": {"Included": True},
            "Name": self.run.name,
            "RedriveCount": 0,
            "StartDate": timestamp(self.started),
            "StateMachineArn": self.machine_arn,
            "Status": self.status,
        }
        if self.status == "SUCCEEDED":
            row |= {"Output": to_json(self.output).decode(), "OutputDetails": {"Included": True}}
        if self.status in {"SUCCEEDED", "RUNNING"}:
            reason = f"Execution is {self.status} and cannot be redriven"
            row |= {"RedriveStatus": "NOT_REDRIVABLE", "RedriveStatusReason": reason}
        else:
            row |= {"Error": self.error, "Cause": self.cause or "", "RedriveStatus": "REDRIVABLE_BY_MAP_RUN"}
        if self.stopped is not None:
            row["StopDate"] = timestamp(self.stopped)
        return dict(sorted(row.items()))


def new_child(run: Run, state: model.DistributedMap, given: ChildInput) -> Child:
    """Return a child about to start."""
    name = str(uuid.uuid4())
    kind = "express" if state.express else "execution"
    machine = f"{run.machine['Name']}/{state.label}"
    arn = f"arn:aws:states:{REGION}:{ACCOUNT}:{kind}:{machine}:{name}"
    started = run.clock.now()
    execution = {
        "Id": arn,
        "Input": given.value,
        "Name": name,
        "RoleArn": run.execution["RoleArn"],
        "StartTime": timestamp(started),
    }
    return Child(
        run=replace(run, execution=execution),
        arn=arn,
        machine_arn=f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{machine}",
        given=given,
        started=started,
    )


async def run_child(child: Child, state: model.DistributedMap) -> None:
    """Run a child to its end; how it ended is in its status, error and cause."""
    try:
        child.output = await _within_limit(child, state)
        child.status = "SUCCEEDED"
    except StatesError as error:
        child.status, child.error, child.cause = "FAILED", error.error, error.cause
    except TimeoutError:
        child.status, child.error = "TIMED_OUT", TIMEOUT
        child.cause = f"an Express execution runs for at most {EXPRESS_LIMIT_S} seconds"
    child.stopped = child.run.clock.now()


async def _within_limit(child: Child, state: model.DistributedMap) -> Any:
    flow = child.run.flow(child.run, state.processor, Scope(), child.given.value, None)
    if not state.express:
        return await flow
    async with asyncio.timeout(EXPRESS_LIMIT_S):
        return await flow
