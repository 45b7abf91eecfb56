"""
Kinds whose score somebody's own code gives: `python` in a process of this machine, `lambda` on AWS.

    checks:
      - python: my_scorers:brevity                          # 0 to 1, the pass mark 0.5
      - {python: my_scorers:grade, low: 1, high: 5, pass_at: 4, name: grade}
      - {lambda: grade-answers, batch: 1}                   # a function that was written for AgentCore
      - {python: my_scorers:brevity, lambda: brevity}       # here the one, in a stack the other

Their scores are asked for by the workflow (`evaldrop.scorers`), and read from what it got.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from evaldrop.checks.subject import Outcome
from evaldrop.scorers.finding import is_reference
from evaldrop.scorers.scoring import CRASHED, FAIL, NO_SCORE, NOT_APPLICABLE, PASS, TIMED_OUT

HERE: Final = "python:"
"""Begins the name of a function that is a scorer of this machine."""
MAX_TIMEOUT_S: Final = 600
MAX_BATCH_S: Final = 600
"""The whole of a batch has to be over before its call times out."""
MAX_BATCH_BYTES: Final = 180_000
"""A child's input holds 256 KiB, as it is escaped."""
MAX_BATCH: Final = 200
USUAL_BATCH: Final = 50
USUAL_TIMEOUT_S: Final = 10.0
_OPTIONS: Final = frozenset({"low", "high", "timeout_s", "batch", "publish"})
_FUNCTION: Final = re.compile(
    r"(?:arn:[\w-]+:lambda:[a-z0-9-]+:\d{12}:function:)?[A-Za-z0-9_-]{1,64}(?::[A-Za-z0-9_$-]{1,128})?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerSettings:
    """
    How a scorer is asked.

    Attributes:
        python: `module:function` or an entry point's name, None where it is on AWS alone.
        function: Name or ARN of its Lambda function, None where it is on one machine alone.
        low: The lowest score it gives.
        high: The highest one.
        timeout_s: How long it may take for a response, in seconds.
        batch: Responses that a function gets at a time; 1 sends AgentCore's own event.
        publish: Whether its scores become CloudWatch metrics.
    """

    python: str | None
    function: str | None
    low: float = 0.0
    high: float = 1.0
    timeout_s: float = USUAL_TIMEOUT_S
    batch: int = USUAL_BATCH
    publish: bool = False

    @property
    def most_in_batch(self) -> int:
        """How many responses a batch has at most: as many as have their time, all of them."""
        return max(1, min(self.batch, int(MAX_BATCH_S / self.timeout_s)))

    def outcome_of(self, result: Mapping[str, Any]) -> Outcome:
        """Return what a scorer's result says; whatever stands in it, nothing is raised."""
        note = _text(result.get("explanation"))
        if "errorCode" in result or "errorMessage" in result:
            return _unscored(str(result.get("errorCode")), _text(result.get("errorMessage")))
        value, label = result.get("value"), str(result.get("label") or "").strip().upper()
        if value is None and label in {PASS, FAIL}:
            return Outcome(float(label == PASS), note)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return Outcome(None, f"{str(value)[:80]} is no score", "scorer_nonsense")
        # Not clipped: what is off the scale is on another one. NaN is nowhere.
        if not self.low <= value <= self.high:
            why = f"the score {value:g} is not between {self.low:g} and {self.high:g}"
            return Outcome(None, why, "scorer_nonsense")
        return Outcome((value - self.low) / (self.high - self.low), note)


def said_passed(result: Mapping[str, Any]) -> bool | None:
    """Return whether a scorer itself said that a response passes; None where it left that open."""
    label = str(result.get("label") or "").strip().upper()
    return label == PASS if label in {PASS, FAIL} else None


_REASONS: Final = {
    TIMED_OUT: "scorer_timeout",
    NOT_APPLICABLE: "not_applicable",
    NO_SCORE: "scorer_nonsense",
}


def _unscored(code: str, message: str | None) -> Outcome:
    told = message if code in {*_REASONS, CRASHED} else f"{code}: {message or ''}".rstrip(": ")
    return Outcome(None, told, _REASONS.get(code, "scorer_error"))


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def with_scorer(content: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """
    Return a check's mapping with all that is a scorer's own behind its kind.

    `pass_at` is in the scorer's own units, and becomes a fraction.
    """
    named = [key for key in ("python", "not_python", "lambda", "not_lambda") if key in content]
    if not named:
        return content
    options = {key: content[key] for key in content if key in _OPTIONS or key in named[1:]}
    kept = {key: content[key] for key in content if key not in options}
    value = {"of": content[named[0]], **options} if options else content[named[0]]
    if "name" not in kept and isinstance(content[named[0]], str):
        kept["name"] = usual_name(content[named[0]])
    low, high, mark = options.get("low", 0), options.get("high", 1), kept.get("pass_at")
    if all(_is_number(each) for each in (low, high, mark)) and low < high and low <= mark <= high:
        kept["pass_at"] = (mark - low) / (high - low)
    return {**kept, named[0]: value}


def usual_name(named: str) -> str:
    """Return what a scorer is called where it has no name: by its function."""
    return re.split(r"[:.]", named)[-1] if ":function:" not in named else named.split(":")[6]


def read_python(value: Any) -> ScorerSettings:
    """Read what stands behind `python`; raises ValueError."""
    named, options = _parts(value)
    if not isinstance(named, str) or not is_reference(named):
        raise ValueError(f"{named!r} names no scorer. Write module:function, such as my_scorers:brevity")
    return _scorer(named, options.get("lambda"), options)


def read_lambda(value: Any) -> ScorerSettings:
    """Read what stands behind `lambda`; raises ValueError."""
    named, options = _parts(value)
    if named is None:
        raise ValueError("the function is not named. Write its name or its ARN")
    return _scorer(None, named, options)


def _parts(value: Any) -> tuple[Any, Mapping[str, Any]]:
    if isinstance(value, Mapping):
        return value.get("of"), value
    return value, {}


def _scorer(python: str | None, function: Any, options: Mapping[str, Any]) -> ScorerSettings:
    if function is not None and not (isinstance(function, str) and _FUNCTION.fullmatch(function)):
        raise ValueError(f"{function!r} is no Lambda function. Write its name or its ARN")
    low = _number("low", options.get("low", 0))
    high = _number("high", options.get("high", 1))
    if low >= high:
        raise ValueError(f"low, {low:g}, must be below high, {high:g}")
    timeout_s = _number("timeout_s", options.get("timeout_s", USUAL_TIMEOUT_S))
    if not 0 < timeout_s <= MAX_TIMEOUT_S:
        raise ValueError(f"timeout_s, {timeout_s:g}, must be above 0 and at most {MAX_TIMEOUT_S}")
    batch = options.get("batch", USUAL_BATCH)
    if isinstance(batch, bool) or not isinstance(batch, int) or not 1 <= batch <= MAX_BATCH:
        raise ValueError(f"batch, {batch!r}, must be a whole number from 1 to {MAX_BATCH}")
    publish = options.get("publish", False)
    if not isinstance(publish, bool):
        raise ValueError(f"publish, {publish!r}, must be true or false")  # noqa: TRY004 - as all that is wrong here
    return ScorerSettings(
        python=python,
        function=function,
        low=low,
        high=high,
        timeout_s=timeout_s,
        batch=batch,
        publish=publish,
    )


def _number(name: str, value: Any) -> float:
    if not _is_number(value):
        raise ValueError(f"{name}, {value!r}, must be a number")
    return float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
