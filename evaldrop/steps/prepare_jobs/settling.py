"""
What a stage's jobs took of the run's budget: what they had reserved, and what their replies cost.

A row that a job did not answer is not billed, and costs nothing. A reply that does not tell its tokens costs
what its row had reserved.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from evaldrop.bedrock.billing import cost_of_reply
from evaldrop.bedrock.families.replies import read_reply
from evaldrop.run.definition import RunDefinition
from evaldrop.run.results import open_lines
from evaldrop.steps.prepare_jobs.collecting import NO_BUDGET, JobResult, outputs_of, replies_in
from evaldrop.steps.prepare_jobs.jobs import BatchJob, out_uri

JSON = dict[str, Any]

_MICROS = 1_000_000


def settlement(stage: str, jobs: Sequence[BatchJob], results: Iterable[JobResult]) -> JSON:
    """
    Return what the workflow settles of a stage, once its jobs are over, in micro-dollars.

    Returns:
        `cost`: of all these jobs; `difference`: what is added to what they had reserved; `stage`: what
        is settled once, the stage or one of its later rounds.
    """
    costs = {result.place: result.micros for result in results if result.micros is not None}
    settled = [job for job in jobs if job.place in costs]
    cost = sum(costs.values())
    latest = max((job.round for job in settled), default=1)
    return {
        "stage": stage if latest == 1 else f"{stage}-{latest}",
        "cost": cost,
        "difference": cost - sum(job.reserve for job in settled),
    }


def priced(
    run: RunDefinition,
    jobs: Sequence[BatchJob],
    results: Iterable[JobResult],
    *,
    earlier: Iterable[JobResult],
    limit: int,
) -> Iterator[JobResult]:
    """
    Yield jobs' results with what they cost; those without budget with the budget that refused them first.

    Args:
        run: The run.
        jobs: The stage's.
        results: How they ended.
        earlier: The same, from when the run came here before.
        limit: The run's budget now, in micro-dollars.

    Raises:
        StorageError: A job's output cannot be read.
    """
    before = {each.place: each.limit for each in earlier if each.status == NO_BUDGET}
    known = {job.place: job for job in jobs}
    for result in results:
        if result.status == NO_BUDGET:
            yield result._replace(limit=before.get(result.place) or limit)
        else:
            yield result._replace(micros=math.ceil(_cost_of(run, known[result.place])))


def _cost_of(run: RunDefinition, job: BatchJob) -> float:
    price = run.prices.get(job.model)
    if price is None:
        return 0.0
    api = "invoke_model" if job.type == "InvokeModel" else "converse"
    micros, seen = 0.0, set[int]()
    for uri in outputs_of(out_uri(run.folder, job.place)):
        with open_lines(uri) as lines:
            for number, reply in replies_in(lines, api):
                if number not in seen:
                    seen.add(number)
                    usd = cost_of_reply(price, read_reply(api, reply), "batch")
                    micros += job.reserve / job.n if usd is None else usd * _MICROS
    return micros
