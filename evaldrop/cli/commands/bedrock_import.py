"""`evaldrop bedrock-eval import`: the output of Bedrock's evaluation jobs as a run."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, cast

import typer

from evaldrop.cli import completing
from evaldrop.cli.naming import finished_run
from evaldrop.cli.next_steps import say_next
from evaldrop.cli.options import RUN_NAMES, AsJson, Out
from evaldrop.cli.output import warn
from evaldrop.run.place import DEFAULT_OUT

if TYPE_CHECKING:
    from evaldrop.evaluation import Evaluation
    from evaldrop.evaluation_jobs.imported_criteria import OneMeans
    from evaldrop.evaluation_jobs.locating import Located
    from evaldrop.evaluation_jobs.service import EvaluationJobs

Side = StrEnum("Side", ["LEFT", "RIGHT"])


def bedrock_import(
    jobs: Annotated[
        list[str],
        typer.Argument(
            metavar="JOB...",
            help="What jobs wrote: a folder or s3:// URI; or the ARN or name of a job; or a folder that "
            "`create` named. NAME=JOB calls the job's candidate NAME instead of by its model.",
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
    beside: Annotated[
        str | None,
        typer.Option(
            "--beside",
            metavar="RUN",
            help="The run whose own responses the jobs judged: their scores become those of one more judge "
            f"in it, so that agreement is measured. RUN: {RUN_NAMES}",
            autocompletion=completing.runs,
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

        evaldrop bedrock-eval import my-job --beside latest
    """
    from evaldrop.cli.running import show_scorecard
    from evaldrop.errors import InputError
    from evaldrop.evaluation import read_evaluation
    from evaldrop.evaluation_jobs.beside import import_beside
    from evaldrop.evaluation_jobs.importing import ImportSettings, import_jobs
    from evaldrop.evaluation_jobs.locating import locate
    from evaldrop.running.history.noting import note_folder
    from evaldrop.steps.build_scorecard.build import score_run

    found = [locate(job, _service) for job in jobs]
    if beside and (evaluation or name):
        raise InputError(
            "--beside takes the run's own evaluation and name: leave out --evaluation and --name."
        )
    own = read_evaluation(evaluation) if evaluation else _evaluation_of(found)
    for name_of_job, status in ((job, status) for each in found for job, status in each.unfinished.items()):
        warn(f"{name_of_job} is {status}: it is left out")
    settings = ImportSettings(
        out,
        name,
        own,
        cast("OneMeans | None", one_means.value if one_means else None),
        {metric: criterion for each in found for metric, criterion in each.asked.items()},
        [each.argument for each in found],
        any(each.simulated for each in found),
        is_asked=evaluation is None,
    )
    sources = [source for each in found for source in each.sources]
    run = (
        import_beside(finished_run(beside, out), sources, settings)
        if beside
        else import_jobs(sources, settings)
    )
    scorecard = score_run(run)
    note_folder(run.folder, warn)
    code = show_scorecard(scorecard, run.folder, {"run": run.folder} if as_json else None)
    if not as_json:
        say_next(scorecard, run.folder)
    return code


def _evaluation_of(found: "list[Located]") -> "Evaluation | None":
    """Return the evaluation that sets of jobs were made of; None where they were of none, or of several."""
    evaluations = [each.evaluation for each in found if each.evaluation is not None]
    return evaluations[0] if evaluations and all(each == evaluations[0] for each in evaluations) else None


def _service(region: str | None) -> "EvaluationJobs":
    from evaldrop.running.evaluation_service import evaluation_service

    return evaluation_service("aws", region=region)
