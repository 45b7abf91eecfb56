"""`evaldrop run`: a dataset in, a scorecard and a report out."""

from typing import Annotated

import typer

from evaldrop import storage
from evaldrop.cli import completing
from evaldrop.cli.naming import begun_run
from evaldrop.cli.options import (
    DATASET_HELP,
    AsJson,
    Budget,
    EvaluationFile,
    Force,
    Limit,
    MaxInFlight,
    Out,
    ReportUrl,
    RunLabels,
    Yes,
    without_credentials,
)
from evaldrop.cli.output import warn
from evaldrop.errors import InputError
from evaldrop.run.place import DEFAULT_OUT


def run(
    dataset: Annotated[
        str | None,
        typer.Argument(metavar="DATASET", help=DATASET_HELP, autocompletion=completing.datasets),
    ] = None,
    evaluation: EvaluationFile = None,
    bedrock: Annotated[
        str | None,
        typer.Option(
            "--bedrock",
            callback=without_credentials,
            metavar="RUNTIME",
            help="aws (default), simulated (a rehearsal: no network, no money), or openai=URL. "
            "simulated:throttling=0.2,errors=0.05 injects faults; simulated:ceiling=0.95 passes about 95 %.",
        ),
    ] = None,
    out: Out = DEFAULT_OUT,
    limit: Limit = None,
    max_in_flight: MaxInFlight = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="RUN",
            help="Go on with a run, named as evaldrop report names it, wherever its folder is now: only what "
            "is missing is called. DATASET and --evaluation say where those have been moved to.",
            autocompletion=completing.runs,
        ),
    ] = None,
    retry_errors: Annotated[
        bool,
        typer.Option(
            "--retry-errors",
            help="With --resume, of a run that has ended: call again what failed for a cause that may have "
            "passed, such as expired credentials or throttling.",
        ),
    ] = False,
    budget: Budget = None,
    go_on: Annotated[
        bool | None,
        typer.Option(
            "--go-on/--no-go-on",
            help="Go on without a candidate or judge whose first calls are refused for a reason that will "
            "not pass; by default the run ends there, and with --resume it is as before: --no-go-on calls "
            "whoever was left out.",
            show_default=False,
        ),
    ] = None,
    label: RunLabels = None,
    force: Force = False,
    report_url: ReportUrl = None,
    yes: Yes = False,
    watch: Annotated[
        bool,
        typer.Option(
            "--watch",
            help="Show the run in the browser while it goes on: progress, cost, estimates and failures. "
            "On a terminal the page stays until Ctrl-C.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """
    Evaluate a dataset on this machine, by the same workflow that runs on AWS.

    The exit code is 0 when the gate passed (or there is none), 1 when it failed, 2 when it is inconclusive,
    3 when the run failed, 4 when its budget was spent before all records were begun, 64 for wrong use or bad
    input, 130 when it was stopped. Ctrl-C lets the calls under way end and keeps them; a second one does not
    wait.

    Examples:

        evaldrop run datasets/support-faq --bedrock simulated

        evaldrop run faq.jsonl --limit 20 --yes --label "shorter prompt" --label branch=main

        evaldrop run faq.jsonl --bedrock openai=http://localhost:11434/v1

        evaldrop run faq.jsonl --watch

        evaldrop run --resume latest

        evaldrop run --resume support-answers --retry-errors

        evaldrop run --resume support-answers --budget 20

        evaldrop run --resume s3://BUCKET/runs/support-answers/RUN --budget 20
    """
    from evaldrop.cli.datasets import given_dataset
    from evaldrop.cli.running import run_and_show, show_ended
    from evaldrop.running.here import new_run

    if resume is None:
        if dataset is None:
            raise InputError("give either a DATASET or --resume RUN. evaldrop run --help shows examples.")
        if retry_errors:
            raise InputError("--retry-errors is for a run that has ended: --resume RUN says which.")
        given = given_dataset(dataset, evaluation)
        wanted = new_run(
            given.dataset,
            evaluation=given.evaluation,
            bedrock=bedrock,
            out=out,
            limit=limit,
            max_in_flight=max_in_flight,
            go_on=bool(go_on),
            labels=label or (),
            budget_usd=budget,
        )
        return run_and_show(wanted, yes=yes, as_json=as_json, report_url=report_url, in_browser=watch)

    from evaldrop.running.resuming import copied_from, is_finished, resumed_run

    if label:
        raise InputError("--label: a run keeps the labels that it began with.")
    if limit is not None:
        raise InputError("--limit is the run's own: another would mix two runs in one folder.")
    folder = begun_run(resume, out)
    if storage.is_s3(folder):
        if dataset or evaluation or bedrock or max_in_flight or retry_errors or force or watch:
            raise InputError(f"{folder}: a run of a stack goes on as it began: --budget and --go-on alone.")
        from evaldrop.cli.resuming_deployed import resume_and_show

        return resume_and_show(folder, budget_usd=budget, go_on=go_on, yes=yes, as_json=as_json)
    wanted = resumed_run(
        folder,
        dataset=dataset,
        evaluation=evaluation,
        bedrock=bedrock,
        max_in_flight=max_in_flight,
        go_on=go_on,
        force=force,
        budget_usd=budget,
    )
    if first := copied_from(wanted):
        warn(f"this is a copy of the run in {first}, which stays as it is; each goes on by itself.")
    if is_finished(wanted):
        return show_ended(
            wanted,
            retry=retry_errors,
            is_raised=budget is not None,
            yes=yes,
            force=force,
            as_json=as_json,
            report_url=report_url,
            in_browser=watch,
        )
    return run_and_show(wanted, yes=yes, as_json=as_json, report_url=report_url, in_browser=watch)
