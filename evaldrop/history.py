"""
The history of runs: `index.html` over one small object per run.

A run writes only its own `history.json`; the page is derived from all of them, so runs that end at once never
overwrite one another's numbers. After writing the page a run looks again: whoever writes last has seen every
run.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from pydantic import ValidationError

from evaldrop import storage
from evaldrop.report.history_page import history_page
from evaldrop.scorecard.model import Interval, Part, Scorecard

HISTORY_FILE = "history.json"
INDEX_FILE = "index.html"

# Looking again ends even when runs keep ending: the next of them writes the page anyway.
_MOST_LOOKS = 5


class HistoryEstimate(Part):
    """A candidate's estimates on one criterion, as the trend needs them."""

    mean: float | None
    interval: Interval | None
    pass_rate: float | None
    pass_interval: Interval | None
    n_scored: int


class HistoryCandidate(Part):
    """A candidate in one run."""

    model: str
    prompt: str
    criteria: dict[str, HistoryEstimate]
    overall: float | None
    overall_interval: Interval | None
    latency_ms_p50: float | None
    cost_usd: float | None


class HistoryEntry(Part):
    """A run as the history shows it. `folder` is relative to the output folder."""

    run_id: str
    evaluation: str
    folder: str
    simulated: bool
    started_at: str
    dataset: str
    records: int
    coverage: float | None
    cost_usd: float | None
    decision: str
    summary: str
    alarms: int
    baseline: str | None
    candidates: dict[str, HistoryCandidate]


def history_entry(scorecard: Scorecard, folder: str) -> HistoryEntry:
    """Return what the history keeps of a run whose folder, relative to the output folder, is `folder`."""
    return HistoryEntry(
        run_id=scorecard.run_id,
        evaluation=scorecard.evaluation,
        folder=folder,
        simulated=scorecard.simulated,
        started_at=scorecard.started_at,
        dataset=scorecard.dataset.uri,
        records=scorecard.records.evaluated,
        coverage=scorecard.coverage,
        cost_usd=scorecard.cost_usd.total,
        decision=scorecard.gate.decision,
        summary=scorecard.summary,
        alarms=len(scorecard.alarms),
        baseline=scorecard.baseline.run_id if scorecard.baseline else None,
        candidates={
            name: HistoryCandidate(
                model=card.model,
                prompt=card.prompt,
                criteria={
                    criterion: HistoryEstimate(
                        mean=estimate.mean,
                        interval=estimate.interval,
                        pass_rate=estimate.pass_rate,
                        pass_interval=estimate.pass_interval,
                        n_scored=estimate.n_scored,
                    )
                    for criterion, estimate in card.criteria.items()
                },
                overall=card.overall.mean if card.overall else None,
                overall_interval=card.overall.interval if card.overall else None,
                latency_ms_p50=card.latency_ms.p50,
                cost_usd=card.cost_usd.candidate,
            )
            for name, card in scorecard.candidates.items()
        },
    )


def write_history(folder: str, scorecard: Scorecard) -> None:
    """
    Note a run in its own folder, `<out>/<evaluation>/<run_id>/`, and renew `<out>/index.html`.

    Raises:
        StorageError: The output folder cannot be read or written.
    """
    parts = folder.rstrip("/").split("/")
    entry = history_entry(scorecard, "/".join(parts[-2:]))
    storage.write_bytes(storage.join(folder, HISTORY_FILE), entry.model_dump_json(indent=1).encode())
    out = "/".join(parts[:-2])
    if not out:
        return
    seen: list[str] = []
    for _ in range(_MOST_LOOKS):
        found = find_entries(out)
        if found == seen:
            return
        page = history_page([entry.model_dump(mode="json") for entry in read_entries(found)])
        storage.write_bytes(storage.join(out, INDEX_FILE), page.encode())
        seen = found


def find_entries(out: str) -> list[str]:
    """Return the URIs of all runs' history objects below an output folder."""
    return [uri for uri in storage.list_files(out) if uri.endswith(f"/{HISTORY_FILE}")]


def read_entries(uris: Sequence[str]) -> list[HistoryEntry]:
    """Return history objects, the newest run first; one of another version of evaldrop is left out."""
    with ThreadPoolExecutor(max_workers=16) as readers:
        contents = list(readers.map(storage.read_bytes, uris))
    entries = []
    for content in contents:
        try:
            entries.append(HistoryEntry.model_validate_json(content))
        except ValidationError:
            # The page of all runs must not fail on a single one.
            continue
    return sorted(entries, key=lambda entry: (entry.started_at, entry.run_id), reverse=True)
