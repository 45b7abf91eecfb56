"""A plan as a table."""

from typing import TYPE_CHECKING

from rich.console import Console

from evaldrop.cli.output import shown
from evaldrop.cli.tables.fitting import Column, fitting, table_of

if TYPE_CHECKING:
    from evaldrop.steps.validate_dataset.plan import Plan, Range


def print_plan(console: Console, plan: "Plan", *, budget_usd: float | None) -> None:
    """Print a plan: a row per candidate and judge, the totals, what they rest on."""
    lines = plan.lines
    tokens_out = [f"{_count(one.output_tokens.low)} - {_count(one.output_tokens.high)}" for one in lines]
    costs = [one.cost_usd for one in lines]
    columns = [
        Column(title="who", cells=[f"{one.role} {shown(one.name)}" for one in lines], justify="left"),
        Column(title="model", cells=[shown(one.model) for one in lines], justify="left", rank=3),
        Column(title="calls", cells=[f"{one.calls:,}" for one in lines]),
        Column(title="tokens in", cells=[_count(one.input_tokens.likely) for one in lines], rank=2),
        Column(title="tokens out", cells=tokens_out, rank=1),
        Column(title="USD likely", cells=[_usd(cost.likely) if cost else "unknown" for cost in costs]),
        Column(title="USD low - high", cells=[_usd_range(cost) if cost else "unknown" for cost in costs]),
    ]
    kept = fitting(columns, console.width)
    console.print(table_of(kept, console.width))
    if columns[1] not in kept:
        for one in lines:
            console.print(f"[dim]{one.role} {shown(one.name)} is {shown(one.model)}[/dim]", soft_wrap=True)
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
