"""
The rule: which candidate to ship. docs/recommendation.md states it for readers.

1. Gate: a candidate that fails it is out; a rule about the whole run that fails leaves nothing to ship.
2. Quality: who is shown to be worse than another of the rest is out. The cheapest of those that are left is
   taken only where nobody may be better by more than the margin; else nothing is decided.
3. Price: the cheapest; of those within 5 % the one with the lowest p90. Not where a price is unknown.
4. Before it is said, the choice must have passed the gate and not be worse than in the blessed run, and
   nine tenths of all answers must be there. A run in which somebody gave none has nothing to ship.
"""

from collections.abc import Iterable, Sequence
from math import ceil, floor, inf, log10
from typing import NamedTuple

from evaldrop.scorecard.model.recommendation import RecommendationKind, WouldDecide
from evaldrop.scorecard.recommendation.facts import Contender, Facts
from evaldrop.scorecard.recommendation.leads import MARGIN, Lead

FEWEST_RECORDS = 10
"""With fewer the spread itself is a guess, and so is how many more records would decide."""

MOST_TIMES = 20
"""A dataset grows so many times at most: what takes more is beyond reach."""

AS_GOOD_AS_THE_LEAST = 1.05
"""Prices and latencies up to so many times the least count as the same."""

SHIPPED: frozenset[RecommendationKind] = frozenset(
    ("best", "cheapest", "fastest", "alike", "only", "passes", "improved", "not_worse")
)


class Ruling(NamedTuple):
    """
    A branch of the rule with what its sentence needs.

    Attributes:
        leading: The candidate it is about: the choice, or who would be chosen.
        rivals: Who else is not shown to be worse; where nothing is decided, who may be better than `leading`.
        as_if: Where only gate or blessed run stand against `leading`: the branch that chose it.
    """

    kind: RecommendationKind
    leading: Contender | None = None
    rivals: tuple[Contender, ...] = ()
    as_if: RecommendationKind | None = None
    would_decide: WouldDecide | None = None

    @property
    def choice(self) -> str | None:
        """The candidate to ship."""
        return self.leading.name if self.leading and self.kind in SHIPPED else None


def decide(facts: Facts) -> Ruling:
    """Return which candidate to ship, or why none is named."""
    if not any(contender.answered for contender in facts.contenders):
        return Ruling("no_responses")
    if facts.silent_ones:
        return Ruling("unanswered")
    if facts.distrusted:
        return Ruling("untrusted")
    if facts.run_failed_on:
        return Ruling("gate_failed")
    running = facts.running
    if not running:
        return Ruling("gate_failed")
    chosen = _alone(running[0], facts) if len(running) == 1 else _among(running, facts)
    return _held_back(chosen, facts)


def not_worse(running: Sequence[Contender], facts: Facts) -> list[Contender]:
    """Return the candidates that are not shown to be worse than another."""
    beaten = {
        other.name
        for one in running
        for other in running
        if (lead := facts.leads.get((one.name, other.name))) and lead.sure > 0
    }
    return [one for one in running if one.name not in beaten]


def may_lead(one: Contender, over: Contender, facts: Facts) -> bool:
    """Tell whether `one` may be better than `over` by more than the margin."""
    lead = facts.leads.get((one.name, over.name))
    return lead is None or (lead.sure >= 0 and lead.at_most > MARGIN)


def _alone(one: Contender, facts: Facts) -> Ruling:
    """Judge the only candidate, or the only one that neither fails the gate nor failed to answer."""
    if one.gate == "pass":
        return Ruling("passes" if len(facts.contenders) == 1 else "only", one)
    if one.gate == "inconclusive":
        return Ruling("gate_open", one)
    # What no rule is about did not pass a gate: there is the blessed run to hold it to, or nothing.
    since = one.since
    if since is None or len(facts.contenders) > 1:
        return Ruling("no_gate", one)
    if since.sure > 0:
        return Ruling("improved", one)
    if since.sure < 0:
        return Ruling("regressed", one)
    if since.turned().at_most <= MARGIN:
        return Ruling("not_worse", one)
    if _needs_the_missing(since.turned()):
        return Ruling("missing", one)
    return Ruling("not_decided", one, would_decide=_would_decide((one.name,), [since], facts))


def _among(running: Sequence[Contender], facts: Facts) -> Ruling:
    if facts.quantity is None or all(one.quality is None for one in running):
        return Ruling("no_verdicts", rivals=tuple(running))
    best = not_worse(running, facts)
    # Each shown to be worse than another: pairs are tested apart, and of three each may win one.
    if not best:
        return Ruling("not_decided", running[0], tuple(running[1:]))
    # Those with an open gate, or worse than in the blessed run, only where there is nobody else.
    clear = [one for one in best if one.gate != "inconclusive" and not one.regressed_on]
    return _cheapest(clear or best, best, facts)


