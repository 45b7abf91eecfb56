"""`evaldrop submit`: a dataset to a deployed stack."""

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from evaldrop.cli import exits
from evaldrop.cli.options import DEFAULT_STACK, KINDS, AsJson, Limit, StackName, Yes
from evaldrop.cli.output import complain, confirmed, is_attended, print_json, shown, stderr, stdout, warn

if TYPE_CHECKING:
    from evaldrop.running.deployed.following import RunAddress
    from evaldrop.running.deployed.submission import Submission


def submit(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help=f"{KINDS}, on this machine.")],
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
    evaluated is not uploaded either, and its run is named. With --wait the exit code is the gate's.

    Examples:

        evaldrop submit datasets/support-faq/records.jsonl --wait

        evaldrop submit faq.jsonl --stack evaldrop-test --limit 20 --yes

        evaldrop submit faq.jsonl --evaluation cheaper.yaml --dry-run
    """
    from evaldrop.running.deployed.submission import Wanted, prepare_here

    submission = prepare_here(Wanted(dataset=dataset, evaluation=evaluation, limit=limit, key=key), stack)
    # Before the question and the plan: a person is not asked to pay for what there is already.
    if submission.known_run and not again:
        run, facts = _name_known_run(submission, submission.known_run)
    else:
        _show_submission(submission)
        if dry_run:
            stderr().print("nothing was uploaded (--dry-run).")
            if as_json:
                print_json(submission.to_json())
            return exits.PASSED
        # A script is never asked: it could not answer, and would hang.
        if not yes and is_attended() and not confirmed("Upload it?"):
            complain("stopped before anything was uploaded.")
            return exits.WRONG_USE
        # At once, and not only at the end: the connection may be lost while the run is waited for.
        run, facts = _send(submission, stderr() if wait or as_json else stdout())
    facts = {"stack": stack, **facts}
    if wait:
        from evaldrop.cli.watching import watch_run

        return watch_run(run, as_json=as_json, facts=facts)
    if as_json:
        print_json({"run_id": run.run_id, "execution": run.execution_arn, **facts})
    else:
        # The command is pasted as it is: an ID alone is looked up in the default stack.
        named = "" if stack == DEFAULT_STACK else f" --stack {stack}"
        stdout().print(f"to follow it: evaldrop watch {run.run_id}{named}", soft_wrap=True)
    return exits.PASSED


def _send(submission: "Submission", console: Console) -> "tuple[RunAddress, dict[str, Any]]":
    run, upload = submission.send(sent=lambda key: stderr().print(f"uploaded {shown(key)}", soft_wrap=True))
    console.print(f"run {shown(run.run_id)}", soft_wrap=True)
    return run, {"started": True, "dataset": upload.uri, "version": upload.version}


def _name_known_run(submission: "Submission", run_id: str) -> "tuple[RunAddress, dict[str, Any]]":
    from evaldrop.running.deployed.following import status_of

    run = submission.address(run_id)
    # The same content leads to the same run ID also where the run failed, or its event is still under way.
    status = status_of(run)
    said = "it has not started (yet)" if status == "NOT_STARTED" else status
    stderr().print(
        f"{shown(submission.uri)} is unchanged, and so is all beside it: nothing is uploaded, nothing is "
        f"started. Its run is {run.run_id}: {said}. --again evaluates it once more.",
        soft_wrap=True,
    )
    return run, {"started": False, "dataset": submission.uri, "status": status}


def _show_submission(submission: "Submission") -> None:
    from evaldrop.cli.running import show_plan

    if submission.check is None:
        warn(
            "there is no evaluation beside the dataset, nor in the bucket: the stack's default decides. It "
            "is not known here, nor is the price."
        )
    else:
        show_plan(stderr(), submission.check)
    console, bucket = stderr(), submission.stack.input_bucket
    console.print(f"\nto stack {shown(submission.stack.name)}, s3://{shown(bucket)}/", soft_wrap=True)
    for companion in submission.companions:
        state = "there" if companion.is_there else "replaced" if companion.present else "new"
        console.print(f"  {state:9}{shown(companion.file.key)}", soft_wrap=True)
    options = ", ".join(f"{key}={value}" for key, value in submission.options.to_metadata().items())
    state = "new version" if submission.present else "new"
    console.print(f"  {state:9}{shown(submission.key)} {shown(options)}".rstrip(), soft_wrap=True)
