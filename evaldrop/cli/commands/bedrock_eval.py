"""`evaldrop bedrock-eval`: Amazon Bedrock's own evaluation jobs."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, cast

import typer

from evaldrop.cli import completing
from evaldrop.cli.options import (
    DATASET_HELP,
    RUN_NAMES,
    AsJson,
    EvaluationFile,
    Limit,
    Region,
    Yes,
    without_credentials,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evaldrop.evaluation_jobs.prompts import JobSource
    from evaldrop.job_formats.limits import Kind
    from evaldrop.job_formats.metrics import TaskType

bedrock_eval = typer.Typer(
    name="bedrock-eval",
    help="""
    Have Amazon Bedrock's own evaluation jobs evaluate a dataset, and follow them.

    Examples:

        evaldrop bedrock-eval create faq.jsonl --kind judge --dry-run

        evaldrop bedrock-eval create faq.jsonl --kind judge --role ARN --output s3://bucket/evaluations

        evaldrop bedrock-eval watch s3://bucket/evaluations/ID
    """,
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


JobKind = StrEnum("JobKind", ["AUTOMATIC", "JUDGE", "HUMAN"])
Task = StrEnum(
    "Task",
    {
        "GENERATION": "Generation",
        "SUMMARIZATION": "Summarization",
        "QUESTION_AND_ANSWER": "QuestionAndAnswer",
        "CLASSIFICATION": "Classification",
    },
)
"""What an algorithmic job is told that its prompts are."""

DRY_OUT = "bedrock-eval"
"""The folder of rehearsals and dry runs."""
_NO_ROLE = "arn:aws:iam::111122223333:role/YOUR-ROLE"
_NO_FLOW = "arn:aws:sagemaker:us-east-1:111122223333:flow-definition/YOUR-FLOW"
_NO_OUTPUT = "s3://your-bucket/evaluations"

JobsNamed = Annotated[
    str,
    typer.Argument(
        metavar="JOBS",
        help="The folder that `create` named, a path or an s3:// URI; or one job's ARN or name.",
    ),
]


@bedrock_eval.command("create")
def create(
    dataset: Annotated[
        str | None,
        typer.Argument(metavar="DATASET", help=DATASET_HELP, autocompletion=completing.datasets),
    ] = None,
    kind: Annotated[
        JobKind,
        typer.Option(
            "--kind",
            "-k",
            help="automatic: accuracy, robustness and toxicity by algorithms; judge: a model is asked the "
            "evaluation's criteria; human: people are.",
        ),
    ] = JobKind.JUDGE,
    evaluation: EvaluationFile = None,
    responses: Annotated[
        str | None,
        typer.Option(
            "--responses",
            metavar="RUN",
            help=f"Judge this run's responses, and call no candidate. Takes no DATASET. RUN: {RUN_NAMES}",
            autocompletion=completing.runs,
        ),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ARN", help="The role that Bedrock takes for the jobs."),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            metavar="URI",
            help="An s3:// folder; datasets, jobs.json and the jobs' output go below it.",
        ),
    ] = None,
    flow_definition: Annotated[
        str | None,
        typer.Option(
            "--flow-definition", metavar="ARN", help="Of people's work, with --kind human: who they are."
        ),
    ] = None,
    candidate: Annotated[
        list[str] | None,
        typer.Option("--candidate", help="Only this candidate; may be given several times."),
    ] = None,
    judge: Annotated[
        list[str] | None,
        typer.Option("--judge", help="Only this judge; may be given several times. One job for each."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            help="Only this: a criterion, such as tone or bedrock.helpfulness; or accuracy, robustness or "
            "toxicity. May be given several times.",
        ),
    ] = None,
    task: Annotated[
        Task | None,
        typer.Option(
            "--task",
            help="With --kind automatic; by default QuestionAndAnswer where every record has a reference, "
            "else Generation.",
        ),
    ] = None,
    limit: Limit = None,
    region: Region = None,
    bedrock: Annotated[
        str,
        typer.Option(
            "--bedrock",
            callback=without_credentials,
            metavar="RUNTIME",
            help="aws, or simulated (a rehearsal: no network, no money).",
        ),
    ] = "aws",
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Write datasets and requests to a folder here, say what they cost; create nothing.",
        ),
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Watch the jobs to their end.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """
    Turn an evaluation into evaluation jobs of Bedrock's: check, price, upload, create.

    One job evaluates one candidate (people's: two) on at most 5 datasets of 1,000 prompts of 4 KB; what is
    more is split. Criteria become metrics: those that begin with bedrock. Bedrock's own, others custom ones.

    Examples:

        evaldrop bedrock-eval create datasets/support-faq --kind judge --dry-run

        evaldrop bedrock-eval create faq.jsonl --kind automatic --role ARN --output s3://bucket/evaluations

        evaldrop bedrock-eval create --responses latest --metric bedrock.helpfulness --dry-run
    """
    from evaldrop.bedrock.region import region_of
    from evaldrop.cli.evaluation_jobs import JobsPlace, create_and_show
    from evaldrop.errors import InputError
    from evaldrop.evaluation_jobs.creating import new_jobs_id
    from evaldrop.evaluation_jobs.wanted import WantedJobs, refuse_unusable

    if dataset is None and responses is None:
        raise InputError("give a DATASET, or --responses RUN for a run's own responses.")
    if bedrock == "aws" and not dry_run:
        needed = {"--role": role, "--output": output}
        needed |= {"--flow-definition": flow_definition} if kind is JobKind.HUMAN else {}
        _refuse_missing(needed)
    jobs_id = new_jobs_id()
    wanted = WantedJobs(
        id=jobs_id,
        kind=cast("Kind", kind.value),
        folder=f"{_output(output, bedrock)}/{jobs_id}",
        role=role or _NO_ROLE,
        candidates=tuple(candidate or ()),
        judges=tuple(judge or ()),
        metrics=tuple(metric or ()),
        task=cast("TaskType | None", task and task.value),
        flow_definition=(flow_definition or _NO_FLOW) if kind is JobKind.HUMAN else None,
    )
    # Before the dataset is read, which may take a while.
    refuse_unusable(wanted)
    region = region or region_of(bedrock)
    if responses is not None:
        source = _run(responses, dataset or evaluation, limit=limit)
    else:
        source = _dataset(str(dataset), evaluation, bedrock=bedrock, region=region, limit=limit)
    files = f"{DRY_OUT}/{jobs_id}" if dry_run else wanted.folder
    place = JobsPlace(bedrock=bedrock, region=region, folder=files)
    return create_and_show(source, wanted, place, dry_run=dry_run, wait=wait, yes=yes, as_json=as_json)


def _refuse_missing(needed: "Mapping[str, str | None]") -> None:
    from evaldrop.errors import InputError

    missing = [option for option, value in needed.items() if value is None]
    if missing:
        raise InputError(
            f"{', '.join(missing)}: needed to create jobs. docs/bedrock-evaluations.md says what they "
            "are; --dry-run writes the requests without, and --bedrock simulated rehearses them."
        )


def _output(output: str | None, bedrock: str) -> str:
    from evaldrop import storage
    from evaldrop.errors import InputError

    runtime = bedrock.partition(":")[0]
    if runtime not in ("aws", "simulated"):
        name = runtime.partition("=")[0]
        raise InputError(f"--bedrock {name}: it has no evaluation jobs. Say aws, or simulated.")
    if bedrock != "aws":
        return storage.absolute(output or DRY_OUT).rstrip("/")
    if output is not None and not storage.is_s3(output):
        raise InputError(f"--output {output}: Bedrock reads and writes S3 only. Give an s3:// URI.")
    return output.rstrip("/") if output else _NO_OUTPUT


def _dataset(
    dataset: str, evaluation: str | None, *, bedrock: str, region: str | None, limit: int | None
) -> "JobSource":
    from evaldrop.cli.datasets import given_dataset
    from evaldrop.evaluation_jobs.creating import source_of_dataset

    given = given_dataset(dataset, evaluation)
    return source_of_dataset(
        given.dataset, evaluation=given.evaluation, bedrock=bedrock, region=region, limit=limit
    )


def _run(named: str, further: str | None, *, limit: int | None) -> "JobSource":
    from evaldrop.cli.naming import finished_run
    from evaldrop.errors import InputError
    from evaldrop.evaluation_jobs.prompts import source_of_run

    if further is not None:
        raise InputError(
            f"--responses {named}: the run has its records and its evaluation. Leave {further} out; "
            "--metric says what else to ask."
        )
    return source_of_run(finished_run(named), limit=limit)


@bedrock_eval.command("watch")
def watch(jobs: JobsNamed, region: Region = None, as_json: AsJson = False) -> int:
    """
    Follow jobs to their end; those that have had to wait for room are created as others end.

    Ctrl-C ends the watching, not the jobs. The exit code is 0 when all have completed, and else 3.

    Examples:

        evaldrop bedrock-eval watch s3://bucket/evaluations/20261130t184756z-b5a897

        evaldrop bedrock-eval watch arn:aws:bedrock:us-east-1:111122223333:evaluation-job/abcdefghijkl --json
    """
    from evaldrop.cli.evaluation_jobs import found_jobs, watch_folder

    found = found_jobs(jobs, region=region)
    return watch_folder(found.jobs, found.service, found.folder, as_json=as_json)


@bedrock_eval.command("stop")
def stop(jobs: JobsNamed, region: Region = None, as_json: AsJson = False) -> None:
    """
    Stop jobs that are under way, and create none of those that wait.

    What they have called by then is paid. Jobs that have ended stay as they are.

    Examples:

        evaldrop bedrock-eval stop s3://bucket/evaluations/20261130t184756z-b5a897

        evaldrop bedrock-eval stop support-answers-lite-20261130t184756z-b5a897-1
    """
    from evaldrop.cli.evaluation_jobs import found_jobs, stop_and_show

    stop_and_show(found_jobs(jobs, region=region), as_json=as_json)


@bedrock_eval.command("list")
def list_jobs(
    jobs: Annotated[
        str | None,
        typer.Argument(
            metavar="JOBS", help="The folder that `create` named: its jobs, and how far they are now."
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="Only jobs whose names contain this.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest N jobs.")] = 30,
    region: Region = None,
    as_json: AsJson = False,
) -> None:
    """
    List an account's evaluation jobs, whoever created them, the newest first; or those of a folder.

    Examples:

        evaldrop bedrock-eval list

        evaldrop bedrock-eval list --name support-answers --json

        evaldrop bedrock-eval list s3://bucket/evaluations/20261130t184756z-b5a897
    """
    from evaldrop.cli.evaluation_jobs import list_account, list_folder

    if jobs is None:
        list_account(name, limit=limit, region=region, as_json=as_json)
    else:
        list_folder(jobs, region=region, as_json=as_json)
