"""The history of one evaluation as charts: a trend per criterion, and cost. No number is computed here."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor, log10
from operator import attrgetter
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from evaldrop.report import links
from evaldrop.report.charts import Tick, nice_ceiling, share
from evaldrop.report.plane import quality_levels, quality_places
from evaldrop.scorecard import figures
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.trend.types import Trend as Drift

WIDTH, HEIGHT = 440.0, 150.0
# Older runs are in the table only, and more points than these no chart can show.
MOST_RUNS, FEWEST_RUNS = 60, 12
MOST_POINTS = 1_500
# Candidates beyond these have the same colours with dashed lines, and beyond these twice they are grey.
COLOURS = 6

# What a run's cost rests on: its report's responses that a model gave, the dearest first.
_CALLED = "#answer=called&sort=dear"

_Value = tuple[float, tuple[float, float] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartPoint:
    """
    A candidate in one run, in the chart's units; `low` and `high` are its interval's ends, `judges` are who
    scored it.
    """

    x: float
    y: float
    low: float
    high: float
    href: str
    label: str
    simulated: bool
    judges: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSeries:
    """
    A candidate over all runs.

    `number` is its place among all of them, in every chart the same. `colour` is a number below `COLOURS`,
    or "rest"; dashed are those that share a colour with another.
    """

    name: str
    number: int
    points: Sequence[ChartPoint]

    @property
    def colour(self) -> str:
        """How its line is drawn: a class of the page's style."""
        if self.number >= 2 * COLOURS:
            return "rest"
        return f"{self.number % COLOURS}{' dashed' if self.number >= COLOURS else ''}"

    @property
    def lines(self) -> list[str]:
        """The points of its polylines: what other judges scored is another one, for it is another scale."""
        stretches = groupby(self.points, key=attrgetter("judges"))
        return [" ".join(f"{point.x:.1f},{point.y:.1f}" for point in points) for _, points in stretches]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendChart:
    """
    One quantity of all candidates over the runs; the oldest is at the left.

    `linked` are values of earlier runs on the scale of the judges of now.
    """

    name: str
    ticks: Sequence[Tick]
    series: Sequence[ChartSeries]
    linked: Sequence[ChartSeries] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A run's cost, in the chart's units; an unknown one has no height."""

    x: float
    y: float
    href: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """
    All charts of an evaluation on one axis of runs. `marks`: where something is to be noted, and what.

    `drawn`: how many runs are drawn, of how many. `links`: what dashed points are, each once. `anchors` are
    charts of responses that never change, apart from those of candidates.
    """

    charts: Sequence[TrendChart]
    anchors: Sequence[TrendChart]
    drawn: int
    of: int
    links: Sequence[str]
    bars: Sequence[Bar]
    most_cost: str
    marks: Sequence[tuple[float, str, str]]
    first: str
    last: str
    bar_width: float


def trends(
    runs: Sequence[Mapping[str, Any]], drift: Drift | None = None, baselines: Collection[str] = ()
) -> Trends | None:
    """
    Return the charts of an evaluation's runs; None for a single run.

    Runs are entries of the history as JSON, the newest first; marked is what was changed between them, what
    moved, and the baselines, which are ids.
    """
    if len(runs) < 2:
        return None
    oldest_first = list(reversed(runs[: _runs_drawn(runs)]))
    frozen = list(dict.fromkeys(name for run in runs for name in run.get("anchors") or ()))
    candidates = list(dict.fromkeys(name for run in runs for name in run["candidates"] if name not in frozen))
    criteria = dict.fromkeys(
        name for run in oldest_first for card in run["candidates"].values() for name in card["criteria"]
    )
    carried = _carried(drift) if drift else {}
    charts = [
        _trend(name, oldest_first, candidates, _value, quality_levels, _scored, carried)
        for name in (OVERALL, *criteria)
    ]
    charts.append(_trend("win rate", oldest_first, candidates, _won, quality_levels, _compared))
    anchors = [
        _trend(name, oldest_first, frozen, _frozen_value, _scale_levels, _of_anchors) for name in criteria
    ]
    most = nice_ceiling(max((run["cost_usd"] or 0.0 for run in oldest_first), default=0.0))
    return Trends(
        charts=[chart for chart in charts if chart.series],
        anchors=[chart for chart in anchors if chart.series],
        drawn=len(oldest_first),
        of=len(runs),
        links=list(dict.fromkeys(said for _, said in carried.values())),
        bars=[
            Bar(
                x=_at(place, len(oldest_first)),
                y=HEIGHT / 3 * (1 - share(run["cost_usd"] or 0.0, 0, most) / 100),
                href=report_link(run["folder"], _CALLED),
                label=f"{figures.moment(run['started_at'])}: {figures.usd(run['cost_usd'])}",
            )
            for place, run in enumerate(oldest_first)
        ],
        most_cost=figures.usd(most),
        marks=_marks(oldest_first, baselines) + (_drift_marks(oldest_first, drift) if drift else []),
        first=figures.moment(oldest_first[0]["started_at"])[:10],
        last=figures.moment(oldest_first[-1]["started_at"])[:10],
        bar_width=min(18.0, 0.6 * WIDTH / len(oldest_first)),
    )


def report_link(folder: str, part: str = "") -> str:
    """Return where a run's report is, or a part of it, relative to the history's page."""
    return "/".join(filter(None, (quote(folder), f"report.html{part}")))


def _scored(candidate: str, criterion: str) -> str:
    """Return which of a report's records a point rests on, as a part of its address."""
    found = links.verdicts(candidate, criterion, None)
    return found.fragment if found else ""


