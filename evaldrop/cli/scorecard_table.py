"""A scorecard on a terminal: intervals drawn as text, numbers that do not round to 0 % or 100 %."""

from rich.console import Console
from rich.table import Table

from evaldrop.cli.calibration_table import print_corrected
from evaldrop.cli.guardrail_table import print_guardrails
from evaldrop.cli.output import shown
from evaldrop.report.figures import duration, interval, milliseconds, number, percent, percent_interval, usd
from evaldrop.report.losses import loss_in_words
from evaldrop.scorecard import Scorecard

BAR_CELLS = 30

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
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(shown(name), style="bold", min_width=12)
    table.add_column(f"passed, 0 % {'.' * (BAR_CELLS - 12)} 100 %", no_wrap=True)
    table.add_column("rate", justify="right", no_wrap=True)
    table.add_column(level, justify="right", no_wrap=True)
    table.add_column(f"mean {info.low:g}-{info.high:g}", justify="right", no_wrap=True)
    table.add_column(level, justify="right", no_wrap=True)
    table.add_column("scored", justify="right", no_wrap=True)
    for candidate, card in scorecard.candidates.items():
        estimate = card.criteria.get(name)
        if estimate is None:
            continue
        table.add_row(
            shown(candidate),
            draw_interval(estimate.pass_rate, estimate.pass_interval),
            percent(estimate.pass_rate),
            percent_interval(estimate.pass_interval),
            number(estimate.mean),
            interval(estimate.interval),
            f"{estimate.n_scored:,}/{estimate.n_scored + estimate.n_unscored:,}",
        )
    console.print(table)
    for candidate, card in scorecard.candidates.items():
        if lost := loss_in_words(candidate, name, card.criteria.get(name)):
            console.print(f"  {shown(lost)}", soft_wrap=True)
    print_corrected(console, scorecard, name)
    console.print()


def draw_interval(rate: float | None, bounds: tuple[float, float] | None) -> str:
    """Draw a rate and its interval on a line from 0 to 1, such as `      ├──●───┤     `."""
    cells = [" "] * BAR_CELLS
    if rate is None:
        return "".join(cells)
    low, high = (_cell(bound) for bound in bounds or (rate, rate))
    cells[low : high + 1] = "─" * (high - low + 1)
    cells[low], cells[high] = "├", "┤"
    cells[_cell(rate)] = "●"
    return "".join(cells)


def _cell(fraction: float) -> int:
    return round(fraction * (BAR_CELLS - 1))


def _print_candidates(console: Console, scorecard: Scorecard) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("candidate", style="bold", min_width=12)
    table.add_column("model", overflow="fold")
    for name in ("answered", "errors", "p50", "p90", "USD per 1,000", "judging"):
        table.add_column(name, justify="right", no_wrap=True)
    for candidate, card in scorecard.candidates.items():
        responses = card.responses
        table.add_row(
            shown(candidate),
            shown(card.model),
            f"{responses.n - responses.errors - responses.missing:,}/{responses.n:,}",
            f"{responses.errors:,}",
            milliseconds(card.latency_ms.p50),
            milliseconds(card.latency_ms.p90),
            usd(card.cost_usd.per_1000_records),
            usd(card.cost_usd.judge),
        )
    console.print(table)
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
