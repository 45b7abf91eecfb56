"""What the store and the events say of a run that ended without a scorecard."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from evaldrop import storage
from evaldrop.run.place import has_begun, run_folder
from evaldrop.steps.lifecycle.events import MAX_ERROR_CHARACTERS, RunFailed
from evaldrop.steps.lifecycle.runs import failed_run, now
from evaldrop.steps.lifecycle.telling import Lifecycle
from evaldrop.store.model import Ending

if TYPE_CHECKING:
    from evaldrop.steps.lifecycle.spent import SpentByRun

MAX_WHY_CHARACTERS = 1_000

_BEFORE_ANY_CALL = ("StartRun", "ValidateDataset")
"""Steps whose failure cost nothing; what was spent at a later one the results say, as far as they go."""
_PREPARING = "PrepareRecords"
_BEFORE_RECORDS = ("ChoosePrompts", _PREPARING)
"""Steps before which nobody is called but in a search for prompts."""
_FIRST_CALLS = "CheckFirstCalls"
_LOOKS_AFTER_S: Final = (15.0, 30.0)
"""Of a Map Run that was stopped Step Functions may write the results after it has told of the end."""


class Ended(NamedTuple):
    """
    A run that ended without a scorecard.

    Attributes:
        run: As far as it got: its request's keys as JSON, and perhaps `name` and `folder`.
        started_at: When its execution began (ISO 8601); None where that is not known.
        ended_at: When it ended; None for now.
    """

    run: Mapping[str, Any]
    started_at: str | None = None
    ended_at: str | None = None


def note_failed(lifecycle: Lifecycle, ended: Ended, *, step: str, why: str) -> None:
    """Note that a run failed, and what it cost. Its event a step has sent, or nobody is to get one."""
    _note_failed(lifecycle, ended, step, why)
    _settle_failed(lifecycle, ended, step)


def _note_failed(lifecycle: Lifecycle, ended: Ended, step: str, why: str) -> None:
    if ended.run.get("rest") and step in (*_BEFORE_ANY_CALL, _PREPARING):
        # What it had cost before, and found, stays.
        lifecycle.give_up_rest(ended.run["run_id"])
        return
    ending = Ending(
        state="failed",
        ended_at=ended.ended_at or now(),
        cost_usd=None if _has_called(ended, step) else 0,
        why=why[:MAX_WHY_CHARACTERS],
    )
    lifecycle.end(failed_run(ended.run, started_at=ended.started_at), ending)


def tell_failed(lifecycle: Lifecycle, ended: Ended, *, step: str, error: str, why: str) -> None:
    """Note that a run failed, send the event of it, and note what it cost."""
    _note_failed(lifecycle, ended, step, why)
    run = failed_run(ended.run, started_at=ended.started_at)
    lifecycle.send(
        RunFailed(
            stack=lifecycle.stack,
            run_id=run.run_id,
            dataset=run.dataset,
            customer=run.owner.customer,
            simulated=run.simulated,
            step=step,
            error=error[:MAX_ERROR_CHARACTERS],
        )
    )
    # Last: many results take their time to read, and nobody is to wait for the message.
    _settle_failed(lifecycle, ended, step)


def note_stopped(lifecycle: Lifecycle, ended: Ended, *, pause: Callable[[float], None] = time.sleep) -> None:
    """Note that somebody stopped a run, and what it cost; whoever did knows, so nothing is sent."""
    ending = Ending(state="stopped", ended_at=ended.ended_at or now())
    lifecycle.stop(failed_run(ended.run, started_at=ended.started_at), ending)

    def spent() -> "SpentByRun":
        found = _spent(ended)
        for seconds in _LOOKS_AFTER_S:
            if not found.missing:
                break
            pause(seconds)
            found = _spent(ended)
        return found

    lifecycle.settle(ended.run["run_id"], spent)


def _settle_failed(lifecycle: Lifecycle, ended: Ended, step: str) -> None:
    if _has_called(ended, step):
        has_fanned_out = step not in {_FIRST_CALLS, *_BEFORE_RECORDS}
        lifecycle.settle(ended.run["run_id"], lambda: _spent(ended, has_fanned_out=has_fanned_out))


def _has_called(ended: Ended, step: str) -> bool:
    if step == _PREPARING:
        # A search for prompts comes before all records.
        return bool(ended.run.get("has_searched"))
    return step not in _BEFORE_ANY_CALL


def _spent(ended: Ended, *, has_fanned_out: bool = True) -> "SpentByRun":
    # Imported once there is something to read: what only tells of a run does without models' replies.
    from evaldrop.steps.lifecycle.spent import SpentByRun, spent_in

    folder = ended.run.get("folder") or folder_of(ended.run["run_id"], ended.run["out"])
    # Without a folder it got no further than its checks.
    return spent_in(folder, has_fanned_out=has_fanned_out) if folder else SpentByRun()


def folder_of(run_id: str, out: str) -> str | None:
    """Return a run's folder; None where there is none. Its request does not say of which evaluation it is."""
    folders = (run_folder(out, evaluation, run_id) for evaluation in storage.list_folders(out))
    return next(filter(has_begun, folders), None)
