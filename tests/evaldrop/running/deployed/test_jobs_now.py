"""The batch jobs that a run of a stack waits for, as Bedrock lists them."""

from types import SimpleNamespace

from botocore.exceptions import ClientError

from evaldrop.run.job_names import job_prefix
from evaldrop.running.deployed.jobs_now import EVERY_S, JobsNow


def summary(stage, status, submitted, **counts):
    """A job as ListModelInvocationJobs has it."""
    uri = f"s3://out/runs/e/ds-1/batch/{stage}/{submitted}/rows.jsonl"
    data = {"s3InputDataConfig": {"s3Uri": uri}}
    return {"status": status, "submitTime": submitted, "inputDataConfig": data, **counts}


class Bedrock:
    """Lists jobs, and counts how often."""

    def __init__(self, jobs=(), error=None):
        self.jobs, self.error, self.asked = jobs, error, []

    def get_paginator(self, name):
        assert name == "list_model_invocation_jobs"
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, **asked):
        self.asked.append(asked)
        if self.error:
            raise ClientError({"Error": {"Code": self.error, "Message": "no"}}, "ListModelInvocationJobs")
        return [{"invocationJobSummaries": [each]} for each in self.jobs]


def test_the_jobs_of_the_newest_stage_are_told_by_how_a_runs_jobs_are_named():
    bedrock = Bedrock(
        [
            summary("judges", "InProgress", 3, totalRecordCount=200, processedRecordCount=50),
            summary("candidates", "Completed", 1, totalRecordCount=100, processedRecordCount=100),
            summary("judges", "Submitted", 2),
        ]
    )
    seen = JobsNow("ds-1", lambda: bedrock).look()
    assert [(job.status, job.rows, job.processed) for job in seen] == [
        ("InProgress", 200, 50),
        ("Submitted", 0, 0),
    ]
    assert bedrock.asked == [{"nameContains": job_prefix("ds-1").removesuffix("-")}]


def test_bedrock_is_asked_now_and_then():
    bedrock, now = Bedrock(), [0.0]
    jobs = JobsNow("ds-1", lambda: bedrock, clock=lambda: now[0])
    for now[0] in (0.0, EVERY_S / 2, EVERY_S - 1, EVERY_S):
        assert not jobs.look()
    assert len(bedrock.asked) == 2


def test_who_may_not_list_jobs_is_not_told_of_them_and_asks_once():
    bedrock, now = Bedrock(error="AccessDeniedException"), [0.0]
    jobs = JobsNow("ds-1", lambda: bedrock, clock=lambda: now[0])
    for now[0] in (0.0, EVERY_S, 10 * EVERY_S):
        assert not jobs.look()
    assert len(bedrock.asked) == 1
