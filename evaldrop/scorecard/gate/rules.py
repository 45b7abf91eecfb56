"""A gate's rules as types, and their reader; what cannot be read is refused with its place."""

import re
from dataclasses import dataclass
from typing import Literal, cast, get_args

from evaldrop.errors import EvaluationError

Comparator = Literal[">=", ">", "<=", "<"]
Quantity = Literal[
    "pass_rate", "mean", "win_rate", "coverage", "error_rate",
    "latency_ms.p50", "latency_ms.p90", "latency_ms.p99",
    "cost_usd", "cost_usd.per_1000_records",
    "guardrail.blocked_bad_rate", "guardrail.passed_bad_rate", "guardrail.blocked_good_rate",
    "guardrail.passed_good_rate",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleScope:
    """
    Which candidates a rule is about: one by its name, or all (None).

    `position` is where the name begins in the rule, from 0; `is_said` tells that the rule has a `for …`.
    """

    name: str | None = None
    position: int = 0
    is_said: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    """What every rule has: its text, where its subject or criterion begins in it, and its scope."""

    expression: str
    position: int
    scope: RuleScope


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold(_Written):
    """
    A rule `<subject>.<quantity> [over <opponent>] <comparator> <limit> [for …]`.

    `subject` is what comes before the quantity - names of a candidate, a criterion or both - and "" for the
    run. `over` is the one opponent that a win rate is meant over, and `over_position` where it begins.
    """

    subject: str
    quantity: Quantity
    comparator: Comparator
    limit: float
    over: str | None = None
    over_position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRegression(_Written):
    """
    A rule `no regression [in <criterion>] [by <margin>] [for …]`, against the baseline.

    `margin` is on the criterion's scale; 0 asks only that no regression is decided.
    """

    criterion: str | None
    margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoWorseRecord(_Written):
    """A rule `no record worse by <drop> [in <criterion>] [for …]`, on the criterion's scale."""

    criterion: str | None
    drop: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerToSee(_Written):
    """
    A rule `power to see <drop> in <criterion> <comparator> <limit>`, on the proof of judges and checks.

    `drop` is one of the pass rate, `limit` the share of tries that has to find it; both fractions.
    """

    criterion: str
    drop: float
    comparator: Literal[">=", ">"]
    limit: float


Rule = Threshold | NoRegression | NoWorseRecord | PowerToSee

# A longer quantity before its own beginning.
QUANTITIES: tuple[Quantity, ...] = tuple(sorted(get_args(Quantity), key=len, reverse=True))
# They are of a criterion or a metric, and mean nothing alone.
OF_A_SUBJECT = frozenset({"pass_rate", "mean"})

_NAME = re.compile(r"\s*([A-Za-z0-9_][A-Za-z0-9_.\-]*)")
# Not followed by another sign: "=>" and ">==" are slips, and reading half of one could turn the rule round.
_COMPARATOR = re.compile(r"\s*(>=|<=|>|<)(?![<>=])")
# "85%" and "1.2.3" are refused: read as far as they are numbers, they would be another limit.
_LIMIT = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![A-Za-z0-9_.%])")
# Without a sign: a margin below 0 would ask for an improvement, a drop below 0 for nothing.
_SIZE = re.compile(r"\s*(\d+\.?\d*|\.\d+)(?![A-Za-z0-9_.%])")
# The space is part of the word: "nova.mean" begins with "no" as well.
_NO = re.compile(r"\s*no\s+(?=\S)")
_REGRESSION, _RECORD = re.compile(r"\s*(regression)\b"), re.compile(r"\s*(record)\b")
# No threshold has a second word here: nothing that names a candidate "power" is meant otherwise.
_POWER = re.compile(r"\s*(power)\s+(?=[A-Za-z])")
_TO_SEE = re.compile(r"\s*(to\s+see)\b")
_AT_LEAST = re.compile(r"\s*(>=|>)(?![<>=])")
_WORSE, _BY, _IN, _FOR, _OVER = (
    re.compile(rf"\s+({word})\b") for word in ("worse", "by", "in", "for", "over")
)
_EVERY = re.compile(r"\s+(every\s+candidate)\b")


def parse_gate(expression: str) -> Rule:
    """
    Read one rule.

    Raises:
        EvaluationError: It is none. The message shows the rule, and the place where it stops being
            understood.
    """
    reading = _Reading(expression)
    if reading.take(_POWER):
        return _power_to_see(reading)
    if reading.take(_NO) is None:
        return _threshold(reading)
    if reading.take(_RECORD):
        return _no_worse_record(reading)
    reading.expect(_REGRESSION, '"regression" or "record worse by"')
    return _no_regression(reading)


def misread(expression: str, position: int, what: str) -> EvaluationError:
    """Return the error of a rule: what is wrong, where (from 1), and the rule with a mark below the place."""
    return EvaluationError(f"gate, position {position + 1}: {what}.\n  {expression}\n  {' ' * position}^")


