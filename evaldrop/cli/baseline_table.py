"""A comparison with a baseline on a terminal."""

from rich.console import Console
from rich.table import Table

from evaldrop.cli.output import shown
from evaldrop.report.figures import interval, milliseconds, number, p_value, signed, usd
from evaldrop.scorecard.baseline import Baseline, BaselineCandidate, BaselineEstimate, Moved

_COLOURS = {"improved": "green", "regressed": "red", "undecided": "dim"}
_MOST_WORST = 15


def print_baseline(console: Console, baseline: Baseline) -> None:
    """Print what improved and what regressed, by candidate, criterion and category; the records worst off."""
    console.print(shown(baseline.summary), soft_wrap=True)
    for change in baseline.changes:
        console.print(f"  changed: {shown(change)}", soft_wrap=True)
    if not baseline.candidates:
        return
    _print_estimates(console, baseline)
    for name, card in baseline.candidates.items():
        console.print(f"{shown(name)}: {_facts(card)}", soft_wrap=True)
    for what, names in (("new", baseline.new_candidates), ("gone", baseline.gone_candidates)):
        if names:
            console.print(f"{what}: {', '.join(map(shown, names))}")
    _print_worst(console, baseline)


def _print_estimates(console: Console, baseline: Baseline) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("candidate", "criterion", "", "category"):
        table.add_column(column)
    for column in ("now - then", "interval", "p (Holm)", "better", "worse", "records", "detectable"):
        table.add_column(column, justify="right", no_wrap=True)
    for name, card in baseline.candidates.items():
        for criterion, estimate in card.criteria.items():
            _add_row(table, (name, criterion, ""), estimate)
        for category, parts in card.categories.items():
            for criterion, estimate in parts.items():
                if estimate.decision != "undecided":
                    _add_row(table, (name, criterion, category), estimate)
    console.print()
    console.print(table)
    console.print()


def _add_row(table: Table, about: tuple[str, str, str], estimate: BaselineEstimate) -> None:
    candidate, criterion, category = map(shown, about)
    table.add_row(
        candidate,
        criterion,
        f"[{_COLOURS[estimate.decision]}]{estimate.decision}[/]",
        category,
        signed(estimate.difference),
        interval(estimate.interval),
        p_value(estimate.p_adjusted),
        f"{estimate.better:,}",
        f"{estimate.worse:,}",
        f"{estimate.n:,}",
        number(estimate.minimum_detectable),
    )


def _facts(card: BaselineCandidate) -> str:
    cost = card.cost_usd_per_1000_records
    said = [
        f"{card.new_errors:,} new errors, {card.mended_errors:,} mended",
        f"p50 {_moved(card.latency_ms_p50)}",
        f"p90 {_moved(card.latency_ms_p90)}",
        f"per 1,000 records {usd(cost.was)} to {usd(cost.now)}",
    ]
    return "; ".join(said)


def _moved(latency: Moved) -> str:
    return f"{milliseconds(latency.was)} to {milliseconds(latency.now)}"


def _print_worst(console: Console, baseline: Baseline) -> None:
    if not baseline.worst_records:
        return
    console.print("\nworst:")
    for record in baseline.worst_records[:_MOST_WORST]:
        about = f"{record.record_id}, {record.candidate}, {record.criterion}"
        console.print(f"  {shown(about)}: {record.was:g} to {record.now:g}", soft_wrap=True)
    rest = len(baseline.worst_records) - _MOST_WORST
    if rest > 0:
        console.print(f"  and {rest} more; --json has them")
