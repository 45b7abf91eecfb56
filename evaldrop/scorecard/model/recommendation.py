"""The part of `scorecard.json` that answers which candidate to ship. Public; docs/recommendation.md."""

from typing import Final, Literal

from pydantic import Field

from evaldrop.scorecard.model.part import Interval, Part, nullable

RecommendationKind = Literal[
    "best", "cheapest", "fastest", "alike", "only", "passes", "improved", "not_worse",
    "not_decided", "missing", "price_unknown", "gate_open", "untrusted", "no_gate", "no_verdicts",
    "gate_failed", "regressed", "low_coverage", "unanswered", "no_responses",
]  # fmt: skip
NOTHING_TO_SHIP: Final[frozenset[RecommendationKind]] = frozenset(
    ("gate_failed", "regressed", "unanswered", "no_responses")
)
"""Kinds that say to ship nothing, and are shown in red: more records would not mend them."""

GateStanding = Literal["pass", "fail", "inconclusive", "none"]
Standing = Literal["chosen", "not_worse", "worse", "gate_failed", "unknown"]


class SinceBaseline(Part):
    """What moved since the blessed run, on the quantity that decides: now minus then."""

    difference: float | None
    interval: Interval | None = nullable("At the level of all comparisons with the blessed run.")
    decision: Literal["improved", "regressed", "undecided"]


class RankedCandidate(Part):
    """A candidate as the recommendation sees it."""

    candidate: str
    quality: float | None = nullable("The quantity that decides; null without a verdict.")
    interval: Interval | None = nullable(
        "Of `quality` alone, at the scorecard's confidence, whatever is missing."
    )
    cost_usd_per_1000_records: float | None = nullable("Null where it is not known.")
    latency_ms_p90: float | None = None
    gate: GateStanding = Field(description="Of the rules that are about it; `none` where no rule is.")
    change: SinceBaseline | None = nullable("Null where nothing was compared with a blessed run.")
    standing: Standing = Field(
        description="Whether it is chosen, not shown to be worse than anybody, worse, or fails the gate."
    )


class WouldDecide(Part):
    """What it takes to decide between candidates."""

    between: tuple[str, ...] = Field(description="The first is the cheapest of them.")
    records: int = Field(
        description="More records: with them a run decides, whatever the true difference is."
    )
    cost_usd: float | None = nullable("At this run's cost per record; null where it is not known.")
    beyond_reach: bool = Field(description="More than 20 times the records there are.")


class Recommendation(Part):
    """Which candidate to ship, why, and what would decide where nothing is decided."""

    choice: str | None = nullable("The candidate to ship; null where none is, and in a rehearsal.")
    reason: str = Field(description="The sentence: the first line of every report.")
    kind: RecommendationKind = Field(description="Which branch of the rule (docs/recommendation.md).")
    quantity: str | None = nullable('What decides: "overall", a criterion, or "win_rate".')
    margin: float = Field(description="Differences up to it are equal for practical purposes, on its scale.")
    evidence: tuple[str, ...] = Field(default=(), description="What the sentence rests on.")
    would_decide: WouldDecide | None = nullable("More records that would decide; null where they would not.")
    ranking: tuple[RankedCandidate, ...] = Field(default=(), description="The best first.")
