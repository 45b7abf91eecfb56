"""
One response scored: whatever a scorer does, what comes of it is a result.

A result is JSON in the form that AgentCore's code-based evaluators answer with: `value`, `label` and
`explanation`, or `errorCode` and `errorMessage`.
"""

import math
import numbers
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, cast

from evaldrop.scorers.views import Record, Response, Score, Scorer

Result = dict[str, Any]

NOT_APPLICABLE: Final = "NotApplicable"
TIMED_OUT: Final = "Timeout"
NO_SCORE: Final = "NoScore"
"""A scorer gave something that is no score."""
CRASHED: Final = "Crashed"
"""The process of a scorer ended under it."""

MAX_NOTE_CHARS = 2_000
PASS, FAIL = "PASS", "FAIL"


class _TooSlowError(BaseException):
    # Not an Exception: a scorer that catches those must not go on for ever.
    pass


def result_of(scorer: Scorer, record: Record, response: Response, *, limit_s: float | None = None) -> Result:
    """
    Ask a scorer of a response, and return its result; never raises for what the scorer does.

    Args:
        scorer: The scorer.
        record: What was asked.
        response: What was answered.
        limit_s: How long it may take, in seconds. Held by a signal, so in a main thread alone, and not
            against code that never returns to Python.
    """
    try:
        with _within(limit_s):
            said = scorer(record, response)
    except _TooSlowError:
        return timed_out(limit_s)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other responses are scored
        return failure(type(error).__name__, str(error))
    return _as_result(said)


def failure(code: str, message: str) -> Result:
    """Return the result of a scorer that gave none."""
    return {"errorCode": code, "errorMessage": message[:MAX_NOTE_CHARS]}


def timed_out(limit_s: float | None) -> Result:
    """Return the result of a scorer that took too long."""
    return failure(TIMED_OUT, f"took more than {limit_s:g} s")


def _as_result(said: object) -> Result:
    if said is None:
        return failure(NOT_APPLICABLE, "the scorer has nothing to say of this record")
    score = said if isinstance(said, Score) else Score(cast("float", said))  # looked at below
    value: Any = score.score
    passed = score.passed
    # Whatever calls itself a number: a float of numpy is one. A truth passes or fails by itself.
    if type(value).__name__ in {"bool", "bool_"}:
        value = bool(value)
        passed = value if passed is None else passed
    elif not isinstance(value, numbers.Real) or not math.isfinite(value):
        return failure(NO_SCORE, f"gave {_shown(value)}, which is no score")
    result: Result = {"value": float(value), "label": f"{float(value):g}"}
    if passed is not None:
        result["label"] = PASS if passed else FAIL
    if score.note is not None:
        result["explanation"] = str(score.note)[:MAX_NOTE_CHARS]
    return result


def _shown(value: object) -> str:
    # Of the type alone: a repr is the scorer's own code, and may raise.
    if isinstance(value, float):
        return repr(value)
    return f"{type(value).__name__}"


@contextmanager
def _within(limit_s: float | None) -> Iterator[None]:
    if limit_s is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: object) -> None:
        raise _TooSlowError

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
