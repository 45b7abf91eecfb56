"""
Alarms as sentences, with what most likely moved.

A judge that moved looks exactly like a model that moved. Anchors separate the two: their responses never
change, so whatever moves them is the judge.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from evaldrop.scorecard.model.scorecard import OVERALL
from evaldrop.scorecard.trend.alarms import Alarm, Charts, Direction, shift_since
from evaldrop.scorecard.trend.changes import Key
from evaldrop.scorecard.trend.types import Cause, Series, Shift, TrendPoint

# Share of moved models for which anchors that stayed are taken to have moved: over all of them together.
_FALSE_EXCUSES = 0.05


class _Moved(NamedTuple):
    """Anchors that moved since a run."""

    name: str
    criterion: str
    size: float

    @property
    def direction(self) -> Direction:
        return "up" if self.size > 0 else "down"

    @property
    def words(self) -> str:
        return f"{self.name} on {self.criterion} {_verb(self.direction)} by {abs(self.size):.3g}"


def shifts_of(
    charts: Charts, points: Sequence[TrendPoint], key: Key, anchors: Sequence[Series] | None
) -> Iterator[Shift]:
    """
    Yield the first alarm in either direction.

    Args:
        charts: The series' charts.
        points: What they are made of, the baseline's first.
        key: The series.
        anchors: Series that show what moved; None when the series is itself of anchors.
    """
    for direction in dict.fromkeys(alarm.direction for alarm in charts.alarms):
        alarms = [alarm for alarm in charts.alarms if alarm.direction == direction]
        first = min(alarms, key=lambda alarm: alarm.run)
        names = tuple(alarm.chart for alarm in alarms)
        yield _shift(first, names, points[charts.baseline_runs :], key, anchors)


def usable(points: Sequence[TrendPoint]) -> list[TrendPoint]:
    """Return the points a chart can take: those with an estimate and its standard error."""
    return [point for point in points if point.mean is not None and point.standard_error is not None]


def _shift(
    alarm: Alarm,
    charts: tuple[str, ...],
    points: Sequence[TrendPoint],
    key: Key,
    anchors: Sequence[Series] | None,
) -> Shift:
    at, since = points[alarm.run], points[alarm.since]
    if anchors is None:
        cause: Cause = "judge"
        words = "the judge moved, for these responses are frozen"
    else:
        cause, words = _cause(key.criterion, alarm.direction, since.started_at, anchors)
    moved = f"{key.name} {_verb(alarm.direction)} on {key.criterion} by {abs(alarm.size):.3g}"
    when = f"since {since.started_at[:10]} ({' and '.join(charts)}, alarm in run {at.run_id})"
    return Shift(
        charts=charts,
        direction=alarm.direction,
        size=alarm.size,
        cause=cause,
        run_id=at.run_id,
        since_run_id=since.run_id,
        sentence=f"{moved} {when}: {words}.",
    )


def _cause(criterion: str, direction: Direction, since: str, anchors: Sequence[Series]) -> tuple[Cause, str]:
    """Return what moved, by the anchors on the same criterion or over all; overall by those on any."""
    witnesses = [
        series
        for series in anchors
        if series.charts is not None
        and (series.criterion == criterion or OVERALL in (criterion, series.criterion))
    ]
    if not witnesses:
        return "unknown", "no anchors tell whether the model or the judge moved"
    moved = [found for series in witnesses if (found := _moved(series, since, of=len(witnesses)))]
    if not moved:
        return "candidate", "the anchors stayed, so the judge is not known to have moved"
    likewise = [found for found in moved if found.direction == direction]
    words = ", ".join(found.words for found in likewise or moved)
    if not likewise:
        return (
            "unknown",
            f"the judge moved as well, and not this way ({words}): what moved here cannot be told",
        )
    return "judge", f"the judge moved: the anchors, whose responses never change, moved too ({words})"


def _moved(anchors: Series, since: str, *, of: int) -> _Moved | None:
    """Return how far anchors moved; one of `of` series, so that it may err `of` times more rarely."""
    if anchors.charts is None:
        return None
    place = sum(point.started_at < since for point in usable(anchors.points[anchors.start :]))
    size = shift_since(anchors.charts, since=place, level=_FALSE_EXCUSES / of)
    return None if size is None else _Moved(anchors.name, anchors.criterion, size)


def _verb(direction: Direction) -> str:
    return "rose" if direction == "up" else "fell"
