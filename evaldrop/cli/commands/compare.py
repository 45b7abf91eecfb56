"""`evaldrop compare`: a run against an earlier one, record by record."""

from typing import Annotated

import typer

from evaldrop.cli import completing
from evaldrop.cli.naming import finished_run
from evaldrop.cli.next_steps import command
from evaldrop.cli.options import AsJson, Force, RunFolder, RunsIn
from evaldrop.cli.output import print_json, say_commands, stdout
from evaldrop.run.place import DEFAULT_OUT


def compare(
    run: RunFolder,
    baseline: Annotated[
        str,
        typer.Argument(
            metavar="BASELINE",
            help="The run it is compared with, named as RUN is.",
            autocompletion=completing.runs,
        ),
    ],
    out: RunsIn = DEFAULT_OUT,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """
    Tell what improved and what regressed against an earlier run, and list the records that turned worst.

    Both runs must have the same dataset, judges, judge prompts and criteria; candidates, their prompts and
    their settings may differ. Nothing is written.

    Examples:

        evaldrop compare latest previous

        evaldrop compare support-answers support-answers~4

        evaldrop compare runs/faq/20261128T101500Z-9c1b7e s3://bucket/runs/faq/20261121T101500Z-4f3a2b --json
    """
    from evaldrop.cli.tables.baseline import print_baseline
    from evaldrop.scorecard.baseline.compare import compare_runs

    now, then = finished_run(run, out), finished_run(baseline, out)
    found = compare_runs(now, then, force=force)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        print_baseline(stdout(), found)
        worse = ("--only", "worse") if found.worst_records else ()
        say_commands("next:", [command("diff", now, then, *worse)])
