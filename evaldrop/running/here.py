"""A run on one machine: the real workflow file, the real handlers, buckets that are directories."""

from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from evaldrop import storage
from evaldrop.bedrock.journal import JOURNAL, Journal, KeepingRuntime, ReplayingRuntime, journal_of
from evaldrop.bedrock.protocol import BedrockRuntime
from evaldrop.engine import (
    Execution,
    Integration,
    Observer,
    StateMachine,
    TaskContext,
    bedrock_invoke_model,
    execute,
    lambda_invoke,
    load,
    sdk_integration,
    sns_publish,
)
from evaldrop.run.request import RunRequest
from evaldrop.running.handlers import HANDLERS
from evaldrop.running.stored_bodies import get_object, with_stored_bodies
from evaldrop.shipped import workflow_definition
from evaldrop.steps.report_failure.notices import unfinished_notice

NO_RESPONSE_GIVEN = "NoResponseGiven"


class DirectoryStore:
    """An object store whose buckets are directories."""

    def open_read(self, bucket: str, key: str) -> BinaryIO:
        """Open an object for reading."""
        return (Path(bucket) / key).open("rb")

    def create(self, bucket: str, key: str) -> BinaryIO:
        """Open a new object for writing; it can be read while it grows."""
        path = Path(bucket) / key
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")


@cache
def state_machine() -> StateMachine:
    """Return the workflow as it runs on one machine: functions and topic are known by their own names."""
    names = {name: name for name in (*HANDLERS, "ResultsTopic")}
    return load(workflow_definition(), {**names, "ChildType": "EXPRESS"})


async def run_locally(
    request: RunRequest,
    runtime: BedrockRuntime,
    *,
    folder: str,
    observer: Observer | None = None,
    publish: Callable[[dict[str, Any]], None] | None = None,
    functions: Executor | None = None,
    keeps_replies: bool = False,
) -> Execution:
    """
    Execute the workflow for a request; replies are journalled in the run's folder while it lasts.

    Args:
        request: What to run. A request whose run has begun already goes on with it.
        runtime: Who answers calls. It is closed in the end.
        folder: The run's folder.
        observer: Is told of the progress.
        publish: Gets what the workflow publishes to its topic.
        functions: Where the functions run; a thread when there is none.
        keeps_replies: Whether the runtime itself writes them to the journal, as one in another process does.
    """
    journal = Journal(journal_of(folder))
    keeping = runtime if keeps_replies else KeepingRuntime(runtime, journal_of(folder))
    journalled = ReplayingRuntime(keeping, journal)

    async def published(message: dict[str, Any]) -> dict[str, Any]:
        if publish:
            publish(message)
        return {"MessageId": request.run_id}

    try:
        execution = await execute(
            state_machine(),
            request.model_dump(mode="json"),
            integrations={
                "lambda:invoke": _without_calls(lambda_invoke(HANDLERS, executor=functions), journalled),
                "aws-sdk:bedrockruntime:converse": sdk_integration(
                    "bedrock-runtime", "Converse", journalled.converse
                ),
                "bedrock:invokeModel": bedrock_invoke_model(
                    with_stored_bodies(journalled.invoke_model, storage)
                ),
                "aws-sdk:s3:getObject": sdk_integration("s3", "GetObject", get_object(storage)),
                "sns:publish": sns_publish(published),
            },
            store=DirectoryStore(),
            name=request.run_id,
            observer=observer,
        )
    finally:
        await journalled.close()
    execution = _worded(execution, request)
    if execution.status == "SUCCEEDED" and not _has_errors(folder):
        journal_of(folder).unlink(missing_ok=True)
    return execution


def _without_calls(invoke: Integration, runtime: ReplayingRuntime) -> Integration:
    """Return an integration before whose BuildScorecard the runtime, which is done, gives back its memory."""

    async def integration(arguments: Any, context: TaskContext) -> Any:
        if context.state == "BuildScorecard":
            await runtime.close()
        return await invoke(arguments, context)

    return integration


def _worded(execution: Execution, request: RunRequest) -> Execution:
    """Return an execution that failed where nothing is caught with a reason a person can act on."""
    if execution.status in {"SUCCEEDED", "ABORTED"}:
        return execution
    notice = unfinished_notice(
        request.model_dump(mode="json"),
        error=execution.error or "States.Timeout",
        cause=execution.cause or "",
        execution="",
    )
    return replace(execution, **notice["reason"]) if notice else execution


def is_finished(folder: str) -> bool:
    """Tell whether a run has its scorecard and nothing in it that could be gone on with."""
    return storage.exists(storage.join(folder, "scorecard.json")) and not _has_errors(folder)


def _has_errors(folder: str) -> bool:
    """Tell whether a finished run has failed calls or missing records: something to go on with."""
    scorecard = orjson.loads(storage.read_bytes(storage.join(folder, "scorecard.json")))
    counts = [candidate["responses"] for candidate in scorecard["candidates"].values()]
    # A response that the dataset does not give is no call that could be made again.
    errors = sum(count["errors"] - count["error_names"].get(NO_RESPONSE_GIVEN, 0) for count in counts)
    unjudged = sum(judge["errors"] for judge in scorecard["judges"].values())
    return bool(errors or unjudged or scorecard["records"]["missing"])


def discard_empty(folder: str) -> None:
    """Remove a folder in which a refused run left nothing but an empty journal."""
    path = storage.local_path(folder)
    if path.is_dir() and {entry.name for entry in path.iterdir()} <= {JOURNAL}:
        storage.remove_folder(folder)
        with suppress(OSError):
            path.parent.rmdir()
