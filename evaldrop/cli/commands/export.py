"""`evaldrop export`: a run's tables, ready for DuckDB."""

from pathlib import Path
from typing import Annotated

import typer

from evaldrop.cli.options import RunFolder
from evaldrop.cli.output import shown, stdout


def export(
    run: RunFolder,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where to write; created when absent.")],
) -> None:
    """
    Copy a run's Parquet tables into a folder, with a file of DuckDB queries that read them.

    Examples:

        evaldrop export runs/support-answers/20261121T101500Z-4f3a2b --to tables

        cd tables && duckdb -init queries.sql
    """
    from evaldrop.report.writing import export_run
    from evaldrop.scorecard.read import read_run

    for file in export_run(run, read_run(run).scorecard, to):
        stdout().print(f"wrote {shown(str(file))}")
    stdout().print(f"\nnext: cd {shown(str(to))} && duckdb -init queries.sql")
