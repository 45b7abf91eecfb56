"""
The gate: rules over a scorecard, and the decision they come to.

A rule compares one quantity with a number, `correctness.pass_rate >= 0.85`. Quantities:

- `<criterion>.pass_rate`, `<criterion>.mean`, also `<candidate>.<criterion>.…` for one candidate
- `<candidate>.latency_ms.p50 | p90 | p99` and `<candidate>.cost_usd`, also without a candidate for every one
- `cost_usd` of the run and `coverage` of its verdicts

A rule about a criterion that names no candidate holds for every candidate; `for every candidate` may say so.
Parsing is apart from judging: `parse_gate` needs no scorecard.
"""

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

from evaldrop.errors import EvaluationError
from evaldrop.scorecard.model import CandidateScorecard, Decision, Gate, GateCheck, Scorecard

GateResult = Gate

Comparator = Literal[">=", ">", "<=", "<"]
Quantity = Literal[
    "pass_rate", "mean", "latency_ms.p50", "latency_ms.p90", "latency_ms.p99", "cost_usd", "coverage"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """
    A rule `<subject>.<quantity> <comparator> <limit>`.

    `subject` is what stands before the quantity - names of a candidate, a criterion or both - and "" for the
    run.
    """

    expression: str
    subject: str
    quantity: Quantity
    comparator: Comparator
    limit: float


class _Measured(NamedTuple):
    """A quantity's value and, where it is an estimate, its interval."""

    about: str
    candidate: str | None
    value: float | None
    interval: tuple[float, float] | None
    absence: str | None = None


_COMPARATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
}
_SIGNS: dict[str, Comparator] = {">=": ">=", ">": ">", "<=": "<=", "<": "<"}
_QUANTITIES: tuple[Quantity, ...] = (
    "pass_rate", "mean", "latency_ms.p50", "latency_ms.p90", "latency_ms.p99", "cost_usd", "coverage",
)  # fmt: skip
_OF_THE_RUN = frozenset({"cost_usd", "coverage"})

_LEFT = re.compile(r"\s*([A-Za-z0-9_][A-Za-z0-9_.\-]*)")
_COMPARATOR = re.compile(r"\s*(>=|<=|>|<)")
_LIMIT = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
_EVERYONE = re.compile(r"\s+for\s+every\s+candidate")


def parse_gate(expression: str) -> Threshold:
    """
    Read one rule.

    Raises:
        EvaluationError: It is none. The message shows the rule, and the place where it stops being
            understood.
    """
    left = _expect(
        _LEFT, expression, 0, "a quantity such as correctness.pass_rate, haiku.latency_ms.p90, cost_usd"
    )
    subject, quantity = _split_quantity(expression, left)
    sign = _expect(_COMPARATOR, expression, left.end(), "one of >=, >, <=, <")
    limit = _expect(_LIMIT, expression, sign.end(), "a number, rates as fractions such as 0.85")
    everyone = _EVERYONE.match(expression, limit.end())
    end = everyone.end() if everyone else limit.end()
    if expression[end:].strip():
        raise _misread(expression, end, 'the end, or "for every candidate"')
    return Threshold(
        expression=expression.strip(),
        subject=subject,
        quantity=quantity,
        comparator=_SIGNS[sign[1]],
        limit=float(limit[1]),
    )


def evaluate_gate(expressions: Iterable[str], scorecard: Scorecard) -> GateResult:
    """
    Judge a run by its gate.

    An estimate is judged by its interval: it passes when the whole interval lies on the right side of the
    limit, fails when it lies on the wrong side, and is inconclusive between. Cost, latency and coverage are
    facts of this run and are compared as they are. One failed rule fails the gate; else one inconclusive rule
    leaves it open.

    Raises:
        EvaluationError: A rule cannot be read, or names no candidate or criterion of the run.
    """
    rules = [parse_gate(expression) for expression in expressions]
    if not rules:
        return Gate(decision="pass", reasons=("no gate",))
    checks = tuple(_judge(rule, measured) for rule in rules for measured in _measure(rule, scorecard))
    decisions = {check.decision for check in checks}
    worst: Decision = (
        "fail" if "fail" in decisions else "inconclusive" if "inconclusive" in decisions else "pass"
    )
    return Gate(decision=worst, reasons=tuple(_reason(check) for check in checks), checks=checks)


def _judge(rule: Threshold, measured: _Measured) -> GateCheck:
    decision = _decide(rule, measured)
    return GateCheck(
        expression=rule.expression,
        decision=decision,
        sentence=_sentence(rule, measured, decision),
        candidate=measured.candidate,
    )


def _reason(check: GateCheck) -> str:
    return f"{check.decision}: {check.expression}: {check.sentence}"


