"""`evaldrop run`: a dataset in, a scorecard and a report out."""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from evaldrop.cli import exits
from evaldrop.cli.options import AsJson, EvaluationFile, Limit, MaxInFlight, Out
from evaldrop.cli.output import complain, print_json, shown, stderr, stdout, warn

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from evaldrop.bedrock.protocol import BedrockRuntime
    from evaldrop.cli.progress import RunProgress
    from evaldrop.engine import Execution
    from evaldrop.run.request import RunRequest

DEFAULT_OUT = "runs"
DEFAULT_IN_FLIGHT = 64


def run(
    dataset: Annotated[
        str | None, typer.Argument(metavar="DATASET", help="A .jsonl or .json file: a path or an s3:// URI.")
    ] = None,
    evaluation: EvaluationFile = None,
    bedrock: Annotated[
        str | None,
        typer.Option(
            "--bedrock",
            metavar="RUNTIME",
            help="aws (default), simulated (a rehearsal: no network, no money), or openai=URL. "
            "simulated:throttling=0.2,errors=0.05 injects faults.",
        ),
    ] = None,
    out: Out = DEFAULT_OUT,
    limit: Limit = None,
    max_in_flight: MaxInFlight = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume", metavar="RUN", help="Go on with a run's folder: only what is missing is called."
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before money is spent.")] = False,
    as_json: AsJson = False,
) -> int:
    """
    Evaluate a dataset on this machine, by the same workflow that runs on AWS.

    The exit code is 0 when the gate passed (or there is none), 1 when it failed, 2 when it is inconclusive,
    3 when the run failed, 64 for wrong use or bad input.

    Examples:

        evaldrop run datasets/support-faq/records.jsonl --bedrock simulated

        evaldrop run faq.jsonl --limit 20 --yes

        evaldrop run faq.jsonl --bedrock openai=http://localhost:11434/v1

        evaldrop run --resume runs/support-answers/20261121T101500Z-4f3a2b
    """
    started = _begin(
        dataset,
        resume,
        evaluation=evaluation,
        bedrock=bedrock,
        out=out,
        limit=limit,
        max_in_flight=max_in_flight,
    )
    if resume is not None and _is_finished(started.folder):
        stderr().print(f"{shown(started.folder)} is finished, without an error: there is nothing to do.")
        return _tell_scorecard(started, as_json=as_json)
    if not yes and not agreed(started.request):
        complain("stopped before anything was spent.")
        return exits.WRONG_USE
    return run_and_tell(started, as_json=as_json)


@dataclass(frozen=True, slots=True)
class Started:
    """A run that has its request and the place of its folder."""

    request: "RunRequest"
    folder: str


def run_and_tell(started: Started, *, as_json: bool) -> int:
    """Execute a run and print its scorecard; return the exit code."""
    from evaldrop.running.processes import function_process

    with _opening(started) as opening, function_process() as functions:
        outcome = _execute(started, opening, functions)
    return exits.INTERRUPTED if outcome is None else _tell(outcome, started, as_json=as_json)


def _begin(dataset: str | None, resume: str | None, **options: Any) -> Started:
    from evaldrop.errors import InputError

    if (dataset is None) == (resume is None):
        raise InputError("give either a DATASET or --resume RUN. evaldrop run --help shows examples.")
    return _resumed(str(resume), options) if dataset is None else _new(dataset, options)


def _new(dataset: str, options: dict[str, Any]) -> Started:
    from evaldrop import storage
    from evaldrop.errors import DatasetError, InputError
    from evaldrop.evaluation import find_evaluation, parse_evaluation
    from evaldrop.run.request import RunRequest, new_run_id, run_folder

    if storage.is_s3(options["out"]):
        raise InputError(
            f"--out {options['out']}: a run on this machine is kept on it. Give a folder; "
            "copy it to S3 when it is done."
        )
    if not storage.exists(dataset):
        raise DatasetError(f"{dataset}: no such file.")
    uri = options["evaluation"] or find_evaluation(dataset)
    # An evaluation that cannot be read is told by the workflow's first step, with all other problems.
    name = "run"
    if uri:
        name = parse_evaluation(storage.read_bytes(uri), source=uri).name
    request = RunRequest(
        run_id=new_run_id(),
        dataset=dataset,
        evaluation=options["evaluation"],
        out=options["out"],
        bedrock=options["bedrock"] or "aws",
        limit=options["limit"],
        max_in_flight=options["max_in_flight"],
    )
    return Started(request, run_folder(storage.absolute(options["out"]), name, request.run_id))


def _resumed(resume: str, options: dict[str, Any]) -> Started:
    from evaldrop.errors import InputError
    from evaldrop.run.definition import RunDefinition
    from evaldrop.run.request import RunRequest, has_begun

    if not has_begun(resume):
        raise InputError(
            f"{resume}: no run.json there. Nothing had begun that could be gone on with; start a new run."
        )
    definition = RunDefinition.load(resume)
    request = RunRequest(
        run_id=definition.run_id,
        dataset=definition.dataset.uri,
        dataset_version=definition.dataset.version,
        evaluation=definition.evaluation_uri,
        out=definition.out,
        bedrock=options["bedrock"] or definition.bedrock,
        limit=definition.options["limit"],
        max_in_flight=options["max_in_flight"] or definition.options["max_in_flight"],
        parent=parent.folder if (parent := definition.parent) and parent.how == "rejudged" else None,
    )
    # Where it began: there its journal and results are gone on with.
    return Started(request, definition.written_to)


