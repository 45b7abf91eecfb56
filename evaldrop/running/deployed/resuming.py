"""A run of a stack that goes on: another execution of the same run, about its records without a result."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from evaldrop import storage
from evaldrop.aws_errors import as_service_error
from evaldrop.errors import InputError
from evaldrop.prompt_search.kept import read_search
from evaldrop.run.definition import RunDefinition
from evaldrop.run.job_results import may_have_jobs_left
from evaldrop.run.records import has_records, prepared_records
from evaldrop.run.request import RunRequest, has_begun, out_of
from evaldrop.run.rest import records_with_results
from evaldrop.run.results import find_manifests
from evaldrop.running.deployed.following import RunAddress
from evaldrop.running.deployed.stack import Stack
from evaldrop.steps.prepare_records.rest import records_to_go_on_with

_MOST_OF_ID = 68
"""Characters of a run's ID in the name of an execution that goes on with it: a name has 80."""


def going_on(run_id: str, stack: Stack, states: Any) -> Iterator[str]:
    """Yield the ARNs of a run's executions that are going on: that which began it, or one that resumed it."""
    pages = states.get_paginator("list_executions").paginate(
        stateMachineArn=stack.machine_arn, statusFilter="RUNNING"
    )
    for each in (execution for page in pages for execution in page["executions"]):
        if each["name"] == run_id or each["name"].startswith(_stem(run_id)):
            yield each["executionArn"]


def _stem(run_id: str) -> str:
    return f"{run_id[:_MOST_OF_ID]}-again-"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployedRest:
    """
    What is left of a run of a stack.

    Attributes:
        request: The input of the execution that goes on with it.
        records: How many records have no result.
        is_searching: Whether its search for prompts had not ended: that goes on first.
    """

    folder: str
    request: RunRequest
    records: int
    is_searching: bool = False

    def start(self, stack: Stack, states: Any) -> RunAddress:
        """
        Start the execution, and return where it is to be followed.

        Raises:
            InputError: An execution of the run is going on.
            AwsError: Step Functions would not.
        """
        run_id = self.request.run_id
        with as_service_error(f"run {run_id} cannot go on"):
            for arn in going_on(run_id, stack, states):
                raise _under_way(run_id, arn)
            names = (f"{_stem(run_id)}{n}" for n in count(1))
            name = next(name for name in names if not _is_there(stack, name, states))
            try:
                started = states.start_execution(
                    stateMachineArn=stack.machine_arn, name=name, input=self.request.model_dump_json()
                )
            except states.exceptions.ExecutionAlreadyExists as error:
                # Somebody was a moment earlier.
                raise _under_way(run_id, stack.execution_arn(name)) from error
        return RunAddress(run_id=run_id, execution_arn=started["executionArn"], folder=self.folder)


def rest_of_run(folder: str, *, budget_usd: float | None, go_on: bool | None) -> DeployedRest:
    """
    Return what is left of a run in a stack's bucket.

    Args:
        folder: The run's.
        budget_usd: What the whole run may cost; by default as before.
        go_on: Leave out who was refused; by default as before.

    Raises:
        InputError: It has not begun, every record has a result, or its batch jobs are not over.
    """
    folder = folder.rstrip("/")
    if not has_begun(folder):
        raise InputError(f"{folder}: no run.json there. Nothing had begun that could be gone on with.")
    run = RunDefinition.load(folder)
    if not has_records(folder):
        search = read_search(folder) if run.is_searching else None
        if search is None:
            raise InputError(f"{folder}: its records were not prepared yet. Redrive its execution.")
        request = _request(run, folder, budget_usd=budget_usd, go_on=go_on, rest=False)
        return DeployedRest(
            folder=folder, request=request, records=search.records.get("test", 0), is_searching=True
        )
    records_to_go_on_with(run)
    done = records_with_results(find_manifests(folder))
    left = sum(record.record_id not in done for record in prepared_records(folder))
    if not left and not (run.evaluation.job_judges and may_have_jobs_left(folder)):
        raise InputError(f"{folder}: every record has a result. There is nothing to go on with.")
    request = _request(run, folder, budget_usd=budget_usd, go_on=go_on, rest=True)
    return DeployedRest(folder=folder, request=request, records=left)


def _request(
    run: RunDefinition, folder: str, *, budget_usd: float | None, go_on: bool | None, rest: bool
) -> RunRequest:
    evaluation = run.evaluation_uri
    return RunRequest(
        run_id=run.run_id,
        dataset=run.dataset.uri,
        dataset_version=run.dataset.version,
        # The stack's own is found as it was.
        evaluation=evaluation if evaluation and storage.is_s3(evaluation) else None,
        out=out_of(folder) or run.out,
        limit=run.options.get("limit"),
        max_in_flight=run.options.get("max_in_flight"),
        go_on=bool(run.options.get("go_on")) if go_on is None else go_on,
        parent=run.parent.folder if run.parent else None,
        labels=run.labels,
        owner=run.owner,
        budget_usd=budget_usd,
        rest=rest,
    )


def _is_there(stack: Stack, name: str, states: Any) -> bool:
    try:
        states.describe_execution(executionArn=stack.execution_arn(name))
    except states.exceptions.ExecutionDoesNotExist:
        return False
    return True


def _under_way(run_id: str, arn: str) -> InputError:
    return InputError(f"run {run_id} is going on ({arn}): `evaldrop watch {arn}` follows it.")
