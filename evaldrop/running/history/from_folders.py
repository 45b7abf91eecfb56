"""Stored runs out of runs' folders, which are the truth: what a store is made of anew."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from evaldrop import storage
from evaldrop.errors import EvaldropError
from evaldrop.run.definition import RunDefinition
from evaldrop.run.lock import is_written_to
from evaldrop.run.naming import RunsBelow
from evaldrop.run.request import began_at
from evaldrop.scorecard.read import read_scorecard
from evaldrop.steps.lifecycle.endings import ending_of
from evaldrop.steps.lifecycle.runs import defined_run
from evaldrop.store.model import Ending, StoredCandidate, StoredRun, in_utc

_AT_A_TIME = 16

UNFINISHED = "It has no scorecard, and nobody works at it: it failed, or was stopped."


def runs_below(out: str, *, evaluation: str | None = None, limit: int | None = None) -> Iterator[StoredRun]:
    """Yield the runs below an output folder, the newest first. What no version can read is left out."""
    below = RunsBelow(out)
    folders = (below.folder(run) for run in below.newest_first(evaluation))
    n = 0
    for stored in _read(folders):
        if stored is not None:
            yield stored
            n += 1
            if n == limit:
                return


def stored_run(folder: str) -> StoredRun | None:
    """
    Return a run as its folder has it; None where it cannot be read.

    One without a scorecard goes on where a process of this machine writes to it. In S3 nobody can tell: it is
    taken for one that goes on, too.
    """
    try:
        run = _defined(folder)
    except EvaldropError:
        return _noted(folder)
    scorecard_file = storage.join(folder, "scorecard.json")
    if not storage.exists(scorecard_file):
        return run if storage.is_s3(folder) or is_written_to(folder) else _ended(run, _stopped(folder))
    try:
        scorecard = read_scorecard(folder)
    except EvaldropError:
        return _noted(folder)
    return _ended(run, ending_of(scorecard, now=_written_at(scorecard_file)))


def _read(folders: Iterator[str]) -> Iterator[StoredRun | None]:
    # On S3 each is some requests: one after another, hundreds of runs would take hundreds of answers' time.
    with ThreadPoolExecutor(_AT_A_TIME) as readers:
        batch: list[str] = []
        for folder in folders:
            batch.append(folder)
            if len(batch) == _AT_A_TIME:
                yield from readers.map(stored_run, batch)
                batch = []
        yield from readers.map(stored_run, batch)


def _defined(folder: str) -> StoredRun:
    run = RunDefinition.load(folder)
    estimate = ((run.estimate or {}).get("cost_usd") or {}).get("likely")
    # By its ID, where that tells, as it is noted when it begins.
    started_at = began_at(run.run_id) or in_utc(run.started_at)
    return defined_run(run).model_copy(update={"estimate_usd": estimate, "started_at": started_at})


def _noted(folder: str) -> StoredRun | None:
    """Return a run by the little that the history keeps of it, which outlives changes of the other files."""
    # Imported here: what reads the history takes half a second, and a run that ends would wait for it.
    from pydantic import ValidationError

    from evaldrop.report.history_index import HISTORY_FILE
    from evaldrop.scorecard.trend.entries import HistoryEntry

    file = storage.join(folder, HISTORY_FILE)
    try:
        entry = HistoryEntry.model_validate_json(storage.read_bytes(file))
    except (EvaldropError, ValidationError):
        return None
    ending = Ending(
        state="finished",
        ended_at=_written_at(file).isoformat(),
        cost_usd=entry.cost_usd,
        records=entry.records,
        decision=entry.decision,
        recommendation=entry.recommendation or None,
        summary=entry.summary,
        regressed=entry.regressed,
        why=entry.unanswered or None,
        candidates=tuple(
            StoredCandidate(
                name=name,
                model=candidate.model,
                overall=candidate.overall,
                overall_interval=candidate.overall_interval,
                cost_usd=candidate.cost_usd,
                latency_ms_p50=candidate.latency_ms_p50,
            )
            for name, candidate in entry.candidates.items()
        ),
    )
    return StoredRun(
        run_id=entry.run_id,
        state="finished",
        started_at=began_at(entry.run_id) or entry.started_at,
        dataset=entry.dataset,
        evaluation=entry.evaluation,
        folder=folder,
        owner=entry.owner,
        labels=entry.labels,
        simulated=entry.simulated,
        ending=ending,
    )


def _ended(run: StoredRun, ending: Ending) -> StoredRun:
    return run.model_copy(update={"state": ending.state, "ending": ending})


def _stopped(folder: str) -> Ending:
    ended_at = max(_written_at(uri) for uri in storage.list_files(folder))
    return Ending(state="stopped", ended_at=ended_at.isoformat(), why=UNFINISHED)


def _written_at(file: str) -> datetime:
    return datetime.fromtimestamp(storage.modified_at(file), UTC)
