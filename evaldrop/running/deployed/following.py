"""A run of a stack: where it is to be found, and how far it is."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evaldrop import storage
from evaldrop.aws_errors import as_service_error, code_of
from evaldrop.errors import InputError
from evaldrop.json_text import loads
from evaldrop.run.naming import find_named_run
from evaldrop.run.request import has_begun
from evaldrop.running.deployed import clients
from evaldrop.running.deployed.stack import Stack

_ARN = re.compile(r"arn:[\w-]+:states:(?P<region>[\w-]+):\d+:execution:[^:]+:(?P<run_id>[0-9A-Za-z_-]{1,80})")
_NAME = re.compile(r"((latest|previous):[^/~]+|[0-9A-Za-z_.-]{1,80})(~\d*)?")
# As StartRun names the run of an upload. Such a run may not have begun, and nothing else begins so.
_WHOLE_ID = re.compile(r"ds-[0-9a-f]{40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAddress:
    """
    Where a run is to be found; its folder, and the folder that runs are kept in, where they are known.

    Of a folder in S3 that holds a finished run the execution is not looked at: its ARN is None.
    """

    run_id: str
    execution_arn: str | None = None
    folder: str | None = None
    out: str | None = None

    @property
    def region(self) -> str | None:
        """The Region that the execution is in."""
        return self.execution_arn.split(":")[3] if self.execution_arn else None


def find_run(run: str, stack: Callable[[], Stack]) -> RunAddress:
    """
    Return where a run is to be found; an ARN and the folder of a finished run need no stack looked up.

    Raises:
        InputError: It is none of these, or there are several such runs.
    """
    if storage.is_s3(run):
        return _in_folder(run, stack)
    if found := _ARN.fullmatch(run):
        return RunAddress(run_id=found["run_id"], execution_arn=run)
    if not _NAME.fullmatch(run):
        raise InputError(
            f"{run}: give latest, an evaluation's name, a run's ID, its execution's ARN (arn:aws:states:…), "
            "or its folder's s3:// URI. evaldrop runs lists them."
        )
    known = stack()
    named = None if _WHOLE_ID.fullmatch(run) else find_named_run(run, known.out)
    if named and named.rpartition("/")[2] != run:
        return _in_folder(named, lambda: known)
    return RunAddress(run_id=run, execution_arn=known.execution_arn(run), out=known.out)


def _in_folder(uri: str, stack: Callable[[], Stack]) -> RunAddress:
    given = uri.rstrip("/")
    # It may be a file in the folder, such as the report that a message names.
    folder = next((place for place in (given, storage.parent(given)) if place and has_begun(place)), None)
    if folder is None:
        raise InputError(f"{uri}: no run's folder: there is no run.json. evaldrop runs lists the runs.")
    run_id = folder.rpartition("/")[2]
    # Its execution may be forgotten, and the stack gone: what is finished needs neither.
    if storage.exists(storage.join(folder, "scorecard.json")):
        return RunAddress(run_id=run_id, folder=folder)
    return RunAddress(run_id=run_id, execution_arn=stack().execution_arn(run_id), folder=folder)


def find_folder(out: str, run_id: str, s3: Any) -> str | None:
    """
    Return the URI of a run's folder in the folder that runs are kept in, or None when it has none (yet).

    The evaluation is not known from a run's ID, so each is looked into.
    """
    bucket, prefix = storage.place(out.rstrip("/") + "/")
    with as_service_error(f"{out} cannot be listed"):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
        evaluations = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", ())]
    for evaluation in evaluations:
        folder = f"s3://{bucket}/{evaluation}{run_id}"
        if has_begun(folder):
            return folder
    return None


Status = Literal["NOT_STARTED", "RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]

# The Labels of the workflow's distributed Maps: part of their Map Runs' ARNs. Those of jobs by their state.
_RECORDS = "Records"
_LABELS_OF_JOBS = {"RunJobs": "Jobs", "RunEvaluationJobs": "EvaluationJobs"}
# The newest events of an execution: enough to hold the entry of the state it is in.
_EVENTS = 20
_MISSING = {"ExecutionDoesNotExist", "StateMachineDoesNotExist"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Records of a run, or jobs, all of them and those that ended."""

    total: int
    succeeded: int
    failed: int

    @property
    def done(self) -> int:
        """How many have come to an end."""
        return self.succeeded + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """
    A run at one moment.

    Attributes:
        status: Its execution's; NOT_STARTED when there is no such execution (yet, or any more).
        step: The state it is in; None when that is not known.
        counts: Of the Map Run of its records; None before there is one.
        jobs: Of that of the jobs it waits for; None where it waits for none.
        request: The execution's input.
        output: Its output; empty before it has succeeded.
        cause: The reason, as ReportFailure worded it.
    """

    status: Status
    step: str | None = None
    counts: Counts | None = None
    jobs: Counts | None = None
    request: Mapping[str, Any]
    output: Mapping[str, Any]
    error: str | None = None
    cause: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens unless somebody redrives it."""
        return self.status not in {"NOT_STARTED", "RUNNING"}

    @property
    def folder(self) -> str | None:
        """URI of the run's folder, once its output names the report."""
        report = self.output.get("report")
        return storage.parent(str(report)) if report else None


