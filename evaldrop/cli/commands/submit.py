"""`evaldrop submit`: a dataset to a deployed stack."""

from typing import Annotated

import typer

from evaldrop.cli import completing
from evaldrop.cli.options import DEFAULT_STACK, KINDS, AsJson, Budget, GoOn, Limit, RunLabels, StackName, Yes


def submit(
    dataset: Annotated[
        str,
        typer.Argument(
            metavar="DATASET",
            help=f"{KINDS}, or a folder that holds one, on this machine.",
            autocompletion=completing.datasets,
        ),
    ],
    stack: StackName = DEFAULT_STACK,
    evaluation: Annotated[
        str | None,
        typer.Option(
            "--evaluation",
            "-e",
            metavar="FILE",
            help="The evaluation for this run alone; by default the file found beside the dataset.",
        ),
    ] = None,
    limit: Limit = None,
    key: Annotated[
        str | None,
        typer.Option(
            "--key",
            metavar="KEY",
            help="The dataset's key in the input bucket, such as datasets/faq/records.jsonl; by default as "
            "it lies below a folder datasets/, or below this one.",
        ),
    ] = None,
    budget: Budget = None,
    go_on: GoOn = False,
    label: RunLabels = None,
    again: Annotated[
        bool, typer.Option("--again", help="Evaluate it although it, with all beside it, is unchanged.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", "-w", help="Watch the run to its end.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be uploaded and what it would cost; do nothing.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """
    Check a dataset, upload it to a deployed stack with its evaluation and prompts, and name its run.

    What is wrong is told here, all at once, and nothing is uploaded then. What has not changed since it was
    evaluated is not uploaded either, and its run is named. With --wait the exit code is the gate's. A run
    whose budget was spent goes on with `evaldrop run --resume s3://BUCKET/runs/EVALUATION/RUN --budget USD`.

    Examples:

        evaldrop submit datasets/support-faq --wait

        evaldrop submit faq.jsonl --stack evaldrop-test --limit 20 --yes

        evaldrop submit faq.jsonl --evaluation cheaper.yaml --dry-run
    """
    from evaldrop.cli.datasets import given_dataset
    from evaldrop.cli.submitting import submit_and_show
    from evaldrop.running.deployed.submission import Wanted, prepare_here

    given = given_dataset(dataset, evaluation)
    wanted = Wanted(
        dataset=given.dataset,
        evaluation=given.evaluation,
        limit=limit,
        key=key,
        go_on=go_on,
        budget_usd=budget,
        labels=tuple(label or ()),
    )
    return submit_and_show(
        prepare_here(wanted, stack), again=again, wait=wait, dry_run=dry_run, yes=yes, as_json=as_json
    )
