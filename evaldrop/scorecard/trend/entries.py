"""`history.json` as types: what the history keeps of a run, and all that a trend is made of."""

from pydantic import Field

from evaldrop.run.request import NOBODY, Owner
from evaldrop.scorecard.model.part import Interval, Part, nullable


class HistoryEstimate(Part):
    """A candidate's estimates on one criterion, as the trend needs them."""

    mean: float | None
    interval: Interval | None
    pass_rate: float | None
    pass_interval: Interval | None
    n_scored: int
    standard_error: float | None = None
    bounds: Interval | None = nullable("The mean, whatever the lost verdicts were; null when none is lost.")
    repeat_error: float | None = nullable(
        "Standard error of the mean when the same records are asked again, from this run and the one of the "
        "same make before it; null without one."
    )


class HistoryCandidate(Part):
    """A candidate in one run. `settings` is a digest of whatever else shapes its requests."""

    model: str
    prompt: str
    prompt_sha256: str | None = None
    settings: str | None = None
    criteria: dict[str, HistoryEstimate]
    overall: float | None
    overall_interval: Interval | None
    overall_standard_error: float | None = None
    overall_n: int | None = None
    overall_bounds: Interval | None = None
    overall_repeat_error: float | None = None
    latency_ms_p50: float | None
    cost_usd: float | None
    win_rate: float | None = nullable("Over all it was compared with.")
    win_rate_interval: Interval | None = None
    win_rate_n: int | None = nullable("Pairs that it counts.")


class HistoryJudge(Part):
    """A judge in one run. `settings` is a digest of whatever else shapes its requests."""

    model: str
    prompt: str
    prompt_sha256: str | None
    settings: str


class HistoryEntry(Part):
    """
    A run as the history shows it. `folder` is relative to the output folder.

    Keys with a default came later than the others: an object of an earlier version stays readable.
    """

    run_id: str
    evaluation: str
    folder: str
    simulated: bool
    started_at: str
    dataset: str
    records: int
    coverage: float | None
    cost_usd: float | None
    decision: str
    summary: str
    recommendation: str = Field(default="", description="Which candidate to ship: the one sentence.")
    unanswered: str = Field(
        default="", description="Who answered nothing, so that the run failed; empty where nobody did."
    )
    alarms: int
    baseline: str | None
    candidates: dict[str, HistoryCandidate]
    description: str = Field(default="", description="The evaluation's own.")
    labels: tuple[str, ...] = Field(default=(), description="What the run is to be found by.")
    owner: Owner = Field(default=NOBODY, description="Who started it, by what key, on whose account.")
    regressed: tuple[str, ...] = Field(
        default=(), description='What regressed against the baseline, such as "lite on correctness".'
    )
    parent: str | None = nullable("Run whose replies this one reads again.")
    dataset_sha256: str | None = None
    workflow_sha256: str | None = None
    judges: dict[str, HistoryJudge] = Field(default_factory=dict)
    criteria: dict[str, str] = Field(
        default_factory=dict, description="Criterion: digest of the question and scale it was asked with."
    )
    weights: dict[str, float] = Field(default_factory=dict, description="Criterion: its share in overall.")
    anchors: dict[str, dict[str, HistoryEstimate]] = Field(
        default_factory=dict,
        description="Frozen responses, by name of the set: their estimates by criterion. Only the judge can "
        "move them.",
    )
    anchors_sha256: str | None = nullable(
        "Digest of anchors that come with the evaluation; another one, another set."
    )
