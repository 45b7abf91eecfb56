"""What every part of `scorecard.json` is made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Interval = Annotated[tuple[float, float], Field(description="[low, high]")]


class Part(BaseModel):
    """Frozen, and strict about keys: what is written is what is documented."""

    model_config = ConfigDict(frozen=True, extra="forbid")
