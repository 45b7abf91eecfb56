"""`evaldrop compare`: a run against an earlier one, record by record."""

from typing import Annotated

import typer

from evaldrop.cli.options import AsJson, Force, RunFolder
from evaldrop.cli.output import print_json, stdout


def compare(
    run: RunFolder,
    baseline: Annotated[
        str, typer.Argument(metavar="BASELINE", help="The folder of the run it is compared with.")
    ],
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """
    Tell what improved and what regressed against an earlier run, and list the records that turned worst.

    Both runs must have the same dataset, judges, judge prompts and criteria; candidates, their prompts and
    their settings may differ. Nothing is written.

    Examples:

        evaldrop compare runs/faq/20261128T101500Z-9c1b7e runs/faq/20261121T101500Z-4f3a2b

        evaldrop compare NEW OLD --json
    """
    from evaldrop.cli.tables.baseline import print_baseline
    from evaldrop.scorecard.baseline.compare import compare_runs

    found = compare_runs(run.rstrip("/"), baseline.rstrip("/"), force=force)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_baseline(stdout(), found)