def _compared(candidate: str, _name: str) -> str:
    found = links.preferred(candidate, "", "read", None)
    return found.fragment if found else ""


def _of_anchors(_anchors: str, _criterion: str) -> str:
    # Anchors are none of a run's records: where the judges are is what is known of them.
    return "#judges"


def _runs_drawn(runs: Sequence[Mapping[str, Any]]) -> int:
    """Return how many runs have room: with a dozen candidates and ten criteria, fewer than with two."""
    points = max(
        sum(1 + len(card["criteria"]) for card in run["candidates"].values()) for run in runs[:MOST_RUNS]
    )
    return min(MOST_RUNS, max(FEWEST_RUNS, MOST_POINTS // max(1, points)))


def _trend(
    name: str,
    runs: Sequence[Mapping[str, Any]],
    candidates: Sequence[str],
    value_of: Callable[[Mapping[str, Any], str, str], _Value | None],
    levels_of: Callable[[float, float], list[float]],
    opens: Callable[[str, str], str],
    carried: Mapping[tuple[str, str, str], tuple[_Value, str]] = MappingProxyType({}),
) -> TrendChart:
    values = {
        (place, candidate): found
        for place, run in enumerate(runs)
        for candidate in candidates
        if (found := value_of(run, candidate, name)) is not None
    }
    if not values:
        return TrendChart(name=name, ticks=(), series=())
    linked = {
        (place, candidate): carried[run["run_id"], candidate, name]
        for place, run in enumerate(runs)
        for candidate in candidates
        if (run["run_id"], candidate, name) in carried
    }
    shown = [*values.values(), *(value for value, _ in linked.values())]
    bounds = [bound for value, interval in shown for bound in (interval or (value, value))]
    levels = levels_of(min(bounds), max(bounds))
    bottom, top = levels[0], levels[-1]

    def height(value: float) -> float:
        return HEIGHT * (1 - share(value, bottom, top) / 100)

    def point(place: int, candidate: str, shift: float, found: _Value, said: str = "") -> ChartPoint:
        value, interval = found
        low, high = interval or (value, value)
        run = runs[place]
        return ChartPoint(
            x=_at(place, len(runs)) + shift,
            y=height(value),
            low=height(low),
            high=height(high),
            href=report_link(run["folder"], opens(candidate, name)),
            label=f"{candidate}, {figures.moment(run['started_at'])}: {figures.number(value)} "
            f"({figures.interval((low, high))}){said}",
            simulated=run["simulated"],
            judges=run.get("judges") or {},
        )

    apart = min(4.0, 0.8 * WIDTH / len(runs) / max(1, len(candidates)))
    series, of_links = [], []
    for number, candidate in enumerate(candidates):
        # Side by side, so that one interval does not hide the other; but within the run's own place.
        shift = apart * (number - (len(candidates) - 1) / 2)
        points = [
            point(place, candidate, shift, found)
            for (place, whose), found in values.items()
            if whose == candidate
        ]
        if points:
            series.append(ChartSeries(name=candidate, number=number, points=points))
        points = [
            point(place, candidate, shift, found, f"; {said}")
            for (place, whose), (found, said) in linked.items()
            if whose == candidate
        ]
        if points:
            of_links.append(ChartSeries(name=candidate, number=number, points=points))
    return TrendChart(
        name=name,
        ticks=[Tick(at=height(level), text=f"{level:.{quality_places(levels)}f}") for level in levels],
        series=series,
        linked=of_links,
    )


def _carried(drift: Drift) -> dict[tuple[str, str, str], tuple[_Value, str]]:
    """Return what a chart shows of linked runs, with how they are linked: by run, candidate, criterion."""
    found = {}
    for series in drift.series:
        for point in series.linked:
            is_overall = series.criterion == OVERALL
            value = _with_interval(
                point.mean if is_overall else point.pass_rate,
                point.interval if is_overall else point.pass_interval,
            )
            if value is not None:
                found[point.run_id, series.name, series.criterion] = value, point.label
    return found


def _value(run: Mapping[str, Any], candidate: str, name: str) -> _Value | None:
    """Return a candidate's overall quality or pass rate on a criterion, a fraction, with its interval."""
    card = run["candidates"].get(candidate)
    if card is None:
        return None
    if name == OVERALL:
        return _with_interval(card["overall"], card["overall_interval"])
    estimate = card["criteria"].get(name) or {}
    return _with_interval(estimate.get("pass_rate"), estimate.get("pass_interval"))


def _won(run: Mapping[str, Any], candidate: str, _name: str) -> _Value | None:
    """Return a candidate's win rate over all it was compared with; entries of earlier versions have none."""
    card = run["candidates"].get(candidate) or {}
    return _with_interval(card.get("win_rate"), card.get("win_rate_interval"))


def _frozen_value(run: Mapping[str, Any], anchors: str, name: str) -> _Value | None:
    """Return a set of anchors' mean: good ones may fall by a point on the scale and all still pass."""
    estimate = ((run.get("anchors") or {}).get(anchors) or {}).get(name)
    return _with_interval(estimate["mean"], estimate["interval"]) if estimate else None


def _scale_levels(low: float, high: float) -> list[float]:
    """Return round levels of any scale that enclose two values."""
    # Equal values are no distance apart, and 0 has no logarithm.
    least = (high - low) / 5 or 0.2
    unit = 10.0 ** floor(log10(least))
    step = next(times * unit for times in (1, 2, 5, 10) if times * unit >= least)
    bottom, top = floor(low / step), ceil(high / step)
    # 3 * 0.1 is 0.30000000000000004.
    return [round(level * step, 9) for level in range(bottom, max(top, bottom + 1) + 1)]


def _with_interval(value: float | None, interval: Sequence[float] | None) -> _Value | None:
    return None if value is None else (value, (interval[0], interval[1]) if interval else None)


def _at(place: int, runs: int) -> float:
    return WIDTH * (place + 0.5) / runs


def _marks(runs: Sequence[Mapping[str, Any]], baselines: Collection[str]) -> list[tuple[float, str, str]]:
    """Return `(x, kind, words)` of alarms, regressions, baselines, and of where the dataset changed."""
    marks = []
    # Entries of an earlier version have no digest.
    datasets = [run.get("dataset_sha256") or run["dataset"] for run in runs]
    for place, run in enumerate(runs):
        x, when = _at(place, len(runs)), figures.moment(run["started_at"])
        if run["alarms"]:
            marks.append((x, "alarm", f"{when}: {run['alarms']} alarms"))
        if run.get("regressed"):
            marks.append((x, "regressed", f"{when}: regressed, {', '.join(run['regressed'])}"))
        if run["run_id"] in baselines:
            marks.append((x, "baseline", f"{when}: baseline"))
        if place and datasets[place] != datasets[place - 1]:
            marks.append((x - WIDTH / len(runs) / 2, "changed", f"{when}: another dataset from here on"))
    return marks


def _drift_marks(runs: Sequence[Mapping[str, Any]], drift: Drift) -> list[tuple[float, str, str]]:
    """Return marks of what was changed on purpose, and of where something began to move by itself."""
    places = {run["run_id"]: _at(place, len(runs)) for place, run in enumerate(runs)}
    between = WIDTH / len(runs) / 2
    changed = [
        (
            places[change.run_id] - between,
            "changed",
            f"{figures.moment(change.started_at)}: {change.sentence}",
        )
        for change in drift.changes
        # Another dataset is marked already, also in a history that knows no digests.
        if change.run_id in places and change.what != "dataset"
    ]
    moved = [
        (places[shift.since_run_id], "moved", shift.sentence)
        for shift in drift.shifts
        if shift.since_run_id in places
    ]
    return changed + moved
