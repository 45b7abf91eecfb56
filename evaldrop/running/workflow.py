"""The workflow on one machine: its real file, the real handlers, and buckets that are directories."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from evaldrop import engine as engine_package
from evaldrop import storage
from evaldrop.bedrock.journal import Journal, ReplayingRuntime, journal_of
from evaldrop.bedrock.protocol import BedrockEvaluations, BedrockJobs, BedrockOptimizations, BedrockRuntime
from evaldrop.engine import (
    Execution,
    Integration,
    ListedObject,
    Observer,
    StateMachine,
    TaskContext,
    bedrock_invoke_model,
    compile_ahead,
    dynamodb_update_item,
    execute,
    lambda_invoke,
    load,
    read_ahead,
    sdk_integration,
    sns_publish,
)
from evaldrop.errors import StorageError
from evaldrop.run.request import RunRequest
from evaldrop.run.results import MANIFEST
from evaldrop.running.batch_jobs import integrations_of_jobs
from evaldrop.running.budget_table import BudgetTable
from evaldrop.running.handlers import HANDLERS
from evaldrop.running.processes import PartProcesses
from evaldrop.running.scorers import RunScorers
from evaldrop.running.stored_bodies import get_object, with_stored_bodies
from evaldrop.shipped import workflow_definition, workflow_sha256

JOBS_ROLE = "arn:aws:iam::000000000000:role/evaldrop-jobs"
"""What a rehearsal's jobs of either kind are to work by; nobody assumes it."""

RECORDS_STATE = "EvaluateRecords"
"""The state whose children make the calls of records."""

_SENT_S = 0.01


