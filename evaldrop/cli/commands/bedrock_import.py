"""`evaldrop bedrock-eval import`: the output of Bedrock's evaluation jobs as a run."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from evaldrop.cli.next_steps import say_next
from evaldrop.cli.options import AsJson, Out
from evaldrop.cli.output import warn
from evaldrop.run.place import DEFAULT_OUT

if TYPE_CHECKING:
    from evaldrop.evaluation_jobs.joining import Source
    from evaldrop.evaluation_jobs.locating import JobsClient

Side = StrEnum("Side", ["LEFT", "RIGHT"])


def bedrock_import(
    jobs: Annotated[
        list[str],
        typer.Argument(
            metavar="JOB...",
            help="What jobs wrote: a folder or s3:// URI, or the ARN or name of a job. NAME=JOB calls the "
            "job's candidate NAME instead of by its model.",
        ),
    ],
    evaluation: Annotated[
        str | None,
        typer.Option(
            "--evaluation",
            "-e",
            metavar="FILE",
            help="The evaluation whose gate, pass marks, weights, metrics and confidence hold; by default "
            "there is no gate.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="NAME", help="What to call the evaluation; by default by its dataset."
        ),
    ] = None,
    one_means: Annotated[
        Side | None,
        typer.Option(
            "--one-means",
            help="Of people's comparisons from 1 to 5: which response a 1 prefers. Your instructions to them "
            "say so, and the output does not; without it such comparisons are left out.",
        ),
    ] = None,
    out: Out = DEFAULT_OUT,
    as_json: AsJson = False,
) -> int:
    """
    Read what evaluation jobs wrote into a run: tables, scorecard with intervals, gate, report, history.

    Several jobs over the same prompts are several candidates, compared prompt by prompt. Nothing is called.

    Examples:

        evaldrop bedrock-eval import s3://my-bucket/evals/lite-job/

        evaldrop bedrock-eval import lite=lite-job/ haiku=haiku-job/ --evaluation evaluation.yaml
    """
    from evaldrop.cli.running import show_scorecard
    from evaldrop.evaluation import read_evaluation
    from evaldrop.evaluation_jobs.importing import ImportSettings, import_jobs
    from evaldrop.running.history.noting import note_folder
    from evaldrop.steps.build_scorecard.build import score_run

    own = read_evaluation(evaluation) if evaluation else None
    settings = ImportSettings(out, name, own, one_means.value if one_means else None)
    run = import_jobs([_source(job) for job in jobs], settings)
    scorecard = score_run(run)
    note_folder(run.folder, warn)
    code = show_scorecard(scorecard, run.folder, {"run": run.folder} if as_json else None)
    if not as_json:
        say_next(scorecard, run.folder)
    return code


def _source(argument: str) -> "Source":
    from evaldrop.evaluation_jobs.joining import Source
    from evaldrop.evaluation_jobs.locating import asked, locate
    from evaldrop.evaluation_jobs.output import read_output

    name, place = asked(argument)
    found = locate(place, _bedrock)
    return Source(found.uri, read_output(found.uri, found.definitions), name)


def _bedrock(region: str | None) -> "JobsClient":
    from evaldrop.running.deployed.clients import client

    made: JobsClient = client("bedrock", region=region)
    return made
