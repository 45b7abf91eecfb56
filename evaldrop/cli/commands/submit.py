"""`evaldrop submit`: a dataset to a deployed stack."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evaldrop.cli import exits
from evaldrop.cli.options import DEFAULT_STACK, AsJson, Limit, StackName, Yes
from evaldrop.cli.output import complain, print_json, shown, stderr, stdout, warn

if TYPE_CHECKING:
    from evaldrop.running.deployed.finding import RunAddress
    from evaldrop.running.deployed.stack import Stack
    from evaldrop.running.deployed.submission import Submission
    from evaldrop.steps.validate_dataset.validate import Check


def submit(
    dataset: Annotated[
        str, typer.Argument(metavar="DATASET", help="A .jsonl or .json file on this machine.")
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
    from evaldrop.running.deployed.clients import client
    from evaldrop.running.deployed.stack import find_stack
    from evaldrop.running.deployed.submission import Wanted, check_here, prepare
    from evaldrop.running.deployed.uploads import InputBucket

    wanted = Wanted(dataset=dataset, evaluation=evaluation, limit=limit, key=key)
    check = check_here(wanted)
    found = find_stack(stack, client("cloudformation"))
    bucket = InputBucket(found.input_bucket, client("s3"))
    submission = prepare(wanted, check, found, bucket)
    if submission.known_run and not again:
        return _tell_known(submission, wait=wait, as_json=as_json)
    _show_plan(submission.check)
    _show_uploads(submission)
    if dry_run:
        return _tell_dry_run(submission, as_json=as_json)
    if not yes and not _agreed():
        complain("stopped before anything was uploaded.")
        return exits.WRONG_USE
    return _send(submission, bucket, wait=wait, as_json=as_json)


def _send(submission: "Submission", bucket: Any, *, wait: bool, as_json: bool) -> int:
    from evaldrop.steps.start_run.events import run_of

    upload = submission.send(
        bucket, sent=lambda key: stderr().print(f"uploaded {shown(key)}", soft_wrap=True)
    )
    run = _address(submission.stack, run_of(upload))
    told = {"stack": submission.stack.name, "started": True, "dataset": upload.uri, "version": upload.version}
    # At once, and not only at the end: whoever waits may lose the connection.
    (stderr() if wait or as_json else stdout()).print(f"run {shown(run.run_id)}", soft_wrap=True)
    return _go_on(run, submission.stack, told, wait=wait, as_json=as_json)


def _tell_known(submission: "Submission", *, wait: bool, as_json: bool) -> int:
    """Tell of the run that this very content has led to."""
    from evaldrop.running.deployed.clients import client
    from evaldrop.running.deployed.finding import find_folder
    from evaldrop.running.deployed.following import look

    run = _address(submission.stack, str(submission.known_run))
    status = look(str(run.execution_arn), client("stepfunctions")).status
    if status == "NOT_STARTED" and find_folder(submission.stack.out, run.run_id, client("s3")):
        status = "SUCCEEDED"
    said = "it has not started (yet)" if status == "NOT_STARTED" else status
    stderr().print(
        f"{shown(submission.uri)} is unchanged, and so is all beside it: nothing is uploaded, nothing is "
        f"started. Its run is {run.run_id}: {said}. --again evaluates it once more.",
        soft_wrap=True,
    )
    told = {"stack": submission.stack.name, "started": False, "dataset": submission.uri, "status": status}
    return _go_on(run, submission.stack, told, wait=wait, as_json=as_json)


def _go_on(run: "RunAddress", stack: "Stack", told: dict[str, Any], *, wait: bool, as_json: bool) -> int:
    from evaldrop.cli.watching import watch_run

    if wait:
        return watch_run(run, as_json=as_json, told=told)
    if as_json:
        print_json({"run_id": run.run_id, "execution": run.execution_arn, **told})
    else:
        named = "" if stack.name == DEFAULT_STACK else f" --stack {stack.name}"
        stdout().print(f"to follow it: evaldrop watch {run.run_id}{named}", soft_wrap=True)
    return exits.PASSED


def _address(stack: "Stack", run_id: str) -> "RunAddress":
    from evaldrop.running.deployed.finding import RunAddress

    return RunAddress(run_id=run_id, execution_arn=stack.execution_arn(run_id), out=stack.out)


def _show_plan(check: "Check | None") -> None:
    from evaldrop.cli.tables.plan import print_plan

    if check is None or check.plan is None or check.definition is None:
        warn(
            "there is no evaluation beside the dataset, nor in the bucket: the stack's default decides. It "
            "is not known here, nor is the price."
        )
        return
    for warning in check.warnings:
        warn(warning)
    print_plan(stderr(), check.plan, budget_usd=check.definition.evaluation.budget_usd)


def _show_uploads(submission: "Submission") -> None:
    bucket = submission.stack.input_bucket
    stderr().print(f"\nto stack {shown(submission.stack.name)}, s3://{shown(bucket)}/", soft_wrap=True)
    for companion in submission.companions:
        state = "there" if companion.is_there else "replaced" if companion.present else "new"
        stderr().print(f"  {state:9}{shown(companion.file.key)}", soft_wrap=True)
    options = ", ".join(f"{key}={value}" for key, value in submission.options.to_metadata().items())
    state = "new version" if submission.present else "new"
    stderr().print(f"  {state:9}{shown(submission.key)} {shown(options)}".rstrip(), soft_wrap=True)


def _tell_dry_run(submission: "Submission", *, as_json: bool) -> int:
    stderr().print("nothing was uploaded (--dry-run).")
    if as_json:
        plan = submission.check.plan if submission.check else None
        print_json(
            {
                "stack": submission.stack.name,
                "started": False,
                "dataset": submission.uri,
                "uploads": [each.file.key for each in submission.companions if not each.is_there]
                + [submission.key],
                "metadata": submission.options.to_metadata(),
                "plan": plan and plan.to_json(),
            }
        )
    return exits.PASSED


def _agreed() -> bool:
    """Ask; only a person at a terminal is asked."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return True
    return typer.confirm("Upload it?", err=True)
