"""`evaldrop stop`: a run is stopped, wherever it is."""

from typing import Annotated

import typer

from evaldrop.cli import completing
from evaldrop.cli.options import RUN_NAMES, AsJson


def stop(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help=f"A run: {RUN_NAMES} Of a stack also its execution's ARN.",
            autocompletion=completing.runs,
        ),
    ],
    stack: Annotated[
        str | None,
        typer.Option(
            "--stack",
            "-s",
            metavar="NAME",
            envvar="EVALDROP_STACK",
            help="The deployed stack of the run.",
        ),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="DIR",
            help="The folder that RUN's name is looked up in; by default runs, unless a stack is named.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """
    Stop a run: on this machine, whichever process works at it, or in a stack.

    On this machine it stops as by Ctrl-C, also one of `evaldrop serve`: calls under way may end, within a
    minute, and are kept. What is there is scored, and `evaldrop run --resume` goes on with the rest. In a
    stack its execution is stopped, and its jobs with it. A run that has ended stays as it is.

    The exit code is 0 when nothing works at the run any more, 3 when something still does.

    Examples:

        evaldrop stop latest

        evaldrop stop support-answers --out my-runs

        evaldrop stop s3://bucket/runs/support-answers/ds-4b0c1f6f0d

        evaldrop stop latest:support-answers --stack evaldrop
    """
    from evaldrop.cli.stopping import stop_and_show

    return stop_and_show(run, stack=stack, out=out, as_json=as_json)
