"""
What an evaluation job may cost at most: reserved of the budget before it is created, and settled afterwards.

A job calls its judge once for each response and metric, at on-demand prices. No row of its output tells
tokens, so what a row has a score of, null included, cost what was reserved for it; what has none was not
answered, and cost nothing.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from evaldrop.evaluation.prices import ModelPrice
from evaldrop.job_formats.limits import MOST_PROMPT_TOKENS, MOST_VERDICT_TOKENS
from evaldrop.run.job_results import NO_BUDGET, JudgingResult
from evaldrop.steps.prepare_evaluation_jobs.jobs import JobForm, JudgingJob
from evaldrop.steps.prepare_records.reserve import BYTES_PER_TOKEN

JSON = dict[str, Any]


class DatasetSize(NamedTuple):
    """Rows of a dataset, and bytes of their texts."""

    n: int
    bytes: int


def reserve_of(sizes: Iterable[DatasetSize], form: JobForm, price: ModelPrice | None) -> int:
    """Return what a job over some datasets may cost, in micro-dollars; 0 where the price is unknown."""
    if price is None:
        return 0
    n_metrics = len(form.metrics)
    asked = MOST_PROMPT_TOKENS * n_metrics + len(orjson.dumps(form.automated)) / BYTES_PER_TOKEN
    micros = 0.0
    for n, size in sizes:
        sent = n * asked + n_metrics * size / BYTES_PER_TOKEN
        micros += sent * price.input + n * n_metrics * MOST_VERDICT_TOKENS * price.output
    return math.ceil(micros)


def settled(
    results: Sequence[JudgingResult],
    jobs: Mapping[str, JudgingJob],
    *,
    shares: Mapping[str, float],
    before: Mapping[str, JudgingResult],
) -> list[JudgingResult]:
    """
    Return jobs' results with what they have cost.

    Args:
        results: Those of the jobs that were run now.
        jobs: All jobs, by name.
        shares: How much of what a job was to score is in its output, that of its earlier attempts included.
        before: What was known of them before.
    """
    paid = {name: result.micros for name, result in before.items()}
    # Never less than before: a budget does not get back what was settled.
    return [
        result._replace(
            micros=max(paid.get(result.name, 0), math.ceil(jobs[result.name].reserve * shares[result.name]))
        )
        for result in results
    ]


def settlement(
    stage: str,
    results: Iterable[JudgingResult],
    jobs: Mapping[str, JudgingJob],
    before: Mapping[str, JudgingResult],
) -> JSON:
    """
    Return what the workflow settles of the jobs that were run now, in micro-dollars.

    Returns:
        `cost`: of all of them; `difference`: what is added to what they had reserved.
    """
    cost = reserved = 0
    for result in results:
        if result.status == NO_BUDGET:
            continue
        earlier = before.get(result.name)
        cost += result.micros - (earlier.micros if earlier else 0)
        reserved += jobs[result.name].reserve
    return {"stage": stage, "cost": cost, "difference": cost - reserved}
