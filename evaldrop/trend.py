"""
The trend of an evaluation: each candidate's estimates run by run, what was changed between runs, and where
the level moved by itself.

Pure functions over the history's entries; `evaldrop trend` and the history page show what they return. A
deliberate change (another model, prompt, judge, criterion or dataset) begins a new stretch: drift is looked
for only within runs that were made the same way.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal

from evaldrop.drift_alarms import BASELINE_RUNS, Alarm, Charts, Direction, chart_drift, moved_too
from evaldrop.history_entries import HistoryCandidate, HistoryEntry, HistoryEstimate
from evaldrop.scorecard.model import OVERALL, Interval

What = Literal["model", "prompt", "settings", "judge", "criterion", "dataset", "anchors", "workflow"]
Cause = Literal["judge", "candidate", "unknown"]

# What has a digest of its own in every entry, and how its change is said.
_DIGESTS: Mapping[What, str] = {
    "dataset": "the dataset changed",
    "anchors": "the anchors changed",
    "workflow": "the workflow changed",
}
# The workflow decides how a run is carried out and not what is asked: marked, but no new stretch.
_NO_NEW_STRETCH = frozenset({"workflow"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A run's estimate of one candidate on one criterion, on the criterion's own scale."""

    run_id: str
    started_at: str
    folder: str
    n: int
    mean: float | None
    standard_error: float | None
    interval: Interval | None
    pass_rate: float | None
    pass_interval: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Something that was changed on purpose before a run. `name`: of the candidate, judge or criterion."""

    run_id: str
    started_at: str
    what: What
    name: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """
    A move in a sentence, with what most likely moved: the judge, the candidate, or unknown.

    `charts` names those that gave the alarm, the first of them in run `run_id`; the move likely began in run
    `since_run_id`. `size` is the mean from there on minus the level.
    """

    charts: tuple[str, ...]
    direction: Direction
    size: float
    cause: Cause
    run_id: str
    since_run_id: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """
    One candidate (or one frozen set of anchors) on one criterion, the oldest run first.

    `changes` concern this series. Charts and shifts are of the last stretch, which begins at `points[start]`;
    `charts` is None where there are too few runs, and `reason` says so.
    """

    name: str
    criterion: str
    is_anchor: bool
    points: tuple[Point, ...]
    changes: tuple[Change, ...]
    start: int
    charts: Charts | None
    shifts: tuple[Shift, ...]
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """
    An evaluation's runs and their series.

    `left_out` gives a reason for each run that is not in them: one that reads its parent's replies again
    measures nothing new, and a simulated one is no measurement beside real ones.
    """

    evaluation: str
    simulated: bool
    runs: tuple[str, ...]
    series: tuple[Series, ...]
    changes: tuple[Change, ...]
    left_out: Mapping[str, str]

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """Every alarm of every series."""
        return tuple(shift for series in self.series for shift in series.shifts)

    def to_json(self) -> dict[str, Any]:
        """Return the trend as `evaldrop trend --json` prints it."""
        return asdict(self)


def trend_of(
    entries: Iterable[HistoryEntry], evaluation: str, *, baseline_runs: int = BASELINE_RUNS
) -> Trend:
    """
    Return the trend of an evaluation.

    Args:
        entries: The history, in any order; runs of other evaluations are passed over.
        evaluation: Its name.
        baseline_runs: Runs at the beginning of a stretch that set its level and noise, 2 or more.
    """
    found = sorted(
        (entry for entry in entries if entry.evaluation == evaluation),
        key=lambda entry: (entry.started_at, entry.run_id),
    )
    runs, left_out = _measuring(found)
    changes = tuple(change for before, now in pairwise(runs) for change in changes_between(before, now))
    anchors = [
        _series(key, runs, changes, baseline_runs=baseline_runs, anchors=None) for key in _keys(runs, True)
    ]
    candidates = [
        _series(key, runs, changes, baseline_runs=baseline_runs, anchors=anchors)
        for key in _keys(runs, False)
    ]
    return Trend(
        evaluation=evaluation,
        simulated=any(entry.simulated for entry in runs),
        runs=tuple(entry.run_id for entry in runs),
        series=(*candidates, *anchors),
        changes=changes,
        left_out=left_out,
    )


def changes_between(before: HistoryEntry, now: HistoryEntry) -> Iterator[Change]:
    """Yield what was changed on purpose between two runs; digests that are not known tell nothing."""

    def change(what: What, name: str, sentence: str) -> Change:
        return Change(run_id=now.run_id, started_at=now.started_at, what=what, name=name, sentence=sentence)

    for name in before.candidates.keys() & now.candidates.keys() - now.anchors.keys():
        for what, words in _differences(before.candidates[name], now.candidates[name]):
            yield change(what, name, f"{name}: {words}")
    for name in sorted(before.judges.keys() | now.judges.keys()):
        old, new = before.judges.get(name), now.judges.get(name)
        if old is None or new is None:
            # An entry of an earlier version knows no judges at all.
            if before.judges and now.judges:
                yield change("judge", name, f"judge {name} {'left' if new is None else 'joined'}")
            continue
        for _, words in _differences(old, new):
            yield change("judge", name, f"judge {name}: {words}")
    for name in before.criteria.keys() & now.criteria.keys():
        if before.criteria[name] != now.criteria[name]:
            yield change("criterion", name, f"criterion {name}: another question or scale")
    if before.criteria and now.criteria and _overall_of(before) != _overall_of(now):
        yield change("criterion", OVERALL, "overall: other criteria or weights")
    for what, words in _DIGESTS.items():
        old_digest, new_digest = getattr(before, f"{what}_sha256"), getattr(now, f"{what}_sha256")
        if old_digest and new_digest and old_digest != new_digest:
            yield change(what, "", words)


def _measuring(entries: Sequence[HistoryEntry]) -> tuple[list[HistoryEntry], dict[str, str]]:
    real = any(not entry.simulated for entry in entries)
    runs, left_out = [], {}
    for entry in entries:
        if entry.parent:
            left_out[entry.run_id] = f"reads the replies of {entry.parent} again"
        elif real and entry.simulated:
            left_out[entry.run_id] = "simulated"
        else:
            runs.append(entry)
    return runs, left_out


def _differences(before: Any, now: Any) -> Iterator[tuple[What, str]]:
    if before.model != now.model:
        yield "model", f"model {before.model} → {now.model}"
    if before.prompt != now.prompt:
        yield "prompt", f"prompt {before.prompt} → {now.prompt}"
    elif _both_known_and_different(before.prompt_sha256, now.prompt_sha256):
        yield "prompt", f"prompt {now.prompt} has another text"
    if _both_known_and_different(before.settings, now.settings):
        yield "settings", "other settings"


def _both_known_and_different(before: str | None, now: str | None) -> bool:
    return bool(before and now and before != now)


def _overall_of(entry: HistoryEntry) -> Mapping[str, float]:
    return {name: weight for name, weight in entry.weights.items() if weight}


_Key = tuple[str, str, bool]


def _keys(runs: Sequence[HistoryEntry], anchors: bool) -> list[_Key]:
    """Return (name, criterion, is_anchor) of every series, in the order in which they first appear."""
    keys: dict[_Key, None] = {}
    for run in runs:
        if anchors:
            found = {name: list(criteria) for name, criteria in run.anchors.items()}
        else:
            found = {
                name: [*([OVERALL] if len(card.criteria) > 1 else []), *card.criteria]
                for name, card in run.candidates.items()
                if name not in run.anchors
            }
        keys |= {(name, criterion, anchors): None for name, several in found.items() for criterion in several}
    return list(keys)


def _series(
    key: _Key,
    runs: Sequence[HistoryEntry],
    changes: Sequence[Change],
    *,
    baseline_runs: int,
    anchors: Sequence[Series] | None,
) -> Series:
    name, criterion, is_anchor = key
    points = tuple(_points(key, runs))
    own = tuple(change for change in changes if _concerns(change, key))
    breaks = {change.run_id for change in own if change.what not in _NO_NEW_STRETCH}
    start = _stretch_start(runs, points, breaks)
    usable = _usable(points[start:])
    charts = reason = None
    if len(usable) <= baseline_runs:
        reason = _too_few(len(usable), baseline_runs, own if start else ())
    else:
        charts = chart_drift(
            [point.mean or 0.0 for point in usable],
            [_sampling_error(point) for point in usable],
            baseline_runs=baseline_runs,
        )
    shifts = _shifts(charts, usable, key, anchors) if charts else ()
    return Series(
        name=name, criterion=criterion, is_anchor=is_anchor, points=points, changes=own, start=start,
        charts=charts, shifts=tuple(shifts), reason=reason,
    )  # fmt: skip


def _points(key: _Key, runs: Sequence[HistoryEntry]) -> Iterator[Point]:
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
            yield Point(
                run_id=run.run_id, started_at=run.started_at, folder=run.folder, n=estimate.n_scored,
                mean=estimate.mean, standard_error=estimate.standard_error, interval=estimate.interval,
                pass_rate=estimate.pass_rate, pass_interval=estimate.pass_interval,
            )  # fmt: skip


def _usable(points: Sequence[Point]) -> list[Point]:
    """Return the points a chart can take: those with an estimate and its standard error."""
    return [point for point in points if point.mean is not None and point.standard_error is not None]


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
    )


def _concerns(change: Change, key: _Key) -> bool:
    name, criterion, is_anchor = key
    if change.what in ("model", "prompt", "settings"):
        return change.name == name and not is_anchor
    if change.what == "anchors":
        return is_anchor
    if change.what == "criterion":
        return change.name == criterion or (criterion == OVERALL and change.name != criterion)
    return True


def _stretch_start(runs: Sequence[HistoryEntry], points: Sequence[Point], breaks: set[str]) -> int:
    """Return the place of the first point at or after the last change, which may lie in a run without one."""
    last = max((place for place, run in enumerate(runs) if run.run_id in breaks), default=0)
    later = {run.run_id for run in runs[last:]}
    return next((place for place, point in enumerate(points) if point.run_id in later), len(points))


def _too_few(have: int, baseline_runs: int, changes: Sequence[Change]) -> str:
    since = next((change for change in reversed(changes) if change.what not in _NO_NEW_STRETCH), None)
    made = f" since {since.started_at[:10]} ({since.sentence})" if since else ""
    runs = "run" if have == 1 else "runs"
    return (
        f"too few runs for alarms: {have} {runs}{made}; "
        f"{baseline_runs} of the same make set level and noise, alarms begin with the next"
    )


def _sampling_error(point: Point) -> float:
    """
    Return the standard error, or what Wilson's interval leaves open where every verdict was the same: all of
    20 passed is no proof of a rate of exactly 1.
    """
    error = point.standard_error or 0.0
    if error > 0 or point.interval is None:
        return error
    return (point.interval[1] - point.interval[0]) / 4


def _shifts(
    charts: Charts, points: Sequence[Point], key: _Key, anchors: Sequence[Series] | None
) -> Iterator[Shift]:
    for direction in dict.fromkeys(alarm.direction for alarm in charts.alarms):
        alarms = [alarm for alarm in charts.alarms if alarm.direction == direction]
        first = min(alarms, key=lambda alarm: alarm.run)
        names = tuple(alarm.chart for alarm in alarms)
        yield _shift(first, names, points[charts.baseline_runs :], key, anchors)


def _shift(
    alarm: Alarm,
    charts: tuple[str, ...],
    points: Sequence[Point],
    key: _Key,
    anchors: Sequence[Series] | None,
) -> Shift:
    name, criterion, is_anchor = key
    at, since = points[alarm.run], points[alarm.since]
    if is_anchor:
        cause: Cause = "judge"
        words = "the judge moved, for these responses are frozen"
    else:
        cause, words = _cause(criterion, since.started_at, anchors or ())
    moved = f"{name} {'rose' if alarm.direction == 'up' else 'fell'} on {criterion} by {abs(alarm.size):.3g}"
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


def _cause(criterion: str, since: str, anchors: Sequence[Series]) -> tuple[Cause, str]:
    """Return what moved, by the anchors on the same criterion or over all; overall by those on any."""
    telling = [
        series
        for series in anchors
        if series.charts is not None
        and (series.criterion == criterion or OVERALL in (criterion, series.criterion))
    ]
    if not telling:
        return "unknown", "no anchors tell whether the model or the judge moved"
    moved: list[tuple[Series, Direction]] = []
    for series in telling:
        place = sum(point.started_at < since for point in _usable(series.points[series.start :]))
        if series.charts and (direction := moved_too(series.charts, since=place)):
            moved.append((series, direction))
    if not moved:
        return "candidate", "the anchors stayed, so the judge is not known to have moved"
    told = ", ".join(
        f"{series.name} on {series.criterion} {'rose' if direction == 'up' else 'fell'}"
        for series, direction in moved
    )
    return "judge", f"the judge moved: the anchors, whose responses never change, moved too ({told})"
