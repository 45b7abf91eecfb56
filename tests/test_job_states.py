"""The workflow's states of batch jobs: what becomes of a job, however Bedrock answers."""

import asyncio
import json
from pathlib import Path

import pytest

from evaldrop.engine import ServiceError, execute, load, sdk_integration
from evaldrop.engine.surroundings import Clock

ROOT = Path(__file__).parent.parent
RUN_JOBS = json.loads((ROOT / "infra" / "workflow.asl.json").read_bytes())["States"]["RunJobs"]
MACHINE = {
    "QueryLanguage": "JSONata",
    "StartAt": "RunJobs",
    "States": {"RunJobs": {**{key: value for key, value in RUN_JOBS.items() if key != "Next"}, "End": True}},
}
JOB = {
    "place": "judges/one-1",
    "name": "evaldrop-1-run-j1-1",
    "model": "m",
    "type": "Converse",
    "token": "t1",
    "n": 100,
}
STATE = {
    "run": {"folder": "s3://runs/small/run-1"},
    "batch": {"stage": "judges", "poll_s": 60, "timeout_h": 24, "jobs": [JOB]},
}


class Waits(Clock):
    """A clock that does not wait, and keeps for how long it was asked to."""

    def __init__(self):
        self.waits = []

    async def sleep(self, seconds):
        self.waits.append(seconds)


class Bedrock:
    """Answers as it is told: errors of creating, then the statuses of each look."""

    def __init__(self, *statuses, refusals=(), message=None):
        self._message = message
        self._refusals, self._statuses = list(refusals), list(statuses)
        self.created = []

    async def create(self, request):
        self.created.append(request)
        if self._refusals:
            raise ServiceError(self._refusals.pop(0), self._message or "said so")
        return {"jobArn": "arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/abc123def456"}

    async def get(self, request):
        assert request["jobIdentifier"].endswith("abc123def456")
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        if status.endswith("Exception"):
            raise ServiceError(status, "not now")
        return {
            "jobArn": request["jobIdentifier"],
            "status": status,
            "message": self._message or f"it is {status}",
        }


def ran(bedrock, state=STATE):
    """Return how the states end, and the waits between looks."""
    clock = Waits()
    execution = asyncio.run(
        execute(
            load(MACHINE, {"Partition": "aws", "JobsRole": "arn:aws:iam::123456789012:role/jobs"}),
            state,
            integrations={
                "aws-sdk:bedrock:createModelInvocationJob": sdk_integration(
                    "bedrock", "CreateModelInvocationJob", bedrock.create
                ),
                "aws-sdk:bedrock:getModelInvocationJob": sdk_integration(
                    "bedrock", "GetModelInvocationJob", bedrock.get
                ),
            },
            name="run-1",
            clock=clock,
        )
    )
    return execution, clock.waits


@pytest.mark.parametrize("status", ["Completed", "PartiallyCompleted", "Failed", "Stopped", "Expired"])
def test_a_job_is_looked_at_until_it_is_over_and_told_with_its_place(status):
    bedrock = Bedrock("Submitted", "Scheduled", "InProgress", "Stopping", status)
    execution, waits = ran(bedrock)
    (result,) = execution.output["batch"]["results"]
    # Both would not fit a state where there are hundreds.
    assert execution.output["batch"]["jobs"] == []
    assert {key: result[key] for key in ("place", "status", "message")} == {
        "place": "judges/one-1",
        "status": status,
        "message": f"it is {status}",
    }
    # Less and less often.
    assert waits == [60, 66, 72, 79, 86]


def test_a_job_is_created_with_its_token_from_its_folder_into_its_folder():
    bedrock = Bedrock("Completed")
    ran(bedrock)
    assert bedrock.created == [
        {
            "jobName": JOB["name"],
            "roleArn": "arn:aws:iam::123456789012:role/jobs",
            "modelId": "m",
            "modelInvocationType": "Converse",
            "clientRequestToken": "t1",
            "inputDataConfig": {
                "s3InputDataConfig": {
                    "s3InputFormat": "JSONL",
                    "s3Uri": "s3://runs/small/run-1/batch/judges/one-1/rows.jsonl",
                }
            },
            "outputDataConfig": {
                "s3OutputDataConfig": {"s3Uri": "s3://runs/small/run-1/batch/judges/one-1/out/"}
            },
            "timeoutDurationInHours": 24,
        }
    ]


def test_a_job_that_is_refused_is_told_and_others_go_on():
    bedrock = Bedrock("Completed", refusals=["AccessDeniedException"])
    jobs = [JOB, {**JOB, "place": "judges/one-2", "token": "t2"}]
    execution, _ = ran(bedrock, {**STATE, "batch": {**STATE["batch"], "jobs": jobs}})
    results = {each["place"]: each for each in execution.output["batch"]["results"]}
    assert sorted(each["status"] for each in results.values()) == ["Completed", "NotCreated"]
    refused = next(each for each in results.values() if each["status"] == "NotCreated")
    assert refused["message"].startswith("Bedrock.AccessDeniedException: said so")


def test_what_bedrock_says_of_hundreds_of_jobs_fits_a_state():
    jobs = [{**JOB, "place": f"judges/one-{n}", "token": f"t{n}"} for n in range(300)]
    bedrock = Bedrock("Failed", refusals=["ValidationException"] * 100, message="x" * 2_000)
    execution, _ = ran(bedrock, {**STATE, "batch": {**STATE["batch"], "jobs": jobs}})
    assert len(execution.output["batch"]["results"]) == 300
    assert len(json.dumps(execution.output)) < 200 * 1024


def test_a_full_quota_and_a_busy_control_plane_are_waited_out():
    refusals = (
        ["ServiceQuotaExceededException"] * 3 + ["ThrottlingException"] * 3 + ["InternalServerException"]
    )
    bedrock = Bedrock("ThrottlingException", "Completed", refusals=refusals)
    execution, _ = ran(bedrock)
    assert execution.output["batch"]["results"][0]["status"] == "Completed"
    assert {request["clientRequestToken"] for request in bedrock.created} == {"t1"}
    assert len(bedrock.created) == 8


def test_a_job_that_cannot_be_looked_at_ends_the_run_and_is_not_taken_for_lost():
    execution, _ = ran(Bedrock("InProgress", "AccessDeniedException"))
    assert execution.status == "FAILED"


def test_the_longest_job_fits_a_history():
    """A week, of which a history holds 25,000 events; a look is nine, and each retry two."""
    _, waits = ran(Bedrock(*["InProgress"] * 1_050, "Completed"))
    assert sum(waits) > 168 * 3600
    assert len(waits) * 9 < 20_000
