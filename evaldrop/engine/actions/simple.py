"""Pass, Succeed, Fail, Choice and Wait: the states that call nothing."""

import re
from datetime import datetime

from evaldrop.engine.errors import RUNTIME, QueryError, StatesError
from evaldrop.engine.machine import MAX_SECONDS, Choice, Fail, Pass, Succeed, Wait
from evaldrop.engine.queries import is_boolean, is_string
from evaldrop.engine.runs import StateOutcome, Visit
from evaldrop.engine.templates import number_of, typed

# What Java's ISO_OFFSET_DATE_TIME takes, less years past 9999. Python's own reading takes more: no T, no
# colons.
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d(:\d\d)?)", re.ASCII)


_NO_NEXT = "Failed to transition out of the state. The state does not point to a next state."


async def run_pass(visit: Visit) -> StateOutcome:
    """Hand the input, or Output, on."""
    state: Pass | Succeed = visit.state
    return visit.leave(state.exit, visit.frame(), visit.input)


async def run_fail(visit: Visit) -> StateOutcome:
    """Fail with the state's own error and cause."""
    state: Fail = visit.state
    frame = visit.frame()
    error = typed(state.error, frame, is_string, "string") if state.error is not None else None
    cause = typed(state.cause, frame, is_string, "string") if state.cause is not None else None
    raise StatesError(error, cause)


async def run_choice(visit: Visit) -> StateOutcome:
    """Take the first rule whose condition is true, else the default."""
    state: Choice = visit.state
    frame = visit.frame()
    for rule in state.rules:
        # JSONata would find 1 or a text true; a Condition has to be a boolean (the spec).
        if typed(rule.condition, frame, is_boolean, "boolean"):
            return visit.leave(rule.exit, frame, visit.input)
    if state.default is None:
        # As AWS was seen to end it, and not with the States.NoChoiceMatched of the spec.
        raise StatesError(RUNTIME, visit.cause(_NO_NEXT))
    return visit.leave(state.default, frame, visit.input)


async def run_wait(visit: Visit) -> StateOutcome:
    """Wait for a number of seconds, or until a time."""
    state: Wait = visit.state
    frame = visit.frame()
    seconds = number_of(state.seconds, frame, maximum=MAX_SECONDS, whole=True)
    if seconds is None:
        assert state.timestamp is not None
        until = _time(typed(state.timestamp, frame, is_string, "string"))
        seconds = max(0.0, until.timestamp() - visit.run.clock.now())
    await visit.run.clock.sleep(seconds)
    return visit.leave(state.exit, frame, visit.input)


def _time(text: str) -> datetime:
    try:
        # Without a match what is read is no time either.
        return datetime.fromisoformat(text.upper() if _TIME.fullmatch(text) else "")
    except ValueError as error:
        wanted = "an ISO-8601 extended offset date-time format string"
        cause = f"The Timestamp field cannot be parsed as {wanted}: {text}"
        raise QueryError(cause, "Timestamp") from error
