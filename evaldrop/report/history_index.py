"""
`index.html`: the history of all runs, derived from one small object per run and one per evaluation.

Nothing is read from the page itself, so runs that end at once never overwrite one another's numbers, nor a
baseline that is blessed meanwhile. After writing it the writer looks again: whoever writes last has seen all.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.report.history_page import history_page
from evaldrop.scorecard.baseline.blessing import BASELINE_FILE, Blessing
from evaldrop.scorecard.trend import trend_of
from evaldrop.scorecard.trend.entries import HistoryEntry

HISTORY_FILE = "history.json"
INDEX_FILE = "index.html"

_Part = TypeVar("_Part", bound=BaseModel)

# Looking again ends even when runs keep ending: the next of them writes the page anyway.
_MOST_LOOKS = 5


@dataclass(frozen=True, slots=True)
class History:
    """All runs, the newest first, and those that are blessed: their folders relative to the output folder."""

    entries: Sequence[HistoryEntry]
    blessed: Collection[str]


def renew_index(out: str) -> None:
    """
    Derive `<out>/index.html` from what lies below `<out>` now.

    Raises:
        StorageError: The output folder cannot be read or written.
    """
    seen: History | None = None
    for _ in range(_MOST_LOOKS):
        found = read_history(out)
        if found == seen:
            return
        storage.write_bytes(storage.join(out, INDEX_FILE), page_of(found).encode())
        seen = found


def page_of(history: History) -> str:
    """Return the history's page, with what was changed and what moved in every evaluation."""
    entries = history.entries
    drifts = {name: trend_of(entries, name) for name in {entry.evaluation for entry in entries}}
    return history_page([entry.model_dump(mode="json") for entry in entries], drifts, history.blessed)


def read_history(out: str) -> History:
    """
    Return the history of an output folder.

    Raises:
        StorageError: An object of it is there and cannot be read.
    """
    files = list(storage.list_files(out))
    baselines = [uri for uri in files if uri.endswith(f"/{BASELINE_FILE}")]
    blessed = zip(baselines, _read_all(baselines, Blessing), strict=True)
    return History(
        entries=read_entries(uri for uri in files if uri.endswith(f"/{HISTORY_FILE}")),
        blessed={f"{uri.split('/')[-2]}/{blessing.run_id}" for uri, blessing in blessed if blessing},
    )


def read_entries(uris: Iterable[str]) -> list[HistoryEntry]:
    """
    Return history objects, the newest run first; one of another version of evaldrop is left out.

    Raises:
        StorageError: One is there and cannot be read.
    """
    entries = [entry for entry in _read_all(uris, HistoryEntry) if entry is not None]
    return sorted(entries, key=lambda entry: (entry.started_at, entry.run_id), reverse=True)


def _read_all(uris: Iterable[str], kind: type[_Part]) -> Iterator[_Part | None]:
    """Yield objects in the order of their URIs; None for what is gone or of another version."""
    with ThreadPoolExecutor(max_workers=16) as readers:
        for content in readers.map(_read, uris):
            yield _parsed(content, kind) if content is not None else None


def _parsed(content: bytes, kind: type[_Part]) -> _Part | None:
    try:
        return kind.model_validate_json(content)
    except ValidationError:
        # The page of all runs must not fail on a single one.
        return None


def _read(uri: str) -> bytes | None:
    """Return an object, or None when its run was deleted since it was listed."""
    try:
        return storage.read_bytes(uri)
    except StorageError:
        if storage.exists(uri):
            raise
        return None