def _decide(rule: Threshold, measured: _Measured) -> Decision:
    if measured.value is None:
        return "inconclusive"
    holds = _COMPARATORS[rule.comparator]
    low, high = measured.interval or (measured.value, measured.value)
    if holds(low, rule.limit) and holds(high, rule.limit):
        return "pass"
    return "inconclusive" if holds(low, rule.limit) or holds(high, rule.limit) else "fail"


def _sentence(rule: Threshold, measured: _Measured, decision: Decision) -> str:
    wanted = f"wanted {rule.comparator} {rule.limit:g}"
    if measured.value is None:
        return f"{measured.about} is not known ({measured.absence or 'no data'}); {wanted}."
    value = f"{measured.about} is {measured.value:.4g}"
    if measured.interval is None:
        return f"{value}; {wanted}."
    low, high = measured.interval
    verdict = {"pass": "all of it is", "fail": "none of it is", "inconclusive": "only a part of it is"}[
        decision
    ]
    return f"{value}, interval {low:.4g} to {high:.4g}; {wanted}: {verdict}."


def _measure(rule: Threshold, scorecard: Scorecard) -> Iterator[_Measured]:
    if rule.quantity in _OF_THE_RUN and not rule.subject:
        yield _of_the_run(rule, scorecard)
        return
    found = False
    for name, candidate in scorecard.candidates.items():
        if rule.quantity in ("pass_rate", "mean", "coverage"):
            for criterion in candidate.criteria:
                if rule.subject in (criterion, f"{name}.{criterion}"):
                    found = True
                    yield _of_criterion(rule, name, candidate, criterion)
        elif rule.subject in ("", name):
            found = True
            yield _of_candidate(rule, name, candidate)
    if not found:
        raise _nothing_by_this_name(rule, scorecard)


def _of_the_run(rule: Threshold, scorecard: Scorecard) -> _Measured:
    if rule.quantity == "coverage":
        return _Measured("coverage", None, scorecard.coverage, None, "no verdict was asked for")
    unknown = ", ".join(scorecard.cost_usd.unknown_models)
    return _Measured("cost_usd", None, scorecard.cost_usd.total, None, f"no price or tokens for {unknown}")


def _of_criterion(rule: Threshold, name: str, candidate: CandidateScorecard, criterion: str) -> _Measured:
    estimate = candidate.criteria[criterion]
    about = f"{name}.{criterion}.{rule.quantity}"
    if rule.quantity == "coverage":
        return _Measured(about, name, estimate.coverage, None, "it applies to no record")
    value = estimate.pass_rate if rule.quantity == "pass_rate" else estimate.mean
    interval = estimate.pass_interval if rule.quantity == "pass_rate" else estimate.interval
    # An estimate without an interval bears no decision.
    return _Measured(about, name, value if interval else None, interval, estimate.reason)


def _of_candidate(rule: Threshold, name: str, candidate: CandidateScorecard) -> _Measured:
    about = f"{name}.{rule.quantity}"
    if rule.quantity == "cost_usd":
        return _Measured(
            about, name, candidate.cost_usd.candidate, None, f"no price or tokens for {candidate.model}"
        )
    latency = candidate.latency_ms
    value = {"latency_ms.p50": latency.p50, "latency_ms.p90": latency.p90}.get(rule.quantity, latency.p99)
    return _Measured(about, name, value, None, "no call told its latency")


def _nothing_by_this_name(rule: Threshold, scorecard: Scorecard) -> EvaluationError:
    criteria = ", ".join(scorecard.criteria) or "none"
    return EvaluationError(
        f'gate "{rule.expression}": the run has nothing called "{rule.subject}" with {rule.quantity}.'
        f" Candidates: {', '.join(scorecard.candidates)}. Criteria: {criteria}."
    )


def _split_quantity(expression: str, left: re.Match[str]) -> tuple[str, Quantity]:
    words = left[1]
    for quantity in _QUANTITIES:
        if words == quantity and quantity not in ("pass_rate", "mean"):
            return "", quantity
        if words.endswith(f".{quantity}"):
            return words.removesuffix(f".{quantity}"), quantity
    raise _misread(expression, left.start(1), f"a quantity that ends in one of {', '.join(_QUANTITIES)}")


def _expect(pattern: re.Pattern[str], expression: str, start: int, wanted: str) -> re.Match[str]:
    match = pattern.match(expression, start)
    if match is None:
        raise _misread(expression, start, wanted)
    return match


def _misread(expression: str, position: int, wanted: str) -> EvaluationError:
    position += len(expression[position:]) - len(expression[position:].lstrip())
    return EvaluationError(
        f"gate, position {position + 1}: expected {wanted}.\n  {expression}\n  {' ' * position}^"
    )