def _cheapest(pool: Sequence[Contender], best: Sequence[Contender], facts: Facts) -> Ruling:
    """Choose from `pool` one that nobody of `best` may lead by more than the margin."""
    if len(best) == 1:
        return Ruling("best", best[0])
    ordered = sorted(pool, key=_cost)
    tied = [one for one in ordered if _cost(one) <= AS_GOOD_AS_THE_LEAST * _cost(ordered[0])]
    # Of those as cheap as the cheapest one that is safe to name, the fastest.
    safe = [one for one in tied if not _rivals(one, best, facts)]
    if not safe:
        return _undecided(tied[0], _rivals(tied[0], best, facts), facts)
    chosen = min(safe, key=_latency)
    others = tuple(one for one in best if one is not chosen)
    if any(one.cost is None for one in pool):
        return Ruling("price_unknown", chosen, others)
    if len(tied) == 1:
        return Ruling("cheapest", chosen, others)
    rest = min(_latency(one) for one in tied if one is not chosen)
    is_faster = rest < inf and rest > AS_GOOD_AS_THE_LEAST * _latency(chosen)
    return Ruling("fastest" if is_faster else "alike", chosen, others)


def _rivals(one: Contender, best: Iterable[Contender], facts: Facts) -> tuple[Contender, ...]:
    return tuple(other for other in best if other is not one and may_lead(other, one, facts))


def _undecided(one: Contender, rivals: tuple[Contender, ...], facts: Facts) -> Ruling:
    leads = [facts.leads.get((rival.name, one.name)) for rival in rivals]
    known = [lead for lead in leads if lead is not None]
    # More records bring no verdict that is missing.
    if any(map(_needs_the_missing, known)) or any(
        lead is None and max(rival.unread.share, one.unread.share) > 0
        for rival, lead in zip(rivals, leads, strict=True)
    ):
        return Ruling("missing", one, rivals)
    names = (one.name, *(rival.name for rival in rivals))
    found = _would_decide(names, known, facts) if len(known) == len(rivals) else None
    return Ruling("not_decided", one, rivals, would_decide=found)


def _needs_the_missing(lead: Lead) -> bool:
    """Tell whether a lead stays open, however many records there are, because verdicts are missing."""
    return lead.is_missing or lead.high <= MARGIN < lead.at_most or sum(lead.lacking) >= MARGIN


def _held_back(chosen: Ruling, facts: Facts) -> Ruling:
    """Return the ruling, unless missing answers, gate or blessed run stand against the one that it chose."""
    one = chosen.leading
    if one is None or chosen.kind not in {*SHIPPED, "gate_open"}:
        return chosen
    # First, for a gate without rules is open for nothing else, and then this says why.
    if facts.lacks(one.name):
        as_if = chosen.kind if chosen.kind in SHIPPED else None
        return chosen._replace(kind="low_coverage", as_if=as_if)
    if chosen.kind == "gate_open":
        return chosen
    if one.regressed_on:
        return chosen._replace(kind="regressed", as_if=chosen.kind)
    if one.gate == "inconclusive" or facts.run_open_on:
        return chosen._replace(kind="gate_open", as_if=chosen.kind)
    return chosen


def needs_labels(leads: Iterable[Lead]) -> bool:
    """Tell whether people's labels are what leads rest on: more records without labels decide nothing."""
    return any(lead.by_people for lead in leads)


def _would_decide(names: tuple[str, ...], leads: Sequence[Lead], facts: Facts) -> WouldDecide | None:
    """
    Return how many more records decide, whatever the true differences are.

    Widths fall with the square root of the records. Once an interval is no wider than the margin it is either
    below the margin or above 0, so that the pair is equal or decided: n (width / margin)^2 - n. What verdicts
    that are missing leave open falls with no number of records, and is taken from the margin.
    """
    if not leads or min(lead.n for lead in leads) < FEWEST_RECORDS or needs_labels(leads):
        return None
    times = max(lead.width / (MARGIN - sum(lead.lacking)) for lead in leads) ** 2
    more = _round_up(max(1.0, (times - 1) * max(lead.n for lead in leads)))
    per_record = facts.cost_per_record
    return WouldDecide(
        between=names,
        records=more,
        cost_usd=None if per_record is None else more * per_record,
        beyond_reach=times > MOST_TIMES,
    )


def _round_up(records: float) -> int:
    """Return a number of records to two figures, rounded up: more would look exact."""
    step: int = 10 ** max(0, floor(log10(records)) - 1)
    return ceil(records / step) * step


def _cost(one: Contender) -> float:
    return inf if one.cost is None else one.cost


def _latency(one: Contender) -> float:
    return inf if one.p90 is None else one.p90
