"""`evaldrop report`: a run's scorecard on the terminal, or its report in one of five formats."""

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaldrop import storage
from evaldrop.cli.options import AsJson, RunFolder
from evaldrop.cli.output import plain, print_json, shown, stdout
from evaldrop.errors import InputError

if TYPE_CHECKING:
    from evaldrop.scorecard.read import Run


class Format(StrEnum):
    """The formats of a report."""

    HTML = "html"
    MD = "md"
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


# Where a run keeps what is made of it. A workbook is made when it is asked for.
_FILES = {
    Format.HTML: "report.html",
    Format.MD: "summary.md",
    Format.CSV: "scorecard.csv",
    Format.XLSX: "scorecard.xlsx",
    Format.JSON: "scorecard.json",
}


def report(
    run: RunFolder,
    form: Annotated[
        Format | None,
        typer.Option(
            "--format",
            "-f",
            help="Print the report as md, csv or json, or say where the html or xlsx file is.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FILE", help="Write it to a file. Needs --format.", show_default=False),
    ] = None,
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Read the raw replies again and write every file anew.")
    ] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
    as_json: AsJson = False,
) -> None:
    """
    Print a run's scorecard, or give its report as HTML, Markdown, CSV, a workbook or JSON.

    Examples:

        evaldrop report runs/support-answers/20261121T101500Z-4f3a2b --open

        evaldrop report s3://bucket/runs/support-answers/20261121T101500Z-4f3a2b --json

        evaldrop report runs/support-answers/20261121T101500Z-4f3a2b --format md >> "$GITHUB_STEP_SUMMARY"

        evaldrop report runs/support-answers/20261121T101500Z-4f3a2b --format xlsx --to scorecard.xlsx
    """
    from evaldrop.cli.running import require_run
    from evaldrop.cli.tables.scorecard import print_scorecard
    from evaldrop.scorecard.read import Run, read_run

    if to is not None and form is None:
        raise InputError("--to needs a --format: html, md, csv, xlsx or json.")
    require_run(run)
    if rebuild or not storage.exists(storage.join(run, "scorecard.json")):
        from evaldrop.run.definition import RunDefinition
        from evaldrop.steps.build_scorecard.build import score_run

        # A run whose last step failed has its replies: the scorecard is made from them, and nothing is
        # called.
        definition = RunDefinition.load(run)
        found = Run(run.rstrip("/"), score_run(definition), dict(definition.content))
    else:
        found = read_run(run)
    page = storage.join(found.uri, _FILES[Format.HTML])
    if form is not None:
        _give(found, form, to)
    elif as_json:
        print_json(found.scorecard.model_dump(mode="json"))
    else:
        print_scorecard(stdout(), found.scorecard)
        stdout().print(f"\nreport: {shown(page)}")
    if open_page:
        _open(page)


def _give(run: "Run", form: Format, to: Path | None) -> None:
    """Print a report of text; write a workbook; of a page say where it is."""
    place = storage.join(run.uri, _FILES[form])
    if form is Format.XLSX:
        from evaldrop.report.workbook import xlsx_report

        place = str(to or place)
        storage.write_bytes(place, xlsx_report(run.scorecard, run.uri))
        stdout().print(f"wrote {shown(place)}")
    elif to is not None:
        storage.write_bytes(str(to), storage.read_bytes(place))
        stdout().print(f"wrote {shown(str(to))}")
    elif form is Format.HTML:
        stdout().print(shown(place))
    else:
        # As it is: a file's text is inert where it belongs, and rich would fold its lines.
        lines = storage.read_bytes(place).decode().replace("\r\n", "\n").split("\n")
        print("\n".join(map(plain, lines)), end="")  # noqa: T201 - the result itself


def _open(page: str) -> None:
    """Open a page in the browser; one in S3 by a copy on this machine."""
    import webbrowser

    if storage.is_s3(page):
        # Not removed: the browser reads it after this process has ended.
        copy = Path(tempfile.mkdtemp(prefix="evaldrop-")) / "report.html"
        storage.write_bytes(str(copy), storage.read_bytes(page))
        page = str(copy)
    webbrowser.open(storage.local_path(page).as_uri())
