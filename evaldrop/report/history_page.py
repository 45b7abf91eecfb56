"""`index.html`: every run of every evaluation, the newest first, with its trends."""

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from evaldrop.report.page import content_security_policy, read_asset, template
from evaldrop.report.trends import MOST_RUNS, report_link, trends
from evaldrop.scorecard.trend.types import Trend as Drift


def history_page(
    entries: Sequence[Mapping[str, Any]],
    drifts: Mapping[str, Drift] | None = None,
    blessed: Collection[str] = (),
) -> str:
    """
    Return the page of the history.

    Args:
        entries: `HistoryEntry` objects as JSON, the newest first.
        drifts: By evaluation: what was changed and what moved.
        blessed: Folders of the runs that `evaldrop bless` made baselines, as `folder` of the entries.
    """
    known = drifts or {}
    style = read_asset("report.css")
    grouped = {name: list(runs) for name, runs in groupby(sorted(entries, key=_evaluation), key=_evaluation)}
    # The evaluation that ran last is the one a reader comes for.
    latest_first = sorted(grouped.items(), key=lambda item: str(item[1][0]["started_at"]), reverse=True)
    page: str = template("history.html.j2").render(
        evaluations=[
            (
                name,
                runs,
                trends(runs, known.get(name), baselines := baselines_of(runs, blessed)),
                known.get(name),
                baselines,
            )
            for name, runs in latest_first
        ],
        runs=len(entries),
        report_link=report_link,
        most_runs=MOST_RUNS,
        simulated=any(entry["simulated"] for entry in entries),
        policy=content_security_policy(style),
        style=Markup(style),  # noqa: S704 - this package's own file
    )
    return page


def baselines_of(runs: Sequence[Mapping[str, Any]], blessed: Collection[str]) -> set[str]:
    """Return the ids of an evaluation's runs that are blessed, or that another of them was compared with."""
    # A comparison may be kept when its baseline is not any more, or when another was blessed since.
    compared = {str(run.get("baseline") or "").rstrip("/").rpartition("/")[2] for run in runs}
    return {run["run_id"] for run in runs if run["folder"] in blessed or run["run_id"] in compared}


def _evaluation(entry: Mapping[str, Any]) -> str:
    return str(entry["evaluation"])
