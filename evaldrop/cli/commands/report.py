"""`evaldrop report`: the pages of a run, made again from its tables."""

from typing import Annotated

import typer

from evaldrop.cli import exits
from evaldrop.cli.options import AsJson
from evaldrop.cli.output import print_json, shown, stdout


def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder: a path or an s3:// URI.")],
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Read the raw replies again and write every file anew.")
    ] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
    as_json: AsJson = False,
) -> int:
    """
    Print a run's scorecard, and where its report is.

    Examples:

        evaldrop report runs/support-answers/20261121T101500Z-4f3a2b --open

        evaldrop report s3://bucket/runs/support-answers/20261121T101500Z-4f3a2b --json
    """
    from evaldrop import storage
    from evaldrop.cli.scorecard_table import print_scorecard
    from evaldrop.errors import InputError
    from evaldrop.runs import read_run

    if not storage.exists(storage.join(run, "run.json")):
        raise InputError(
            f"{run}: no run.json there. Give a run's folder, such as runs/<evaluation>/<run id>."
        )
    if rebuild or not storage.exists(storage.join(run, "scorecard.json")):
        from evaldrop.scorecard import build_scorecard

        build_scorecard(run)
    scorecard = read_run(run).scorecard
    page = storage.join(run, "report.html")
    if as_json:
        print_json(scorecard.model_dump(mode="json"))
    else:
        print_scorecard(stdout(), scorecard)
        stdout().print(f"\nreport: {shown(page)}")
    if open_page:
        import webbrowser

        webbrowser.open(storage.local_path(page).as_uri())
    return exits.PASSED