class _Reading:
    """A rule and how far it was read."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.position = 0
        # Where the last thing taken begins.
        self.begin = 0

    def take(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self.expression, self.position)
        if match is None:
            return None
        self.position = match.end()
        self.begin = match.start(1) if match.re.groups else match.start()
        return match[1] if match.re.groups else match[0]

    def expect(self, pattern: re.Pattern[str], wanted: str) -> str:
        found = self.take(pattern)
        if found is None:
            raise self.error(wanted)
        return found

    def end(self, wanted: str) -> None:
        if self.expression[self.position :].strip():
            raise self.error(wanted)

    def error(self, wanted: str, at: int | None = None) -> EvaluationError:
        rest = self.expression[self.position :]
        place = self.position + len(rest) - len(rest.lstrip()) if at is None else at
        return misread(self.expression, place, f"expected {wanted}")


def _threshold(reading: _Reading) -> Threshold:
    words = reading.expect(
        _NAME, "a quantity such as correctness.pass_rate, haiku.latency_ms.p90, cost_usd, or no regression"
    )
    position = reading.begin
    subject, quantity = _split_quantity(reading, words)
    over = None
    if quantity == "win_rate" and reading.take(_OVER):
        over = reading.expect(_NAME, "the candidate that it is preferred over")
    over_position = reading.begin
    sign = reading.expect(_COMPARATOR, "one of >=, >, <=, <")
    limit = float(reading.expect(_LIMIT, "a number, rates as fractions such as 0.85"))
    scope = _scope(reading)
    reading.end('the end, "for every candidate" or "for NAME"')
    return Threshold(
        expression=reading.expression.strip(),
        subject=subject,
        position=position,
        quantity=quantity,
        comparator=cast("Comparator", sign),
        limit=limit,
        over=over,
        over_position=over_position,
        scope=scope,
    )


def _no_regression(reading: _Reading) -> NoRegression:
    criterion, position = _criterion(reading)
    margin = 0.0
    if reading.take(_BY):
        margin = float(reading.expect(_SIZE, "how much worse is still allowed, such as 0.05"))
    # "in" may come before or after "by": people write both.
    if criterion is None:
        criterion, position = _criterion(reading)
    scope = _scope(reading)
    reading.end('the end, "in CRITERION", "by NUMBER", "for every candidate" or "for NAME"')
    return NoRegression(
        expression=reading.expression.strip(),
        criterion=criterion,
        position=position,
        margin=margin,
        scope=scope,
    )


def _no_worse_record(reading: _Reading) -> NoWorseRecord:
    reading.expect(_WORSE, '"worse by" and a number')
    reading.expect(_BY, '"by" and a number')
    drop = float(reading.expect(_SIZE, "a number above 0, on the criterion's scale"))
    # By 0, records that lost nothing would fail the rule.
    if not drop:
        raise reading.error("a number above 0, on the criterion's scale", at=reading.begin)
    criterion, position = _criterion(reading)
    scope = _scope(reading)
    reading.end('the end, "in CRITERION", "for every candidate" or "for NAME"')
    return NoWorseRecord(
        expression=reading.expression.strip(),
        criterion=criterion,
        position=position,
        drop=drop,
        scope=scope,
    )


def _power_to_see(reading: _Reading) -> PowerToSee:
    reading.expect(_TO_SEE, '"to see" and a drop of the pass rate')
    wanted = "a drop of the pass rate as a fraction between 0 and 1, such as 0.05"
    drop = float(reading.expect(_SIZE, wanted))
    if not 0 < drop < 1:
        raise reading.error(wanted, at=reading.begin)
    reading.expect(_IN, '"in" and a criterion')
    criterion = reading.expect(_NAME, "a criterion's name")
    position = reading.begin
    sign = reading.expect(_AT_LEAST, "one of >=, >")
    share = "a share of tries between 0 and 1, such as 0.8"
    limit = float(reading.expect(_SIZE, share))
    # "80" for 80 % would never be reached, however good the judges are.
    if limit > 1:
        raise reading.error(share, at=reading.begin)
    reading.end("the end; such a rule is about judges and checks, and no candidate's")
    return PowerToSee(
        expression=reading.expression.strip(),
        criterion=criterion,
        position=position,
        drop=drop,
        comparator=cast("Literal['>=', '>']", sign),
        limit=limit,
        scope=RuleScope(),
    )


def _criterion(reading: _Reading) -> tuple[str | None, int]:
    if not reading.take(_IN):
        return None, 0
    return reading.expect(_NAME, "a criterion's name"), reading.begin


def _scope(reading: _Reading) -> RuleScope:
    if not reading.take(_FOR):
        return RuleScope()
    if reading.take(_EVERY):
        return RuleScope(is_said=True)
    name = reading.expect(_NAME, '"every candidate" or a candidate\'s name')
    # "for every" without "candidate" would else be told that no candidate is called so.
    if name == "every":
        raise reading.error('"every candidate" or a candidate\'s name', at=reading.begin)
    return RuleScope(name=name, position=reading.begin, is_said=True)


def _split_quantity(reading: _Reading, words: str) -> tuple[str, Quantity]:
    for quantity in QUANTITIES:
        if words == quantity and quantity not in OF_A_SUBJECT:
            return "", quantity
        if words.endswith(f".{quantity}"):
            return words.removesuffix(f".{quantity}"), quantity
    raise reading.error(f"a quantity that ends in one of {', '.join(get_args(Quantity))}", at=reading.begin)
