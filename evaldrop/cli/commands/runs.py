"""`evaldrop runs`: the runs of a deployed stack, or below a folder."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from evaldrop.cli.options import DEFAULT_STACK, AsJson, StackName
from evaldrop.cli.output import print_json, shown, stderr, stdout
from evaldrop.cli.prose import print_prose

if TYPE_CHECKING:
    from evaldrop.running.deployed.listing import RunRow


def runs(
    stack: StackName = DEFAULT_STACK,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="List the runs in this folder, a path or an s3:// URI, instead of a stack's.",
        ),
    ] = None,
    evaluation: Annotated[
        str | None,
        typer.Option("--evaluation", "-e", metavar="NAME", help="Only runs of the evaluation of this name."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest N runs.")] = 30,
    as_json: AsJson = False,
) -> None:
    """
    List a deployed stack's runs, or those in a folder, the newest first: finished, running and failed ones.

    Where there is a history it is asked (a stack's table, also with the s3:// URI of its runs; runs.sqlite in
    the folder), and folders are read otherwise.

    Examples:

        evaldrop runs

        evaldrop runs --out runs --limit 10

        evaldrop runs --stack evaldrop-test --evaluation support-answers --json
    """
    from evaldrop.cli.tables.runs import print_runs
    from evaldrop.running.history.listing import list_below

    if out is not None:
        rows = list_below(out, evaluation=evaluation, limit=limit)
    else:
        rows = _of_stack(stack, evaluation, limit)
    if as_json:
        print_json([asdict(row) for row in rows])
    elif rows:
        print_runs(stdout(), rows)
    else:
        of = f' of "{shown(evaluation)}"' if evaluation else ""
        command = "submit" if out is None else "run"
        print_prose(stderr(), f"there is no run{of} yet. evaldrop {command} DATASET starts one.")


def _of_stack(stack: str, evaluation: str | None, limit: int) -> "list[RunRow]":
    from evaldrop.running.deployed.clients import client
    from evaldrop.running.deployed.listing import list_runs
    from evaldrop.running.deployed.stack import deployed_stack
    from evaldrop.running.history.listing import list_stored
    from evaldrop.store.opening import open_store

    deployed = deployed_stack(stack)
    if deployed.history is not None:
        return list_stored(open_store(deployed.history), evaluation=evaluation, limit=limit)
    # Executions are forgotten after 90 days: the list is not made of them alone.
    return list_runs(deployed, client("stepfunctions"), evaluation=evaluation, limit=limit)
