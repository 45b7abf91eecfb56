"""
A run on this machine, from its request to what stays when it ends: processes, calls, engine, progress.

A run's first call waits for what is imported before it. The functions' process and that of the calls begin
with the command and import what is theirs; here the engine is imported while the one reads the evaluation,
and at the top stands no more than a new run needs. run.json's types take a tenth of a second that only a
resumed or rejudged run needs.
"""

import gc
import shutil
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from inspect import CORO_CREATED, getcoroutinestate
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.bedrock.draining import DrainingRuntime
from evaldrop.bedrock.forking import may_fork
from evaldrop.bedrock.journal import (
    JOURNAL,
    Journal,
    KeepingRuntime,
    finished_journal_of,
    journal_of,
    room_kept_free,
)
from evaldrop.bedrock.metered import Meter, MeteredRuntime
from evaldrop.bedrock.opening import (
    open_evaluations,
    open_jobs,
    open_keeping_runtime,
    open_optimizations,
    open_runtime,
)
from evaldrop.bedrock.other_process import open_in_other_process
from evaldrop.bedrock.protocol import BedrockEvaluations, BedrockJobs, BedrockOptimizations, BedrockRuntime
from evaldrop.bedrock.region import region_of
from evaldrop.errors import DatasetError, InputError
from evaldrop.evaluation.finding import evaluation_name, find_evaluation
from evaldrop.run.lock import LOCK, locked
from evaldrop.run.part_sizes import PARTS
from evaldrop.run.request import RUN_FILE, RunRequest, new_run_id, out_of, run_folder
from evaldrop.run.stop_request import forget_request, is_asked_to_stop
from evaldrop.running.processes import asked_early, calls_process, function_process
from evaldrop.running.stopping import until_stopped

if TYPE_CHECKING:
    from evaldrop.bedrock.metered_jobs import Price
    from evaldrop.bedrock.simulated.answer_key import RunAnswerKey
    from evaldrop.engine import Execution, Observer

DEFAULT_IN_FLIGHT = 64

Watch = Callable[[Meter], AbstractContextManager["Observer"]]
"""Shows a run while the block lasts: the engine's events reach the observer, the meter counts the calls."""

Say = Callable[[str], None]
"""Gets what is worth a look, a sentence at a time."""


@dataclass(frozen=True, slots=True)
class LocalRun:
    """
    A run that has its request and the place of its folder.

    `retries_errors`: it had ended, and calls again what failed.
    """

    request: RunRequest
    folder: str
    retries_errors: bool = False


def new_run(
    dataset: str,
    *,
    evaluation: str | None,
    bedrock: str | None,
    out: str,
    limit: int | None,
    max_in_flight: int | None,
    go_on: bool = False,
    labels: Sequence[str] = (),
    budget_usd: float | None = None,
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
    name = _named_meanwhile(uri) if uri else "run"
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
        labels=tuple(labels),
        budget_usd=budget_usd,
    )
    return LocalRun(request, run_folder(storage.absolute(out), name, request.run_id))


def _named_meanwhile(uri: str) -> str:
    """Return an evaluation's name. The functions' process reads it, while the engine is imported here."""
    name = asked_early(evaluation_name, uri)
    _import_engine()
    return name()


def _import_engine() -> None:
    from evaldrop.running.workflow import state_machine

    state_machine()


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
        raise InputError(
            f"{parent.dataset.uri}: the dataset is not there, and judges are shown its records. "
            "Put it there again."
        )
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
    return LocalRun(request, run_folder(request.out, evaluation_name(uri), request.run_id))


def execute_here(run: LocalRun, watch: Watch, say: Say) -> "Execution | None":
    """
    Execute a run, or what is left of it; return its execution, None when it was stopped (Ctrl-C).

    Args:
        run: The run. Its folder is held meanwhile: no other process may write there.
        watch: Shows its progress.
        say: Gets what is worth a look, in words.

    Raises:
        InputError: Another process writes to its folder, or the folder cannot be written.
        EvaldropError: What makes the calls cannot be opened, or no reply can be kept any more.
    """
    try:
        with _held(run), _calls(run) as opened, function_process() as functions:
            return _execute(run, opened, functions, watch, say)
    except KeyboardInterrupt:
        return None


