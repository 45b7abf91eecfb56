"""What the API answers, as types, which the OpenAPI document is made of."""

from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from evaldrop.run.request import Labels
from evaldrop.store.model import Ending, Limits, State, StoredRun, Usage


class Answered(BaseModel):
    """Common settings of what is answered."""

    model_config = ConfigDict(frozen=True)


class ProgressAnswer(Answered):
    """How far a run is; None: not known, or not yet."""

    done: int | None = Field(default=None, description="Records that have ended.")
    total: int | None = None
    failed: int | None = None
    cost_usd: float | None = Field(default=None, description="Of the records that have ended.")


class ChoiceAnswer(Answered):
    """Which candidate was taken in the end: when, and by whom (a user, or a key's ID)."""

    candidate: str
    chosen_at: str
    chosen_by: str | None
    note: str | None


class RunSummary(Answered):
    """A run, in a line."""

    run_id: str
    state: State
    started_at: str
    evaluation: str | None
    dataset: str
    user: str | None
    customer: str | None
    key_id: str | None
    labels: Labels
    simulated: bool = Field(description="Whether no model was called and no money spent.")
    estimate_usd: float | None
    ending: Ending | None
    choice: ChoiceAnswer | None
    links: dict[str, str] = Field(description="Paths from the root of the API's host.")


class ShortResponse(Answered):
    """What a candidate answered to a record."""

    record_id: str
    candidate: str
    response: str | None = Field(description="Null where there is none: `error` says why.")
    error: str | None
    latency_ms: float | None
    cost_usd: float | None


class RunDetails(RunSummary):
    """A run, with what is known of it."""

    progress: ProgressAnswer | None = None
    scorecard: dict[str, JsonValue] | None = Field(
        default=None, description="scorecard.json of a finished run (docs/output-files.md)."
    )
    responses: tuple[ShortResponse, ...] | None = Field(
        default=None, description="What candidates answered; null of a run of more than a few records."
    )


class RunList(Answered):
    """A page of runs, the newest first."""

    runs: tuple[RunSummary, ...]
    after: str | None = Field(description="The parameter `after` of the next page; null at the end.")


class RecordDetails(Answered):
    """A record with what candidates responded and judges said."""

    record_id: str
    record: dict[str, Any] = Field(description="As it was prepared: a line of records.jsonl.")
    responses: tuple[dict[str, Any], ...] = Field(description="Rows of responses.parquet.")
    verdicts: tuple[dict[str, Any], ...] = Field(description="Rows of verdicts.parquet.")
    comparisons: tuple[dict[str, Any], ...] = Field(description="Rows of comparisons.parquet.")


class ListedRecord(Answered):
    """A record in a page: long texts are cut, and raw replies and thoughts left out."""

    ordinal: int = Field(description="Its place in the run, from 0; a parameter of the record by itself.")
    record_id: str
    category: str | None
    group: str | None
    prompt: str
    responses: tuple[dict[str, Any], ...] = Field(description="Rows of responses.parquet.")
    verdicts: tuple[dict[str, Any], ...] = Field(description="Rows of verdicts.parquet.")
    comparisons: tuple[dict[str, Any], ...] = Field(description="Rows of comparisons.parquet.")


class RecordList(Answered):
    """A page of records, in the dataset's order."""

    records: tuple[ListedRecord, ...]
    after: int | None = Field(description="The parameter `after` of the next page; null at the run's end.")
    looked: int = Field(description="How many records, from the run's first on, have been looked at by now.")
    of: int = Field(description="How many there are to look at.")


class PlanAnswer(Answered):
    """What a run would take. Nothing was called."""

    evaluation: str
    records: int
    calls: int
    cost_usd: dict[str, float] | None = Field(description="low, likely, high; null: a price is unknown.")
    known_cost_usd: dict[str, float] = Field(description="Of the models whose price is known.")
    unknown_prices: tuple[str, ...]
    duration_s: float
    lines: tuple[dict[str, Any], ...] = Field(description="Per candidate and judge.")
    prompt_search: dict[str, Any] | None = Field(
        description="Of the calls and the cost, what making prompts takes, and the records in each part; "
        "null: no prompt is made."
    )
    options: tuple[dict[str, Any], ...] = Field(
        description="The run in each delivery: on_demand, flex, batch."
    )
    deliveries: dict[str, str] = Field(description="candidate/NAME or judge/NAME: what is not on demand.")
    warnings: tuple[str, ...]


