"""The runs of a stack: those that the history keeps, and the executions of the rest."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from typing import Any

from evaldrop import storage
from evaldrop.aws_errors import as_service_error
from evaldrop.report.history_index import HISTORY_FILE, read_entries
from evaldrop.run.request import RUN_FILE
from evaldrop.running.deployed.following import look
from evaldrop.running.deployed.stack import Stack
from evaldrop.scorecard.trend.entries import HistoryEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """
    A run in the list. What is not known is None.

    Attributes:
        status: Its execution's; SUCCEEDED for a scorecard whose execution is forgotten (after 90 days).
        decision: The gate's; "no gate" where it has no rules.
        recommendation: Which candidate to ship.
        labels: What the run is to be found by.
        regressed: What is worse than in the baseline, such as "lite on correctness".
        why: What ended a run that failed: error and cause, or who answered nothing.
    """

    run_id: str
    evaluation: str | None
    dataset: str | None
    started_at: str
    status: str
    simulated: bool = False
    records: int | None = None
    decision: str | None = None
    cost_usd: float | None = None
    recommendation: str | None = None
    report: str | None = None
    why: str | None = None
    labels: tuple[str, ...] = ()
    regressed: tuple[str, ...] = ()


def list_runs(stack: Stack, states: Any, *, evaluation: str | None, limit: int) -> list[RunRow]:
    """
    Return a stack's newest runs, the newest first, by boto3's client of Step Functions.

    Of an evaluation's runs those are left out that failed before it was known.
    """
    files = list(storage.list_files(stack.out))
    entries = read_entries([uri for uri in files if uri.endswith(f"/{HISTORY_FILE}")])
    begun = dict(_evaluations(files))
    with as_service_error(f"the executions of {stack.machine_arn} cannot be listed"):
        # Newest first. Entries may take all of the newest places, so their number is asked for beyond the
        # limit.
        executions = {each["name"]: each for each in islice(_executions(stack, states), limit + len(entries))}
    rows = [_from_entry(entry, executions.pop(entry.run_id, None), stack) for entry in entries]
    bare = [each for each in executions.values() if evaluation in {None, begun.get(each["name"])}]
    bare.sort(key=lambda each: each["startDate"], reverse=True)
    # Each costs a call: no more are described than can be shown.
    rows += [_from_execution(each, begun.get(each["name"]), states) for each in bare[:limit]]
    chosen = [row for row in rows if evaluation in {None, row.evaluation}]
    return sorted(chosen, key=lambda row: (row.started_at, row.run_id), reverse=True)[:limit]


def _evaluations(files: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield ID and evaluation of every run that has begun: `<out>/<evaluation>/<run id>/run.json`."""
    for uri in files:
        parts = uri.rsplit("/", 3)
        if parts[-1] == RUN_FILE:
            yield parts[-2], parts[-3]


def _executions(stack: Stack, states: Any) -> Iterator[Mapping[str, Any]]:
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=stack.machine_arn)
    for page in pages:
        yield from page["executions"]


def _from_entry(entry: HistoryEntry, execution: Mapping[str, Any] | None, stack: Stack) -> RunRow:
    return RunRow(
        run_id=entry.run_id,
        evaluation=entry.evaluation,
        dataset=entry.dataset,
        started_at=entry.started_at,
        status=execution["status"] if execution else "SUCCEEDED",
        simulated=entry.simulated,
        records=entry.records,
        decision=entry.decision,
        cost_usd=entry.cost_usd,
        recommendation=entry.recommendation or None,
        report=storage.join(stack.out, entry.folder, "report.html"),
        why=entry.unanswered or None,
        labels=entry.labels,
        regressed=entry.regressed,
    )


def _from_execution(execution: Mapping[str, Any], evaluation: str | None, states: Any) -> RunRow:
    moment = look(execution["executionArn"], states)
    why = ": ".join(filter(None, [moment.error, moment.cause]))
    return RunRow(
        run_id=execution["name"],
        evaluation=evaluation,
        dataset=moment.request.get("dataset"),
        started_at=execution["startDate"].astimezone(UTC).isoformat(timespec="seconds"),
        status=execution["status"],
        report=moment.output.get("report"),
        why=why or None,
        labels=tuple(moment.request.get("labels") or ()),
    )
