"""Which candidate to ship: one pure function of a scorecard. docs/recommendation.md states its rule."""

from collections.abc import Sequence

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
    outcome = decide(facts)
    return Recommendation(
        # A rehearsal chooses nobody: no model answered.
        choice=None if scorecard.simulated else outcome.choice,
        reason=sentence(outcome, facts, scorecard),
        kind=outcome.kind,
        quantity=facts.quantity.name if facts.quantity else None,
        margin=facts.quantity.margin if facts.quantity else MARGIN,
        evidence=tuple(evidence(outcome, facts, scorecard)),
        would_decide=outcome.would_decide,
        ranking=tuple(_ranking(outcome, facts)),
    )


def _ranking(outcome: Ruling, facts: Facts) -> Sequence[RankedCandidate]:
    ahead = {one.name for one in not_worse(facts.running, facts)}
    ranked = [_ranked(one, ahead, outcome) for one in facts.contenders]
    order: dict[Standing, int] = {"chosen": 0, "not_worse": 1, "worse": 2, "unknown": 3, "gate_failed": 4}
    turned = -1 if facts.quantity is None or facts.quantity.higher_is_better else 1
    return sorted(ranked, key=lambda one: (order[one.standing], turned * (one.quality or 0.0)))


def _ranked(one: Contender, ahead: set[str], outcome: Ruling) -> RankedCandidate:
    standing: Standing = "unknown"
    if outcome.choice == one.name:
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
