"""Earlier runs of a series by another judge, carried to the scale of the judges that there are now."""

from collections.abc import Iterable, Mapping, Sequence

from evaldrop.scorecard.model.part import Interval
from evaldrop.scorecard.trend.bridges import Bridge, ScaleLink, bridge_to
from evaldrop.scorecard.trend.changes import SeriesKey
from evaldrop.scorecard.trend.entries import HistoryEntry
from evaldrop.scorecard.trend.types import LinkedPoint, TrendPoint

LABEL = "linked: old judge {old} on {new}'s scale"


def link_series(
    key: SeriesKey, points: Sequence[TrendPoint], runs: Sequence[HistoryEntry], bridges: Iterable[Bridge]
) -> tuple[tuple[LinkedPoint, ...], str | None]:
    """
    Return a series' earlier points on the scale of the last run's judges, and how they are linked.

    Args:
        key: The series. Sets of an evaluation's anchors are of one judge, and have nothing to be linked with.
        points: Its points, the oldest first.
        runs: All runs of the trend, the oldest first.
        bridges: Of the evaluation, the oldest first.
    """
    entries = {run.run_id: run for run in runs}
    here = [entries[point.run_id] for point in points]
    if not here or (key.is_anchor and key.name not in here[-1].candidates):
        return (), None
    now, found, said = here[-1], [], None
    for point, entry in zip(points, here, strict=True):
        bridge = None if entry.judges == now.judges else bridge_to(bridges, entry, now)
        links = None if bridge is None else bridge.link_of(key.criterion, entry)
        if bridge is None or links is None:
            continue
        label = LABEL.format(old=bridge.old_judge, new=bridge.new_judge)
        linked = links.score if links.score.is_linked else None
        said = f"{label}: {links.score.sentence}" if linked else links.score.sentence
        passed = links.passed if links.passed and links.passed.is_linked else None
        if linked or passed:
            found.append(_carried(point, label, linked, passed))
    return tuple(found), said


def _carried(point: TrendPoint, label: str, score: ScaleLink | None, passed: ScaleLink | None) -> LinkedPoint:
    mean, interval = _on_new_scale(score, point.mean, point.interval)
    rate, of_rate = _on_new_scale(passed, point.pass_rate, point.pass_interval, share=True)
    return LinkedPoint(
        run_id=point.run_id, label=label, mean=mean, interval=interval, pass_rate=rate, pass_interval=of_rate
    )


def _on_new_scale(
    link: ScaleLink | None, old: float | None, interval: Interval | None, *, share: bool = False
) -> tuple[float | None, Interval | None]:
    if link is None or link.line is None or old is None:
        return None, None
    value, (low, high) = link.line.at(old), link.line.carry(old, interval)
    if share:
        # Moved by a mean a rate may come to lie beyond what a rate can be.
        value, low, high = (min(1.0, max(0.0, each)) for each in (value, low, high))
    return value, (low, high)


def linked_by_run(points: Iterable[LinkedPoint]) -> Mapping[str, LinkedPoint]:
    """Return linked points by their run."""
    return {point.run_id: point for point in points}
