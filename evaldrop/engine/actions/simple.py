"""Pass, Succeed, Fail, Choice and Wait: the states that call nothing."""

from datetime import datetime

from evaldrop.engine.errors import NO_CHOICE_MATCHED, QueryError, StatesError
from evaldrop.engine.machine import MAX_SECONDS, Choice, Fail, Pass, Succeed, Wait
from evaldrop.engine.queries import is_boolean, is_string
from evaldrop.engine.runs import Outcome, Visit
from evaldrop.engine.templates import number_of, typed


async def run_pass(visit: Visit) -> Outcome:
    """Hand the input, or Output, on."""
    state: Pass | Succeed = visit.state
    return visit.leave(state.exit, visit.frame(), visit.input)


async def run_fail(visit: Visit) -> Outcome:
    """Fail with the state's own error and cause."""
    state: Fail = visit.state
    frame = visit.frame()
    error = typed(state.error, frame, is_string, "string") if state.error is not None else ""
    cause = typed(state.cause, frame, is_string, "string") if state.cause is not None else None
    raise StatesError(error, cause)


async def run_choice(visit: Visit) -> Outcome:
    """Take the first rule whose condition is true, else the default."""
    state: Choice = visit.state
    frame = visit.frame()
    for rule in state.rules:
        # JSONata would find 1 or a text true; a Condition has to be a boolean (the spec).
        if typed(rule.condition, frame, is_boolean, "boolean"):
            return visit.leave(rule.exit, frame, visit.input)
    if state.default is None:
        raise StatesError(
            NO_CHOICE_MATCHED, f"no rule of the Choice state {state.name!r} holds, and it has no Default"
        )
    return visit.leave(state.default, frame, visit.input)


async def run_wait(visit: Visit) -> Outcome:
    """Wait for a number of seconds, or until a time."""
    state: Wait = visit.state
    frame = visit.frame()
    seconds = number_of(state.seconds, frame, maximum=MAX_SECONDS)
    if seconds is None:
        assert state.timestamp is not None
        until = _time(typed(state.timestamp, frame, is_string, "string"))
        seconds = max(0.0, until.timestamp() - visit.run.clock.now())
    await visit.run.clock.sleep(seconds)
    return visit.leave(state.exit, frame, visit.input)


def _time(text: str) -> datetime:
    try:
        until = datetime.fromisoformat(text)
    except ValueError as error:
        raise QueryError(f"Timestamp: {text!r} is not a time like 2026-01-31T12:00:00Z") from error
    if until.tzinfo is None:
        raise QueryError(f"Timestamp: {text!r} has no time zone; end it with Z")
    return until
