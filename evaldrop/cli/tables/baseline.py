"""A comparison with a baseline on a terminal."""

from collections.abc import Iterator

from rich.console import Console

from evaldrop.cli.output import shown
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.terminal import print_fitting
from evaldrop.report.columns import TERMINAL
from evaldrop.report.tables.baseline import Movement, baseline_changes
from evaldrop.scorecard.figures import count, milliseconds, score, usd
from evaldrop.scorecard.model.baseline import Baseline, Moved

# More push the summary off the screen; --json and the report have them all.
_MOST_WORST = 15


def print_baseline(console: Console, baseline: Baseline) -> None:
    """Print what improved and what regressed, by candidate, criterion and category; the records worst off."""
    print_prose(console, shown(baseline.summary))
    for change in baseline.changes:
        print_prose(console, f"changed: {shown(change)}", indent=2)
    if not baseline.candidates:
        return
    columns = baseline_changes(list(_changes(baseline))).columns_in(TERMINAL)
    console.print()
    print_fitting(
        console, [column for column in columns if column.heading != "category" or any(column.cells)]
    )
    console.print()
    for name, card in baseline.candidates.items():
        cost = card.cost_usd_per_1000_records
        # Of given responses it is nothing, and of imported ones not known: neither has moved.
        moved = f"; per 1,000 records {usd(cost.was)} to {usd(cost.now)}" if cost.was or cost.now else ""
        print_prose(
            console,
            f"{shown(name)}: {count(card.new_errors)} new errors, {count(card.mended_errors)} mended; "
            f"p50 {_moved(card.latency_ms_p50)}; p90 {_moved(card.latency_ms_p90)}{moved}",
        )
    for what, names in (("new", baseline.new_candidates), ("gone", baseline.gone_candidates)):
        if names:
            print_prose(console, f"{what}: {', '.join(map(shown, names))}")
    _print_worst(console, baseline)


def _changes(baseline: Baseline) -> Iterator[Movement]:
    """Yield every criterion of a candidate, then what is decided within a category."""
    for name, card in baseline.candidates.items():
        for criterion, estimate in card.criteria.items():
            yield (name, criterion, ""), estimate
        for category, parts in card.categories.items():
            for criterion, estimate in parts.items():
                # Categories are small and many: what is undecided in them would bury what is not.
                if estimate.decision != "undecided":
                    yield (name, criterion, category), estimate


def _moved(latency: Moved) -> str:
    return f"{milliseconds(latency.was)} to {milliseconds(latency.now)}"


def _print_worst(console: Console, baseline: Baseline) -> None:
    if not baseline.worst_records:
        return
    console.print("\nworst:")
    for record in baseline.worst_records[:_MOST_WORST]:
        about = f"{record.record_id}, {record.candidate}, {record.criterion}"
        print_prose(console, f"{shown(about)}: {score(record.was)} to {score(record.now)}", indent=2)
    rest = len(baseline.worst_records) - _MOST_WORST
    if rest > 0:
        print_prose(console, f"and {rest} more; --json has them", indent=2)
