"""What every part of `scorecard.json` is made of."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

OVERALL: Final = "overall"
"""What the mean over all criteria is called, beside their names."""

Interval = Annotated[tuple[float, float], Field(description="[low, high]")]
OpenInterval = Annotated[
    tuple[float | None, float | None],
    Field(description="[low, high]; an end is null where nothing bounds it"),
]


def nullable(description: str) -> Any:
    """Return the field of a key that is null where there is nothing to say."""
    return Field(default=None, description=description)


def within(interval: Interval | None, low: float, high: float) -> Interval | None:
    """Return an interval cut to a scale's ends: no mean is beyond them, so it covers as much as before."""
    return None if interval is None else (max(interval[0], low), min(interval[1], high))


class Part(BaseModel):
    """Frozen, and strict about keys: what is written is what is documented."""

    model_config = ConfigDict(frozen=True, extra="forbid")
