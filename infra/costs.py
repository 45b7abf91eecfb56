"""The tables of docs/costs.md, from the code of `evaldrop plan`: `python -m infra.costs` writes them anew."""

import json
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from evaldrop.datasets import Record, read_records
from evaldrop.evaluation.delivery import Delivery
from evaldrop.evaluation.prices import TokenUsage, cost_usd, load_prices
from evaldrop.report.deliveries import IN_WORDS
from evaldrop.run.definition import RunDefinition
from evaldrop.run.request import RunRequest
from evaldrop.steps.prepare_jobs.writing import LIMITS
from evaldrop.steps.prepare_records.prepare import POLL_S
from evaldrop.steps.validate_dataset.deliveries import with_deliveries
from evaldrop.steps.validate_dataset.machinery import TRANSITION_USD
from evaldrop.steps.validate_dataset.plan import (
    CACHE_HITS,
    ChildType,
    Counting,
    Plan,
    child_transitions,
    make_plan,
    orchestration_usd,
)
from evaldrop.steps.validate_dataset.planned_lines import Line
from evaldrop.steps.validate_dataset.validate import check_dataset
from infra.cost_picture import cost_picture

PAGE = Path(__file__).parent.parent / "docs" / "costs.md"
BEGIN, END = "<!-- written by python -m infra.costs -->", "<!-- end -->"
PICTURE = PAGE.parent / "costs.svg"
RECORDS = (1_000, 1_000_000)
MANY = (1_000_000, 10_000_000, 100_000_000)
MAX_ROWS = LIMITS.most
LONGER_BY = 2_500
"""Tokens of instructions that a cache takes, of a rubric of one's own."""

EVALUATION = """\
name: example
candidates:
  - {name: nova-lite, model: us.amazon.nova-lite-v1:0}
  - {name: haiku-4-5, model: us.anthropic.claude-haiku-4-5-20251001-v1:0}
  - {name: llama-3-3, model: us.meta.llama3-3-70b-instruct-v1:0}
judges:
  - {name: nova-pro, model: us.amazon.nova-pro-v1:0}
criteria: [correctness, helpfulness]
"""

TUNED = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
SEARCHES = (
    "improve: answer.v1, rounds: 1, proposals: 4",
    "improve: answer.v1",
    "improve: answer.v1, rounds: 4, proposals: 6",
    "improve: answer.v1, rounds: 4, proposals: 6, budget_usd: 5",
    "improve: answer.v1, rounds: 10, proposals: 12",
    "improve: answer.v1, by: bedrock",
    'instructions: "Answer in two sentences, kindly."',
)

# The example's record: about 300 tokens to a candidate, an answer of about 100.
_ROW = {
    "prompt": "Our customer writes, after a long story about a hose that did not fit: " * 16,
    "reference": "You can send it back within 30 days of delivery, unused, in its box. " * 4,
}


def plans(numbers: Sequence[int] = RECORDS) -> tuple[RunDefinition, list[Plan]]:
    """Return the example's definition, and its plan for each number of records."""
    with tempfile.TemporaryDirectory() as folder:
        dataset = Path(folder) / "example.jsonl"
        dataset.with_name("evaluation.yaml").write_text(EVALUATION, encoding="utf-8")
        line = json.dumps(_ROW) + "\n"
        dataset.write_text(line, encoding="utf-8")
        check = check_dataset(RunRequest(run_id="example", dataset=str(dataset), out=folder))
        with dataset.open("rb") as stream:
            sample = [row for row in read_records(stream, source="example") if isinstance(row, Record)]
    if check.definition is None:
        raise ValueError("\n".join(check.problems))
    prices = load_prices()
    definition = check.definition
    made = [
        make_plan(
            Counting(definition, None),
            sample,
            records=records,
            prices=prices,
            dataset_bytes=records * len(line.encode()),
        )
        for records in numbers
    ]
    return definition, [with_deliveries(plan, definition.evaluation, prices, has_jobs=True) for plan in made]


