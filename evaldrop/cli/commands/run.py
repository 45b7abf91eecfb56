"""`evaldrop run`: a dataset in, a scorecard and a report out."""

from typing import Annotated

import typer

from evaldrop.cli.options import (
    KINDS,
    AsJson,
    EvaluationFile,
    GoOn,
    Limit,
    MaxInFlight,
    Out,
    Yes,
    without_credentials,
)
from evaldrop.cli.output import shown, stderr
from evaldrop.errors import InputError


def run(
    dataset: Annotated[
        str | None, typer.Argument(metavar="DATASET", help=f"{KINDS}: a path or an s3:// URI.")
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
    out: Out = "runs",
    limit: Limit = None,
    max_in_flight: MaxInFlight = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume", metavar="RUN", help="Go on with a run's folder: only what is missing is called."
        ),
    ] = None,
    go_on: GoOn = False,
    yes: Yes = False,
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
    from evaldrop.cli.running import run_and_show, show_finished
    from evaldrop.running.here import is_finished, new_run, resumed_run

    if (dataset is None) == (resume is None):
        raise InputError("give either a DATASET or --resume RUN. evaldrop run --help shows examples.")
    if dataset is not None:
        wanted = new_run(
            dataset,
            evaluation=evaluation,
            bedrock=bedrock,
            out=out,
            limit=limit,
            max_in_flight=max_in_flight,
            go_on=go_on,
        )
    else:
        # Limit, dataset and evaluation are the run's own: others would mix two runs in one folder.
        wanted = resumed_run(str(resume), bedrock=bedrock, max_in_flight=max_in_flight, go_on=go_on)
        if is_finished(wanted):
            stderr().print(f"{shown(wanted.folder)} is finished, without an error: there is nothing to do.")
            return show_finished(wanted, as_json=as_json)
    return run_and_show(wanted, yes=yes, as_json=as_json)
