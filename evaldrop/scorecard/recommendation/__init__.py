"""Which candidate to ship: one pure function of a scorecard. docs/recommendation.md states its rule."""

from collections.abc import Sequence
from math import inf

from evaldrop.scorecard.model.recommendation import (
    RankedCandidate,
    Recommendation,
    SinceBaseline,
    Standing,
)
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.recommendation.evidence import evidence
from evaldrop.scorecard.recommendation.facts import Contender, Facts, facts_of
from evaldrop.scorecard.recommendation.leads import MARGIN
from evaldrop.scorecard.recommendation.rule import Ruling, decide, not_worse
from evaldrop.scorecard.recommendation.words import sentence


def recommendation_of(scorecard: Scorecard) -> Recommendation:
    """Return what a scorecard recommends; one of before there were recommendations is asked now."""
    return scorecard.recommendation or recommend(scorecard)


def recommend(scorecard: Scorecard) -> Recommendation:
    """Return which candidate to ship, by a scorecard whose gate was judged and baseline compared."""
    facts = facts_of(scorecard)
    ruling = decide(facts)
    return Recommendation(
        # A rehearsal chooses nobody: no model answered.
        choice=None if scorecard.simulated else ruling.choice,
        reason=sentence(ruling, facts, scorecard),
        kind=ruling.kind,
        quantity=facts.quantity.name if facts.quantity else None,
        margin=facts.quantity.margin if facts.quantity else MARGIN,
        evidence=tuple(evidence(ruling, facts, scorecard)),
        would_decide=ruling.would_decide,
        ranking=tuple(_ranking(ruling, facts)),
    )


def _ranking(ruling: Ruling, facts: Facts) -> Sequence[RankedCandidate]:
    ahead = {one.name for one in not_worse(facts.running, facts)}
    ranked = {one.name: _ranked(one, ahead, ruling) for one in facts.contenders}
    order: dict[Standing, int] = {"chosen": 0, "not_worse": 1, "worse": 2, "unknown": 3, "gate_failed": 4}
    return sorted(
        ranked.values(),
        key=lambda one: (order[one.standing], *_places(one, facts)),
    )


def _places(one: RankedCandidate, facts: Facts) -> tuple[float, float, float]:
    """Return by what candidates of one standing are ordered: the lead, else the mean, and the price."""
    cost = inf if one.cost_usd_per_1000_records is None else one.cost_usd_per_1000_records
    leads = [lead.estimate for (name, _), lead in facts.leads.items() if name == one.candidate]
    if not leads:
        return 0.0, -_turned(one, facts), cost
    # How far it is ahead of the others on what both have, and not its mean, even where nobody is ahead: that
    # is over the verdicts it has itself, which may be the easy ones.
    return -round(sum(leads) / len(leads), 12), 0.0, cost


def _turned(one: RankedCandidate, facts: Facts) -> float:
    quality = one.quality or 0.0
    return quality if facts.quantity is None or facts.quantity.higher_is_better else -quality


def _ranked(one: Contender, ahead: set[str], ruling: Ruling) -> RankedCandidate:
    standing: Standing = "unknown"
    if ruling.choice == one.name:
        standing = "chosen"
    elif one.gate == "fail":
        standing = "gate_failed"
    elif one.answered and one.quality is not None:
        standing = "not_worse" if one.name in ahead else "worse"
    change = one.change
    return RankedCandidate(
        candidate=one.name,
        quality=one.quality,
        interval=one.interval,
        cost_usd_per_1000_records=one.cost,
        latency_ms_p90=one.p90,
        gate=one.gate,
        change=change
        and SinceBaseline(
            difference=change.difference,
            interval=change.family_interval or change.interval,
            decision=change.decision,
        ),
        standing=standing,
    )