@contextmanager
def _held(run: LocalRun) -> Iterator[None]:
    """Hold a run's folder, and leave none where nothing has begun."""
    path = storage.local_path(run.folder)
    made = [each for each in (path, *path.parents) if not _is_there(each)]
    # First of all: whether the folder can be written shows before anything is called.
    with locked(run.folder, doing="evaldrop run" if made else "evaldrop run --resume"):
        try:
            storage.remove_partial_files(run.folder)
            # Of a process before this one.
            forget_request(run.folder)
            if run.retries_errors and finished_journal_of(run.folder).exists():
                finished_journal_of(run.folder).replace(journal_of(run.folder))
            with room_kept_free(journal_of(run.folder)):
                yield
        finally:
            forget_request(run.folder)
            # Of the functions' process, which is ended at once where a run is stopped.
            with suppress(OSError):
                storage.remove_partial_files(run.folder)
            _discard_empty(path, made)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # such as a name that is too long: whoever makes the folder says so
        return False


@contextmanager
def _calls(run: LocalRun) -> Iterator[Callable[[], BedrockRuntime]]:
    """
    Give what returns the runtime. It has a process of its own where one can be had.

    A rehearsal's has none: it sends nothing.
    """
    begun = calls_process()
    if run.request.simulated or (begun is None and not may_fork()):
        if begun is not None:
            begun.end(is_done=False)
        yield partial(_runtime, run)
        return
    opening = partial(
        open_keeping_runtime,
        run.request.bedrock,
        max_in_flight=run.request.max_in_flight or DEFAULT_IN_FLIGHT,
        journal=journal_of(run.folder),
    )
    with open_in_other_process(opening, begun) as runtime:
        yield runtime.opened


def _runtime(run: LocalRun) -> BedrockRuntime:
    """Return a runtime that keeps replies where they arrive, before the run's own process may lose them."""
    known = _answer_key(run)
    runtime = open_runtime(
        run.request.bedrock,
        max_in_flight=run.request.max_in_flight or DEFAULT_IN_FLIGHT,
        answer_key=known,
        criteria=known.criterion if known else None,
    )
    return KeepingRuntime(runtime, journal_of(run.folder))


def _answer_key(run: LocalRun) -> "RunAnswerKey | None":
    from evaldrop.bedrock.simulated.answer_key import RunAnswerKey

    return RunAnswerKey(run.folder) if run.request.simulated else None


class _ControlPlane(NamedTuple):
    """What makes a run's jobs: batch inference, evaluation, prompt optimisation."""

    jobs: BedrockJobs | None = None
    evaluations: BedrockEvaluations | None = None
    optimizations: BedrockOptimizations | None = None


def _control_plane(run: LocalRun) -> _ControlPlane:
    """Return a rehearsal's. Others have none on one machine: jobs of AWS read and write S3."""
    if not run.request.simulated:
        return _ControlPlane()
    from evaldrop.bedrock.simulated.job_files import JobPlace
    from evaldrop.bedrock.simulated.jobs import FOLDER

    known, bedrock = _answer_key(run), run.request.bedrock
    place = JobPlace(storage.local_path(run.folder) / FOLDER)
    return _ControlPlane(
        open_jobs(bedrock, place, answer_key=known, criteria=known.criterion if known else None),
        open_evaluations(bedrock, place),
        open_optimizations(bedrock, place),
    )


