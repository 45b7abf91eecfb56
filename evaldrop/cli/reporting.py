"""A run's report as people meet it: on the terminal, as a file of one of five formats, or in the browser."""

import tempfile
import webbrowser
from pathlib import Path

from evaldrop import storage
from evaldrop.cli.next_steps import pages_of, resume, say_next
from evaldrop.cli.options import ReportFormat
from evaldrop.cli.output import plain, print_json, print_json_text, print_text, shown, stdout
from evaldrop.cli.prose import print_prose
from evaldrop.errors import InputError
from evaldrop.scorecard.read import Run, read_run

# Where a run keeps what is made of it. A workbook is made when it is asked for.
_FILES = {
    ReportFormat.HTML: "report.html",
    ReportFormat.MD: "summary.md",
    ReportFormat.CSV: "scorecard.csv",
    ReportFormat.XLSX: "scorecard.xlsx",
    ReportFormat.JSON: "scorecard.json",
}


def show_report(
    folder: str,
    form: ReportFormat | None,
    *,
    to: str | None,
    rebuild: bool,
    report_url: str | None = None,
    open_page: bool,
    as_json: bool,
) -> None:
    """
    Print a run's scorecard, or give its report in a format; open its page if that is wanted too.

    `report_url`: where the report will be read, for the link in a summary that is printed or made anew.
    """
    run = scored(folder, rebuild=rebuild)
    if rebuild and report_url is not None:
        from evaldrop.report.writing import write_summary

        write_summary(run.uri, run.scorecard, report_url)
    page = storage.join(run.uri, _FILES[ReportFormat.HTML])
    if form is not None:
        _give(run, form, to, report_url)
    elif as_json:
        print_json(run.scorecard.model_dump(mode="json"))
    else:
        from evaldrop.cli.tables.scorecard import print_scorecard

        print_scorecard(stdout(), run.scorecard)
        print_prose(stdout(), f"\n{shown(pages_of(run.scorecard, run.uri))}")
        say_next(run.scorecard, run.uri)
    if open_page:
        _open(page)


def scored(folder: str, *, rebuild: bool) -> Run:
    """Return a run with its scorecard; one that was not made, or is to be anew, is made of its replies."""
    if not rebuild and storage.exists(storage.join(folder, _FILES[ReportFormat.JSON])):
        return read_run(folder)
    from evaldrop.run.definition import RunDefinition
    from evaldrop.run.lock import locked
    from evaldrop.run.records import has_records
    from evaldrop.steps.build_scorecard.build import score_run

    # A run whose last step failed has its replies: the scorecard is made from them, and nothing is called.
    definition = RunDefinition.load(folder)
    if not has_records(folder):
        raise InputError(
            f"{folder}: no records.jsonl there: this run has answered nothing yet. "
            f"`{resume(folder)}` goes on with it."
        )
    with locked(folder, doing="evaldrop report"):
        return Run(folder.rstrip("/"), score_run(definition), dict(definition.content))


def _give(run: Run, form: ReportFormat, to: str | None, report_url: str | None) -> None:
    """Print a report of text; write a workbook; of a page say where it is."""
    place = storage.join(run.uri, _FILES[form])
    if form is ReportFormat.XLSX:
        from evaldrop.report.workbook import xlsx_report

        place = to or place
        storage.write_bytes(place, xlsx_report(run.scorecard, run.uri))
        print_prose(stdout(), f"wrote {shown(place)}")
    elif to is not None:
        storage.write_bytes(to, _content(run, form, report_url))
        print_prose(stdout(), f"wrote {shown(to)}")
    elif form is ReportFormat.HTML:
        stdout().print(shown(place), soft_wrap=True)
    else:
        text = _content(run, form, report_url).decode()
        if form is ReportFormat.JSON:
            print_json_text(text)
        else:
            print_text(plain(text).removesuffix("\n"))


def _content(run: Run, form: ReportFormat, report_url: str | None) -> bytes:
    if form is ReportFormat.MD and report_url is not None:
        from evaldrop.report.markdown import markdown_report

        return markdown_report(run.scorecard, report_url).encode()
    return storage.read_bytes(storage.join(run.uri, _FILES[form]))


def _open(page: str) -> None:
    """Open a page in the browser; one in S3 by a copy on this machine."""
    if storage.is_s3(page):
        # Not removed: the browser reads it after this process has ended.
        copy = Path(tempfile.mkdtemp(prefix="evaldrop-")) / "report.html"
        storage.write_bytes(str(copy), storage.read_bytes(page))
        page = str(copy)
    webbrowser.open(storage.local_path(page).as_uri())


def keep_page(page: str, to: str | None, *, open_page: bool) -> None:
    """Write a page to a file, or to one of its own that the browser opens, and say where it is."""
    # Not removed: the browser reads it after this process has ended.
    place = to or str(Path(tempfile.mkdtemp(prefix="evaldrop-")) / "diff.html")
    storage.write_bytes(place, page.encode())
    print_prose(stdout(), f"wrote {shown(place)}")
    if open_page:
        _open(place)
