"""A gate's rules as types."""

from dataclasses import dataclass
from typing import Literal

Comparator = Literal[">=", ">", "<=", "<"]
Quantity = Literal[
    "pass_rate", "mean", "coverage", "error_rate", "latency_ms.p50", "latency_ms.p90", "latency_ms.p99",
    "cost_usd", "cost_usd.per_1000_records",
    "guardrail.blocked_bad_rate", "guardrail.passed_bad_rate", "guardrail.blocked_good_rate",
    "guardrail.passed_good_rate",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleScope:
    """
    Which candidates a rule is about.

    Attributes:
        name: One candidate; None for every candidate.
        position: Where the name begins in the rule, counted from 0.
        is_said: Whether the rule says it, with `for …`.
    """

    name: str | None = None
    position: int = 0
    is_said: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """
    A rule `<subject>.<quantity> <comparator> <limit> [for …]`.

    `subject` is what comes before the quantity - names of a candidate, a criterion or both - and "" for the
    run. `position` is where it begins.
    """

    expression: str
    subject: str
    position: int
    quantity: Quantity
    comparator: Comparator
    limit: float
    scope: RuleScope


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRegression:
    """
    A rule `no regression [in <criterion>] [by <margin>] [for …]`, against the baseline.

    `margin` is on the criterion's scale; 0 asks only that no regression is decided.
    """

    expression: str
    criterion: str | None
    position: int
    margin: float
    scope: RuleScope


@dataclass(frozen=True, slots=True, kw_only=True)
class NoWorseRecord:
    """A rule `no record worse by <drop> [in <criterion>] [for …]`, on the criterion's scale."""

    expression: str
    criterion: str | None
    position: int
    drop: float
    scope: RuleScope


Rule = Threshold | NoRegression | NoWorseRecord
