"""
The events that a stack sends, as they are documented in docs/events.md.

Nothing of a dataset's texts is in them, and none is long: EventBridge takes 256 KiB, and rules hand them on
to chats and pipelines. A failure's cause is left out, for it may quote a row.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

SOURCE = "evaldrop"
MAX_SENTENCE_CHARACTERS = 1_000
MAX_ERROR_CHARACTERS = 200
MAX_DROPS = 20

Sentence = Annotated[str, Field(max_length=MAX_SENTENCE_CHARACTERS)]


class Event(BaseModel):
    """What is in the detail of every event."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    detail_type: ClassVar[str]

    version: Literal[1] = Field(default=1, description="Of these keys: others may be added, none change.")
    stack: str = Field(description="The stack's name.")
    run_id: str = Field(description="The run's ID, which is its execution's name.")
    dataset: str = Field(description="URI of the dataset.")
    customer: str | None = Field(default=None, description="On whose account; null where nobody is named.")
    simulated: bool = Field(description="True: a rehearsal, in which no model was called.")


class Links(BaseModel):
    """Where to read on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: str = Field(description="URI of the run's folder.")
    report: str = Field(description="URI of its report.")
    scorecard: str = Field(description="URI of its scorecard.")


class RunStarted(Event):
    """An execution began, or is going on when its upload is announced once more."""

    detail_type = "Run Started"

    evaluation: str | None = Field(description="URI of the evaluation; null where it is looked for.")
    labels: tuple[str, ...] = Field(description="What the run is to be found by.")


class RunFinished(Event):
    """There is a scorecard."""

    detail_type = "Run Finished"

    evaluation: str = Field(description="The evaluation's name.")
    decision: str = Field(description="The gate's: pass, fail, inconclusive or no gate.")
    recommendation: Sentence = Field(description="Which candidate to ship, in a sentence.")
    choice: str | None = Field(description="The candidate to ship; null where none is.")
    cost_usd: float | None = Field(description="USD of all calls; null where a price is unknown.")
    records: int = Field(description="Records that were evaluated.")
    links: Links


class RunFailed(Event):
    """A run ended without a scorecard."""

    detail_type = "Run Failed"

    step: str = Field(description="The step that failed.")
    error: str = Field(
        max_length=MAX_ERROR_CHARACTERS, description="Its name; its cause is in the message of the topic."
    )


class CriterionDrop(BaseModel):
    """A candidate on a criterion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    candidate: str
    criterion: str


class QualityDropped(Event):
    """A finished run is worse than the blessed one, or a chart gave its alarm in it."""

    detail_type = "Quality Dropped"

    evaluation: str = Field(description="The evaluation's name.")
    drops: tuple[CriterionDrop, ...] = Field(max_length=MAX_DROPS, description="Which candidates, on what.")
    n_drops: int = Field(description="How many, those that are not listed included.")
    sentence: Sentence = Field(description="The same in words.")
    links: Links


EVENTS: tuple[type[Event], ...] = (RunStarted, RunFinished, RunFailed, QualityDropped)
"""All that are sent."""


def shortened(sentence: str) -> str:
    """Return a sentence that an event may hold."""
    most = MAX_SENTENCE_CHARACTERS
    return sentence if len(sentence) <= most else sentence[: most - 1] + "…"
