"""A dataset for a deployed stack as people meet it: what would be uploaded, the question, the run's name."""

from typing import Any

from rich.console import Console

from evaldrop.cli import exits
from evaldrop.cli.next_steps import command
from evaldrop.cli.options import DEFAULT_STACK
from evaldrop.cli.output import (
    complain,
    confirmed,
    is_attended,
    print_commands,
    print_json,
    shown,
    stderr,
    stdout,
    warn,
)
from evaldrop.cli.prose import print_prose
from evaldrop.cli.running import show_plan
from evaldrop.cli.watching import watch_run
from evaldrop.running.deployed.following import RunAddress, status_of
from evaldrop.running.deployed.submission import Companion, Submission


def submit_and_show(
    submission: Submission, *, again: bool, wait: bool, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Upload what its user agrees to, and name the run or watch it to its end; return the exit code."""
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
    stack = submission.stack.name
    facts = {"stack": stack, **facts}
    if wait:
        return watch_run(run, as_json=as_json, facts=facts)
    if as_json:
        print_json({"run_id": run.run_id, "execution": run.execution_arn, **facts})
    else:
        # The command is pasted as it is: an ID alone is looked up in the default stack.
        named = () if stack == DEFAULT_STACK else ("--stack", stack)
        stdout().print("to follow it:")
        print_commands(stdout(), [command("watch", run.run_id, *named)])
    return exits.PASSED


def _send(submission: Submission, console: Console) -> tuple[RunAddress, dict[str, Any]]:
    run, upload = submission.send(sent=lambda key: print_prose(stderr(), f"uploaded {shown(key)}"))
    print_prose(console, f"run {shown(run.run_id)}")
    return run, {"started": True, "dataset": upload.uri, "version": upload.version}


def _name_known_run(submission: Submission, run_id: str) -> tuple[RunAddress, dict[str, Any]]:
    run = submission.address(run_id)
    # The same content leads to the same run ID also where the run failed, or its event is still under way.
    status = status_of(run)
    said = "it has not started (yet)" if status == "NOT_STARTED" else status
    print_prose(
        stderr(),
        f"{shown(submission.uri)} is unchanged, and so is all beside it: nothing is uploaded, nothing is "
        f"started. Its run is {run.run_id}: {said}. --again evaluates it once more.",
    )
    return run, {"started": False, "dataset": submission.uri, "status": status}


def _show_submission(submission: Submission) -> None:
    if submission.check is None:
        warn(
            "there is no evaluation beside the dataset, nor in the bucket: the stack's default decides. It "
            "is not known here, nor is the price."
        )
    else:
        show_plan(stderr(), submission.check)
    console, bucket = stderr(), submission.stack.input_bucket
    print_prose(console, f"\nto stack {shown(submission.stack.name)}, s3://{shown(bucket)}/")
    options = ", ".join(f"{key}={value}" for key, value in submission.options.to_metadata().items())
    dataset = f"{submission.key} ({options})" if options else submission.key
    rows = [
        *((_state_of(companion), companion.file.key) for companion in submission.companions),
        ("new version" if submission.present else "new", dataset),
    ]
    width = max(len(state) for state, _ in rows)
    for state, what in rows:
        print_prose(console, f"{state:{width}}  {shown(what)}", indent=2)


def _state_of(companion: Companion) -> str:
    return "there" if companion.is_there else "replaced" if companion.present else "new"
