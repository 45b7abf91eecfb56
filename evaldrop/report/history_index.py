"""
`index.html`: every run of every evaluation, the newest first, with its trends.

It is derived from one small object per run and one per evaluation. Nothing is read from the page itself, so
runs that end at once never overwrite one another's numbers, nor a baseline that is blessed meanwhile. After
writing it the writer looks again: the last one to write has seen all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.report.history_rows import compared_by, history_row
from evaldrop.report.page import packed_json, read_assets, rendered
from evaldrop.report.trends import Trends, trends
from evaldrop.scorecard.baseline.blessing import BASELINE_FILE, Blessing
from evaldrop.scorecard.trend import trend_of
from evaldrop.scorecard.trend.bridges import BRIDGES_FILE, Bridge, Bridges
from evaldrop.scorecard.trend.entries import HistoryEntry

HISTORY_FILE = "history.json"
INDEX_FILE = "index.html"

NEWEST = 20
"""Runs of an evaluation that the page shows by itself; the others travel packed, to be shown on demand."""

_MOST_POINTS = 4_000
_STYLES = ("report.css", "styles/history.css")
_SCRIPTS = (
    "data/elements.js",
    "data/packed.js",
    "history/rows.js",
    "history/comparison.js",
    "history/start.js",
)

_Part = TypeVar("_Part", bound=BaseModel)

# Looking again ends even when runs keep ending: the next of them writes the page anyway.
_MOST_LOOKS = 5


@dataclass(frozen=True, slots=True)
class History:
    """
    All runs, the newest first, and those that are blessed: their folders relative to the one that was read.
    Bridges between judges are by evaluation.

    That may be an evaluation's own folder, or one that holds several output folders: where a run said that it
    is does not count, but where it was found.
    """

    entries: Sequence[HistoryEntry]
    blessed: Collection[str]
    bridges: Mapping[str, tuple[Bridge, ...]] = field(default_factory=dict)


def renew_index(out: str) -> None:
    """
    Derive `<out>/index.html` from what is below `<out>` now.

    Raises:
        StorageError: The output folder cannot be read or written.
    """
    seen: History | None = None
    for _ in range(_MOST_LOOKS):
        found = read_history(out)
        if found == seen:
            return
        storage.write_bytes(storage.join(out, INDEX_FILE), history_page(found).encode())
        seen = found


def history_page(history: History) -> str:
    """Return the page of all runs, with what was changed and what moved in every evaluation."""
    entries = [entry.model_dump(mode="json") for entry in history.entries]
    evaluation_of = itemgetter("evaluation")
    marked: set[str] = set()
    # The sort is stable, so that within an evaluation the newest run stays first.
    grouped = [
        (name, list(runs)) for name, runs in groupby(sorted(entries, key=evaluation_of), key=evaluation_of)
    ]
    evaluations = []
    points = 0
    # The evaluation that ran last is the one a reader comes for.
    for name, runs in sorted(grouped, key=lambda group: str(group[1][0]["started_at"]), reverse=True):
        bridges = history.bridges.get(name, ())
        drift = trend_of(history.entries, name, bridges=bridges)
        baselines = baselines_of(runs, history.blessed)
        # With hundreds of evaluations the first have charts: all of them would make a page of 100 MB.
        # Runs of a bridge read again what is drawn already.
        again = {run for bridge in bridges for run in bridge.judged}
        drawn = [run for run in runs if run["run_id"] not in again]
        charts = trends(drawn, drift, baselines) if points < _MOST_POINTS else None
        points += _points_of(charts)
        marked |= {run["folder"] for run in runs if run["run_id"] in baselines}
        evaluations.append((name, len(runs), charts, drift))
    rows = [history_row(entry, is_baseline=entry.folder in marked) for entry in history.entries]
    return rendered(
        "history.html.j2",
        style=read_assets("", _STYLES),
        script=read_assets("scripts", _SCRIPTS),
        evaluations=[
            (*about, [row for row in rows if row["evaluation"] == about[0]][:NEWEST]) for about in evaluations
        ],
        names=packed_json([name for name, *_ in evaluations]),
        rows=packed_json(rows),
        compared=packed_json([compared_by(entry) for entry in history.entries]),
        runs=len(entries),
        newest=NEWEST,
        simulated=any(entry.simulated for entry in history.entries),
    )


def _points_of(charts: Trends | None) -> int:
    drawn = (*charts.charts, *charts.anchors) if charts else ()
    return sum(len(series.points) for chart in drawn for series in chart.series)


def baselines_of(runs: Sequence[Mapping[str, Any]], blessed: Collection[str]) -> set[str]:
    """Return the ids of an evaluation's runs that are blessed, or that another of them was compared with."""
    # A comparison may be kept when its baseline is not any more, or when another was blessed since.
    compared = {str(run.get("baseline") or "").rstrip("/").rpartition("/")[2] for run in runs}
    return {run["run_id"] for run in runs if run["folder"] in blessed or run["run_id"] in compared}


