"""
Alarms as sentences, with what most likely moved.

A judge that moved looks exactly like a model that moved. Anchors separate the two: their responses never
change, so whatever moves them is the judge.
"""

from collections.abc import Iterator, Sequence

from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.trend.alarms import Charts, Direction, holds, shift_since
from evaldrop.scorecard.trend.changes import SeriesKey
from evaldrop.scorecard.trend.types import Cause, Series, Shift, TrendPoint

# Share of moved models for which anchors that stayed are taken to have moved: over all of them together.
_FALSE_EXCUSES = 0.05
_VERBS: dict[Direction, str] = {"up": "rose", "down": "fell"}
_PARTICIPLES: dict[Direction, str] = {"up": "risen", "down": "fallen"}


def shifts_of(
    charts: Charts, points: Sequence[TrendPoint], key: SeriesKey, anchors: Sequence[Series] | None
) -> Iterator[Shift]:
    """
    Yield the first alarm in either direction.

    Args:
        charts: The series' charts.
        points: What they are made of, the baseline's first.
        key: The series.
        anchors: Series that show what moved; None when the series is itself of anchors.
    """
    charted = points[charts.baseline_runs :]
    for direction in dict.fromkeys(alarm.direction for alarm in charts.alarms):
        alarms = [alarm for alarm in charts.alarms if alarm.direction == direction]
        first = min(alarms, key=lambda alarm: alarm.run)
        names = tuple(alarm.chart for alarm in alarms)
        at, since = charted[first.run], charted[first.since]
        verb = _VERBS[direction]
        if not holds(charts, direction, [_against(point, direction) for point in charted]):
            cause: Cause = "missing"
            verb = f"may have {_PARTICIPLES[direction]}"
            words = "not decided, because verdicts are missing that could be all of it"
        elif anchors is None:
            cause = "judge"
            words = "the judge moved, for these responses are frozen"
        else:
            cause, words = _cause(key.criterion, direction, since.started_at, anchors)
        moved = f"{key.name} {verb} on {key.criterion} by {abs(first.size):.3g}"
        when = f"since {since.started_at[:10]} ({' and '.join(names)}, alarm in run {at.run_id})"
        yield Shift(
            charts=names,
            direction=direction,
            size=first.size,
            cause=cause,
            run_id=at.run_id,
            since_run_id=since.run_id,
            sentence=f"{moved} {when}: {words}.",
        )


def _against(point: TrendPoint, direction: Direction) -> float:
    """Return what a run would have shown, had its lost verdicts been such as speak most against a move."""
    if point.bounds is None:
        return point.mean or 0.0
    return point.bounds[0] if direction == "up" else point.bounds[1]


def usable(points: Sequence[TrendPoint]) -> list[TrendPoint]:
    """Return the points a chart can take: those with an estimate and its standard error."""
    return [point for point in points if point.mean is not None and point.standard_error is not None]


def _cause(criterion: str, direction: Direction, since: str, anchors: Sequence[Series]) -> tuple[Cause, str]:
    """Return what moved, by the anchors on the same criterion or over all; overall by those on any."""
    witnesses = [
        (series, series.charts)
        for series in anchors
        if series.charts is not None
        and (series.criterion == criterion or OVERALL in (criterion, series.criterion))
    ]
    moved: list[tuple[Direction, str]] = []
    for series, charts in witnesses:
        place = sum(point.started_at < since for point in usable(series.points[series.start :]))
        # One of several series: it may err that many times more rarely.
        # From the move on: the runs before it, in which nothing had moved, would dilute what anchors show.
        size = shift_since(charts, since=place, level=_FALSE_EXCUSES / len(witnesses))
        if size is not None:
            way: Direction = "up" if size > 0 else "down"
            moved.append((way, f"{series.name} on {series.criterion} {_VERBS[way]} by {abs(size):.3g}"))
    likewise = [words for way, words in moved if way == direction]
    if not witnesses:
        return "unknown", "no anchors tell whether the model or the judge moved"
    if not moved:
        return "candidate", "the anchors stayed, so the judge is not known to have moved"
    if not likewise:
        words = ", ".join(words for _, words in moved)
        return (
            "unknown",
            f"the judge moved as well, and not this way ({words}): what moved here cannot be told",
        )
    words = ", ".join(likewise)
    return "judge", f"the judge moved: the anchors, whose responses never change, moved too ({words})"
