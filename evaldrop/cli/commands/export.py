"""`evaldrop export`: a run's tables, ready for DuckDB."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from evaldrop.cli.naming import finished_run
from evaldrop.cli.options import RunFolder, RunsIn, on_this_machine
from evaldrop.cli.output import print_commands, shown, stdout
from evaldrop.cli.prose import print_prose
from evaldrop.run.place import DEFAULT_OUT


def export(
    run: RunFolder,
    to: Annotated[
        Path,
        typer.Option(
            "--to", metavar="DIR", help="Where to write; created when absent.", callback=on_this_machine
        ),
    ],
    out: RunsIn = DEFAULT_OUT,
) -> None:
    """
    Copy a run's Parquet tables into a folder, with a file of DuckDB queries that read them.

    Examples:

        evaldrop export latest --to tables

        cd tables && duckdb -init queries.sql
    """
    from evaldrop.report.writing import export_run
    from evaldrop.scorecard.read import read_run

    folder = finished_run(run, out)
    for file in export_run(folder, read_run(folder).scorecard, to):
        print_prose(stdout(), f"wrote {shown(str(file))}")
    stdout().print("\nnext:")
    print_commands(stdout(), [f"cd {shlex.quote(str(to))} && duckdb -init queries.sql"])
