"""A run as it is now: what the store knows, how far it is, and its scorecard."""

from typing import Any, Final

from evaldrop import storage
from evaldrop.api.answers import RunDetails, ShortResponse, details_of
from evaldrop.api.operations import Ask
from evaldrop.errors import StorageError
from evaldrop.json_text import loads
from evaldrop.store.model import ENDED, StoredRun

SCORECARD: Final = "scorecard.json"
MOST_SCORECARD_BYTES: Final = 3 << 20
"""A larger scorecard is left out of an answer, which Lambda lets have 6 MB; the run's folder has it."""


MOST_RECORDS: Final = 10
"""Of a run of more records responses are asked for one record at a time."""
MOST_RESPONSES_BYTES: Final = 256 << 10


def look_at(run: StoredRun, ask: Ask) -> RunDetails:
    """Return what is known of a run."""
    base = ask.request.base
    if run.state in ENDED:
        return details_of(run, base=base, scorecard=_scorecard(run), responses=_responses(run))
    return details_of(run, base=base, progress=ask.service.place.progress(run))


def _responses(run: StoredRun) -> tuple[ShortResponse, ...] | None:
    few = run.ending is not None and run.ending.records is not None and run.ending.records <= MOST_RECORDS
    if run.folder is None or run.state != "finished" or not few:
        return None
    # Only here: to list runs needs no tables.
    from evaldrop.run.tables import read_rows

    uri = storage.join(run.folder, "responses.parquet")
    names = tuple(ShortResponse.model_fields)
    try:
        if storage.describe(uri).size > MOST_RESPONSES_BYTES:
            return None
        found = tuple(ShortResponse(**dict(zip(names, row, strict=True))) for row in read_rows(uri, names))
    except StorageError:
        return None
    # Tables are packed: a text that repeats itself takes no room there.
    is_short = sum(len(each.response or "") for each in found) <= MOST_RESPONSES_BYTES
    return found if is_short else None


def _scorecard(run: StoredRun) -> dict[str, Any] | None:
    if run.folder is None or run.state != "finished":
        return None
    try:
        content = storage.read_bytes(storage.join(run.folder, SCORECARD), most=MOST_SCORECARD_BYTES + 1)
    except StorageError:
        # The folder may have been moved or removed since; what the store knows is told all the same.
        return None
    card = None if len(content) > MOST_SCORECARD_BYTES else loads(content)
    return card if isinstance(card, dict) else None
