"""Task: call an integration, within its timeout, under the payload quota."""

import asyncio
from typing import Any

from evaldrop.engine.actions.handlers import handled
from evaldrop.engine.errors import TASK_FAILED, TIMEOUT, StatesError
from evaldrop.engine.machine import MAX_SECONDS, Task
from evaldrop.engine.payloads import check_size
from evaldrop.engine.queries import is_number
from evaldrop.engine.runs import Outcome, TaskContext, Visit
from evaldrop.engine.templates import typed

CANCELLED = "Cancelled"


@handled
async def run_task(visit: Visit) -> Outcome:
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
        timeout_s: float | None = None
        if state.timeout_s is not None:
            timeout_s = typed(state.timeout_s, frame, _is_timeout, "number")
        call = _call if visit.run.history is None else _recorded_call
        outcome = visit.leave_with(await call(visit, arguments, timeout_s))
    except asyncio.CancelledError:
        # Or a display would count the call as under way for ever.
        observer.task_finished(state.resource, CANCELLED, False)
        raise
    observer.task_finished(state.resource, None, False)
    return outcome


def _is_timeout(value: Any) -> bool:
    return is_number(value) and 0 < value <= MAX_SECONDS


async def _recorded_call(visit: Visit, arguments: Any, timeout_s: float | None) -> Any:
    service, _, action = visit.state.resource.rpartition(":")
    what = {"resourceType": service, "resource": action}
    limit = {} if timeout_s is None else {"timeoutInSeconds": int(timeout_s)}
    visit.tell("TaskScheduled", **what, **limit, region=visit.run.arns.region, parameters=arguments)
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
        async with asyncio.timeout(timeout_s):
            return await _invoke(visit, arguments)
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
        return await run.integrations[state.resource](arguments, context)
    except StatesError:
        raise
    # Whatever an integration did not foresee must still have a name that Retry and Catch can take.
    except Exception as error:
        raise StatesError(TASK_FAILED, f"{type(error).__name__}: {error}") from error
