"""Parts of `scorecard.json` on responses judged side by side; documented as the others."""

from collections.abc import Mapping

from pydantic import Field

from evaldrop.scorecard.model.paired import ComparisonFamily, Open, RestsOn
from evaldrop.scorecard.model.part import Interval, Part, nullable


class PairScores(Part):
    """Sums of the scores two responses were given side by side, where the judge gives scores."""

    candidate: float
    baseline: float
    n: int = Field(description="Records with scores; a record counts once, its judges and orders averaged.")


class PairwiseEstimate(Part):
    """
    Judges' preferences for a candidate, pairs shown in both orders unless the evaluation asks one.

    A pair is one record's two responses; a preference that changes with the order is a tie, and of several
    judges the majority counts.
    """

    win_rate: float | None = Field(description="Wins plus half the ties, of n.")
    standard_error: float | None = Field(description="Clustered by record, or by group where there are any.")
    interval: Interval | None = nullable(
        "Clopper–Pearson's, of as many pairs as the spread shows: ties make them more, clusters fewer."
    )
    wins: int
    losses: int
    ties: int
    flip_rate: float | None = Field(
        description="Share of n_both_orders in which the preference changed with the order; null where one "
        "order was asked."
    )
    flip_interval: Interval | None = nullable("Clopper–Pearson's, of as many as records or groups are worth.")
    first_shown_rate: float | None = nullable(
        "How often the response shown first was preferred, ties half; 0.5 is fair. With both orders, or one "
        "drawn."
    )
    first_shown_interval: Interval | None = nullable("As flip_interval.")
    n: int = Field(description="Pairs that count.")
    n_both_orders: int = Field(
        default=0,
        description="Preferences read in both orders, over all judges; identical responses left out.",
    )
    n_unscored: int = Field(default=0, description="Pairs without a preference, left out of n.")
    n_lost: int = Field(
        default=0, description="Pairs without a preference, also those that `unscored` counts as something."
    )
    coverage: float | None = nullable("Share of all pairs that have a preference.")
    bounds: Interval | None = nullable("The win rate, were all lost pairs decided against it, or for it.")
    bounds_interval: Interval | None = nullable(
        "What the interval may reach, whatever the lost pairs would have been; null when none is lost."
    )
    p_value: float | None = nullable(
        "That neither is preferred more often: exact sign test, sign flips for clusters."
    )
    p_adjusted: float | None = nullable("Holm, over the family.")
    family: ComparisonFamily | None = nullable("What it is decided with; null where nothing was tested.")
    family_interval: Interval | None = nullable(
        "What may be said of a win rate because it was decided, and whatever the lost pairs would have been."
    )
    decisive: bool = Field(
        default=False,
        description="p_adjusted is below 1 - confidence, and family_interval excludes 0.5.",
    )
    open: Open | None = nullable("Why it is not decided: chance, or what is missing. Null when it is.")
    rests_on: RestsOn = Field(
        default="judge",
        description="Whose preferences decide it: the judges', people's, or both.",
    )
    n_labelled: int = Field(default=0, description="Pairs whose preferences by people count.")
    scores: PairScores | None = nullable("Under by_baseline, where judges give scores.")


NOTHING_COMPARED = PairwiseEstimate(
    win_rate=None, standard_error=None, wins=0, losses=0, ties=0, flip_rate=None, n=0
)
"""Of a baseline, which has no win rate of its own."""


class CandidatePairwise(PairwiseEstimate):
    """A candidate's win rates: over all it was compared with, and each apart."""

    by_baseline: dict[str, PairwiseEstimate] = Field(
        default_factory=dict, description="Baseline, or opponent where all pairs are compared."
    )
    by_judge: dict[str, PairwiseEstimate] = Field(default_factory=dict)


class Strength(Part):
    """A candidate's Bradley–Terry strength with profile likelihood intervals."""

    log_strength: float = Field(description="Centred on 0; P(a beats b) = 1 / (1 + exp(b - a)).")
    interval: Interval
    elo: float = Field(description="1000 + 400 / ln 10 times the log strength.")
    elo_interval: Interval


class Strengths(Part):
    """Strengths of three or more candidates from all their pairs, ties counting half."""

    prior: float = Field(description="Pseudo-wins given to each side of every pair that was compared.")
    confidence: float
    candidates: dict[str, Strength]


def pairs_of(
    pairwise: Mapping[str, CandidatePairwise | None], name: str | None = None
) -> dict[tuple[str, str], PairwiseEstimate]:
    """Return every pair once, seen from its first candidate; of a candidate alone those it is in."""
    found: dict[tuple[str, str], PairwiseEstimate] = {}
    for candidate, known in pairwise.items():
        for opponent, estimate in known.by_baseline.items() if known else ():
            # Where all pairs are compared both of them have it.
            if (opponent, candidate) not in found and name in (None, candidate, opponent):
                found[candidate, opponent] = estimate
    return found
