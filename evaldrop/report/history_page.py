"""`index.html`: every run of every evaluation, the newest first, with the trend of each candidate."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from evaldrop.report.page import content_security_policy, read_asset, template


def history_page(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return the page of the history; `entries` are `HistoryEntry` objects as JSON, the newest first."""
    style = read_asset("report.css")
    by_evaluation = {
        name: list(runs) for name, runs in groupby(sorted(entries, key=_evaluation), key=_evaluation)
    }
    page: str = template("history.html.j2").render(
        evaluations={name: (runs, _trends(runs)) for name, runs in by_evaluation.items()},
        runs=len(entries),
        policy=content_security_policy(style),
        style=Markup(style),  # noqa: S704 - this package's own file
    )
    return page


def _evaluation(entry: Mapping[str, Any]) -> str:
    return str(entry["evaluation"])


def _trends(runs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return each candidate's quality in every run, from the oldest to the newest, on axes 0..100."""
    oldest_first = list(reversed(runs))
    names = list(dict.fromkeys(name for run in runs for name in run["candidates"]))
    trends: list[Mapping[str, Any]] = []
    for name in names:
        points = [
            (place, run["candidates"][name]["overall"])
            for place, run in enumerate(oldest_first)
            if name in run["candidates"] and run["candidates"][name]["overall"] is not None
        ]
        if len(points) > 1:
            last = max(1, len(oldest_first) - 1)
            line = " ".join(f"{100 * place / last:.1f},{30 - 30 * value:.1f}" for place, value in points)
            trends.append({"name": name, "line": line, "first": points[0][1], "last": points[-1][1]})
    return trends