def _execute(
    run: LocalRun, opened: Callable[[], BedrockRuntime], functions: Executor | None, watch: Watch, say: Say
) -> "Execution | None":
    from evaldrop.bedrock.metered_jobs import MeteredEvaluations, MeteredJobs
    from evaldrop.running.batch_jobs import stop_evaluation_jobs, stop_prompt_jobs
    from evaldrop.running.lanes import in_lanes
    from evaldrop.running.workflow import run_locally

    _import_engine()  # while the runtime is being opened, which is waited for as late as can be
    price = _own_prices(run)
    jobs, judging, optimizing = _control_plane(run)
    metered = MeteredRuntime(opened(), price)
    runtime = DrainingRuntime(metered)
    # Around all others: what waits in a lane is not under way, and what the journal has needs no turn.
    bedrock, region = run.request.bedrock, run.request.region
    laned = in_lanes(runtime, folder=run.folder, bedrock=bedrock, region=region, say=say)
    gc.freeze()  # what was imported stays: it need not be looked through for cycles again and again
    # In a rehearsal, whose runtime is in this process, too: it has not opened the journal yet.
    journal = Journal(journal_of(run.folder), with_refusals=run.retries_errors)
    if journal.damaged:
        lines = "1 line" if journal.damaged == 1 else f"{journal.damaged:,} lines"
        say(f"{lines} of {JOURNAL} cannot be read; what they held is called again.")

    def workflow() -> Coroutine[Any, Any, "Execution"]:
        return run_locally(
            run.request,
            laned,
            folder=run.folder,
            jobs=None if jobs is None else MeteredJobs(jobs, metered.meter, price),
            evaluations=None if judging is None else MeteredEvaluations(judging, metered.meter),
            optimizations=optimizing,
            journal=journal,
            observer=observer,
            functions=functions,
            is_quiet=lambda: not runtime.given_up,
        )

    with watch(metered.meter) as observer:
        try:
            asked = partial(is_asked_to_stop, run.folder)
            execution = _loop(until_stopped(workflow, runtime, say, asked=asked))
        finally:
            journal.close()
        if execution is None:
            if judging is not None:
                _runner()(stop_evaluation_jobs(judging, run.request.run_id))
            if optimizing is not None:
                _runner()(stop_prompt_jobs(optimizing, run.request.run_id))
            raise KeyboardInterrupt
    if execution.status == "SUCCEEDED":
        _put_away(run.folder)
    return execution


def _own_prices(run: LocalRun) -> "Price":
    """Return what says what a reply cost at the run's prices, which it has before its first call."""

    @cache
    def kept() -> "Price":
        from evaldrop.bedrock.billing import cost_of_replies
        from evaldrop.evaluation.prices import Prices

        # Not by run.json's types, which take a tenth of a second to import.
        content = orjson.loads(storage.read_bytes(storage.join(run.folder, RUN_FILE)))
        return cost_of_replies(Prices.from_json(content["prices"]))

    return lambda model, reply, asked: kept()(model, reply, asked)


def _put_away(folder: str) -> None:
    """Take the journal away, as the last thing of a run; it is kept where calls may be made again."""
    from evaldrop.running.retrying import retry_plan
    from evaldrop.scorecard.read import read_scorecard

    if retry_plan(read_scorecard(folder)).is_empty:
        journal_of(folder).unlink(missing_ok=True)
    else:
        journal_of(folder).replace(finished_journal_of(folder))


def _loop(workflow: Coroutine[Any, Any, "Execution | None"]) -> "Execution | None":
    try:
        return _runner()(workflow)
    finally:
        # Ctrl-C while the loop was being made: a warning of a coroutine that nobody awaited would follow it.
        if getcoroutinestate(workflow) == CORO_CREATED:
            workflow.close()


def _runner() -> Callable[[Coroutine[Any, Any, "Execution | None"]], "Execution | None"]:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        import asyncio

        return asyncio.run
    return uvloop.run


def _discard_empty(path: Path, made: Iterable[Path]) -> None:
    """Remove the folders that were made for a run which was refused before it had begun."""
    if {entry.name for entry in path.iterdir()} <= {JOURNAL, LOCK, PARTS}:
        for name in (JOURNAL, LOCK):
            (path / name).unlink(missing_ok=True)
        shutil.rmtree(path / PARTS, ignore_errors=True)
        with suppress(OSError):
            # With other runs in it the evaluation's folder stays, and is to.
            for each in made:
                each.rmdir()
