"""A stack's runs as its bucket has them; of those without a scorecard, what their executions say."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from evaldrop.aws_errors import as_service_error
from evaldrop.run.request import RunRequest
from evaldrop.running.deployed.stack import Stack
from evaldrop.running.history.from_folders import runs_below
from evaldrop.steps.lifecycle.runs import requested_run
from evaldrop.store.model import Ending, StoredRun

FORGOTTEN = "It has no scorecard, and its execution is forgotten: it failed, or was stopped."
_ENDED = {"FAILED": "failed", "TIMED_OUT": "failed", "ABORTED": "stopped"}


def runs_of_stack(stack: Stack, states: Any) -> Iterator[StoredRun]:
    """Yield a stack's runs, by boto3's client of Step Functions; also those that never had a folder."""
    executions = _executions(stack, states)
    for run in runs_below(stack.out):
        execution = executions.pop(run.run_id, None)
        if run.ending is not None:
            yield run
        elif execution is None:
            yield _ended(run, Ending(state="failed", ended_at=run.started_at, why=FORGOTTEN))
        else:
            yield _as_executed(run, execution, states)
    for execution in executions.values():
        described = _described(execution, states)
        try:
            request = RunRequest.model_validate_json(described.get("input") or "")
        except ValidationError:
            # Of another version, or started by hand.
            continue
        yield _as_executed(
            requested_run(request, started_at=_time(execution["startDate"])), execution, states
        )


def _executions(stack: Stack, states: Any) -> dict[str, Mapping[str, Any]]:
    with as_service_error(f"the executions of {stack.machine_arn} cannot be listed"):
        pages = states.get_paginator("list_executions").paginate(stateMachineArn=stack.machine_arn)
        return {each["name"]: each for page in pages for each in page["executions"]}


def _described(execution: Mapping[str, Any], states: Any) -> Mapping[str, Any]:
    with as_service_error(f"{execution['executionArn']} cannot be looked at"):
        described: Mapping[str, Any] = states.describe_execution(executionArn=execution["executionArn"])
    return described


def _as_executed(run: StoredRun, execution: Mapping[str, Any], states: Any) -> StoredRun:
    state = _ENDED.get(execution["status"])
    if state is None:
        return run
    described = _described(execution, states)
    why = ": ".join(filter(None, [described.get("error"), described.get("cause")]))
    ended_at = _time(described.get("stopDate", execution["startDate"]))
    return _ended(run, Ending(state=state, ended_at=ended_at, why=why[:1000] or None))


def _ended(run: StoredRun, ending: Ending) -> StoredRun:
    return run.model_copy(update={"state": ending.state, "ending": ending})


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
