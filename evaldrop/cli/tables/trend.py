"""A trend on a terminal: a line per run with its interval drawn, changes beside it, alarms below."""

from rich.console import Console
from rich.table import Table

from evaldrop.cli.output import shown
from evaldrop.scorecard.figures import interval, number
from evaldrop.scorecard.trend import Series, Trend, TrendPoint

CELLS = 40


def print_trend(console: Console, trend: Trend) -> None:
    """Print every series of a trend, then what is common to them."""
    simulated = "[bold yellow]SIMULATED[/bold yellow]  " if trend.simulated else ""
    runs = "run" if len(trend.runs) == 1 else "runs"
    console.print(f"\n{simulated}[bold]{shown(trend.evaluation)}[/bold]  {len(trend.runs)} {runs}\n")
    for series in trend.series:
        _print_series(console, series)
    for change in trend.changes:
        console.print(f"changed {change.started_at[:10]}: {shown(change.sentence)}", soft_wrap=True)
    for run_id, why in trend.left_out.items():
        console.print(f"left out: {shown(run_id)}, {shown(why)}", soft_wrap=True)
    if not trend.shifts and any(series.charts for series in trend.series):
        console.print("nothing moved by itself")
    for shift in trend.shifts:
        console.print(f"[yellow]alarm[/yellow] {shown(shift.sentence)}", soft_wrap=True)


def _print_series(console: Console, series: Series) -> None:
    low, high = _axis(series)
    ends = f"{number(low)} {'.' * (CELLS - 2 - len(number(low)) - len(number(high)))} {number(high)}"
    table = Table(box=None, pad_edge=False, header_style="dim")
    title = f"{series.name} · {series.criterion}{' (frozen)' if series.is_anchor else ''}"
    table.add_column(shown(title), style="bold", min_width=24)
    table.add_column(ends, no_wrap=True)
    for name in ("mean", "interval", "n"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("changed before this run", overflow="fold")
    for point in series.points:
        changes = "; ".join(change.sentence for change in series.changes if change.run_id == point.run_id)
        table.add_row(
            point.started_at[:16].replace("T", " "),
            _draw(point, low, high, series.charts.level if series.charts else None),
            number(point.mean),
            interval(point.interval),
            f"{point.n:,}",
            shown(changes),
        )
    console.print(table)
    if series.reason:
        console.print(f"[dim]{shown(series.reason)}[/dim]", soft_wrap=True)
    elif series.charts:
        held = f"level {number(series.charts.level)}, noise of a run {number(series.charts.noise.sigma, 3)}"
        console.print(f"[dim]{held}, from {series.charts.baseline_runs} runs; │ marks the level[/dim]")
    console.print()


def _axis(series: Series) -> tuple[float, float]:
    ends = [end for point in series.points for end in point.interval or ((point.mean or 0.0),) * 2]
    low, high = min(ends), max(ends)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _draw(point: TrendPoint, low: float, high: float, level: float | None) -> str:
    cells = [" "] * CELLS
    if level is not None and low <= level <= high:
        cells[_cell(level, low, high)] = "│"
    if point.mean is None:
        return "".join(cells)
    first, last = (_cell(end, low, high) for end in point.interval or (point.mean, point.mean))
    cells[first : last + 1] = "─" * (last - first + 1)
    cells[first], cells[last] = "├", "┤"
    cells[_cell(point.mean, low, high)] = "●"
    return "".join(cells)


def _cell(value: float, low: float, high: float) -> int:
    return round((value - low) / (high - low) * (CELLS - 1))
