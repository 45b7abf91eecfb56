"""What every paired comparison in `scorecard.json` has: of candidates, of runs, of perturbed copies."""

from typing import Literal

from pydantic import Field

from evaldrop.scorecard.model.part import Interval, Part, nullable

Open = Literal["chance", "few_changed", "missing"]
RestsOn = Literal["judge", "people", "both"]


class ComparisonFamily(Part):
    """The comparisons that are decided together."""

    n: int = Field(description="How many were tested.")
    confidence: float = Field(description="Level of each family interval, above that of the scorecard.")


class JudgeOnly(Part):
    """A difference as the judge alone sees it, where people's labels correct it."""

    n: int
    difference: float | None = None
    interval: Interval | None = None
    p_value: float | None = None


class PairedEstimate(Part):
    """
    The mean difference over the records that both sides have, and what it bears.

    A difference is decided when its adjusted p value, its family interval and its bounds all exclude 0.
    """

    n: int = Field(description="Records both sides have a score for.")
    difference: float | None = None
    standard_error: float | None = nullable(
        "Of the difference; clustered where records have groups. Null where no interval can be had."
    )
    interval: Interval | None = nullable("Of this comparison alone, at the scorecard's confidence.")
    p_value: float | None = None
    p_adjusted: float | None = nullable("Holm, over the family.")
    family: ComparisonFamily | None = nullable("What it is decided with; null where nothing was tested.")
    family_interval: Interval | None = nullable(
        "At the family's level: what may be said of a difference because it was decided."
    )
    minimum_detectable: float | None = nullable(
        "The smallest true difference that would have been decided in 80 of 100 runs, within the family."
    )
    n_missing: int = Field(default=0, description="Records on which a verdict of either side is missing.")
    bounds: Interval | None = nullable(
        "The difference, whatever the missing verdicts would have been; null when none is missing."
    )
    open: Open | None = nullable(
        "Why it is not decided: chance, too few changed records, or what is missing. Null when it is."
    )
    rests_on: RestsOn = Field(
        default="judge", description="Whose verdicts decide: the judge's, people's, or both."
    )
    n_labelled: int = Field(default=0, description="Records on which people's labels of both sides count.")
    left_out: str | None = nullable("Why labels that there are do not decide: the judge alone does.")
    judge_only: JudgeOnly | None = nullable("Without people's labels, where they decide.")
    reason: str | None = nullable("Why a number is null.")

    @property
    def reported_interval(self) -> Interval | None:
        """The interval to be told: a difference is looked at because it stands out among others."""
        # Scorecards of an earlier version have none of the family.
        return self.family_interval or self.interval
