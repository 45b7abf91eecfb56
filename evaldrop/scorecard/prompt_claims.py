"""What a run's scorecard shows of a prompt that the run made, on records that nobody tuned on."""

from typing import Literal, NamedTuple

import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from evaldrop import storage
from evaldrop.errors import StorageError, first_line
from evaldrop.scorecard.figures import count, interval, size
from evaldrop.scorecard.model.part import Interval


class PromptClaim(NamedTuple):
    """Whether a prompt is shown to be better than the one that it was made from, and the same in words."""

    is_better: bool
    words: str


class _Test(BaseModel):
    # Of a scorecard's keys those that are asked for; a later version may have more.
    model_config = ConfigDict(frozen=True, extra="ignore")

    decision: Literal["better", "worse", "not shown", "same"]
    n: int
    interval: Interval | None = None


class _Improvement(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    original: str
    test: _Test


def claim_of(folder: str, candidate: str) -> PromptClaim:
    """
    Return what a run's scorecard claims of a candidate's prompt; of a prompt that it does not name, no gain.

    Raises:
        StorageError: There is no scorecard, or it is of another version.
    """
    uri = storage.join(folder, "scorecard.json")
    text = storage.read_bytes(uri)
    try:
        told = orjson.loads(text).get("prompts", {})
        found = TypeAdapter(dict[str, _Improvement]).validate_python(told).get(candidate)
    except (ValueError, AttributeError) as error:
        why = first_line(error) if isinstance(error, ValidationError) else "it is no scorecard"
        raise StorageError(
            f"{uri}: not a scorecard of this version of evaldrop ({why}). "
            f"`evaldrop report {folder} --rebuild` makes it anew."
        ) from error
    return PromptClaim(found is not None and found.test.decision == "better", _words(found))


def _words(found: _Improvement | None) -> str:
    if found is None:
        return "no gain is shown: the scorecard compares it with nothing"
    test = found.test
    on = f"on {count(test.n)} record{'' if test.n == 1 else 's'} it never saw"
    if test.interval is None:
        return f"no gain over {found.original} is shown {on}: too few for an interval"
    if test.decision in ("better", "worse"):
        low, high = sorted(abs(end) for end in test.interval)
        return f"{test.decision} than {found.original} by {size(low)} to {size(high)} {on}"
    return f"no gain over {found.original} is shown {on}: the difference is {interval(test.interval)}"
