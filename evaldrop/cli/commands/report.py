"""`evaldrop report`: a run's scorecard on the terminal, or its report in one of five formats."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evaldrop.cli import exits
from evaldrop.cli.options import AsJson
from evaldrop.cli.output import print_json, shown, stdout

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
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run's folder: a path or an s3:// URI.")],
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
) -> int:
    """
    Print a run's scorecard, or give its report as HTML, Markdown, CSV, a workbook or JSON.

    Examples:

        evaldrop report runs/support-answers/20261121T101500Z-4f3a2b --open

        evaldrop report s3://bucket/runs/support-answers/20261121T101500Z-4f3a2b --json

        evaldrop report runs/support-answers/20261121T101500Z-4f3a2b --format md >> "$GITHUB_STEP_SUMMARY"

        evaldrop report runs/support-answers/20261121T101500Z-4f3a2b --format xlsx --to scorecard.xlsx
    """
    from evaldrop.errors import InputError

    if to is not None and form is None:
        raise InputError("--to needs a --format: html, md, csv, xlsx or json.")
    found = _read(run, rebuild=rebuild)
    if form is not None:
        _give(found, form, to)
    elif as_json:
        print_json(found.scorecard.model_dump(mode="json"))
    else:
        from evaldrop.cli.tables.scorecard import print_scorecard

        print_scorecard(stdout(), found.scorecard)
        stdout().print(f"\nreport: {shown(_place(found, Format.HTML))}")
    if open_page:
        _open(_place(found, Format.HTML))
    return exits.PASSED


def _read(run: str, *, rebuild: bool) -> "Run":
    from evaldrop import storage
    from evaldrop.errors import InputError
    from evaldrop.run.request import has_begun
    from evaldrop.scorecard.read import Run, read_run

    if not has_begun(run):
        raise InputError(
            f"{run}: no run.json there. Give a run's folder, such as runs/<evaluation>/<run id>."
        )
    if rebuild or not storage.exists(storage.join(run, "scorecard.json")):
        from evaldrop.run.definition import RunDefinition
        from evaldrop.steps.build_scorecard.build import score_run

        definition = RunDefinition.load(run)
        return Run(run.rstrip("/"), score_run(definition), dict(definition.content))
    return read_run(run)


def _place(run: "Run", form: Format) -> str:
    from evaldrop import storage

    return storage.join(run.uri, _FILES[form])


def _give(run: "Run", form: Format, to: Path | None) -> None:
    """Print a report of text; write a workbook; of a page say where it is."""
    from evaldrop import storage

    place = _place(run, form)
    if form is Format.XLSX:
        from evaldrop.report.workbook import xlsx_report

        content = xlsx_report(run.scorecard, run.uri)
        place = str(to or place)
        storage.write_bytes(place, content)
        stdout().print(f"wrote {shown(place)}")
    elif to is not None:
        storage.write_bytes(str(to), storage.read_bytes(place))
        stdout().print(f"wrote {shown(str(to))}")
    elif form is Format.HTML:
        stdout().print(shown(place))
    else:
        # As it is: a file's text is inert where it belongs, and rich would fold its lines.
        print(_for_terminal(storage.read_bytes(place).decode()), end="")  # noqa: T201 - the result itself


def _for_terminal(text: str) -> str:
    """Return a text whose control characters, but line ends and tabs, are gone."""
    from evaldrop.cli.output import plain

    return "\n".join(plain(line) for line in text.replace("\r\n", "\n").split("\n"))


def _open(page: str) -> None:
    """Open a page in the browser; one in S3 by a copy on this machine."""
    import tempfile
    import webbrowser

    from evaldrop import storage

    if storage.is_s3(page):
        copy = Path(tempfile.mkdtemp(prefix="evaldrop-")) / "report.html"
        storage.write_bytes(str(copy), storage.read_bytes(page))
        page = str(copy)
    webbrowser.open(storage.local_path(page).as_uri())
