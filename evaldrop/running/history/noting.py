"""Notes a run on this machine in the store beside the runs, where there is one; no run ever fails by it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from evaldrop.errors import EvaldropError, first_line
from evaldrop.run.place import out_of
from evaldrop.run.request import began_at
from evaldrop.store.opening import is_kept

if TYPE_CHECKING:
    from evaldrop.engine import Execution
    from evaldrop.running.here import LocalRun
    from evaldrop.store.protocol import Store

Say = Callable[[str], None]

# Whoever waits for a run must not wait for a store that is stuck.
PATIENCE_S = 2.0


def note_begun(run: "LocalRun") -> None:
    """Note that a run goes on. What hinders it is told at its end, if it still does."""

    def note(store: "Store") -> None:
        from evaldrop.steps.lifecycle.runs import now, requested_run

        # By its ID, as folders are listed: its run.json is written a moment later.
        started_at = began_at(run.request.run_id) or now()
        folders = {"evaluation": run.folder.rpartition("/")[0].rpartition("/")[2], "folder": run.folder}
        store.begin(requested_run(run.request, started_at=started_at).model_copy(update=folders))

    with suppress(EvaldropError):
        _note(run.folder, note)


def note_ended(run: "LocalRun", execution: "Execution | None", say: Say) -> None:
    """Note how a run ended: as its folder has it, or as its execution says; None: it was stopped."""

    def note(store: "Store") -> None:
        from evaldrop.running.history.from_folders import stored_run
        from evaldrop.steps.lifecycle.runs import requested_run
        from evaldrop.store.model import Ending

        now = datetime.now(UTC).isoformat()
        found = stored_run(run.folder)
        ending = found.ending if found else None
        if execution is None:
            ending = Ending(state="stopped", ended_at=now)
        elif execution.status != "SUCCEEDED":
            why = f"{execution.cause or execution.error}"[:1000]
            ending = Ending(state="failed", ended_at=now, cost_usd=None if found else 0, why=why)
        if ending is not None:
            known = found or requested_run(run.request, started_at=now)
            store.end(run.request.run_id, ending, run=known)

    _note_or_say(run.folder, note, say)


def note_folder(folder: str, say: Say) -> None:
    """Note a run that was made without an execution, such as a rescored one."""

    def note(store: "Store") -> None:
        from evaldrop.running.history.from_folders import stored_run

        found = stored_run(folder)
        store.rebuild([found] if found else [])

    _note_or_say(folder, note, say)


def _note_or_say(folder: str, note: "Callable[[Store], None]", say: Say) -> None:
    try:
        _note(folder, note)
    except EvaldropError as error:
        say(f"the run is whole, but not noted in the history: {first_line(error)}")


def _note(folder: str, note: "Callable[[Store], None]") -> None:
    out = out_of(folder)
    # Most have none, and then nothing is imported for it.
    if not out or not is_kept(out):
        return
    from evaldrop.store.opening import open_store, store_of

    note(open_store(store_of(out), patience_s=PATIENCE_S))
