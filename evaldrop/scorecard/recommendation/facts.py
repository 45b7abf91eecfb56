"""What the rule knows of a run: candidates, and how much better each may be than each other one."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from evaldrop.scorecard.answers import COVERAGE, Lack, candidates_shortfalls, judges_shortfalls, silences
from evaldrop.scorecard.model.baseline import BaselineCandidate, BaselineEstimate
from evaldrop.scorecard.model.part import OVERALL, Interval
from evaldrop.scorecard.model.recommendation import GateStanding
from evaldrop.scorecard.model.scorecard import (
    CandidateScorecard,
    GateCheck,
    Scorecard,
    coverage_of,
)
from evaldrop.scorecard.recommendation.leads import (
    WIN_RATE,
    Lead,
    Quantity,
    lead_of,
    leads_of,
    pairs_without_lead,
)


class Unread(NamedTuple):
    """The share that is missing, and of what."""

    share: float
    what: str


class Contender(NamedTuple):
    """
    A candidate as the rule sees it.

    `failed_on` and `open_on` name rules of the gate about it; `since` is its lead over itself in the blessed
    run, `regressed_on` every criterion on which it is shown to be worse than then.
    """

    name: str
    answered: bool
    quality: float | None
    interval: Interval | None
    cost: float | None
    is_given: bool
    p90: float | None
    gate: GateStanding
    failed_on: tuple[str, ...]
    open_on: tuple[str, ...]
    change: BaselineEstimate | None
    since: Lead | None
    regressed_on: tuple[str, ...]
    unread: Unread


class Facts(NamedTuple):
    """
    All that the rule reads. `leads` holds both directions of a pair; one without a number is absent, and
    `without_lead` says why of a pair that was compared.

    `silent_ones` gave nothing at all. `short` are the candidates that gave too little, by name, and
    `short_run` what is missing whoever is chosen: of a judge, or where the gate is open for it.
    """

    contenders: tuple[Contender, ...]
    quantity: Quantity | None
    leads: Mapping[tuple[str, str], Lead]
    distrusted: Mapping[str, str]
    run_failed_on: tuple[str, ...]
    run_open_on: tuple[str, ...]
    cost_per_record: float | None
    without_lead: Mapping[frozenset[str], str] = MappingProxyType({})
    silent_ones: tuple[Lack, ...] = ()
    short: Mapping[str, Lack] = MappingProxyType({})
    short_run: tuple[Lack, ...] = ()

    def lacks(self, chosen: str) -> tuple[Lack, ...]:
        """Return the answers whose absence stands against choosing a candidate."""
        own = self.short.get(chosen)
        return (*([own] if own else ()), *(lack for lack in self.short_run if lack is not own))

    @property
    def running(self) -> list[Contender]:
        """The candidates in the running: those that gave responses and do not fail the gate."""
        return [one for one in self.contenders if one.answered and one.gate != "fail"]

    @property
    def silent(self) -> list[Contender]:
        """Those that gave no response, and so neither pass nor fail."""
        return [one for one in self.contenders if not one.answered and one.gate != "fail"]

    @property
    def failing(self) -> list[Contender]:
        """Those that fail the gate."""
        return [one for one in self.contenders if one.gate == "fail"]


def facts_of(scorecard: Scorecard) -> Facts:
    """Return what the rule reads of a scorecard whose gate was judged."""
    quantity = _quantity(scorecard)
    own = [check for check in scorecard.gate.checks if check.candidate is None]
    short = candidates_shortfalls(scorecard)
    is_open = any(check.expression == COVERAGE for check in scorecard.gate.checks)
    return Facts(
        contenders=tuple(
            _contender(name, card, scorecard, quantity) for name, card in scorecard.candidates.items()
        ),
        quantity=quantity,
        leads=_both_ways(dict(leads_of(scorecard, quantity))),
        distrusted={
            judge: known.reason or "" for judge, known in scorecard.anchors.items() if not known.trusted
        },
        run_failed_on=_about(scorecard, own, "fail"),
        run_open_on=_about(scorecard, own, "inconclusive"),
        cost_per_record=_cost_per_record(scorecard),
        without_lead=dict(pairs_without_lead(scorecard, quantity)),
        silent_ones=silences(scorecard),
        short={str(lack.candidate): lack for lack in short},
        short_run=(*(short if is_open else ()), *judges_shortfalls(scorecard)),
    )


def _lead_since(change: BaselineEstimate | None, quantity: Quantity | None, confidence: float) -> Lead | None:
    """Return the lead of this run over the blessed one."""
    if change is None or quantity is None:
        return None
    sure = {"improved": 1, "regressed": -1, "undecided": 0}[change.decision]
    return lead_of(change, quantity.scale, sure, confidence=confidence)


def _quantity(scorecard: Scorecard) -> Quantity | None:
    """Return what decides: overall, the only criterion, or where none is judged the win rate."""
    criteria = scorecard.criteria
    if len(criteria) > 1 and OVERALL not in criteria:
        return Quantity(OVERALL)
    if criteria:
        # A criterion of this name is meant to be what decides.
        name = OVERALL if OVERALL in criteria else next(iter(criteria))
        info = criteria[name]
        return Quantity(name, info.low, info.high, info.higher_is_better)
    if any(card.pairwise for card in scorecard.candidates.values()):
        return Quantity(WIN_RATE)
    return None


def _contender(
    name: str, card: CandidateScorecard, scorecard: Scorecard, quantity: Quantity | None
) -> Contender:
    checks = [check for check in scorecard.gate.checks if check.candidate == name]
    decisions = {check.decision for check in checks}
    standing: GateStanding = "none"
    for decision in ("pass", "inconclusive", "fail"):
        if decision in decisions:
            standing = decision
    quality, interval = _quality(name, card, scorecard, quantity)
    counts = card.responses
    moved = _moved(name, scorecard)
    change = _change(moved, quantity, scorecard)
    return Contender(
        name=name,
        answered=counts.n > counts.errors + counts.missing,
        quality=quality,
        interval=interval,
        cost=card.cost_usd.per_1000_records,
        is_given=0 < counts.n == counts.given,
        p90=card.latency_ms.p90,
        gate=standing,
        failed_on=_about(scorecard, checks, "fail"),
        open_on=_about(scorecard, checks, "inconclusive"),
        change=change,
        since=_lead_since(change, quantity, scorecard.confidence),
        regressed_on=tuple(
            criterion
            for criterion, estimate in (moved.criteria.items() if moved else ())
            if estimate.decision == "regressed"
        ),
        unread=_unread(card, quantity),
    )


def _quality(
    name: str, card: CandidateScorecard, scorecard: Scorecard, quantity: Quantity | None
) -> tuple[float | None, Interval | None]:
    if quantity is None:
        return None, None
    if quantity.name == WIN_RATE:
        return _win_rate(name, card, scorecard)
    estimate = card.criteria.get(quantity.name) if quantity.name in scorecard.criteria else card.overall
    if estimate is None:
        return None, None
    people = estimate.calibrated
    # Where people's labels decide, the judge's own number would contradict the sentence.
    if people is not None and people.decides and people.mean is not None:
        return people.mean, people.interval
    # Whatever the missing verdicts were: a mean of those that are left may look better for what is lost.
    return estimate.mean, estimate.bounds_interval or estimate.interval


def _win_rate(
    name: str, card: CandidateScorecard, scorecard: Scorecard
) -> tuple[float | None, Interval | None]:
    if card.pairwise is not None:
        known = card.pairwise
        # Of pairs that nobody could read: `unscored` may count them as something.
        return (
            (None, None) if known.coverage == 0 else (known.win_rate, known.bounds_interval or known.interval)
        )
    # The baseline has no preferences of its own: against a single other they are that one's, turned.
    over = [
        others.pairwise.by_baseline[name]
        for others in scorecard.candidates.values()
        if others.pairwise and name in others.pairwise.by_baseline
    ]
    if len(over) != 1 or over[0].win_rate is None or over[0].coverage == 0:
        return None, None
    interval = over[0].bounds_interval or over[0].interval
    turned = interval and (1 - interval[1], 1 - interval[0])
    return 1 - over[0].win_rate, turned


def _moved(name: str, scorecard: Scorecard) -> BaselineCandidate | None:
    baseline = scorecard.baseline
    # A run that is the blessed one itself has moved from nothing.
    if baseline is None or not baseline.comparable or baseline.run_id == scorecard.run_id:
        return None
    return baseline.candidates.get(name)


def _change(
    moved: BaselineCandidate | None, quantity: Quantity | None, scorecard: Scorecard
) -> BaselineEstimate | None:
    if moved is None or quantity is None:
        return None
    if quantity.name == OVERALL and len(scorecard.criteria) == 1:
        return moved.criteria.get(next(iter(scorecard.criteria)))
    return moved.criteria.get(quantity.name)


def _unread(card: CandidateScorecard, quantity: Quantity | None) -> Unread:
    """Return what is missing most of a candidate's verdicts, by criterion, or of its preferences."""
    if quantity is not None and quantity.name == WIN_RATE:
        read = card.pairwise.coverage if card.pairwise else None
        return Unread(0.0 if read is None else 1 - read, "preferences")
    covered = {name: coverage_of([one]) for name, one in card.criteria.items()}
    shares = {name: 0.0 if share is None else 1 - share for name, share in covered.items()}
    if not shares:
        return Unread(0.0, "verdicts")
    worst = max(shares, key=lambda name: shares[name])
    return Unread(shares[worst], f"verdicts on {worst}" if len(shares) > 1 else "verdicts")


def _about(scorecard: Scorecard, checks: list[GateCheck], decision: str) -> tuple[str, ...]:
    """Return what checks of one decision are about: a criterion where they are about one, else the rule."""
    found = [check for check in checks if check.decision == decision]
    return tuple(dict.fromkeys(check.criterion or _named(scorecard, check) for check in found))


def _named(scorecard: Scorecard, check: GateCheck) -> str:
    parts = check.expression.split()[0].split(".") if check.expression else []
    criterion = next((part for part in parts if part in scorecard.criteria or part == OVERALL), None)
    return criterion or check.expression


def _both_ways(leads: Mapping[tuple[str, str], Lead]) -> dict[tuple[str, str], Lead]:
    return {**leads, **{(b, a): lead.turned() for (a, b), lead in leads.items()}}


def _cost_per_record(scorecard: Scorecard) -> float | None:
    """
    Return what the run's calls cost per record, without its search for prompts.

    What an earlier run had paid for them counts too.
    """
    cost, evaluated = scorecard.cost_usd, scorecard.records.evaluated
    saved = scorecard.reused.saved_usd if scorecard.reused else 0.0
    if not evaluated or cost.total is None or saved is None:
        return None
    return (cost.total - (cost.prompt_search or 0.0) + saved) / evaluated
