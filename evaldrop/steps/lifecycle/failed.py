"""What the store and the events say of a run that ended without a scorecard."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from evaldrop.steps.lifecycle.events import MAX_ERROR_CHARACTERS, RunFailed
from evaldrop.steps.lifecycle.runs import failed_run, now
from evaldrop.steps.lifecycle.telling import Lifecycle
from evaldrop.store.model import Ending

MAX_WHY_CHARACTERS = 1_000

_BEFORE_ANY_CALL = ("StartRun", "ValidateDataset", "PrepareRecords")
"""Steps whose failure cost nothing; of a later one nobody knows what was spent, and the estimate stays."""


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
    """Note that a run failed; of a failure that a step has sent the event of, this alone."""
    ending = Ending(
        state="failed",
        ended_at=ended.ended_at or now(),
        cost_usd=0 if step in _BEFORE_ANY_CALL else None,
        why=why[:MAX_WHY_CHARACTERS],
    )
    lifecycle.end(failed_run(ended.run, started_at=ended.started_at), ending)


def tell_failed(lifecycle: Lifecycle, ended: Ended, *, step: str, error: str, why: str) -> None:
    """Note that a run failed, and send the event of it."""
    note_failed(lifecycle, ended, step=step, why=why)
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


def note_stopped(lifecycle: Lifecycle, ended: Ended) -> None:
    """Note that somebody stopped a run; whoever did knows, so nothing is sent."""
    ending = Ending(state="stopped", ended_at=ended.ended_at or now())
    lifecycle.stop(failed_run(ended.run, started_at=ended.started_at), ending)
