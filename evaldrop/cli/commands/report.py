"""`evaldrop report`: a run's scorecard on the terminal, or its report in one of five formats."""

from typing import Annotated

import typer

from evaldrop.cli.naming import begun_run
from evaldrop.cli.options import AsJson, ReportFormat, ReportUrl, RunFolder, RunsIn
from evaldrop.errors import InputError
from evaldrop.run.place import DEFAULT_OUT


def report(
    run: RunFolder,
    form: Annotated[
        ReportFormat | None,
        typer.Option(
            "--format",
            "-f",
            help="Print the report as md, csv or json, or say where the html or xlsx file is.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="FILE",
            help="Write it to a file, a path or an s3:// URI. Needs --format.",
            show_default=False,
        ),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Read the raw replies again and write every file anew.")
    ] = False,
    report_url: ReportUrl = None,
    open_page: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
    out: RunsIn = DEFAULT_OUT,
    as_json: AsJson = False,
) -> None:
    """
    Print a run's scorecard, or give its report as HTML, Markdown, CSV, a workbook or JSON.

    Examples:

        evaldrop report latest --open

        evaldrop report s3://bucket/runs/support-answers/20261121T101500Z-4f3a2b --json

        evaldrop report support-answers --format md >> "$GITHUB_STEP_SUMMARY"

        evaldrop report 20261121T1015 --format xlsx --to scorecard.xlsx
    """
    from evaldrop.cli.reporting import show_report

    if to is not None and form is None:
        raise InputError("--to needs a --format: html, md, csv, xlsx or json.")
    show_report(
        begun_run(run, out),
        form,
        to=to,
        rebuild=rebuild,
        report_url=report_url,
        open_page=open_page,
        as_json=as_json,
    )
