"""Execute a state machine from its input to its end."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evaldrop.engine.errors import TIMEOUT, DefinitionError, StatesError
from evaldrop.engine.flow import run_flow
from evaldrop.engine.machine import StateMachine
from evaldrop.engine.payloads import check_size
from evaldrop.engine.progress import Progress
from evaldrop.engine.runs import Integration, RunningExecution, VariableScope
from evaldrop.engine.surroundings import ArnParts, Clock, EventHistory, ObjectStore, Observer, timestamp

# AWS cuts result files at this size and at nothing else (the guide, ResultWriter).
MAX_FILE_BYTES = 5_000_000_000
LOCAL = ArnParts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How an execution ended: SUCCEEDED with an output, or FAILED or TIMED_OUT with error and cause."""

    status: str
    output: Any = None
    error: str | None = None
    cause: str | None = None


async def execute(
    machine: StateMachine,
    input: Any,  # noqa: A002  # Step Functions' word
    *,
    integrations: Mapping[str, Integration],
    name: str,
    store: ObjectStore | None = None,
    observer: Observer | None = None,
    clock: Clock | None = None,
    max_children: int | None = None,
    seed: int | None = None,
    max_file_bytes: int = MAX_FILE_BYTES,
    arns: ArnParts = LOCAL,
    history: EventHistory | None = None,
    progress: Progress | None = None,
) -> Execution:
    """
    Run a state machine and return how it ended. A failure is a result, not an exception.

    With a `progress` an unsuccessful execution can be redriven: call again with the same arguments. It goes
    on from the states that did not succeed. Cancelled, it lets Express children at work end, as Step
    Functions does, before it raises; cancelled again, it stops at once.

    Args:
        machine: A loaded definition.
        input: JSON, as Python values. It is not changed.
        integrations: What each resource calls, keyed without the ARN prefix: "lambda:invoke".
        name: The execution's name.
        store: Objects that distributed Maps read and write.
        observer: Hears of progress.
        clock: Another source of time.
        max_children: Caps the MaxConcurrency of distributed Maps.
        seed: Fixes the jitter of retries.
        max_file_bytes: Size at which a result file is followed by the next, 5 GB on AWS.
        arns: What the execution's ARNs carry beside names.
        history: Hears of events, as Step Functions records them.
        progress: Is told how far the execution came. One that an earlier call was given: a redrive of that
            call's execution, which must have ended without success.

    Raises:
        DefinitionError: A resource of the machine has no integration.
        asyncio.CancelledError: The execution was cancelled; children are stopped and files closed.
    """
    # Before the first state, not at the Task that needs it: that may come after an hour of paid calls.
    missing = sorted(machine.resources - integrations.keys())
    if missing:
        raise DefinitionError(
            [f"no integration is given for the resource {resource}" for resource in missing]
        )
    observer, clock = observer or Observer(), clock or Clock()
    place = None if progress is None else progress.place
    begun = _begun(progress or Progress(), clock.now())
    context = {
        "Id": arns.states("execution", f"{machine.name}:{name}"),
        "Input": input,
        "Name": name,
        "RoleArn": arns.role_of(machine.name),
        "StartTime": timestamp(begun.started or 0.0),
    }
    # As of Standard executions; one that cannot be redriven has no such count, like an Express one.
    if progress is not None:
        context["RedriveCount"] = begun.redrives
    if begun.redriven is not None:
        context["RedriveTime"] = timestamp(begun.redriven)
    run = RunningExecution(
        integrations=integrations,
        store=store,
        observer=observer,
        clock=clock,
        random=random.Random(seed),  # noqa: S311  # jitter is no secret
        max_children=max_children,
        max_file_bytes=max_file_bytes,
        execution=context,
        machine={"Id": arns.states("stateMachine", machine.name), "Name": machine.name},
        flow=run_flow,
        arns=arns,
        history=history,
        progress=begun,
    )
    observer.execution_started(name)
    try:
        check_size(input, "the input of the execution")
        async with asyncio.timeout(machine.timeout_s):
            output = await run_flow(run, machine.flow, VariableScope(), input, None, place)
        ended = Execution(status="SUCCEEDED", output=output)
    except StatesError as error:
        ended = Execution(status="FAILED", error=error.error, cause=error.cause)
    # The machine's own limit: what a Task or an integration exceeds is a StatesError by now.
    except TimeoutError:
        cause = f"the execution took longer than its TimeoutSeconds, {machine.timeout_s:g}"
        ended = Execution(status="TIMED_OUT", error=TIMEOUT, cause=cause)
    except asyncio.CancelledError:
        observer.execution_finished("ABORTED")
        raise
    observer.execution_finished(ended.status)
    return ended


def _begun(progress: Progress, now: float) -> Progress:
    """Note when the execution began or how often it was redriven, this time included."""
    if progress.started is None:
        progress.started = now
        # ExecutionStarted; on a redrive what ended the attempt before it, and ExecutionRedriven.
        progress.events = 1
    else:
        progress.events += 2
        progress.redrives += 1
        progress.redriven = now
    return progress
