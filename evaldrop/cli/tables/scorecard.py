"""A scorecard on a terminal: intervals drawn as text, numbers that do not round to 0 % or 100 %."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from evaldrop.cli.output import shown
from evaldrop.cli.tables.calibration import print_corrected
from evaldrop.cli.tables.fitting import Column, fitting, table_of, taken
from evaldrop.cli.tables.guardrail import print_guardrails
from evaldrop.report.losses import loss_in_words
from evaldrop.scorecard.figures import (
    duration,
    interval,
    milliseconds,
    number,
    percent,
    percent_interval,
    usd,
)
from evaldrop.scorecard.model.scorecard import CriterionEstimate, Scorecard

BAR_CELLS = 30
# A bar that is shorter shows nothing.
LEAST_BAR = 14

_COLOURS = {"pass": "green", "fail": "red", "inconclusive": "yellow"}


def print_scorecard(console: Console, scorecard: Scorecard) -> None:
    """Print a run's scorecard: verdict, gate, a block per criterion, cost and latency, alarms."""
    simulated = "[bold yellow]SIMULATED[/bold yellow]  " if scorecard.simulated else ""
    console.print(f"\n{simulated}[bold]{shown(scorecard.evaluation)}[/bold]  {shown(scorecard.run_id)}")
    records = scorecard.records
    lost = [
        f"{count:,} {word}"
        for count, word in ((records.rejected, "rejected"), (records.missing, "missing"))
        if count
    ]
    counts = ", ".join([f"{records.evaluated:,} of {records.read:,} records", *lost])
    spent = f"{usd(scorecard.cost_usd.total)}" if scorecard.cost_usd.total is not None else _partly(scorecard)
    console.print(f"{counts}; {duration(scorecard.duration_s)}; {spent}\n")
    for name in scorecard.criteria:
        _print_criterion(console, scorecard, name)
    _print_candidates(console, scorecard)
    _print_robustness(console, scorecard)
    print_guardrails(console, scorecard)
    console.print(shown(scorecard.summary), soft_wrap=True)
    for alarm in scorecard.alarms:
        console.print(f"[yellow]alarm[/yellow] {shown(alarm)}", soft_wrap=True)
    if scorecard.baseline is not None:
        console.print(shown(scorecard.baseline.summary), soft_wrap=True)
    for hint in scorecard.hints:
        console.print(f"[dim]hint[/dim] {shown(hint)}", soft_wrap=True)
    gate = scorecard.gate
    console.print(f"\ngate: [bold {_COLOURS[gate.decision]}]{gate.decision}[/]")
    for reason in gate.reasons:
        console.print(f"  {shown(reason)}", soft_wrap=True)


def _partly(scorecard: Scorecard) -> str:
    unknown = ", ".join(map(shown, scorecard.cost_usd.unknown_models))
    return f"{usd(scorecard.cost_usd.known)} and what is unknown: {unknown}"


def _print_criterion(console: Console, scorecard: Scorecard, name: str) -> None:
    info = scorecard.criteria[name]
    level = percent(scorecard.confidence)
    found = {
        candidate: card.criteria[name]
        for candidate, card in scorecard.candidates.items()
        if name in card.criteria
    }
    estimates = list(found.values())
    columns = [
        Column(
            title=f"{shown(name):12}", cells=[f"{shown(candidate):12}" for candidate in found], justify="left"
        ),
        Column(title="rate", cells=[percent(one.pass_rate) for one in estimates]),
        Column(title=level, cells=[percent_interval(one.pass_interval) for one in estimates], rank=1),
        Column(title=f"mean {info.low:g}-{info.high:g}", cells=[number(one.mean) for one in estimates]),
        Column(title=level, cells=[interval(one.interval) for one in estimates], rank=2),
        Column(
            title="scored",
            cells=[f"{one.n_scored:,}/{one.n_scored + one.n_unscored:,}" for one in estimates],
        ),
    ]
    columns = fitting(columns, console.width - LEAST_BAR - 2)
    if (room := console.width - taken(columns) - 2) >= LEAST_BAR:
        columns.insert(1, _bars(estimates, room))
    console.print(table_of(columns, console.width))
    for candidate, estimate in found.items():
        if lost := loss_in_words(candidate, name, estimate):
            console.print(f"  {shown(lost)}", soft_wrap=True)
    print_corrected(console, scorecard, name)
    console.print()