def _is_finished(folder: str) -> bool:
    from evaldrop.running.here import is_finished

    return is_finished(folder)


def agreed(request: "RunRequest") -> bool:
    """Show what a run would cost and ask; only a person at a terminal is asked, and only about money."""
    if not request.bedrock.startswith("aws") or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    from evaldrop.cli.tables.plan import print_plan
    from evaldrop.steps.validate_dataset.validate import check_dataset

    check = check_dataset(request)
    for warning in check.warnings:
        warn(warning)
    if check.plan is None or check.definition is None:
        return True  # the workflow refuses it, with all its problems
    print_plan(stderr(), check.plan, budget_usd=check.definition.evaluation.budget_usd)
    return typer.confirm("Run it?", err=True)


class Opening(NamedTuple):
    """What returns the runtime, and whether that writes every reply to the journal by itself."""

    open: "Callable[[], BedrockRuntime]"
    keeps_replies: bool


@contextmanager
def _opening(started: Started) -> Iterator[Opening]:
    """
    Give what returns the runtime. It has a process of its own where one can be had.

    A rehearsal's has none: it sends nothing.
    """
    from evaldrop.bedrock.other_process import may_fork

    if started.request.simulated:
        yield Opening(partial(_rehearsal, started), keeps_replies=False)
    elif may_fork():
        from evaldrop.bedrock.other_process import runtime_beside

        # Forked before there is an engine: neither process then waits for what the other imports.
        with runtime_beside(partial(_keeping_runtime, started)) as runtime:
            yield Opening(runtime.opened, keeps_replies=True)
    else:
        yield Opening(partial(_runtime, started), keeps_replies=False)


def _runtime(started: Started, **options: Any) -> "BedrockRuntime":
    from evaldrop.bedrock.opening import open_runtime

    in_flight = started.request.max_in_flight or DEFAULT_IN_FLIGHT
    return open_runtime(started.request.bedrock, max_in_flight=in_flight, **options)


def _rehearsal(started: Started) -> "BedrockRuntime":
    from evaldrop import storage
    from evaldrop.bedrock.simulated.answer_key import AnswerKey

    return _runtime(started, answer_key=AnswerKey(storage.join(started.folder, "records.jsonl")))


def _keeping_runtime(started: Started) -> "BedrockRuntime":
    """Return a runtime that keeps replies where they arrive, before the run's own process may lose them."""
    from evaldrop.bedrock.journal import KeepingRuntime, journal_of

    return KeepingRuntime(_runtime(started), journal_of(started.folder))


def _execute(started: Started, opening: Opening, functions: "Executor | None") -> "Execution | None":
    """Run the workflow; None when it was interrupted."""
    from evaldrop.bedrock.metered import MeteredRuntime
    from evaldrop.cli.progress import RunProgress
    from evaldrop.evaluation.prices import cost_of_calls, load_prices
    from evaldrop.run.request import has_begun
    from evaldrop.running.here import discard_empty, run_locally, state_machine

    request, folder = started.request, started.folder
    state_machine()  # takes a tenth of a second, in which the runtime is being opened
    runtime = MeteredRuntime(opening.open(), cost_of_calls(load_prices()))
    progress = RunProgress(runtime.meter)
    if request.simulated:
        stderr().print(
            "[bold yellow]SIMULATED[/bold yellow]: a rehearsal. No model is called and no money is spent."
        )
    gc.freeze()  # what was imported stays: it need not be looked through for cycles again and again
    try:
        with progress.shown():
            execution: Execution = _loop(
                run_locally(
                    request,
                    runtime,
                    folder=folder,
                    observer=progress,
                    functions=functions,
                    keeps_replies=opening.keeps_replies,
                )
            )
    except KeyboardInterrupt:
        _tell_how_to_go_on(progress, folder)
        return None
    discard_empty(folder)
    if execution.status != "SUCCEEDED" and has_begun(folder) and progress.done:
        warn(f"what was done is kept. Go on with: evaldrop run --resume {folder}")
    return execution


def _loop(coroutine: Any) -> Any:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        import asyncio

        return asyncio.run(coroutine)
    return uvloop.run(coroutine)


def _tell_how_to_go_on(progress: "RunProgress", folder: str) -> None:
    complain(f"stopped: {progress.line()}.")
    if progress.done:
        complain(f"what was done is kept. Go on with: evaldrop run --resume {folder}")


def _tell(execution: "Execution", started: Started, *, as_json: bool) -> int:
    from evaldrop.errors import is_bad_input

    if execution.status != "SUCCEEDED":
        complain(str(execution.cause or execution.error))
        if as_json:
            print_json(
                {
                    "status": execution.status,
                    "error": execution.error,
                    "cause": execution.cause,
                    "run": started.folder,
                }
            )
        return exits.WRONG_USE if is_bad_input(str(execution.error)) else exits.RUN_FAILED
    return _tell_scorecard(started, as_json=as_json)


def _tell_scorecard(started: Started, *, as_json: bool) -> int:
    from evaldrop.cli.tables.scorecard import print_scorecard
    from evaldrop.scorecard.read import read_run

    scorecard = read_run(started.folder).scorecard
    if as_json:
        print_json(
            {"status": "SUCCEEDED", "run": started.folder, "scorecard": scorecard.model_dump(mode="json")}
        )
    else:
        print_scorecard(stdout(), scorecard)
        stdout().print(f"\nreport: {shown(started.folder)}/report.html")
    return exits.of_decision(scorecard.gate.decision)
