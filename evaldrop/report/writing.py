"""
Writes every report of a run into its folder, and copies its tables elsewhere for `evaldrop export`.

Nothing here computes a number the scorecard lacks.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.report.junit import junit_report
from evaldrop.report.markdown import markdown_report
from evaldrop.report.page import html_report, read_asset
from evaldrop.report.places import Behind
from evaldrop.report.prompts_page import PROMPTS_PAGE, prompts_page
from evaldrop.report.spreadsheet import csv_report
from evaldrop.scorecard.figures import one_line
from evaldrop.scorecard.model.scorecard import Scorecard

if TYPE_CHECKING:
    from evaldrop.report.rows import ReportRows
    from evaldrop.run.definition import RunDefinition

QUERIES_FILE = "queries.sql"
SUMMARY_FILE = "summary.md"
FILES = (
    "responses.parquet", "verdicts.parquet", "comparisons.parquet", "scorecard.json", "scorecard.csv",
    "run.json",
)  # fmt: skip
ROBUSTNESS_FILE = "robustness.parquet"


def write_reports(run: "RunDefinition", scorecard: Scorecard, rows: "ReportRows", behind: Behind) -> None:
    """Write every report of a run into its folder."""
    chunks = rows.chunks()
    reports = {
        "report.html": html_report(
            scorecard, run.content, chunks, rows.counts(), latencies=rows.latencies, behind=behind
        ),
        SUMMARY_FILE: markdown_report(scorecard),
        "scorecard.csv": csv_report(scorecard),
        "junit.xml": junit_report(scorecard),
    }
    if scorecard.prompts:
        reports[PROMPTS_PAGE] = prompts_page(run, scorecard)
    for name, text in reports.items():
        storage.write_bytes(run.file(name), text.encode())


def write_summary(folder: str, scorecard: Scorecard, report_url: str) -> None:
    """Write a run's `summary.md` anew, with a link to where its report will be read."""
    storage.write_bytes(storage.join(folder, SUMMARY_FILE), markdown_report(scorecard, report_url).encode())


def export_run(folder: str, scorecard: Scorecard, to: Path) -> list[Path]:
    """
    Copy a run's tables into a folder, with queries that can be run there; return the files written.

    Raises:
        InputError: One of the files is there already.
        StorageError: A file of the run cannot be read, or the folder not be written.
    """
    names = (*FILES, ROBUSTNESS_FILE) if _is_perturbed(scorecard) else FILES
    # All are looked for before any is written: half an export would mix two runs.
    there = [name for name in (*names, QUERIES_FILE) if storage.exists(str(to / name))]
    if there:
        are = "is" if len(there) == 1 else "are"
        raise InputError(
            f"{to}: {', '.join(there)} {are} there already; nothing was written. Choose another folder."
        )
    written = []
    for below in (each for name in names for each in _files_of(folder, name)):
        written.append(to / below)
        storage.write_bytes(str(written[-1]), storage.read_bytes(storage.join(folder, below)))
    is_in_parts = not storage.exists(storage.join(folder, FILES[0]))
    storage.write_bytes(str(to / QUERIES_FILE), queries(scorecard, is_in_parts=is_in_parts).encode())
    return [*written, to / QUERIES_FILE]


def _files_of(folder: str, name: str) -> list[str]:
    """Return what a file of a run is made of, below its folder: a large run's table has parts."""
    if not name.endswith(".parquet"):
        return [name]
    # Only here: who writes reports has them open.
    from evaldrop.run.tables import table_files

    return [uri.removeprefix(storage.join(folder, "")) for uri in table_files(storage.join(folder, name))]


def queries(scorecard: Scorecard, *, is_in_parts: bool = False) -> str:
    """Return the DuckDB queries, under a line that says what run they are about."""
    simulated = "SIMULATED: stand-ins answered, no model did. " if scorecard.simulated else ""
    # A line break in a name would end the comment, and SQL could follow.
    title = f"{one_line(simulated + scorecard.evaluation)}, run {one_line(scorecard.run_id)}"
    more = read_asset("queries_robustness.sql") if _is_perturbed(scorecard) else ""
    asked = read_asset("queries.sql") + more
    # A large run's tables are folders, of whose files DuckDB makes one table.
    if is_in_parts:
        asked = asked.replace(".parquet'", "/*.parquet'")
    return f"-- {title}\n{asked}"


def _is_perturbed(scorecard: Scorecard) -> bool:
    return any(card.robustness for card in scorecard.candidates.values())
