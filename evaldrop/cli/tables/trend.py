"""A trend on a terminal: a line per run with its interval drawn, changes beside it, alarms below."""

from rich.console import Console

from evaldrop.cli.output import shown
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.layout import GAP, fitting, taken
from evaldrop.cli.tables.terminal import (
    draw_interval,
    print_table,
    print_title,
)
from evaldrop.report.columns import Column, words
from evaldrop.scorecard.figures import count, interval, number
from evaldrop.scorecard.trend import Series, Trend
from evaldrop.scorecard.trend.linked import linked_by_run

CELLS = 40
LEAST_BAR = 20
LEAST_TITLE = 24
LEAST_CHANGE = 20


def print_trend(console: Console, trend: Trend) -> None:
    """Print every series of a trend, then what is common to them."""
    runs = "run" if len(trend.runs) == 1 else "runs"
    print_title(console, trend.evaluation, f"{len(trend.runs)} {runs}\n", simulated=trend.simulated)
    for series in trend.series:
        _print_series(console, series)
    for change in trend.changes:
        print_prose(console, f"changed {change.started_at[:10]}: {shown(change.sentence)}")
    for run_id, why in trend.left_out.items():
        print_prose(console, f"left out: {shown(run_id)}, {shown(why)}")
    if not trend.shifts and any(series.charts for series in trend.series):
        # Of a run that failed nothing is known: it is among those left out.
        print_prose(console, f"nothing moved by itself{' in the other runs' if trend.left_out else ''}")
    for shift in trend.shifts:
        print_prose(console, f"[yellow]alarm[/yellow] {shown(shift.sentence)}")


def _print_series(console: Console, series: Series) -> None:
    bounds = [end for point in series.points for end in point.interval or ((point.mean or 0.0),) * 2]
    # Of a criterion that no run has read a verdict on there is no point.
    low, high = min(bounds, default=0.0), max(bounds, default=0.0)
    # Every run at the same mean: without a span a place on the line cannot be reckoned.
    if low == high:
        low, high = low - 0.5, high + 0.5
    title = f"{series.name} · {series.criterion}{' (frozen)' if series.is_anchor else ''}"
    level = series.charts.level if series.charts else None
    changes = [
        "; ".join(change.sentence for change in series.changes if change.run_id == point.run_id)
        for point in series.points
    ]
    linked = linked_by_run(series.linked)
    columns = [
        words(title, [point.started_at[:16].replace("T", " ") for point in series.points]),
        Column("mean", [number(point.mean) for point in series.points]),
        Column("interval", [interval(point.interval) for point in series.points], rank=1),
        Column("n", [count(point.n) for point in series.points], rank=2),
    ]
    if linked:
        values = [linked.get(point.run_id) for point in series.points]
        columns.append(Column("linked", [number(each.mean) if each else "" for each in values]))
        intervals = [interval(each.interval) if each else "" for each in values]
        columns.append(Column("its interval", intervals, rank=1))
    # The bar's room is kept free first; the changes are told again below.
    columns = fitting(columns, console.width - LEAST_BAR - GAP, least=LEAST_TITLE)
    room = console.width - taken(columns, least=LEAST_TITLE) - GAP
    cells = min(CELLS, room)
    if cells >= LEAST_BAR:
        ends = f"{number(low)} {'.' * (cells - 2 - len(number(low)) - len(number(high)))} {number(high)}"
        drawn = [
            draw_interval(point.mean, point.interval, cells, low=low, high=high, level=level)
            for point in series.points
        ]
        columns.insert(1, words(ends, drawn, wrap="never"))
    if any(changes) and room - cells >= LEAST_CHANGE + GAP:
        columns.append(words("changed before this run", changes, wrap="anywhere"))
    print_table(console, columns, least=LEAST_TITLE)
    if series.reason:
        print_prose(console, f"[dim]{shown(series.reason)}[/dim]")
    elif series.charts:
        held = f"level {number(series.charts.level)}, noise of a run {number(series.charts.noise.sigma, 3)}"
        print_prose(console, f"[dim]{held}, from {series.charts.baseline_runs} runs; │ marks the level[/dim]")
    if series.link:
        print_prose(console, f"[dim]{shown(series.link)}[/dim]")
    console.print()
