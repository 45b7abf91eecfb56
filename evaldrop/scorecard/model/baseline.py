"""The `baseline` part of `scorecard.json`: a run against an earlier one, record by record."""

from typing import Literal

from pydantic import Field

from evaldrop.scorecard.model.paired import PairedEstimate
from evaldrop.scorecard.model.part import Interval, Part, nullable

Change = Literal["improved", "regressed", "undecided"]
Look = Literal["single", "first", "later"]


class BaselineEstimate(PairedEstimate):
    """
    This run minus what it is held to on one criterion, over the records that both have a score for.

    Counts of records are against the baseline itself, whatever runs are pooled with it.
    """

    decision: Change = "undecided"
    may_hide_regression: bool = Field(
        default=False,
        description="With the missing verdicts at their worst, a regression would be decided at the "
        "scorecard's own level.",
    )
    bounded_interval: Interval | None = nullable(
        "Of this comparison alone, whatever the missing verdicts would have been; null when none is missing."
    )
    better: int = Field(default=0, description="Records that score better than then.")
    worse: int = Field(default=0, description="Records that score worse than then.")
    lost: int = Field(default=0, description="Records with a verdict then and none now.")
    largest_drop: float | None = nullable(
        "How much the worst record lost, on the criterion's scale; 0 when none did."
    )
    worse_records: tuple[str, ...] = Field(
        default=(), description="Ids of the records that lost most, at most 200; the worst first."
    )


class Moved(Part):
    """A fact of both runs. Null where unknown."""

    was: float | None
    now: float | None


class BaselineCandidate(Part):
    """A candidate that is in both runs."""

    criteria: dict[str, BaselineEstimate] = Field(description='By criterion, and "overall".')
    categories: dict[str, dict[str, BaselineEstimate]] = Field(default_factory=dict)
    new_errors: int = Field(default=0, description="Records answered then and not now.")
    mended_errors: int = Field(default=0, description="Records answered now and not then.")
    latency_ms_p50: Moved
    latency_ms_p90: Moved
    cost_usd_per_1000_records: Moved


class WorseRecord(Part):
    """A record that scores worse than in the baseline."""

    record_id: str
    candidate: str
    criterion: str
    was: float
    now: float


class Baseline(Part):
    """This run against its baseline."""

    uri: str
    run_id: str | None = None
    started_at: str | None = None
    comparable: bool = Field(description="False: judges, criteria or data differ, and nothing is compared.")
    forced: bool = Field(default=False, description="It was compared all the same.")
    obstacles: tuple[str, ...] = Field(default=(), description="What makes the runs incomparable.")
    changes: tuple[str, ...] = Field(default=(), description="What differs and is what is being compared.")
    pooled: tuple[str, ...] = Field(
        default=(),
        description="The runs whose scores, averaged by record, this one is held to; the baseline first.",
    )
    look: Look = Field(
        default="single",
        description='"single": asked once, by hand. Else it has a share of the level of a year of 52 runs: '
        '"first" of its make since the baseline was blessed, or "later".',
    )
    level: float | None = nullable(
        "Chance that anything is decided falsely in this comparison, over all candidates and criteria."
    )
    records: int = Field(default=0, description="Records in both runs.")
    only_now: int = Field(default=0, description="Records of this run alone.")
    only_then: int = Field(default=0, description="Records of the baseline alone.")
    candidates: dict[str, BaselineCandidate] = Field(default_factory=dict)
    new_candidates: tuple[str, ...] = ()
    gone_candidates: tuple[str, ...] = ()
    worst_records: tuple[WorseRecord, ...] = Field(
        default=(),
        description="The 50 that lost the largest share of a scale, and the first 6 of each candidate "
        "and criterion.",
    )
    summary: str = Field(default="", description="The comparison in words.")

    @property
    def regressed(self) -> frozenset[tuple[str, str]]:
        """On what candidates are decided to be worse than then: candidate and criterion."""
        return frozenset(
            (name, criterion)
            for name, card in self.candidates.items()
            for criterion, estimate in card.criteria.items()
            if estimate.decision == "regressed"
        )