def read_history(out: str) -> History:
    """
    Return the history of an output folder.

    Raises:
        StorageError: An object of it is there and cannot be read.
    """
    files = list(storage.list_files(out))
    found = [uri for uri in files if uri.endswith(f"/{HISTORY_FILE}")]
    baselines = [uri for uri in files if uri.endswith(f"/{BASELINE_FILE}")]
    built = [uri for uri in files if uri.endswith(f"/{BRIDGES_FILE}")]
    read = zip(found, _read_all(found, HistoryEntry), strict=True)
    blessed = zip(baselines, _read_all(baselines, Blessing), strict=True)
    return History(
        entries=_newest_first(
            entry.model_copy(update={"folder": _folder_in(out, uri)}) for uri, entry in read if entry
        ),
        blessed={
            "/".join(filter(None, (_folder_in(out, uri), blessing.run_id)))
            for uri, blessing in blessed
            if blessing
        },
        bridges=bridges_by_evaluation(built),
    )


def bridges_by_evaluation(uris: Iterable[str]) -> dict[str, tuple[Bridge, ...]]:
    """
    Return what links runs of different judges, by evaluation; a file of another version is left out.

    Raises:
        StorageError: One is there and cannot be read.
    """
    found: dict[str, tuple[Bridge, ...]] = {}
    for kept in filter(None, _read_all(list(uris), Bridges)):
        found[kept.evaluation] = (*found.get(kept.evaluation, ()), *kept.bridges)
    return found


def _folder_in(out: str, uri: str) -> str:
    """Return the folder of a file, relative to one above it; "" where that is the one."""
    return uri[len(storage.absolute(out).rstrip("/")) :].rpartition("/")[0].strip("/")


def read_entries(uris: Iterable[str]) -> list[HistoryEntry]:
    """
    Return history objects, the newest run first; one of another version of evaldrop is left out.

    Raises:
        StorageError: One is there and cannot be read.
    """
    return _newest_first(filter(None, _read_all(uris, HistoryEntry)))


def _newest_first(entries: Iterable[HistoryEntry]) -> list[HistoryEntry]:
    # By id within a second: the page must not depend on the order in which files are listed.
    return sorted(entries, key=lambda entry: (entry.started_at, entry.run_id), reverse=True)


def _read_all(uris: Iterable[str], kind: type[_Part]) -> list[_Part | None]:
    """Return objects in the order of their URIs; None for what is gone or of another version."""
    # On S3 each is a request: one after another, hundreds of runs would take hundreds of answers' time.
    with ThreadPoolExecutor(max_workers=16) as readers:
        return list(readers.map(lambda uri: _read(uri, kind), uris))


def _read(uri: str, kind: type[_Part]) -> _Part | None:
    try:
        return kind.model_validate_json(storage.read_bytes(uri))
    except ValidationError:
        # The page of all runs must not fail on a single one.
        return None
    except StorageError:
        # Its run may have been deleted since it was listed.
        if storage.exists(uri):
            raise
        return None