class _WholeFile(BytesIO):
    """A file that appears as it is closed: whoever is killed leaves no part of it that nobody could read."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def close(self) -> None:
        """Write the file, once."""
        if not self.closed:
            storage.write_bytes(str(self._path), self.getvalue())
        super().close()


class DirectoryStore:
    """An object store whose buckets are directories."""

    def list_objects(self, bucket: str, prefix: str) -> list[ListedObject]:
        """List the objects whose keys begin with a prefix."""
        root = Path(bucket)
        folder = root / prefix.rpartition("/")[0]
        found = []
        for path in folder.rglob("*"):
            key = path.relative_to(root).as_posix()
            if key.startswith(prefix) and path.is_file() and not path.name.startswith("."):
                facts = path.stat()
                found.append(ListedObject(key, facts.st_size, facts.st_mtime))
        return sorted(found)

    def open_read(self, bucket: str, key: str) -> BinaryIO:
        """Open an object for reading."""
        return (Path(bucket) / key).open("rb")

    def create(self, bucket: str, key: str) -> BinaryIO:
        """Open a new object for writing; it can be read while it grows, but for a manifest."""
        path = Path(bucket) / key
        if path.name == MANIFEST:
            return _WholeFile(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")


@cache
def state_machine() -> StateMachine:
    """Return the workflow as it runs on one machine: functions and topic are known by their own names."""
    names = {name: name for name in (*HANDLERS, "ResultsTopic")}
    here = {"Partition": "aws", "ChildType": "EXPRESS", "PromptJob": "AdvancedPromptOptimizationJob"}
    here |= dict.fromkeys(("JobsRole", "EvaluationJobsRole"), JOBS_ROLE)
    checked = _checked_mark()
    machine = load(workflow_definition(), {**names, **here}, was_checked=checked.exists())
    # Where nothing may be written, it is checked at every start.
    if not checked.exists() and not sys.dont_write_bytecode:
        with suppress(StorageError, OSError):
            for earlier in checked.parent.glob("workflow-*.checked"):
                earlier.unlink(missing_ok=True)
            storage.write_bytes(str(checked), b"")
    return machine


def _checked_mark() -> Path:
    """
    Return the file that is there when this engine has checked this workflow, all of it.

    Beside the engine's compiled modules, and as these told by the times of their sources: one that is changed
    checks anew, and so does another botocore, by whose models the workflow's calls are checked.
    """
    engine = Path(engine_package.__file__).parent
    models = find_spec("botocore")
    sources = [*engine.rglob("*.py"), *([Path(models.origin)] if models and models.origin else [])]
    changed = max(path.stat().st_mtime_ns for path in sources)
    key = f"{workflow_sha256()[:32]}-{changed}-{sys.implementation.cache_tag}"
    return engine / "__pycache__" / f"workflow-{key}.checked"


async def run_locally(
    request: RunRequest,
    runtime: BedrockRuntime,
    *,
    folder: str,
    jobs: BedrockJobs | None = None,
    evaluations: BedrockEvaluations | None = None,
    optimizations: BedrockOptimizations | None = None,
    journal: Journal | None = None,
    observer: Observer | None = None,
    publish: Callable[[dict[str, Any]], None] | None = None,
    functions: Executor | None = None,
    is_quiet: Callable[[], bool] = bool,
) -> Execution:
    """
    Execute the workflow for a request; what the journal has is not called again.

    Args:
        request: What to run. A request whose run has begun already goes on with it.
        runtime: Answers calls, and keeps its replies in the journal if it is to. It is closed in the end.
        folder: The run's.
        jobs: Batch jobs, which a rehearsal alone has on one machine. They are closed in the end.
        evaluations: Evaluation jobs, likewise.
        optimizations: Prompt optimisation jobs, likewise.
        journal: What it has is not called again; by default it is the folder's. It is closed in the end.
        observer: Follows the progress.
        publish: Gets what the workflow publishes to its topic.
        functions: Runs the functions; a thread does without.
        is_quiet: Tells at the end whether no call was given up under way; by default one may have been.
    """
    # Not `or`: a journal without replies has the length 0.
    kept = Journal(journal_of(folder)) if journal is None else journal
    journalled = ReplayingRuntime(runtime, kept)
    budget, scorers = BudgetTable(storage.local_path(folder)), RunScorers(folder)

    async def published(message: dict[str, Any]) -> dict[str, Any]:
        if publish:
            publish(message)
        return {"MessageId": request.run_id}

    # Where functions have a process, parts have some, too; begun with the first part.
    parts = PartProcesses() if functions is not None else None
    invoked = _by_part(lambda_invoke(HANDLERS, executor=functions), lambda_invoke(HANDLERS, executor=parts))
    # Where functions have no process, they work here.
    ahead = None if functions is None else asyncio.create_task(_taken(_ahead()))
    try:
        execution = await execute(
            state_machine(),
            request.model_dump(mode="json"),
            integrations={
                "lambda:invoke": scorers.around(_without_calls(invoked, journalled)),
                "aws-sdk:bedrockruntime:converse": sdk_integration(
                    "bedrock-runtime", "Converse", journalled.converse
                ),
                "aws-sdk:bedrockruntime:invokeGuardrailChecks": sdk_integration(
                    "bedrock-runtime", "InvokeGuardrailChecks", journalled.invoke_guardrail_checks
                ),
                "bedrock:invokeModel": bedrock_invoke_model(
                    with_stored_bodies(journalled.invoke_model, storage)
                ),
                "aws-sdk:s3:getObject": sdk_integration("s3", "GetObject", get_object(storage)),
                "sns:publish": sns_publish(published),
                "dynamodb:updateItem": dynamodb_update_item(budget.update_item),
                **integrations_of_jobs(jobs, evaluations, optimizations),
            },
            store=DirectoryStore(),
            name=request.run_id,
            observer=observer,
        )
    finally:
        if ahead is not None:
            ahead.cancel()
        if parts is not None:
            parts.end()
        budget.close(quietly=is_quiet())
        for plane in (jobs, evaluations, optimizations):
            if plane is not None:
                await plane.close()
        await journalled.close()
        await scorers.close()
    return _worded(execution, request)


def _ahead() -> Iterator[None]:
    """Make ready, step by step, what a run needs later: for its first calls, then for its end."""
    read_ahead("bedrock-runtime", "Converse")
    yield
    yield from compile_ahead(state_machine().flow.states[RECORDS_STATE])
    import evaldrop.running.retrying

    yield
    import evaldrop.scorecard.read  # noqa: F401 - imported for the import's sake


async def _taken(steps: Iterator[None]) -> None:
    """Take steps while the first functions work, and the first calls wait for their answers."""
    # By then the functions' process has its first call.
    await asyncio.sleep(_SENT_S)
    for _ in steps:
        await asyncio.sleep(0)


def _by_part(whole: Integration, part: Integration) -> Integration:
    """Return what calls functions: for parts of a dataset, as several at a time."""

    async def integration(arguments: Any, context: TaskContext) -> Any:
        payload = arguments.get("Payload") if isinstance(arguments, dict) else None
        is_part = isinstance(payload, dict) and "part" in payload
        return await (part if is_part else whole)(arguments, context)

    return integration


def _without_calls(invoke: Integration, runtime: ReplayingRuntime) -> Integration:
    """Return an integration before whose BuildScorecard the runtime, which is done, gives back its memory."""

    async def integration(arguments: Any, context: TaskContext) -> Any:
        if context.state == "BuildScorecard":
            await runtime.close()
        return await invoke(arguments, context)

    return integration


def _worded(execution: Execution, request: RunRequest) -> Execution:
    """Return an execution that failed where nothing is caught with a reason a person can act on."""
    # Who stopped it knows why: there is nothing to word.
    if execution.status in {"SUCCEEDED", "ABORTED"}:
        return execution
    from evaldrop.steps.report_failure.notices import unfinished_notice

    notice = unfinished_notice(
        request.model_dump(mode="json"),
        error=execution.error or "States.Timeout",
        cause=execution.cause or "",
        execution="",
    )
    return replace(execution, **notice["reason"]) if notice else execution
