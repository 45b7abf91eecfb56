"""
A run on this machine, from its request to what stays when it ends: processes, calls, engine, progress.

At the top is imported what a new run needs before its processes are forked, and no more. run.json's types
take a tenth of a second that only a resumed or rejudged run needs. The engine takes a quarter of one: it is
imported once the calls' process is on its way, so that neither waits for what the other imports.
"""

import gc
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from inspect import CORO_CREATED, getcoroutinestate
from typing import TYPE_CHECKING, Any

import orjson

from evaldrop import storage
from evaldrop.bedrock.journal import JOURNAL, KeepingRuntime, journal_of
from evaldrop.bedrock.metered import Meter, MeteredRuntime
from evaldrop.bedrock.other_process import may_fork, open_in_other_process
from evaldrop.bedrock.protocol import BedrockRuntime
from evaldrop.bedrock.region import region_of
from evaldrop.errors import DatasetError, InputError
from evaldrop.evaluation import find_evaluation, parse_evaluation
from evaldrop.run.request import RunRequest, has_begun, new_run_id, out_of, run_folder
from evaldrop.running.processes import function_process

if TYPE_CHECKING:
    from evaldrop.engine import Execution, Observer

DEFAULT_IN_FLIGHT = 64
NO_RESPONSE_GIVEN = "NoResponseGiven"

Watch = Callable[[Meter], AbstractContextManager["Observer"]]
"""Shows a run while the block lasts: the engine's events reach the observer, the meter counts the calls."""


@dataclass(frozen=True, slots=True)
class LocalRun:
    """A run that has its request and the place of its folder."""

    request: RunRequest
    folder: str


def new_run(
    dataset: str,
    *,
    evaluation: str | None,
    bedrock: str | None,
    out: str,
    limit: int | None,
    max_in_flight: int | None,
    go_on: bool = False,
) -> LocalRun:
    """
    Return a run of a dataset; arguments as `evaldrop run` has them.

    Raises:
        InputError: There is no such dataset, or `out` is not on this machine.
    """
    # The journal is appended to reply by reply, and objects cannot be.
    if storage.is_s3(out):
        raise InputError(
            f"--out {out}: a run on this machine is kept on it. Give a folder; copy it to S3 when it is done."
        )
    if not storage.exists(dataset):
        raise DatasetError(f"{dataset}: no such file.")
    uri = evaluation or find_evaluation(dataset)
    # Without an evaluation the workflow's first step refuses the run, together with all other problems.
    name = parse_evaluation(storage.read_bytes(uri), source=uri).name if uri else "run"
    request = RunRequest(
        run_id=new_run_id(),
        dataset=dataset,
        evaluation=evaluation,
        out=out,
        bedrock=bedrock or "aws",
        region=region_of(bedrock or "aws"),
        limit=limit,
        max_in_flight=max_in_flight,
        go_on=go_on,
    )
    return LocalRun(request, run_folder(storage.absolute(out), name, request.run_id))


def resumed_run(
    folder: str, *, bedrock: str | None, max_in_flight: int | None, go_on: bool = False
) -> LocalRun:
    """
    Return a run that goes on in its folder.

    Raises:
        InputError: It had not begun.
    """
    from evaldrop.run.definition import RunDefinition

    if not has_begun(folder):
        raise InputError(
            f"{folder}: no run.json there. Nothing had begun that could be gone on with; start a new run."
        )
    definition = RunDefinition.load(folder)
    parent = definition.parent
    request = RunRequest(
        run_id=definition.run_id,
        dataset=definition.dataset.uri,
        dataset_version=definition.dataset.version,
        evaluation=definition.evaluation_uri,
        out=definition.out,
        bedrock=bedrock or definition.bedrock,
        region=region_of(bedrock or definition.bedrock),
        limit=definition.options["limit"],
        # It changes no result, so it may be another; a limit may not.
        max_in_flight=max_in_flight or definition.options["max_in_flight"],
        # Absent in the run files of earlier versions.
        go_on=go_on or bool(definition.options.get("go_on")),
        parent=parent.folder if parent and parent.how == "rejudged" else None,
    )
    # Where it began: there its journal and results are gone on with.
    return LocalRun(request, definition.written_to)


def rejudged_run(
    folder: str,
    *,
    evaluation: str | None,
    bedrock: str | None,
    out: str | None,
    max_in_flight: int | None,
    go_on: bool = False,
) -> LocalRun:
    """
    Return a run that judges the responses of a finished one again.

    Raises:
        InputError: There is no finished run, or what it was made from is gone.
    """
    from evaldrop.run.definition import RunDefinition

    if not storage.exists(storage.join(folder, "scorecard.json")):
        raise InputError(f"{folder}: no finished run there. evaldrop run --resume RUN finishes one.")
    parent = RunDefinition.load(folder)
    uri = evaluation or parent.evaluation_uri
    if uri is None or not storage.exists(uri):
        raise InputError(f"{uri or folder}: the evaluation is not there. Give one with --evaluation FILE.")
    if not storage.exists(parent.dataset.uri):
        raise InputError(f"{parent.dataset.uri}: the dataset is not there, and judges are shown its records.")
    place = storage.absolute(out or out_of(storage.absolute(folder)) or folder)
    if storage.is_s3(place):
        raise InputError(f"{place}: a run on this machine is kept on it. Give a folder with --out.")
    request = RunRequest(
        run_id=new_run_id(),
        dataset=parent.dataset.uri,
        # The version that was answered: judges must not be shown a later one's references.
        dataset_version=parent.dataset.version,
        evaluation=uri,
        out=place,
        bedrock=bedrock or parent.bedrock,
        region=region_of(bedrock or parent.bedrock),
        limit=parent.options["limit"],
        max_in_flight=max_in_flight,
        go_on=go_on,
        parent=storage.absolute(folder),
    )
    name = parse_evaluation(storage.read_bytes(uri), source=uri).name
    return LocalRun(request, run_folder(request.out, name, request.run_id))


