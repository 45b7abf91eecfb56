"""A plan as a table."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from evaldrop.cli.output import shown

if TYPE_CHECKING:
    from evaldrop.plan import Plan, Range


def print_plan(console: Console, plan: "Plan", *, budget_usd: float | None) -> None:
    """Print a plan: a row per candidate and judge, the totals, what they rest on."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("who")
    table.add_column("model")
    for name in ("calls", "tokens in", "tokens out", "USD likely", "USD low - high"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in plan.lines:
        table.add_row(
            f"{line.role} {shown(line.name)}",
            shown(line.model),
            f"{line.calls:,}",
            _count(line.input_tokens.likely),
            f"{_count(line.output_tokens.low)} - {_count(line.output_tokens.high)}",
            _usd(line.cost_usd.likely) if line.cost_usd else "unknown",
            _usd_range(line.cost_usd) if line.cost_usd else "unknown",
        )
    console.print(table)
    total = plan.cost_usd
    partly = " for the models with a known price" if plan.unknown else ""
    copies = f" and {plan.copies:,} perturbed copies" if plan.copies else ""
    console.print(
        f"\n{plan.records:,} records{copies}, {plan.calls:,} calls: "
        f"likely {_usd(total.likely)} ({_usd_range(total)}){partly}, prices of {plan.prices_date}"
    )
    if plan.unknown:
        console.print(f"price unknown: {', '.join(map(shown, plan.unknown))}")
    console.print(f"Step Functions on AWS: {_usd(plan.orchestration_usd)}; nothing on one machine")
    console.print(f"about {duration(plan.duration_s)} with {plan.max_concurrency:,} records at a time")
    if budget_usd is not None:
        console.print(f"budget: {_usd(budget_usd)}")


def duration(seconds: float) -> str:
    """Return a time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def _count(number: float) -> str:
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= 10 * size:
            return f"{number / size:,.0f}{unit}"
        if number >= size:
            return f"{number / size:,.1f}{unit}"
    return f"{number:,.0f}"


def _usd(dollars: float) -> str:
    return f"${dollars:,.2f}" if dollars >= 0.995 else f"${dollars:.4f}"


def _usd_range(dollars: "Range") -> str:
    return f"{_usd(dollars.low)} - {_usd(dollars.high)}"
