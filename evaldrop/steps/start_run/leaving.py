"""
Models that are leaving Bedrock, looked at once a day: their successors are tried beside them.

The event is the stack's own, `{"leaving": {MODEL: [SUCCESSOR, …]}, "datasets": […]}`. A model that is leaving
starts a run of each dataset; its name is made of the model and the day on which it ends, so that the next
day's look starts none. Step Functions keeps a name for 90 days.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evaldrop.errors import InputError
from evaldrop.model_lives import Lives


class LookAtModels(BaseModel):
    """An event that asks for a look; `scheduled_time` is when it was due."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    leaving: dict[str, tuple[str, ...]] = Field(description="Model ID without geography: its successors.")
    datasets: tuple[str, ...] = Field(description="Keys in the input bucket.")
    scheduled_time: str | None = None


def leaving_runs(event: Mapping[str, Any], look: Callable[[], Lives]) -> Iterator[tuple[dict[str, Any], str]]:
    """
    Yield a wish for each dataset and model that is leaving, and what names its run in place of a time.

    Raises:
        InputError: The event is not such a one.
    """
    try:
        wanted = LookAtModels.model_validate(event)
    except ValidationError as error:
        raise InputError(f"leaving: {error}") from error
    lives, today = look(), datetime.now(UTC).date()
    for model, successors in wanted.leaving.items():
        life = lives.of(model)
        if life is not None and life.is_leaving(today):
            for dataset in wanted.datasets:
                wish = {"dataset": dataset, "successors": {model: successors}}
                yield wish, f"{model} leaves {life.end or life.legacy or ''}"