def searches() -> list[tuple[str, Plan]]:
    """Return plans of runs that improve a prompt of the example's second candidate, by their settings."""
    planned = []
    with tempfile.TemporaryDirectory() as folder:
        dataset = Path(folder) / "example.jsonl"
        rows = (json.dumps({"id": f"r{number}", **_ROW}) for number in range(RECORDS[0]))
        dataset.write_text("\n".join(rows) + "\n", encoding="utf-8")
        for settings in SEARCHES:
            tuned = f"  - {{name: tuned, model: {TUNED}, prompt: {{{settings}}}}}\n"
            text = EVALUATION.replace("judges:", f"{tuned}judges:")
            dataset.with_name("evaluation.yaml").write_text(text, encoding="utf-8")
            check = check_dataset(RunRequest(run_id="example", dataset=str(dataset), out=folder))
            if check.plan is None:
                raise ValueError("\n".join(check.problems))
            planned.append((settings, check.plan))
    return planned


def _searches() -> Iterator[str]:
    yield (
        f"| `prompt` of a candidate more, {RECORDS[0]:,} records | train, dev, test | calls of its search, "
        "likely (at most) | its search, likely USD (at most) | the whole run, likely USD |"
    )
    yield "|---|---|---:|---:|---:|"
    for settings, plan in searches():
        search = plan.prompt_search
        if search is None:
            raise ValueError(f"{settings}: nothing is searched")
        parts = ", ".join(f"{search.records[part]:,}" for part in ("train", "dev", "test"))
        calls = f"{search.calls:,} ({search.most_calls:,})"
        cost = f"{_usd(search.cost_usd.likely)} ({_usd(search.cost_usd.high)})"
        yield f"| `{settings}` | {parts} | {calls} | {cost} | {_usd(plan.cost_usd.likely)} |"


def tables() -> str:
    """Return the tables as Markdown."""
    definition, planned = plans()
    return "\n".join(
        [
            *_assumptions(definition, planned[0]),
            "",
            *_models(planned),
            "",
            *_deliveries(planned),
            "",
            *_cached(planned),
            "",
            *_children(definition, planned),
            "",
            *_machinery(plans(MANY)[1]),
            "",
            *_searches(),
        ]
    )


def _assumptions(definition: RunDefinition, plan: Plan) -> Iterator[str]:
    yield "```yaml"
    yield EVALUATION.rstrip()
    yield "```"
    yield ""
    tokens = {line.role: line for line in plan.lines}
    for role, line in tokens.items():
        sent, received = (each.likely / line.calls for each in (line.input_tokens, line.output_tokens))
        yield f"- A call of a {role}: about {sent:,.0f} tokens in and {received:,.0f} out."
    yield f"- Model prices as of {plan.prices_date}, on demand, in us-east-1."
    transitions = child_transitions(definition.evaluation)
    looks = f"{_looks(3600)} times in an hour, {_looks(86400)} in a day"
    yield f"- A batch job takes {MAX_ROWS:,} rows, and is looked at {looks}."
    yield f"- A record's child workflow enters {transitions} states when no call has to be repeated."


def _models(planned: list[Plan]) -> Iterator[str]:
    yield (
        "| models, likely USD (low to high) | "
        + " | ".join(f"{plan.records:,} records" for plan in planned)
        + " |"
    )
    yield "|---|" + "---:|" * len(planned)
    for place, line in enumerate(planned[0].lines):
        costs = " | ".join(_range(plan.lines[place]) for plan in planned)
        yield f"| {line.role} {line.name} | {costs} |"
    totals = " | ".join(f"**{_usd(plan.cost_usd.likely)}**" for plan in planned)
    yield f"| **all** | {totals} |"


def _deliveries(planned: list[Plan]) -> Iterator[str]:
    heads = " | ".join(f"{plan.records:,} records" for plan in planned)
    yield f"| all models by delivery, likely USD | {heads} |"
    yield "|---|" + "---:|" * len(planned)
    for options in zip(*(plan.options for plan in planned), strict=True):
        costs = " | ".join(_usd(option.cost_usd.likely) for option in options)
        yield f"| {IN_WORDS[options[0].delivery]} | {costs} |"


