"""A comparison with a baseline on a terminal."""

from collections.abc import Iterator

from rich.console import Console

from evaldrop.cli.output import shown
from evaldrop.cli.tables.fitting import Column, fitting, table_of
from evaldrop.scorecard.figures import interval, milliseconds, number, p_value, signed, usd
from evaldrop.scorecard.model.baseline import Baseline, BaselineCandidate, BaselineEstimate, Moved

_COLOURS = {"improved": "green", "regressed": "red", "undecided": "dim"}
_MOST_WORST = 15
# With what may go where there is no room, the highest first. The first four are words.
_COLUMNS = (
    ("candidate", 0), ("criterion", 0), ("", 0), ("category", 0), ("now - then", 0), ("interval", 0),
    ("p (Holm)", 3), ("better", 1), ("worse", 1), ("records", 4), ("detectable", 2),
)  # fmt: skip
_WORDS = 4


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
    rows = [_cells(about, estimate) for about, estimate in _listed(baseline)]
    columns = [
        Column(title=title, cells=cells, justify="left" if place < _WORDS else "right", rank=rank)
        for place, ((title, rank), cells) in enumerate(zip(_COLUMNS, zip(*rows, strict=True), strict=True))
    ]
    columns = [column for column in columns if column.title != "category" or any(column.cells)]
    console.print()
    console.print(table_of(fitting(columns, console.width), console.width))
    console.print()


def _listed(baseline: Baseline) -> Iterator[tuple[tuple[str, str, str], BaselineEstimate]]:
    for name, card in baseline.candidates.items():
        for criterion, estimate in card.criteria.items():
            yield (name, criterion, ""), estimate
        for category, parts in card.categories.items():
            for criterion, estimate in parts.items():
                if estimate.decision != "undecided":
                    yield (name, criterion, category), estimate


def _cells(about: tuple[str, str, str], estimate: BaselineEstimate) -> tuple[str, ...]:
    candidate, criterion, category = map(shown, about)
    return (
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