class OwnUsage(Answered):
    """What the caller's key has used; null of a sign-in, whose user is among the rows."""

    month: Usage | None
    today: Usage | None
    limits: Limits


class UsageRow(Usage):
    """What somebody has used in the month; the name is empty where nobody is named."""

    name: str


class UsageAnswer(Answered):
    """Usage of a month. An admin sees everybody's, others their own."""

    month: str
    by: str
    own: OwnUsage
    rows: tuple[UsageRow, ...]


class UploadAnswer(Answered):
    """Where to PUT a dataset; `dataset` is what POST /runs is told then."""

    url: str = Field(description="PUT the file here, without an API key.")
    dataset: str
    expires_in_s: int
    headers: dict[str, str] = Field(description="Send these with the file.")


class ReportLink(Answered):
    """Where a browser's tab can open a report, without a key."""

    url: str
    expires_in_s: int


class EvaluationNames(Answered):
    """Evaluations that can be named, and the built-in criteria."""

    evaluations: tuple[str, ...]
    criteria: tuple["CriterionChoice", ...]


class CriterionChoice(Answered):
    """A built-in criterion."""

    name: str
    question: str


class ModelChoice(Answered):
    """A model and its price in USD per 1,000,000 tokens; null where that is not known."""

    model: str
    is_id: bool = Field(
        description="Whether it can be called so; else it is a name, to which its version is to be added."
    )
    vendor: str | None
    input_usd: float | None
    output_usd: float | None


class ModelList(Answered):
    """Models to choose from. On one machine others can be named by their ID, too."""

    models: tuple[ModelChoice, ...]
    prices_date: str


class ComparisonAnswer(Answered):
    """Two runs side by side: what is decided, and what was answered."""

    now: dict[str, Any]
    then: dict[str, Any]
    simulated: bool
    records: dict[str, int]
    comparison: dict[str, Any]
    responses: tuple[dict[str, Any], ...]


# Whoever watches runs asks for the same ones again and again.
@lru_cache(maxsize=4096)
def summary_of(run: StoredRun, base: str) -> RunSummary:
    """Return a run as lists show it; its links begin with what is before the API's paths."""
    return RunSummary(**_fields(run, base))


def details_of(
    run: StoredRun,
    *,
    base: str,
    progress: ProgressAnswer | None = None,
    scorecard: dict[str, JsonValue] | None = None,
    responses: tuple[ShortResponse, ...] | None = None,
) -> RunDetails:
    """Return a run with what is known of it."""
    return RunDetails(**_fields(run, base), progress=progress, scorecard=scorecard, responses=responses)


def _fields(run: StoredRun, base: str) -> dict[str, Any]:
    own = f"{base}/runs/{run.run_id}"
    links = {"self": own}
    if run.state == "finished":
        links |= {"report": f"{own}/report", "choice": f"{own}/choice"}
    return {
        "run_id": run.run_id,
        "state": run.state,
        "started_at": run.started_at,
        "evaluation": run.evaluation,
        "dataset": run.dataset,
        "user": run.owner.user,
        "customer": run.owner.customer,
        "key_id": run.owner.key_id,
        "labels": run.labels,
        "simulated": run.simulated,
        "estimate_usd": run.estimate_usd,
        "ending": run.ending,
        "choice": _choice(run),
        "links": links,
    }


def _choice(run: StoredRun) -> ChoiceAnswer | None:
    if (taken := run.choice) is None:
        return None
    return ChoiceAnswer(
        candidate=taken.candidate, chosen_at=taken.chosen_at, chosen_by=taken.chosen_by, note=taken.note
    )
