"""Evaluation jobs as tables: what they will cost, how far they are."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from evaldrop.cli.output import shown
from evaldrop.cli.prose import print_prose
from evaldrop.cli.tables.terminal import print_fitting, print_hidden, print_models
from evaldrop.evaluation_jobs.jobs_file import EvaluationJob
from evaldrop.evaluation_jobs.jobs_plan import JobsPlan
from evaldrop.report.columns import Cell, Column, Tone, Words, words
from evaldrop.scorecard.figures import ABSENT, UNKNOWN, count, rough_count, rough_usd
from evaldrop.steps.validate_dataset.planned_lines import Range

_TONES: Mapping[str, Tone] = {
    "Completed": "good", "Failed": "bad", "Stopped": "doubtful", "Stopping": "doubtful", "InProgress": "busy",
}  # fmt: skip


def print_jobs_plan(console: Console, plan: JobsPlan, *, budget_usd: float | None) -> None:
    """Print what jobs cost, a row per model, and what they are of."""
    names = [f"{line.role} {line.name}" if line.role != "people" else "people" for line in plan.lines]
    models = [line.model or ABSENT for line in plan.lines]
    costs = [line.cost_usd for line in plan.lines]
    columns = [
        words("who", names),
        words("model", models, rank=3),
        Column("calls", [count(line.calls) for line in plan.lines]),
        Column("tokens in", [_tokens(line.input_tokens) for line in plan.lines], rank=2),
        Column("tokens out", [_tokens(line.output_tokens) for line in plan.lines], rank=1),
        Column("USD likely", [rough_usd(cost.likely) if cost else UNKNOWN for cost in costs]),
        Column("USD low - high", [_between(cost) if cost else UNKNOWN for cost in costs]),
    ]
    if columns[1] not in print_fitting(console, columns):
        called = {line.name: line.model for line in plan.lines if line.model}
        print_models(console, list(called), list(called.values()))
    rows = sum(tally.n for tally in plan.tallies.values())
    datasets = sum(tally.parts for tally in plan.tallies.values())
    partly = " for what has a known price" if plan.unknown else ""
    print_prose(
        console,
        f"\n{_some(len(plan.jobs), 'job')}, {_some(rows, 'row')} in {_some(datasets, 'dataset')}: likely "
        f"{rough_usd(plan.likely_usd)}{partly}, prices of {plan.prices_date}",
    )
    if plan.unknown:
        print_prose(console, f"price unknown: {', '.join(map(shown, plan.unknown))}")
    if budget_usd is not None:
        print_prose(console, f"budget: {rough_usd(budget_usd)}")


def print_planned_jobs(console: Console, jobs: Sequence[EvaluationJob]) -> None:
    """Print a row per job of a plan."""
    print_fitting(
        console,
        [
            words("job", [job.name for job in jobs], wrap="never"),
            words("of", [" and ".join(job.candidates) for job in jobs], wrap="anywhere"),
            words("judge", [job.judge or ABSENT for job in jobs], wrap="anywhere", rank=2),
            words("metrics", [", ".join(_metrics(job.request)) for job in jobs], rank=1),
            words("datasets", [", ".join(job.datasets) for job in jobs], wrap="anywhere", rank=3),
        ],
    )


def print_jobs(console: Console, jobs: Sequence[EvaluationJob]) -> None:
    """Print a row per job with its status, and below why jobs failed."""
    columns = [
        words("job", [job.name for job in jobs], wrap="never"),  # whole, to be copied
        words("of", [" and ".join(job.candidates) or ABSENT for job in jobs], wrap="anywhere", rank=2),
        words("judge", [job.judge or ABSENT for job in jobs], wrap="anywhere", rank=3),
        words("status", [_toned(job.status) for job in jobs], wrap="never"),
        words("ARN", [job.arn or ABSENT for job in jobs], wrap="anywhere", rank=4),
    ]
    kept = print_fitting(console, columns)
    print_hidden(console, [str(column.heading) for column in columns if column not in kept])
    for job in jobs:
        for message in job.messages:
            print_prose(console, f"{shown(job.name)}: {shown(message)}")


def print_summaries(console: Console, summaries: Sequence[Mapping[str, Any]]) -> None:
    """Print a row per job of an account, as ListEvaluationJobs has it."""
    columns = [
        words("job", [each["jobName"] for each in summaries], wrap="never"),
        words("status", [_toned(each["status"]) for each in summaries], wrap="never"),
        words("type", [each.get("jobType") or ABSENT for each in summaries], wrap="never", rank=3),
        words(
            "created (UTC)", [_minute(each.get("creationTime")) for each in summaries], wrap="never", rank=5
        ),
        words("models", [", ".join(_models(each)) or ABSENT for each in summaries], wrap="anywhere", rank=2),
        words("judge", [_evaluator(each) for each in summaries], wrap="anywhere", rank=4),
        words("ARN", [each["jobArn"] for each in summaries], wrap="anywhere", rank=1),
    ]
    kept = print_fitting(console, columns)
    print_hidden(console, [str(column.heading) for column in columns if column not in kept])


def _some(n: int, noun: str) -> str:
    return f"{count(n)} {noun}{'' if n == 1 else 's'}"


def _tokens(figures: Range) -> str:
    return rough_count(figures.likely) if figures.high else ABSENT


def _between(dollars: Range) -> str:
    return f"{rough_usd(dollars.low)} - {rough_usd(dollars.high)}"


def _metrics(request: Mapping[str, Any]) -> list[str]:
    config = request["evaluationConfig"]
    (content,) = config.values()
    names: list[str] = content["datasetMetricConfigs"][0]["metricNames"]
    return [name.removeprefix("Builtin.") for name in names]


def _toned(status: str) -> Cell:
    return (Words(status, _TONES.get(status, "plain")),)


def _minute(moment: Any) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if hasattr(moment, "strftime") else str(moment or ABSENT)


def _models(summary: Mapping[str, Any]) -> list[str]:
    known = summary.get("inferenceConfigSummary", {}).get("modelConfigSummary", {})
    found = (
        *known.get("bedrockModelIdentifiers", ()),
        *known.get("precomputedInferenceSourceIdentifiers", ()),
    )
    return [*(found or summary.get("modelIdentifiers", ()))]


def _evaluator(summary: Mapping[str, Any]) -> str:
    names = {
        *summary.get("evaluatorModelIdentifiers", ()),
        *summary.get("customMetricsEvaluatorModelIdentifiers", ()),
    }
    return ", ".join(sorted(names)) or ABSENT