def is_finished(run: LocalRun) -> bool:
    """Tell whether a run has its scorecard and nothing in it that could be gone on with."""
    return storage.exists(storage.join(run.folder, "scorecard.json")) and not _has_errors(run.folder)


def _has_errors(folder: str) -> bool:
    """Tell whether a finished run has failed calls or missing records: something to go on with."""
    scorecard = orjson.loads(storage.read_bytes(storage.join(folder, "scorecard.json")))
    counts = [candidate["responses"] for candidate in scorecard["candidates"].values()]
    # A response that the dataset does not give is no call that could be made again.
    errors = sum(count["errors"] - count["error_names"].get(NO_RESPONSE_GIVEN, 0) for count in counts)
    unjudged = sum(judge["errors"] for judge in scorecard["judges"].values())
    return bool(errors or unjudged or scorecard["records"]["missing"])


def execute_here(run: LocalRun, watch: Watch) -> "Execution | None":
    """
    Execute a run, or what is left of it; return its execution, None when Ctrl-C interrupted it.

    Raises:
        EvaldropError: What makes the calls cannot be opened.
    """
    with _calls(run) as opened, function_process() as functions:
        return _execute(run, opened, functions, watch)


@contextmanager
def _calls(run: LocalRun) -> Iterator[Callable[[], BedrockRuntime]]:
    """
    Give what returns the runtime. It has a process of its own where one can be had.

    A rehearsal's has none: it sends nothing.
    """
    if run.request.simulated or not may_fork():
        yield partial(_runtime, run)
        return
    # Forked before there is an engine: neither process then waits for what the other imports.
    with open_in_other_process(partial(_runtime, run)) as runtime:
        yield runtime.opened


def _runtime(run: LocalRun) -> BedrockRuntime:
    """Return a runtime that keeps replies where they arrive, before the run's own process may lose them."""
    from evaldrop.bedrock.opening import open_runtime
    from evaldrop.bedrock.simulated.answer_key import AnswerKey

    known = AnswerKey(storage.join(run.folder, "records.jsonl")) if run.request.simulated else None
    runtime = open_runtime(
        run.request.bedrock,
        max_in_flight=run.request.max_in_flight or DEFAULT_IN_FLIGHT,
        answer_key=known,
        criteria=known.criterion if known else None,
    )
    return KeepingRuntime(runtime, journal_of(run.folder))


def _execute(
    run: LocalRun, opened: Callable[[], BedrockRuntime], functions: Executor | None, watch: Watch
) -> "Execution | None":
    from evaldrop.evaluation.prices import cost_of_calls, load_prices
    from evaldrop.running.workflow import run_locally, state_machine

    state_machine()  # takes a tenth of a second, in which the runtime is being opened
    runtime = MeteredRuntime(opened(), cost_of_calls(load_prices()))
    gc.freeze()  # what was imported stays: it need not be looked through for cycles again and again
    try:
        with watch(runtime.meter) as observer:
            execution = _loop(
                run_locally(
                    run.request,
                    runtime,
                    folder=run.folder,
                    observer=observer,
                    functions=functions,
                )
            )
    except KeyboardInterrupt:
        return None
    # Kept where calls failed: --resume takes what was answered from it.
    if execution.status == "SUCCEEDED" and not _has_errors(run.folder):
        journal_of(run.folder).unlink(missing_ok=True)
    _discard_empty(run.folder)
    return execution


def _loop(workflow: Coroutine[Any, Any, "Execution"]) -> "Execution":
    try:
        return _runner()(workflow)
    finally:
        # Ctrl-C while the loop was being made: a warning of a coroutine that nobody awaited would follow it.
        if getcoroutinestate(workflow) == CORO_CREATED:
            workflow.close()


def _runner() -> Callable[[Coroutine[Any, Any, "Execution"]], "Execution"]:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        import asyncio

        return asyncio.run
    return uvloop.run


def _discard_empty(folder: str) -> None:
    """Remove a folder in which a refused run left nothing but an empty journal."""
    path = storage.local_path(folder)
    # The journal is opened before the dataset is checked, so a refused run has made a folder.
    if path.is_dir() and {entry.name for entry in path.iterdir()} <= {JOURNAL}:
        storage.remove_folder(folder)
        with suppress(OSError):
            # The evaluation's folder, if this run made it; with other runs in it this fails, and is to.
            path.parent.rmdir()
