"""A run of a stack is stopped: its executions that go on; ReportFailure hears of it, and stops its jobs."""

from collections.abc import Callable
from dataclasses import dataclass

from evaldrop import storage
from evaldrop.aws_errors import as_service_error
from evaldrop.errors import InputError
from evaldrop.run.naming import find_run as find_kept_run
from evaldrop.run.request import out_of
from evaldrop.running.deployed import clients
from evaldrop.running.deployed.following import RunAddress, Status, find_run, look
from evaldrop.running.deployed.resuming import going_on
from evaldrop.running.deployed.stack import Stack, stack_that_keeps

_CAUSE = "Stopped by evaldrop stop."


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedRun:
    """
    A run of a stack after it was to be stopped.

    Attributes:
        executions: ARNs of those that were stopped; none where all had ended.
        status: Of the execution that began the run, as it was before.
    """

    run_id: str
    executions: tuple[str, ...]
    status: Status


def stop_deployed(run: str, stack: Callable[[], Stack] | None) -> StoppedRun:
    """
    Stop what goes on of a run; arguments as `find_run` has them, without a stack that which keeps the folder.

    Raises:
        InputError: There is no such run.
        AwsError: Step Functions would not.
    """
    if storage.is_s3(run):
        folder = find_kept_run(run, run).rstrip("/")
        keeps = _stack_of(folder, stack)
        arn = keeps.execution_arn(folder.rpartition("/")[2])
        return _stop(RunAddress(run_id=folder.rpartition("/")[2], execution_arn=arn, folder=folder), keeps)
    if stack is None:
        address = find_run(run, _no_stack)
        return _stop(address, None)
    known = stack()
    return _stop(find_run(run, lambda: known), known)


def _no_stack() -> Stack:
    raise InputError("a run of a stack is named with --stack NAME, its s3:// URI or its execution's ARN.")


def _stack_of(folder: str, stack: Callable[[], Stack] | None) -> Stack:
    out = out_of(folder)
    named = stack() if stack else None
    if named is not None and named.out == out:
        return named
    if found := stack_that_keeps(out):
        return found
    raise InputError(f"{folder}: no stack keeps its runs there. Nothing goes on in a copy of a run.")


def _stop(run: RunAddress, stack: Stack | None) -> StoppedRun:
    states = clients.client("stepfunctions", region=run.region)
    # Of a finished run whose folder was named: another execution may go on with it.
    first = run.execution_arn or (stack.execution_arn(run.run_id) if stack else "")
    status = look(first, states).status
    if status == "NOT_STARTED" and run.folder is None:
        raise InputError(f"{first}: there is no such run. evaldrop runs lists those there are.")
    with as_service_error(f"run {run.run_id} was not stopped"):
        if stack is None:
            arns = [first] if status == "RUNNING" else []
        else:
            arns = list(going_on(run.run_id, stack, states))
        for arn in arns:
            states.stop_execution(executionArn=arn, cause=_CAUSE)
    return StoppedRun(run_id=run.run_id, executions=tuple(arns), status=status)