def look(execution_arn: str, states: Any) -> Moment:
    """Return how far a run is, by boto3's client of Step Functions in the execution's Region."""
    with as_service_error(f"{execution_arn} cannot be looked at"):
        try:
            execution = states.describe_execution(executionArn=execution_arn)
        except states.exceptions.ClientError as error:
            # No error: an upload's event takes seconds to start its execution.
            if code_of(error) in _MISSING:
                return Moment(status="NOT_STARTED", request={}, output={})
            raise
        is_running = execution["status"] == "RUNNING"
        step = _step(execution_arn, states) if is_running else None
        map_runs = states.list_map_runs(executionArn=execution_arn)["mapRuns"]
        label = _LABELS_OF_JOBS.get(step or "")
        return Moment(
            status=execution["status"],
            step=step,
            counts=_counts(_RECORDS, map_runs, states),
            jobs=_counts(label, map_runs, states) if label else None,
            request=_json(execution.get("input")),
            output=_json(execution.get("output")),
            error=execution.get("error"),
            cause=execution.get("cause"),
        )


def _json(text: str | None) -> Mapping[str, Any]:
    content = loads(text or "{}")
    return content if isinstance(content, dict) else {}


def _step(execution_arn: str, states: Any) -> str | None:
    # Without data: inputs of states may be 256 KiB each, and a name is all that is needed.
    history = states.get_execution_history(
        executionArn=execution_arn, reverseOrder=True, maxResults=_EVENTS, includeExecutionData=False
    )
    # Newest first: the first entry met is that of the state it is in.
    for event in history["events"]:
        if entered := event.get("stateEnteredEventDetails"):
            return str(entered["name"])
    return None


def _counts(label: str, map_runs: Sequence[Mapping[str, Any]], states: Any) -> Counts | None:
    labelled = [each for each in map_runs if f"/{label}:" in each["mapRunArn"]]
    if not labelled:
        return None
    # The first Map Run is that of the first records alone, and each stage of jobs has one. In which order
    # they are listed is not documented.
    newest = max(labelled, key=lambda each: each["startDate"])
    items = states.describe_map_run(mapRunArn=newest["mapRunArn"])["itemCounts"]
    return Counts(
        total=items["total"],
        succeeded=items["succeeded"],
        # All that ended without success: with less the bar would never come to its end.
        failed=items["failed"] + items["timedOut"] + items["aborted"],
    )


def status_of(run: RunAddress) -> Status:
    """Return the status of a run; SUCCEEDED, too, of one whose folder outlived its execution."""
    status = look(str(run.execution_arn), clients.client("stepfunctions")).status
    if status == "NOT_STARTED" and run.out and find_folder(run.out, run.run_id, clients.client("s3")):
        return "SUCCEEDED"
    return status


def folder_of(run: str, stack: Callable[[], Stack]) -> str:
    """
    Return the URI of the folder of a run that has begun; arguments as `find_run` has them.

    Raises:
        InputError: There is no such run, or nothing of it yet.
    """
    address = find_run(run, stack)
    if address.folder:
        return address.folder
    out, status = address.out, None
    # Found by ARN alone: the folder that runs are kept in is said by the execution's own input.
    if out is None:
        moment = look(str(address.execution_arn), clients.client("stepfunctions", region=address.region))
        out, status = moment.request.get("out"), moment.status
    folder = find_folder(out, address.run_id, clients.client("s3")) if out else None
    if folder is None:
        said = f" (its execution: {status})" if status else ""
        raise InputError(
            f"{run}: no such run{said}, or it has written nothing yet. evaldrop runs lists them; "
            "evaldrop watch tells how far one is."
        )
    return folder