def _bars(estimates: Sequence[CriterionEstimate], room: int) -> Column:
    cells = min(BAR_CELLS, room)
    words = "passed, 0 %" if room >= BAR_CELLS + 6 else "0 %"
    dots = "." * (cells - 12 if room >= BAR_CELLS + 6 else cells - 10)
    return Column(
        title=f"{words} {dots} 100 %",
        cells=[draw_interval(one.pass_rate, one.pass_interval, cells) for one in estimates],
        justify="left",
    )


def draw_interval(rate: float | None, bounds: tuple[float, float] | None, width: int = BAR_CELLS) -> str:
    """Draw a rate and its interval on a line from 0 to 1, such as `      ├──●───┤     `."""
    cells = [" "] * width
    if rate is None:
        return "".join(cells)
    low, high = (_cell(bound, width) for bound in bounds or (rate, rate))
    cells[low : high + 1] = "─" * (high - low + 1)
    cells[low], cells[high] = "├", "┤"
    cells[_cell(rate, width)] = "●"
    return "".join(cells)


def _cell(fraction: float, width: int) -> int:
    return round(fraction * (width - 1))


def _print_candidates(console: Console, scorecard: Scorecard) -> None:
    names, cards = list(scorecard.candidates), list(scorecard.candidates.values())
    counts = [card.responses for card in cards]
    answered = [f"{one.n - one.errors - one.missing:,}/{one.n:,}" for one in counts]
    columns = [
        Column(title="candidate   ", cells=[f"{shown(name):12}" for name in names], justify="left"),
        Column(title="model", cells=[shown(card.model) for card in cards], justify="left", rank=3),
        Column(title="answered", cells=answered),
        Column(title="errors", cells=[f"{one.errors:,}" for one in counts]),
        Column(title="p50", cells=[milliseconds(card.latency_ms.p50) for card in cards]),
        Column(title="p90", cells=[milliseconds(card.latency_ms.p90) for card in cards], rank=2),
        Column(title="USD per 1,000", cells=[usd(card.cost_usd.per_1000_records) for card in cards]),
        Column(title="judging", cells=[usd(card.cost_usd.judge) for card in cards], rank=1),
    ]
    kept = fitting(columns, console.width)
    console.print(table_of(kept, console.width))
    if columns[1] not in kept:
        for name, card in zip(names, cards, strict=True):
            console.print(f"[dim]{shown(name)} is {shown(card.model)}[/dim]", soft_wrap=True)
    console.print()


def _print_robustness(console: Console, scorecard: Scorecard) -> None:
    """Print what perturbed prompts cost: overall, or on the only criterion."""
    if not any(card.robustness for card in scorecard.candidates.values()):
        return
    level = percent(scorecard.confidence)
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("prompts perturbed by", style="bold", min_width=12)
    table.add_column("candidate")
    table.add_column("on")
    for name in ("drop", level, "pairs", "decided"):
        table.add_column(name, justify="right", no_wrap=True)
    for candidate, card in scorecard.candidates.items():
        for perturbation, estimate in card.robustness.items():
            drops = {"overall": estimate.overall} if estimate.overall else estimate.criteria
            for what, drop in (drops or estimate.metrics).items():
                if drop is not None:
                    table.add_row(
                        perturbation.replace("_", " "),
                        shown(candidate),
                        shown(what),
                        number(drop.drop),
                        interval(drop.interval),
                        f"{drop.n:,}",
                        "yes" if drop.decisive else "no",
                    )
    console.print(table)
    console.print()
