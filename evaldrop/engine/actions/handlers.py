"""Retry and Catch around a state that can fail."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import wraps
from typing import Any

from evaldrop.engine.errors import (
    ALL,
    BRANCH_FAILED,
    DATA_LIMIT_EXCEEDED,
    RUNTIME,
    TASK_FAILED,
    TIMEOUT,
    StatesError,
    TaskError,
)
from evaldrop.engine.machine import Catcher, Map, Parallel, Retrier, Task
from evaldrop.engine.runs import StateOutcome, Visit

Attempt = Callable[[Visit], Awaitable[StateOutcome]]


def handled(attempt: Attempt) -> Attempt:
    """Repeat an attempt at a state until it works, its retriers give up, or a catcher takes the error."""

    @wraps(attempt)
    async def run(visit: Visit) -> StateOutcome:
        state = visit.state
        used = [0] * len(state.handlers.retriers)
        waited, was_asked = 0.0, False
        while True:
            visit.has_worked = False
            try:
                return await attempt(visit)
            except StatesError as fault:
                error = visit.reported(fault)
                delay = _next_delay(state.handlers.retriers, used, error, visit)
                will_retry = delay is not None
                if isinstance(state, Task):
                    visit.run.observer.task_finished(state.resource, error.error, will_retry)
                if delay is None:
                    _tell_failed(visit, error)
                    # Outside the `try`: a catcher whose Output fails is not caught by the state's own Catch.
                    return _catch(visit, state.handlers.catchers, error)
                asked_s = error.retry_after_s if isinstance(error, TaskError) else None
                was_asked = was_asked or asked_s is not None
                if was_asked:
                    delay = _asked_delay(visit, error, (asked_s or 0.0) + delay, waited)
                waited += delay
                visit.retry_count += 1
                # RetryCount is part of them.
                visit.surroundings = None
                await visit.run.clock.sleep(delay)

    return run


def _tell_failed(visit: Visit, error: StatesError) -> None:
    """Add the event of branches or children that failed for good: AWS has none for an attempt before."""
    if isinstance(visit.state, Parallel | Map) and not visit.has_worked:
        kind = "Parallel" if isinstance(visit.state, Parallel) else "Map"
        visit.tell(f"{kind}StateFailed", error=error.error, cause=error.cause)


def _next_delay(
    retriers: Sequence[Retrier], used: list[int], error: StatesError, visit: Visit
) -> float | None:
    """Return the seconds to wait before the next try; None when there is none. Counts are per retrier."""
    for index, retrier in enumerate(retriers):
        if not matches(retrier.errors, error, visit.state):
            continue
        # The first retrier that matches decides (the spec): with its tries used up, a later one for
        # States.ALL is no second chance.
        if used[index] >= retrier.max_attempts:
            return None
        used[index] += 1
        return _delay(retrier, used[index] - 1, visit)
    return None


def _delay(retrier: Retrier, retries: int, visit: Visit) -> float:
    delay = _longest_delay(retrier, retries)
    # The jitter is taken from what MaxDelaySeconds leaves, not cut by it (the spec).
    return visit.run.random.uniform(0, delay) if retrier.full_jitter else delay


def _longest_delay(retrier: Retrier, retries: int) -> float:
    longest = float("inf") if retrier.max_delay_s is None else retrier.max_delay_s
    try:
        delay = retrier.interval_s * retrier.backoff_rate**retries
    # A rate of 2 leaves the numbers after a thousand tries, which MaxAttempts allows.
    except OverflowError:
        delay = longest
    return min(delay, longest)


def _asked_delay(visit: Visit, error: StatesError, wanted: float, waited: float) -> float:
    """
    Return the delay of a retry whose service asked to be left alone, within what the state's Retry allows.

    A wait takes no longer than MaxDelaySeconds, and all of them together no longer than they could have taken
    without having been asked: an Express child has its 300 s. `wanted` holds the retry's own delay too: those
    that were turned away together must not come back so.
    """
    retriers = visit.state.handlers.retriers
    retrier = next(each for each in retriers if matches(each.errors, error, visit.state))
    longest = retrier.max_delay_s
    wanted = min(wanted, _longest_delay(retrier, retrier.max_attempts) if longest is None else longest)
    room = -waited
    for each in retriers:
        for retries in range(each.max_attempts):
            if room >= wanted:  # a Retry may allow millions of attempts
                return wanted
            room += _longest_delay(each, retries)
    return max(0.0, min(wanted, room))


def matches(names: Collection[str], error: StatesError, state: Any) -> bool:
    """
    Tell whether one of the names in an ErrorEquals takes an error.

    States.Runtime cannot be handled at all, and States.TaskFailed leaves States.Timeout alone (Step
    Functions' guide, Error names). The guide says that States.ALL leaves States.DataLimitExceeded alone; on
    AWS it took that of a Task's result, so only other states' is left.
    """
    if error.error == RUNTIME:
        return False
    if error.error in names:
        return True
    if ALL in names and (error.error != DATA_LIMIT_EXCEEDED or isinstance(state, Task)):
        return True
    if TASK_FAILED in names and error.error != TIMEOUT:
        return True
    return BRANCH_FAILED in names and isinstance(state, Parallel)


def _catch(visit: Visit, catchers: Sequence[Catcher], error: StatesError) -> StateOutcome:
    for catcher in catchers:
        if matches(catcher.errors, error, visit.state):
            said = {"Error": error.error, "Cause": error.cause}
            # What was not said is not there, as on AWS: an Output has to ask with $exists.
            output = {name: text for name, text in said.items() if text is not None}
            return visit.leave(catcher.exit, visit.frame(errorOutput=output), output)
    raise error
