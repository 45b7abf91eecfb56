"""Parts of `scorecard.json` on responses judged side by side; documented as the others."""

from pydantic import Field

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
    interval: Interval | None = nullable("Wilson's; Student's t for clusters.")
    wins: int
    losses: int
    ties: int
    flip_rate: float | None = Field(
        description="Share of n_both_orders in which the preference changed with the order; null where one "
        "order was asked."
    )
    first_shown_rate: float | None = nullable(
        "How often the response shown first was preferred, ties half; 0.5 is fair. With both orders, or one "
        "drawn."
    )
    n: int = Field(description="Pairs that count.")
    n_both_orders: int = Field(
        default=0,
        description="Preferences read in both orders, over all judges; identical responses left out.",
    )
    n_unscored: int = Field(default=0, description="Pairs without a preference, left out of n.")
    bounds: Interval | None = nullable("The win rate, were all unscored pairs lost, or won.")
    scores: PairScores | None = nullable("Under by_baseline, where judges give scores.")


class CandidatePairwise(PairwiseEstimate):
    """A candidate's win rates: over all it was compared with, and each apart."""

    by_baseline: dict[str, PairwiseEstimate] = Field(
        default_factory=dict, description="Baseline, or opponent where all pairs are compared."
    )
    by_judge: dict[str, PairwiseEstimate] = Field(default_factory=dict)


class Strength(Part):
    """A candidate's Bradley–Terry strength with percentile bootstrap intervals over records."""

    log_strength: float = Field(description="Centred on 0; P(a beats b) = 1 / (1 + exp(b - a)).")
    interval: Interval
    elo: float = Field(description="1000 + 400 / ln 10 times the log strength.")
    elo_interval: Interval


class Strengths(Part):
    """Strengths of three or more candidates from all their pairs, ties counting half."""

    prior: float = Field(description="Pseudo-wins given to each side of every pair.")
    confidence: float
    candidates: dict[str, Strength]
