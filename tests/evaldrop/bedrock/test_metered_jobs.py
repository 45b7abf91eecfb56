"""Batch jobs are counted as they are looked at: rows on the way, tokens and dollars once, at the end."""

import asyncio

import pytest

from evaldrop.bedrock.billing import cost_of_replies
from evaldrop.bedrock.metered import Meter
from evaldrop.bedrock.metered_jobs import MeteredEvaluations, MeteredJobs, tokens_of_job
from evaldrop.evaluation.prices import load_prices
from tests.evaldrop.bedrock.simulated.test_jobs import MODEL, ROWS, jobs_in, request, row, write


@pytest.fixture
def place(tmp_path):
    write(tmp_path, [row(number) for number in range(ROWS)])
    return tmp_path


def metered(place, meter):
    return MeteredJobs(jobs_in(place), meter, cost_of_replies(load_prices()))


async def looked_until_over(jobs, meter, arn):
    while True:
        job = await jobs.get_model_invocation_job({"jobIdentifier": arn})
        if meter.jobs[arn].is_over:
            return job
        await asyncio.sleep(0.001)


async def ran(place, meter):
    jobs = metered(place, meter)
    arn = (await jobs.create_model_invocation_job(request(place)))["jobArn"]
    job = await looked_until_over(jobs, meter, arn)
    await jobs.get_model_invocation_job({"jobIdentifier": arn})
    await jobs.close()
    return job


def test_a_job_that_ends_is_paid_once_at_half_the_price(place):
    meter = Meter()
    job = asyncio.run(ran(place, meter))
    tokens = tokens_of_job(job)
    on_demand = cost_of_replies(load_prices())(MODEL, tokens, "on_demand")
    assert meter.cost_usd == pytest.approx(on_demand / 2)
    assert (meter.input_tokens, meter.output_tokens) == (tokens.input_tokens, tokens.output_tokens)
    (seen,) = meter.jobs.values()
    assert (seen.status, seen.rows, seen.processed, meter.calls) == ("Completed", ROWS, ROWS, 0)


def test_a_job_that_was_over_before_was_counted_by_who_saw_it_end(place):
    asyncio.run(ran(place, Meter()))
    later = Meter()
    asyncio.run(ran(place, later))
    assert (later.cost_usd, later.input_tokens, len(later.jobs)) == (0, 0, 1)


def test_a_job_without_an_output_costs_nothing(place):
    write(place, [row(0)], "few.jsonl")
    meter = Meter()

    async def failed():
        jobs = metered(place, meter)
        arn = (await jobs.create_model_invocation_job(request(place, source="few.jsonl")))["jobArn"]
        await looked_until_over(jobs, meter, arn)

    asyncio.run(failed())
    (seen,) = meter.jobs.values()
    assert (seen.status, meter.cost_usd) == ("Failed", 0)


def test_evaluation_jobs_are_kept_as_they_were_last_seen():
    class Plane:
        statuses = iter(["InProgress", "Completed"])

        async def get_evaluation_job(self, request):
            return {"jobArn": request["jobIdentifier"], "status": next(self.statuses)}

    meter = Meter()
    jobs = MeteredEvaluations(Plane(), meter)
    for is_over in (False, True):
        asyncio.run(jobs.get_evaluation_job({"jobIdentifier": "arn"}))
        assert meter.jobs["arn"].is_over is is_over
    assert meter.cost_usd == 0