def _cached(planned: list[Plan]) -> Iterator[str]:
    """Yield what judging costs with long instructions, and with most of them read from a cache."""
    heads = " | ".join(f"{plan.records:,} records" for plan in planned)
    yield f"| the judge with {LONGER_BY:,} tokens of instructions more, likely USD | {heads} |"
    yield "|---|" + "---:|" * len(planned)
    prices = load_prices()
    hits = CACHE_HITS.likely
    asked: tuple[tuple[str, Delivery, bool], ...] = (
        ("on demand", "on_demand", False),
        (f"on demand, {hits:.0%} of the calls from the cache".replace("%", " %"), "on_demand", True),
        (f"flex, {hits:.0%} of the calls from the cache".replace("%", " %"), "flex", True),
        ("batch, which has no cache", "batch", False),
    )
    for what, delivery, is_cached in asked:
        costs = []
        for plan in planned:
            line = next(each for each in plan.lines if each.role == "judge")
            more = LONGER_BY * line.calls
            kept = (round(more * hits), round(more * (1 - hits))) if is_cached else (0, 0)
            sent, received = line.input_tokens.likely + more, line.output_tokens.likely
            usage = TokenUsage(round(sent), round(received), *kept)
            costs.append(cost_usd(line.model, usage, prices, delivery) or 0.0)
        yield f"| {what} | {' | '.join(map(_usd, costs))} |"


def jobs_usd(plan: Plan, seconds: int) -> float:
    """Return what the states take that create a run's jobs and look at them, where each takes so long."""
    jobs = sum(math.ceil(line.calls / MAX_ROWS) for line in plan.lines)
    # A child is started, creates its job and ends; a look is a wait, a call and a choice.
    return jobs * (3 + 3 * _looks(seconds)) * TRANSITION_USD


def _looks(seconds: int) -> int:
    looks, waited, poll_s = 0, 0, POLL_S
    while waited < seconds:
        looks, waited, poll_s = looks + 1, waited + poll_s, min(600, poll_s + poll_s // 10)
    return looks


def _children(definition: RunDefinition, planned: list[Plan]) -> Iterator[str]:
    yield "| Step Functions, USD | " + " | ".join(f"{records:,} records" for records in RECORDS) + " |"
    yield "|---|" + "---:|" * len(RECORDS)
    kinds: dict[ChildType, str] = {
        "EXPRESS": "Express children (the default)",
        "STANDARD": "Standard children",
    }
    for children, what in kinds.items():
        costs = [orchestration_usd(definition.evaluation, records, children=children) for records in RECORDS]
        yield f"| {what} | {' | '.join(map(_usd, costs))} |"
    for hours in (1, 24):
        more = " | ".join(_usd(jobs_usd(plan, hours * 3600)) for plan in planned)
        lasts = "an hour" if hours == 1 else "a day"
        yield f"| Batch: its jobs besides, {lasts} each | {more} |"


def _machinery(planned: list[Plan]) -> Iterator[str]:
    """Yield what is beside the models in large runs, and its share of the bill."""
    heads = " | ".join(f"{plan.records:,} records" for plan in planned)
    yield f"| beside the models, USD | {heads} |"
    yield "|---|" + "---:|" * len(planned)
    rows = {
        "Step Functions": lambda plan: _usd(plan.orchestration_usd),
        "evaldrop's functions": lambda plan: _usd(plan.functions_usd),
        "requests to S3": lambda plan: _usd(plan.storage_usd),
        "**all of it**": lambda plan: f"**{_usd(plan.machinery_usd)}**",
        "the models, likely": lambda plan: _usd(plan.cost_usd.likely),
        "its share of the bill": lambda plan: f"{share(plan):.2%}".replace("%", " %"),
        "parts of the dataset": lambda plan: f"{plan.parts:,}",
    }
    for name, figure in rows.items():
        yield f"| {name} | {' | '.join(map(figure, planned))} |"


def share(plan: Plan) -> float:
    """Return the share of a run's bill that is not the models'."""
    return plan.machinery_usd / (plan.machinery_usd + plan.cost_usd.likely)


def _range(line: Line) -> str:
    if line.cost_usd is None:
        return "unknown"
    return f"{_usd(line.cost_usd.likely)} ({_usd(line.cost_usd.low)} to {_usd(line.cost_usd.high)})"


def _usd(amount: float) -> str:
    return f"{amount:,.2f}" if amount < 100 else f"{amount:,.0f}"


def picture() -> str:
    """Return the costs against the number of records, both by powers of ten."""
    planned = plans([10**power for power in range(3, 9)])[1]
    return cost_picture(
        [plan.records for plan in planned],
        {
            "models": [plan.cost_usd.likely for plan in planned],
            "Step Functions": [plan.orchestration_usd for plan in planned],
            "functions": [plan.functions_usd for plan in planned],
            "requests to S3": [plan.storage_usd for plan in planned],
        },
    )


def page(text: str) -> str:
    """Return the page with its tables anew."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    PICTURE.write_text(picture(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
