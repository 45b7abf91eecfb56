"""`evaldrop runs`: the runs of a deployed stack."""

from dataclasses import asdict
from typing import Annotated

import typer

from evaldrop.cli.options import DEFAULT_STACK, AsJson, StackName
from evaldrop.cli.output import print_json, shown, stderr, stdout
from evaldrop.cli.prose import print_prose


def runs(
    stack: StackName = DEFAULT_STACK,
    evaluation: Annotated[
        str | None,
        typer.Option("--evaluation", "-e", metavar="NAME", help="Only runs of the evaluation of this name."),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest N runs.")] = 30,
    as_json: AsJson = False,
) -> None:
    """
    List a deployed stack's runs, the newest first: finished, running and failed ones.

    Examples:

        evaldrop runs

        evaldrop runs --stack evaldrop-test --evaluation support-answers --json
    """
    from evaldrop.cli.tables.runs import print_runs
    from evaldrop.running.deployed.clients import client
    from evaldrop.running.deployed.listing import list_runs
    from evaldrop.running.deployed.stack import deployed_stack

    # Executions are forgotten after 90 days: the list is not made of them alone.
    rows = list_runs(deployed_stack(stack), client("stepfunctions"), evaluation=evaluation, limit=limit)
    if as_json:
        print_json([asdict(row) for row in rows])
    elif rows:
        print_runs(stdout(), rows)
    else:
        of = f' of "{shown(evaluation)}"' if evaluation else ""
        print_prose(stderr(), f"there is no run{of} yet. evaldrop submit DATASET starts one.")
