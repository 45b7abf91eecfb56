"""A run that goes on, as the store takes it: by its request, by its `run.json`, by what is left of it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from evaldrop.errors import BudgetExceeded
from evaldrop.run.request import Owner, RunRequest
from evaldrop.store.model import StoredRun

if TYPE_CHECKING:
    from evaldrop.run.definition import RunDefinition


def requested_run(request: RunRequest, *, started_at: str | None) -> StoredRun:
    """Return a run by its request; its evaluation's name and its folder are not known yet."""
    return StoredRun(
        run_id=request.run_id,
        state="running",
        started_at=started_at or now(),
        dataset=request.dataset,
        owner=request.owner,
        labels=request.labels,
        simulated=request.simulated,
    )


def defined_run(run: "RunDefinition") -> StoredRun:
    """Return a run by its `run.json`."""
    return StoredRun(
        run_id=run.run_id,
        state="running",
        started_at=run.started_at,
        dataset=run.dataset.uri,
        evaluation=run.evaluation_name,
        folder=run.folder,
        owner=run.owner,
        labels=run.labels,
        simulated=run.simulated,
    )


def reserving_run(run: "RunDefinition") -> StoredRun:
    """
    Return a run whose estimate is the most that it may cost: every reply at its `max_tokens`, or its budget.

    Raises:
        BudgetExceeded: A price is unknown, and with it what to reserve.
    """
    plan = run.estimate or {}
    if plan.get("unknown_prices"):
        raise BudgetExceeded(
            f"the price of {', '.join(plan['unknown_prices'])} is unknown, and monthly_budget_usd, which "
            "this stack spends at most, cannot be held to. Give it under prices: in the evaluation, or have "
            "whoever deploys this stack give it (prices in cdk.json)."
        )
    most = float((plan.get("cost_usd") or {}).get("high") or 0)
    estimate = most if run.budget_usd is None else min(most, run.budget_usd)
    return defined_run(run).model_copy(update={"estimate_usd": estimate})


def resuming_run(run: "RunDefinition") -> StoredRun:
    """
    Return a run that goes on with its records without a result: what these may cost, at the most of all.

    Raises:
        BudgetExceeded: A price is unknown.
        StorageError: Its results cannot be read.
    """
    from evaldrop.run.records import prepared_records
    from evaldrop.run.rest import records_with_results
    from evaldrop.run.results import find_manifests

    reserving = reserving_run(run)
    most = float(((run.estimate or {}).get("cost_usd") or {}).get("high") or 0)
    done = records_with_results(find_manifests(run.folder))
    left = [record.record_id not in done for record in prepared_records(run.folder)]
    return reserving.model_copy(update={"rest_usd": most * sum(left) / max(len(left), 1)})


def failed_run(run: Mapping[str, Any], *, started_at: str | None) -> StoredRun:
    """Return a run as far as it got: its request's keys as JSON, and perhaps `name` and `folder`."""
    return StoredRun(
        run_id=run["run_id"],
        state="running",
        started_at=started_at or now(),
        dataset=str(run.get("dataset", "")),
        evaluation=run.get("name"),
        folder=run.get("folder"),
        owner=Owner.model_validate(run.get("owner") or {}),
        labels=tuple(run.get("labels") or ()),
        simulated=str(run.get("bedrock")).startswith("simulated"),
    )


def now() -> str:
    """Return the time, as the store has it."""
    return datetime.now(UTC).isoformat(timespec="seconds")
