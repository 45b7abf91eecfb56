"""What may be sent to the API, as types: bodies and parameters. Unknown fields are refused."""

from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    model_validator,
)

from evaldrop.evaluation.definition import Name
from evaldrop.run.request import Labels
from evaldrop.store.model import State, in_utc

MOST_RECORDS = 100
MOST_CHARACTERS = 400_000

Text = Annotated[str, StringConstraints(min_length=1, max_length=MOST_CHARACTERS)]
Definition = dict[str, JsonValue]
Month = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Day = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$"),
    AfterValidator(in_utc),
]
RunId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,80}$")]

_KIND = "(error|failed|unscored|flagged|disagreement)"
_KINDS = rf"^{_KIND}(,{_KIND}){{0,4}}$"

_SHORT: dict[str, JsonValue] = {
    "article": "The bridge was closed on Monday after engineers found cracks in two of its cables.",
    "models": ["amazon.nova-lite-v1:0", "amazon.nova-micro-v1:0"],
    "prompt": "Summarise this article in one sentence.",
}
_LONG: dict[str, JsonValue] = {
    "records": [{"id": "capital", "prompt": "What is the capital of France?", "reference": "Paris"}],
    "evaluation": {
        "name": "capitals",
        "candidates": [{"name": "lite", "model": "amazon.nova-lite-v1:0"}],
        "judges": [{"name": "haiku", "model": "anthropic.claude-haiku-4-5-20251001-v1:0"}],
        "criteria": ["correctness"],
    },
    "labels": ["branch=main"],
}


class Sent(BaseModel):
    """Common settings of what is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class RunAsked(Sent):
    """
    A run: what is evaluated (one of `article`, `records`, `dataset`), and by which evaluation.

    `models`, `prompt`, `criteria` and `judge` are short forms, by themselves or over `evaluation`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [_SHORT, _LONG]})

    article: Text | None = Field(default=None, description="One text, which `prompt` says what to do with.")
    records: Annotated[tuple[Text | Definition, ...], Field(min_length=1, max_length=MOST_RECORDS)] | None = (
        Field(default=None, description="Rows of a dataset (docs/datasets.md); a text is an article.")
    )
    dataset: Annotated[str, StringConstraints(pattern=r"^s3://.+", max_length=1100)] | None = Field(
        default=None, description="URI of an uploaded dataset, as POST /uploads gave it."
    )
    evaluation: Name | Definition | None = Field(
        default=None, description="Name of one of GET /evaluations, or what evaluation.yaml would say."
    )
    name: Name | None = Field(default=None, description="Of the evaluation; by default its own, or api.")
    models: Annotated[tuple[Text | Definition, ...], Field(min_length=1, max_length=40)] | None = Field(
        default=None, description="Candidates: model IDs, or objects as in evaluation.yaml."
    )
    prompt: Text | None = Field(
        default=None,
        description="What candidates are asked, of records that have no prompt of their own; or a prompt "
        "file's name, such as answer.v1.",
    )
    criteria: Annotated[tuple[Text | Definition, ...], Field(max_length=40)] | None = Field(
        default=None, description="Built-in names, or definitions as in evaluation.yaml."
    )
    judge: Text | Definition | None = Field(
        default=None, description="Model ID, or an object as in evaluation.yaml."
    )
    limit: Annotated[int, Field(strict=True, ge=1, le=10_000_000)] | None = Field(
        default=None, description="Evaluate only the first so many records."
    )
    budget_usd: Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)] | None = Field(
        default=None,
        description="What the run may cost, instead of the evaluation's: records for which too little is "
        "left are not begun.",
    )
    labels: Labels = Field(default=(), description="What the run is to be found by.")
    customer: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        default=None, description="On whose account it goes; by default the key's."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        given = [name for name in ("article", "records", "dataset") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give one of article, records and dataset, not {' and '.join(given) or 'none'}."
            )
        return self


class ChoiceAsked(Sent):
    """Which candidate was taken in the end."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"candidate": "nova-lite", "note": "cheaper"}]})

    candidate: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    note: Annotated[str, StringConstraints(max_length=1000)] | None = None


class UploadAsked(Sent):
    """A dataset that is to be uploaded."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "faq.jsonl"}]})

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")] = Field(
        description="The file's name; its ending says what it is (docs/datasets.md)."
    )


class NoParameters(Sent):
    """No parameter is known."""


class PageParameters(BaseModel):
    """Of GET /. A sign-in leads back with a code, which is for the page's script alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StartParameters(Sent):
    """Of POST /runs."""

    wait: int = Field(
        default=0, ge=0, le=25, description="Seconds to wait for the result, which is answered then."
    )


class RunsParameters(Sent):
    """Of GET /runs. Each narrows."""

    user: str | None = Field(default=None, max_length=200)
    customer: str | None = Field(default=None, max_length=100)
    evaluation: str | None = Field(default=None, max_length=64)
    state: State | None = None
    since: Day | None = Field(default=None, description="Day or moment in UTC; included.")
    until: Day | None = Field(default=None, description="Day or moment in UTC; excluded.")
    limit: int = Field(default=50, ge=1, le=200)
    after: str | None = Field(default=None, max_length=2000, description="`after` of the page before.")


class UsageParameters(Sent):
    """Of GET /usage."""

    month: Month | None = Field(default=None, description="Such as 2026-11; by default this one, in UTC.")
    by: Literal["customer", "key", "user"] = "customer"


class CompareParameters(Sent):
    """Of GET /compare."""

    a: RunId = Field(description="The run.")
    b: RunId = Field(description="The run it is held against.")
    limit: int = Field(default=50, ge=0, le=500, description="Responses that are shown, the worst first.")


class RecordsParameters(Sent):
    """Of GET /runs/{run_id}/records. Each narrows; all have to fit the result of one candidate."""

    candidate: str | None = Field(default=None, max_length=64, description="Whose result; by default any.")
    criterion: str | None = Field(
        default=None, max_length=64, description="What `show` is about; by itself: what is scored."
    )
    category: str | None = Field(default=None, max_length=1000)
    group: str | None = Field(default=None, max_length=1000)
    show: Annotated[str, StringConstraints(pattern=_KINDS)] | None = Field(
        default=None,
        description="Without a response (error), failed, unscored, flagged, or on which candidates differ "
        "(disagreement); several, by commas, have to hold together.",
    )
    text: str | None = Field(
        default=None,
        min_length=1,
        max_length=1000,
        description="In the record's ID, the prompt, a response or a rationale, in letters of any case.",
    )
    limit: int = Field(default=50, ge=1, le=200)
    after: int | None = Field(default=None, ge=0, description="`after` of the page before.")


class RecordParameters(Sent):
    """Of GET /runs/{run_id}/records/{record_id}."""

    ordinal: int | None = Field(
        default=None, ge=0, description="The record's, from a list: with it a large run is not searched."
    )
