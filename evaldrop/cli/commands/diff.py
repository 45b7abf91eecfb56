"""`evaldrop diff`: the responses of two runs side by side."""

from typing import Annotated, Literal

import typer

from evaldrop.cli import completing
from evaldrop.cli.naming import finished_run
from evaldrop.cli.options import AsJson, Force, RunFolder, RunsIn
from evaldrop.cli.output import print_json, stdout
from evaldrop.errors import InputError
from evaldrop.run.place import DEFAULT_OUT

_SHOWN = 10


def diff(
    run: RunFolder,
    baseline: Annotated[
        str,
        typer.Argument(
            metavar="BASELINE",
            help="The run it is held against, named as RUN is.",
            autocompletion=completing.runs,
        ),
    ],
    out: RunsIn = DEFAULT_OUT,
    only: Annotated[
        Literal["changed", "worse", "better"] | None,
        typer.Option("--only", help="Only responses with another text, or that score worse or better."),
    ] = None,
    record: Annotated[
        str | None, typer.Option("--record", "-r", metavar="ID", help="This record alone, its texts whole.")
    ] = None,
    candidate: Annotated[
        str | None, typer.Option("--candidate", "-c", metavar="NAME", help="This candidate alone.")
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            "-n",
            min=1,
            help=f"The first N responses, the worst first; by default {_SHOWN} on a terminal, and all in a "
            "page or JSON.",
        ),
    ] = None,
    page: Annotated[
        str | None,
        typer.Option("--html", metavar="FILE", help="Write them as a page instead: a path or an s3:// URI."),
    ] = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open them as a page in the browser.")] = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """
    Show what a run answered beside what an earlier one did, record by record, with the words that differ.

    What scores worse comes first, then what scores better, then what merely changed. Runs of different
    datasets, judges or criteria are shown by the records that both have, and nothing is decided about them:
    it says why. The arguments are those of `evaldrop compare`, which decides what regressed.

    Examples:

        evaldrop diff latest previous

        evaldrop diff latest previous --only worse --candidate haiku --limit 3

        evaldrop diff support-answers support-answers~4 --record r17

        evaldrop diff latest runs/faq/20261121T101500Z-4f3a2b --open
    """
    from evaldrop.report.two_runs import open_two_runs

    if as_json and (page or open_page):
        raise InputError("--json prints; --html and --open make a page. Choose one.")
    runs = open_two_runs(finished_run(run, out), finished_run(baseline, out), force=force)
    places = runs.chosen(only, record, candidate)
    if page or open_page:
        from evaldrop.cli.reporting import keep_page
        from evaldrop.report.two_runs_page import two_runs_page

        keep_page(two_runs_page(runs, places[:limit]), page, open_page=open_page)
    elif as_json:
        from evaldrop.report.two_runs_page import two_runs_json

        print_json(two_runs_json(runs, places[:limit]))
    else:
        from evaldrop.cli.tables.diff import print_diff

        print_diff(stdout(), runs, places, limit=limit or _SHOWN, is_whole=record is not None)
