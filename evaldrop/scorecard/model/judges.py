"""Parts of `scorecard.json` on judges: how they worked, agree, and do on what is known."""

from typing import Literal

from pydantic import Field

from evaldrop.scorecard.model.part import Interval, Part, nullable


class Agreement(Part):
    """How far several judges agree on one criterion; the unit is a response."""

    alpha: float | None = Field(description="Krippendorff's: 1 is full agreement, 0 what chance gives.")
    alpha_interval: Interval | None = nullable("Bayesian bootstrap over records, or groups.")
    level: Literal["nominal", "ordinal", "interval"]
    n_records: int = Field(description="Records with a response that two or more judges scored.")
    n_responses: int = Field(description="Such responses, of all candidates.")
    raw_agreement: float | None = Field(description="Share of pairs of judges that gave the same score.")
    raw_agreement_interval: Interval | None = nullable(
        "Clopper–Pearson's, of as many pairs as records or groups are worth."
    )
    spread: float | None = Field(
        description="Highest minus lowest score of a response, on average, in the criterion's unit."
    )
    reason: str | None = nullable("Why a number is null.")


ALGORITHM, PEOPLE = "algorithm", "people"
"""The judges of an imported run that are no model: what computed a number, and who rated."""

NO_BUDGET_LEFT = "budget"
"""The reason of a verdict that nobody was asked for, for the budget was spent."""

NOT_THE_JUDGES = frozenset({"not_applicable", "no_response", "missing", NO_BUDGET_LEFT})
"""Reasons for a missing verdict or preference that a judge has no part in: there was nothing to judge."""


class JudgedCriterion(Part):
    """A judge's verdicts on one criterion, those left out that it could not have given."""

    scored: int = Field(description="Verdicts with a score.")
    lost: int = Field(description="Verdicts without one, though there was a response to judge.")

    @property
    def coverage(self) -> float | None:
        """The scored share; None where nothing was to be judged."""
        return self.scored / (self.scored + self.lost) if self.scored + self.lost else None


class JudgeHealth(Part):
    """How well a judge worked."""

    model: str
    calls: int = Field(description="Replies there should be.")
    kept: int = Field(default=0, description="Of them, those taken from the parent run.")
    errors: int
    error_names: dict[str, int] = Field(default_factory=dict, description="Error name: calls.")
    error_example: str | None = nullable("What the first of the most frequent errors said, on one line.")
    error_advice: str | None = nullable("What to do about it, where that is known.")
    thinking: int = Field(default=0, description="Calls whose reply holds thinking.")
    unknown_stop_reasons: dict[str, int] = Field(
        default_factory=dict, description="Stop reason that is not known: replies."
    )
    asked_again: int = Field(default=0, description="Calls repeated because no verdict could be read.")
    retries: int = Field(default=0, description="Calls repeated by the workflow, most of them throttled.")
    scored: int = Field(default=0, description="Verdicts with a score.")
    on_shortened: int = Field(
        default=0, description="Verdicts and preferences on a prompt that was shortened to be shown."
    )
    unscored: dict[str, int] = Field(default_factory=dict, description="Reason: verdicts.")
    preferences: int = Field(default=0, description="Comparisons of two responses with a preference.")
    unread: dict[str, int] = Field(
        default_factory=dict, description="Reason: comparisons without a preference."
    )
    criteria: dict[str, JudgedCriterion] = Field(
        default_factory=dict, description="Criterion: how many of its verdicts there are."
    )
    tokens_input: int = 0
    tokens_output: int = 0
    cost_usd: float | None = None

    @property
    def given(self) -> int:
        """How many verdicts and preferences it gave that could be read."""
        return self.scored + self.preferences

    @property
    def lost(self) -> dict[str, int]:
        """Reason: verdicts and preferences that it owes."""
        found: dict[str, int] = {}
        for reasons in (self.unscored, self.unread):
            for reason, n in reasons.items():
                if reason not in NOT_THE_JUDGES:
                    found[reason] = found.get(reason, 0) + n
        return found

    @property
    def coverage(self) -> float | None:
        """The share of what it was to give that could be read; None where that was nothing."""
        owed = self.given + sum(self.lost.values())
        return self.given / owed if owed else None


class AnchorMiss(Part):
    """An anchor that a judge got wrong on a criterion."""

    anchor: str = Field(description="Its id in the evaluation.")
    criterion: str
    passes: bool = Field(description="What is known: whether it passes.")
    score: float = Field(description="What the judge gave, its repeats averaged.")


class AnchorVerdict(Part):
    """What a judge gave an anchor on a criterion, its repeats averaged: a later run is held to it."""

    anchor: str
    criterion: str
    score: float


class AnchorScores(Part):
    """
    What a judge gave the anchors of one kind on one criterion.

    The same responses come back in every run, so only the judge can move these: `evaldrop trend` tells a
    moved judge from a moved model by them.
    """

    passes: bool = Field(description="Which kind: those known to pass, or to fail.")
    criterion: str
    n: int = Field(description="Anchors with a score.")
    mean: float = Field(description="On the criterion's own scale.")
    standard_error: float | None = Field(description="Over anchors; null for a single one.")
    interval: Interval | None = Field(description="Student's t; Wilson's on a binary scale.")
    pass_rate: float = Field(description="Share that the judge passes.")
    pass_interval: Interval = Field(description="Wilson.")


class AnchorEstimate(Part):
    """How a judge does on responses known to pass or fail; a check is one anchor on one criterion."""

    n: int = Field(description="Checks with a score.")
    missed: int = Field(description="Checks whose pass or fail is not what is known.")
    unscored: int = Field(default=0, description="Checks without a score.")
    missed_rate: float | None = nullable("missed / n; null without a score.")
    interval: Interval | None = nullable("Of missed_rate: Wilson.")
    tolerance: float = Field(description="Share that may be missed.")
    trusted: bool = Field(description="At least one check was scored, and no more missed than tolerated.")
    reason: str | None = nullable("Why it is not trusted.")
    misses: tuple[AnchorMiss, ...] = Field(default=(), description="The first 20 that were missed.")
    scores: tuple[AnchorScores, ...] = Field(
        default=(), description="By kind and criterion, for the trend over runs."
    )
    by_anchor: tuple[AnchorVerdict, ...] = Field(default=(), description="Every check with a score.")
