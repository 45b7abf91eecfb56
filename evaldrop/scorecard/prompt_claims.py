"""What a run shows of the prompts that it made, on records that nobody tuned them on."""

from typing import Literal

import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from evaldrop import storage
from evaldrop.errors import StorageError, first_line

SCORECARD_FILE = "scorecard.json"


class Bounds(BaseModel):
    """An interval of a difference in quality, which is in [0, 1]."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    low: float
    high: float


class PromptClaim(BaseModel):
    """
    A prompt that the run made, against the one that it began with, on the test part.

    Attributes:
        candidate: Whose prompt it is.
        original: The candidate with the first prompt.
        decision: `better` or `worse` where that is shown.
        difference: The candidate's quality less the original's; None where there are too few records.
        n: Records that both are scored on.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    candidate: str
    original: str
    decision: Literal["better", "worse", "not shown"] = "not shown"
    difference: Bounds | None = None
    n: int = 0

    def in_words(self) -> str:
        """Return the claim as a sentence without an end."""
        on = f"on {self.n:,} records that nobody tuned on"
        if self.difference is None:
            return f"no gain over {self.original} is shown: there are too few records for an interval"
        low, high = self.difference.low, self.difference.high
        if self.decision == "better":
            return f"better than {self.original} by {low:.3f} to {high:.3f} {on}"
        if self.decision == "worse":
            return f"worse than {self.original} by {-high:.3f} to {-low:.3f} {on}"
        return f"no gain over {self.original} is shown: {low:+.3f} to {high:+.3f} {on}"


def claim_of(folder: str, candidate: str) -> PromptClaim | None:
    """
    Return what a run's scorecard claims of a candidate's prompt; None where it claims nothing.

    Raises:
        StorageError: There is no scorecard, or it is of another version.
    """
    uri = storage.join(folder, SCORECARD_FILE)
    text = storage.read_bytes(uri)
    try:
        card = orjson.loads(text)
        told = card.get("prompts") or []
        claims = TypeAdapter(tuple[PromptClaim, ...]).validate_python(told)
    except (ValueError, AttributeError) as error:
        why = first_line(error) if isinstance(error, ValidationError) else "it is no scorecard"
        raise StorageError(
            f"{uri}: not a scorecard of this version of evaldrop ({why}). "
            f"`evaldrop report {folder} --rebuild` makes it anew."
        ) from error
    return next((each for each in claims if each.candidate == candidate), None)
