"""A run as it is now: what the store knows, how far it is, and its scorecard."""

from typing import Any, Final

from evaldrop import storage
from evaldrop.api.answers import RunDetails, details_of
from evaldrop.api.operations import Ask
from evaldrop.errors import StorageError
from evaldrop.json_text import loads
from evaldrop.store.model import ENDED, StoredRun

SCORECARD: Final = "scorecard.json"
MOST_SCORECARD_BYTES: Final = 3 << 20
"""A larger scorecard is left out of an answer, which Lambda lets have 6 MB; the run's folder has it."""


def look_at(run: StoredRun, ask: Ask) -> RunDetails:
    """Return what is known of a run."""
    base = ask.request.base
    if run.state in ENDED:
        return details_of(run, base=base, scorecard=_scorecard(run))
    return details_of(run, base=base, progress=ask.service.place.progress(run))


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
