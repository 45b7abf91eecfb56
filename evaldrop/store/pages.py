"""Where a page ends and the next begins: after a run, whatever is added before it meanwhile."""

import re

from evaldrop.errors import InputError
from evaldrop.store.model import Page, StoredRun

_CURSOR = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00)~([0-9A-Za-z_-]{1,80})")


def sort_key(run: StoredRun) -> tuple[str, str]:
    """Return what runs are sorted by."""
    return run.started_at, run.run_id


def page_of(runs: list[StoredRun], limit: int) -> Page:
    """Return the first `limit` of runs, of which one more tells that there are others."""
    shown = tuple(runs[:limit])
    return Page(runs=shown, after="~".join(sort_key(shown[-1])) if len(runs) > limit else None)


def key_after(after: str) -> tuple[str, str]:
    """
    Return the sort key of the last run of the page before.

    Raises:
        InputError: It is no page's.
    """
    found = _CURSOR.fullmatch(after)
    if not found:
        raise InputError("`after` is of no page: give what the page before has as its `after`.")
    return found[1], found[2]
