"""Series over the history's runs, each charted since it was last changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from math import sqrt

from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.trend.alarms import BASELINE_RUNS, chart_drift
from evaldrop.scorecard.trend.bridges import Bridge
from evaldrop.scorecard.trend.causes import shifts_of, usable
from evaldrop.scorecard.trend.changes import SeriesKey, begins_stretch, changes_between, concerns
from evaldrop.scorecard.trend.entries import HistoryCandidate, HistoryEntry, HistoryEstimate
from evaldrop.scorecard.trend.linked import link_series
from evaldrop.scorecard.trend.types import Change, Series, Trend, TrendPoint


def trend_of(
    entries: Iterable[HistoryEntry],
    evaluation: str,
    *,
    baseline_runs: int = BASELINE_RUNS,
    bridges: Sequence[Bridge] = (),
) -> Trend:
    """
    Return the trend of an evaluation.

    Args:
        entries: The history, in any order; runs of other evaluations are passed over.
        evaluation: Its name.
        baseline_runs: Runs at the beginning of a stretch that set its level and noise, 2 or more.
        bridges: What links runs by another judge with those of now, the oldest first.
    """
    found = sorted(
        (entry for entry in entries if entry.evaluation == evaluation),
        # The id too, so that runs of one second have an order.
        key=lambda entry: (entry.started_at, entry.run_id),
    )
    is_real = any(not entry.simulated for entry in found)
    runs, left_out = [], {}
    for entry in found:
        # The same replies again are no new observation: their noise would look smaller than it is.
        if entry.parent:
            left_out[entry.run_id] = f"reads the replies of {entry.parent} again"
        # A rehearsal's made-up scores would be a move of every candidate.
        elif is_real and entry.simulated:
            left_out[entry.run_id] = "simulated"
        # What others made of it is no measurement either: a panel without one of its judges is another one.
        elif entry.unanswered:
            left_out[entry.run_id] = f"failed: {entry.unanswered}"
        else:
            runs.append(entry)
    # After leaving out: a change is between two runs that are both in the series.
    changes = tuple(change for before, now in pairwise(runs) for change in changes_between(before, now))
    anchors = [
        _series(key, runs, changes, baseline_runs=baseline_runs, anchors=None)
        for key in _keys(runs, anchors=True)
    ]
    candidates = [
        _series(key, runs, changes, baseline_runs=baseline_runs, anchors=anchors)
        for key in _keys(runs, anchors=False)
    ]
    linked = [
        replace(each, linked=points, link=said)
        for each in (*candidates, *anchors)
        for points, said in [
            link_series(SeriesKey(each.name, each.criterion, each.is_anchor), each.points, runs, bridges)
        ]
    ]
    return Trend(
        evaluation=evaluation,
        simulated=any(entry.simulated for entry in runs),
        runs=tuple(entry.run_id for entry in runs),
        series=tuple(linked),
        changes=changes,
        left_out=left_out,
    )


def _keys(runs: Sequence[HistoryEntry], *, anchors: bool) -> list[SeriesKey]:
    """Return every series' key, in the order in which they first appear."""
    keys: list[SeriesKey] = []
    for run in runs:
        if anchors:
            keys += (
                SeriesKey(name, each, True) for name, criteria in run.anchors.items() for each in criteria
            )
            continue
        for name, card in run.candidates.items():
            if name not in run.anchors:
                criteria = [*([OVERALL] if len(card.criteria) > 1 else []), *card.criteria]
                keys += (SeriesKey(name, each, False) for each in criteria)
    return list(dict.fromkeys(keys))


def _series(
    key: SeriesKey,
    runs: Sequence[HistoryEntry],
    changes: Sequence[Change],
    *,
    baseline_runs: int,
    anchors: Sequence[Series] | None,
) -> Series:
    points = tuple(_points(key, runs))
    own = tuple(change for change in changes if concerns(change, key))
    start = _stretch_start(runs, points, {change.run_id for change in own if begins_stretch(change)})
    charted = usable(points[start:])
    charts = reason = None
    # One more than the baseline: it cannot be charted against itself.
    if len(charted) <= baseline_runs:
        since = next((change for change in reversed(own if start else ()) if begins_stretch(change)), None)
        made = f" since {since.started_at[:10]} ({since.sentence})" if since else ""
        reason = (
            f"too few runs for alarms: {len(charted)} {'run' if len(charted) == 1 else 'runs'}{made}; "
            f"{baseline_runs} of the same make set level and noise, alarms begin with the next"
        )
    else:
        charts = chart_drift(
            [point.mean or 0.0 for point in charted],
            [_repeat_error(point, baseline_runs) for point in charted],
            baseline_runs=baseline_runs,
        )
    shifts = shifts_of(charts, charted, key, anchors) if charts else ()
    return Series(
        name=key.name, criterion=key.criterion, is_anchor=key.is_anchor, points=points, changes=own,
        start=start, charts=charts, shifts=tuple(shifts), reason=reason,
    )  # fmt: skip


def _points(key: SeriesKey, runs: Sequence[HistoryEntry]) -> Iterator[TrendPoint]:
    name, criterion, is_anchor = key
    for run in runs:
        if is_anchor:
            estimate = run.anchors.get(name, {}).get(criterion)
        elif name in run.anchors or name not in run.candidates:
            estimate = None
        else:
            card = run.candidates[name]
            estimate = _overall(card) if criterion == OVERALL else card.criteria.get(criterion)
        if estimate is not None:
            yield TrendPoint(
                run_id=run.run_id, started_at=run.started_at, folder=run.folder, n=estimate.n_scored,
                mean=estimate.mean, standard_error=estimate.standard_error, interval=estimate.interval,
                pass_rate=estimate.pass_rate, pass_interval=estimate.pass_interval,
                bounds=estimate.bounds, repeat_error=estimate.repeat_error,
            )  # fmt: skip


def _overall(card: HistoryCandidate) -> HistoryEstimate | None:
    if card.overall is None:
        return None
    return HistoryEstimate(
        mean=card.overall,
        interval=card.overall_interval,
        pass_rate=None,
        pass_interval=None,
        n_scored=card.overall_n or 0,
        standard_error=card.overall_standard_error,
        bounds=card.overall_bounds,
        repeat_error=card.overall_repeat_error,
    )


def _stretch_start(runs: Sequence[HistoryEntry], points: Sequence[TrendPoint], breaks: set[str]) -> int:
    """Return the place of the first point at or after the last change, which may be in a run without one."""
    last = max((place for place, run in enumerate(runs) if run.run_id in breaks), default=0)
    later = {run.run_id for run in runs[last:]}
    return next((place for place, point in enumerate(points) if point.run_id in later), len(points))


def _repeat_error(point: TrendPoint, runs: int) -> float:
    """
    Return the standard error of a mean when the same records are asked again.

    As measured against the run before it, where that is known. Else what one response of n moves the mean by
    when its verdict falls a standard deviation elsewhere: records are no sample, the same ones come back in
    every run, and how far they lie apart is no noise between runs. Where every verdict was the same, what
    the interval leaves open over all runs that set the level: all of 20 passed is no proof of a rate of
    exactly 1.
    """
    if point.repeat_error is not None:
        return point.repeat_error
    if error := point.standard_error or 0.0:
        return error / sqrt(max(point.n, 1))
    # A 95 % interval is about four standard errors wide.
    return (point.interval[1] - point.interval[0]) / 4 / sqrt(runs) if point.interval else 0.0
