"""Task: call an integration, within its timeout, under the payload quota."""

import asyncio
from typing import Any

from evaldrop.engine.actions.handlers import handled
from evaldrop.engine.allowance import Allowance
from evaldrop.engine.errors import TASK_FAILED, TIMEOUT, StatesError
from evaldrop.engine.machine import MAX_SECONDS, Task
from evaldrop.engine.payloads import check_result, check_size
from evaldrop.engine.queries import Frame
from evaldrop.engine.runs import StateOutcome, TaskContext, Visit
from evaldrop.engine.templates import Template, number_of

CANCELLED = "Cancelled"


@handled
async def run_task(visit: Visit) -> StateOutcome:
    """Call the integration, with the state's Retry and Catch."""
    state: Task = visit.state
    observer = visit.run.observer
    observer.task_started(state.resource)
    try:
        frame = visit.frame()
        arguments = visit.input
        if state.arguments is not None:
            arguments = state.arguments.evaluate(frame)
            check_size(arguments, f"the arguments of the state {state.name!r}")
        timeout_s = _seconds(state.timeout_s, frame)
        heartbeat_s = _seconds(state.heartbeat_s, frame)
        if visit.run.history is None:
            result = await _call(visit, arguments, timeout_s)
        else:
            result = await _recorded_call(visit, arguments, timeout_s, heartbeat_s)
        outcome = visit.leave_with(result)
    except asyncio.CancelledError:
        # Or a display would count the call as under way for ever.
        observer.task_finished(state.resource, CANCELLED, False)
        raise
    observer.task_finished(state.resource, None, False)
    return outcome


def _seconds(template: Template | None, frame: Frame) -> float | None:
    """Evaluate a limit in whole seconds, more than 0; None when there is none."""
    return number_of(template, frame, minimum=1, maximum=MAX_SECONDS, whole=True)


async def _recorded_call(
    visit: Visit, arguments: Any, timeout_s: float | None, heartbeat_s: float | None
) -> Any:
    service, _, action = visit.state.resource.rpartition(":")
    what = {"resourceType": service, "resource": action}
    given = {"timeoutInSeconds": timeout_s, "heartbeatInSeconds": heartbeat_s}
    limits = {name: int(seconds) for name, seconds in given.items() if seconds is not None}
    visit.tell("TaskScheduled", **what, **limits, region=visit.run.arns.region, parameters=arguments)
    visit.tell("TaskStarted", **what)
    try:
        result = await _call(visit, arguments, timeout_s)
    except StatesError as error:
        kind = "TaskTimedOut" if error.error == TIMEOUT else "TaskFailed"
        visit.tell(kind, **what, error=error.error, cause=error.cause)
        raise
    visit.tell("TaskSucceeded", **what, output=result)
    return result


async def _call(visit: Visit, arguments: Any, timeout_s: float | None) -> Any:
    if timeout_s is None:
        return await _invoke(visit, arguments)
    try:
        async with Allowance(timeout_s) as allowance:
            try:
                return await _invoke(visit, arguments)
            finally:
                if allowance.uncounted_s:
                    visit.enter_later(allowance.uncounted_s)
    except TimeoutError as error:  # this limit's: an integration's own became States.TaskFailed
        raise StatesError(
            TIMEOUT, f"the state {visit.state.name!r} took longer than its TimeoutSeconds, {timeout_s:g}"
        ) from error


async def _invoke(visit: Visit, arguments: Any) -> Any:
    run, state = visit.run, visit.state
    context = TaskContext(
        resource=state.resource,
        state=state.name,
        execution=run.name,
        attempt=visit.retry_count,
        clock=run.clock,
    )
    try:
        result = await run.integrations[state.resource](arguments, context)
    except StatesError:
        raise
    # Whatever an integration did not foresee must still have a name that Retry and Catch can take.
    except Exception as error:
        raise StatesError(TASK_FAILED, f"{type(error).__name__}: {error}") from error
    # By the service, as AWS names what gave too much.
    check_result(result, state.resource.rpartition(":")[0])
    return result
