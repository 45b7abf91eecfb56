"""`index.html`: every run of every evaluation, the newest first, with its trends."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from evaldrop.report.page import content_security_policy, read_asset, template
from evaldrop.report.trends import MOST_RUNS, is_baseline, report_link, trends
from evaldrop.trend.model import Trend as Drift


def history_page(entries: Sequence[Mapping[str, Any]], drifts: Mapping[str, Drift] | None = None) -> str:
    """
    Return the page of the history.

    Args:
        entries: `HistoryEntry` objects as JSON, the newest first.
        drifts: By evaluation: what was changed and what moved.
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
                trends(runs, known.get(name)),
                known.get(name),
                {str(run.get("baseline") or "") for run in runs},
            )
            for name, runs in latest_first
        ],
        runs=len(entries),
        is_baseline=is_baseline,
        report_link=report_link,
        most_runs=MOST_RUNS,
        simulated=any(entry["simulated"] for entry in entries),
        policy=content_security_policy(style),
        style=Markup(style),  # noqa: S704 - this package's own file
    )
    return page


def _evaluation(entry: Mapping[str, Any]) -> str:
    return str(entry["evaluation"])
