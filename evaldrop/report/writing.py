"""Writes every report of a run into its folder; nothing here computes a number the scorecard lacks."""

from typing import TYPE_CHECKING

from evaldrop import storage
from evaldrop.report.junit import junit_report
from evaldrop.report.markdown import markdown_report
from evaldrop.report.page import html_report
from evaldrop.report.spreadsheet import csv_report
from evaldrop.scorecard.model.scorecard import Scorecard

if TYPE_CHECKING:
    from evaldrop.report.rows import ReportRows
    from evaldrop.run.definition import RunDefinition


def write_reports(run: "RunDefinition", scorecard: Scorecard, rows: "ReportRows") -> None:
    """Write every report of a run into its folder."""
    chunks = rows.chunks()
    reports = {
        "report.html": html_report(scorecard, run.content, chunks, rows.counts(), latencies=rows.latencies),
        "summary.md": markdown_report(scorecard),
        "scorecard.csv": csv_report(scorecard),
        "junit.xml": junit_report(scorecard),
    }
    for name, text in reports.items():
        storage.write_bytes(run.file(name), text.encode())
