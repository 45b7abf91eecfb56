"""A plan as a table."""

from typing import TYPE_CHECKING

from rich.console import Console

from evaldrop.cli.output import shown
from evaldrop.cli.tables.terminal import print_fitting, print_models
from evaldrop.report.columns import Column, words
from evaldrop.scorecard.figures import UNKNOWN, count, rough_count, rough_duration, rough_usd

if TYPE_CHECKING:
    from evaldrop.steps.validate_dataset.plan import Plan, Range


def print_plan(console: Console, plan: "Plan", *, budget_usd: float | None) -> None:
    """Print a plan: a row per candidate and judge, the totals, what they rest on."""
    lines = plan.lines
    names = [f"{one.role} {one.name}" for one in lines]
    # Model IDs are the longest texts and tell least: they go first, and are then named below.
    models = [one.model for one in lines]
    replies = [one.output_tokens for one in lines]
    tokens_out = [f"{rough_count(tokens.low)} - {rough_count(tokens.high)}" for tokens in replies]
    costs = [one.cost_usd for one in lines]
    columns = [
        words("who", names),
        words("model", models, rank=3),
        Column("calls", [count(one.calls) for one in lines]),
        Column("tokens in", [rough_count(one.input_tokens.likely) for one in lines], rank=2),
        Column("tokens out", tokens_out, rank=1),
        Column("USD likely", [rough_usd(cost.likely) if cost else UNKNOWN for cost in costs]),
        Column("USD low - high", [_usd_range(cost) if cost else UNKNOWN for cost in costs]),
    ]
    if columns[1] not in print_fitting(console, columns):
        print_models(console, names, models)
    total = plan.cost_usd
    partly = " for the models with a known price" if plan.unknown else ""
    copies = f" and {count(plan.copies)} perturbed copies" if plan.copies else ""
    console.print(
        f"\n{count(plan.records)} records{copies}, {count(plan.calls)} calls: "
        f"likely {rough_usd(total.likely)} ({_usd_range(total)}){partly}, prices of {plan.prices_date}"
    )
    if plan.calls:
        console.print(
            "every candidate and judge is called by a few records first: who is refused for good ends the "
            "run there",
            soft_wrap=True,
        )
    if plan.unknown:
        console.print(f"price unknown: {', '.join(map(shown, plan.unknown))}")
    console.print(f"Step Functions on AWS: {rough_usd(plan.orchestration_usd)}; nothing on one machine")
    console.print(
        f"about {rough_duration(plan.duration_s)} with {count(plan.max_concurrency)} records at a time"
    )
    if budget_usd is not None:
        console.print(f"budget: {rough_usd(budget_usd)}")


def _usd_range(dollars: "Range") -> str:
    return f"{rough_usd(dollars.low)} - {rough_usd(dollars.high)}"
