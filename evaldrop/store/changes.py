"""
What becomes of a stored run: the rules, without a store.

Where it is sorted and where it counts never moves: `started_at` and `admitted_at` stay as first noted, so
that pages have no gaps and what was reserved on a day is settled on that day.
"""

from typing import Any

from evaldrop.run.request import Owner
from evaldrop.store.model import ChosenCandidate, Ending, StoredRun


def admitted(run: StoredRun, now: str) -> StoredRun:
    """Return a run as it is noted when it is admitted."""
    return run.model_copy(update={"state": "admitted", "admitted_at": now, "ending": None, "choice": None})


def joined(known: StoredRun, run: StoredRun) -> StoredRun:
    """Return a run that is admitted already, held by those as well who ask for it again."""
    if known.state != "admitted":
        return known
    return known.model_copy(update={"holders": tuple(dict.fromkeys((*known.holders, *run.holders)))})


def withdrawn(known: StoredRun | None, holder: str | None) -> StoredRun | None:
    """Return what is left of a run that a holder gives up; None: nothing."""
    if known is None or known.state != "admitted":
        return known
    others = () if holder is None else tuple(each for each in known.holders if each != holder)
    return known.model_copy(update={"holders": others}) if others else None


def begun(known: StoredRun | None, run: StoredRun) -> StoredRun:
    """Return a run that goes on; one that ended stays as it is, but for what its rest may cost."""
    if known is None:
        fresh = {"state": "running", "admitted_at": None, "ending": None, "rest_usd": None}
        return run.model_copy(update=fresh)
    if run.rest_usd is not None:
        return known.model_copy(update={"rest_usd": _rest_usd(known, run)})
    if known.ending is not None:
        return known
    return known.model_copy(update={**_facts(known, run), "state": "running"})


def _rest_usd(known: StoredRun, run: StoredRun) -> float:
    """Return what a run may still cost, beside what it is charged; `run` says what all of it may cost."""
    ending = known.ending
    cost = known.estimate_usd if ending is None or ending.cost_usd is None else ending.cost_usd
    left = max(0.0, (run.estimate_usd or 0) - (cost or 0))
    # Of one that has not ended the estimate is for its rest as well.
    return left if ending is None else min(run.rest_usd or 0, left)


def ended(known: StoredRun, ending: Ending, run: StoredRun | None) -> StoredRun:
    """Return a run that has ended, with what was found out about it meanwhile."""
    facts = _facts(known, run) if run else {}
    return known.model_copy(update={**facts, "state": ending.state, "ending": ending, "rest_usd": None})


def chosen(known: StoredRun, choice: ChosenCandidate) -> StoredRun:
    """Return a run with the candidate that was taken."""
    return known.model_copy(update={"choice": choice})


def rebuilt(known: StoredRun | None, run: StoredRun) -> StoredRun:
    """Return a run as its folder has it, with what no folder holds."""
    if known is None:
        return run
    facts = {**_facts(known, run), "choice": known.choice or run.choice}
    # A folder without a scorecard says neither what ended the run nor what it cost: the store may.
    if known.ending is not None and (run.ending is None or _is_settled(known.ending, run.ending)):
        return known.model_copy(update=facts)
    return known.model_copy(update={**facts, "state": run.state, "ending": run.ending})


def _is_settled(known: Ending, found: Ending) -> bool:
    return known.state == found.state and found.cost_usd is None and known.cost_usd is not None


def _facts(known: StoredRun, run: StoredRun) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "dataset": run.dataset,
        "evaluation": run.evaluation or known.evaluation,
        "folder": run.folder or known.folder,
        "labels": run.labels or known.labels,
        "simulated": run.simulated,
    }
    if known.admitted_at is None:
        facts["owner"] = run.owner if known.owner == Owner() else known.owner
        facts["estimate_usd"] = run.estimate_usd if known.estimate_usd is None else known.estimate_usd
    return facts
