"""Lists of runs out of a store; of a folder also out of its runs' folders, where it has no store."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from evaldrop import storage
from evaldrop.errors import AwsError
from evaldrop.run.lock import is_written_to
from evaldrop.run.place import run_folder
from evaldrop.running.deployed.listing import RunRow
from evaldrop.running.deployed.stack import stack_that_keeps
from evaldrop.store.model import RunQuery, State, StoredRun
from evaldrop.store.opening import is_kept, open_store, store_of
from evaldrop.store.protocol import Store

_Answer = TypeVar("_Answer")
_MOST_IN_A_PAGE = 1000
_STATUS: dict[State, str] = {
    "admitted": "ADMITTED",
    "running": "RUNNING",
    "finished": "SUCCEEDED",
    "failed": "FAILED",
    "stopped": "ABORTED",
}


def runs_of(store: Store, *, evaluation: str | None, limit: int) -> list[StoredRun]:
    """Return a store's newest runs, the newest first."""
    found: list[StoredRun] = []
    after: str | None = None
    while len(found) < limit:
        page = store.runs(
            RunQuery(evaluation=evaluation, limit=min(limit - len(found), _MOST_IN_A_PAGE), after=after)
        )
        found += page.runs
        after = page.after
        if after is None:
            break
    return found


def list_stored(store: Store, *, evaluation: str | None, limit: int) -> list[RunRow]:
    """Return a store's newest runs as rows."""
    return _rows(runs_of(store, evaluation=evaluation, limit=limit))


def list_below(out: str, *, evaluation: str | None, limit: int) -> list[RunRow]:
    """Return the newest runs below a folder, on this machine or a stack's, by its store where it has one."""
    found = _asked(out, lambda store: runs_of(store, evaluation=evaluation, limit=limit))
    if found is None:
        # Imported here: it reads scorecards, which the store spares.
        from evaldrop.running.history.from_folders import runs_below

        return _rows(runs_below(storage.absolute(out), evaluation=evaluation, limit=limit))
    if storage.is_s3(out):
        return _rows(found)
    return _rows([_as_it_is(run, storage.absolute(out)) for run in found])


def _asked(out: str, ask: Callable[[Store], _Answer]) -> _Answer | None:
    """Return what the store of a folder answers; None without one."""
    if not storage.is_s3(out):
        return ask(open_store(store_of(out))) if is_kept(out) else None
    try:
        stack = stack_that_keeps(out)
        return ask(open_store(stack.history)) if stack and stack.history else None
    except AwsError:
        # Whoever may read the bucket may not be let at the table, nor at the stack: its folders say the same.
        return None


def _as_it_is(run: StoredRun, out: str) -> StoredRun:
    """Return a run at the place where its folder is now, and as what it is if nobody works at it any more."""
    if run.evaluation is None:
        return run
    moved = run.model_copy(update={"folder": run_folder(out, run.evaluation, run.run_id)})
    # Its process may have been killed.
    if run.state == "running" and not is_written_to(str(moved.folder)):
        return moved.model_copy(update={"state": "stopped"})
    return moved


def _rows(runs: Iterable[StoredRun]) -> list[RunRow]:
    return [_row(run) for run in runs]


def _row(run: StoredRun) -> RunRow:
    ending = run.ending
    is_finished = run.state == "finished"
    return RunRow(
        run_id=run.run_id,
        evaluation=run.evaluation,
        dataset=run.dataset,
        started_at=run.started_at,
        status=_STATUS[run.state],
        simulated=run.simulated,
        records=ending.records if ending else None,
        decision=ending.decision if ending else None,
        cost_usd=ending.cost_usd if ending else None,
        recommendation=ending.recommendation if ending else None,
        report=storage.join(run.folder, "report.html") if is_finished and run.folder else None,
        why=ending.why if ending else None,
        labels=run.labels,
        regressed=ending.regressed if ending else (),
    )


def history_files(out: str, evaluation: str, name: str) -> Sequence[str] | None:
    """Return the URIs of a file of all of an evaluation's finished runs; None without a store to ask."""

    def ask(store: Store) -> Sequence[str]:
        files: list[str] = []
        after: str | None = None
        while True:
            query = RunQuery(evaluation=evaluation, state="finished", limit=_MOST_IN_A_PAGE, after=after)
            page = store.runs(query)
            files += [storage.join(run_folder(out, evaluation, run.run_id), name) for run in page.runs]
            after = page.after
            if after is None:
                return files

    return _asked(out, ask)
