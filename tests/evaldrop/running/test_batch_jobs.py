"""Bedrock's jobs as a workflow's Tasks call them: in Step Functions' casing, refused where there are none."""

import asyncio

import pytest

from evaldrop.bedrock.simulated.job_files import JobPlace
from evaldrop.bedrock.simulated.prompt_optimizations import rehearsed_optimizations
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.engine import Clock, TaskContext, TaskError
from evaldrop.evaluation.definition import Candidate
from evaldrop.job_formats.prompt_optimization import optimization_request
from evaldrop.running.batch_jobs import integrations_of_jobs

CONTEXT = TaskContext(resource="r", state="S", execution="e", attempt=0, clock=Clock())
CREATE = "aws-sdk:bedrock:createAdvancedPromptOptimizationJob"
GET = "aws-sdk:bedrock:getAdvancedPromptOptimizationJob"


def call(integration, **arguments):
    return asyncio.run(integration(arguments, CONTEXT))


def asked(name="run-1"):
    candidate = Candidate(name="tuned", model="us.amazon.nova-lite-v1:0", prompt="answer.v1")
    return optimization_request(candidate, name=name, source="in.jsonl", output="out")


def test_a_prompt_optimisation_job_is_created_once_and_looked_at(tmp_path):
    plane = rehearsed_optimizations(Rehearsal(), JobPlace(tmp_path))
    tasks = integrations_of_jobs(None, None, plane)
    created = call(tasks[CREATE], **asked())
    assert call(tasks[CREATE], **asked()) == created
    assert call(tasks[CREATE], **asked("run-2")) != created
    told = call(tasks[GET], JobIdentifier=created["JobArn"])
    assert (told["JobName"], told["JobStatus"]) == ("run-1", "InProgress")
    assert told["ModelConfigurations"] == asked()["ModelConfigurations"]


def test_a_request_that_is_refused_has_the_service_s_name(tmp_path):
    plane = rehearsed_optimizations(Rehearsal(), JobPlace(tmp_path))
    with pytest.raises(TaskError) as refused:
        call(integrations_of_jobs(None, None, plane)[CREATE], **asked("run_1"))
    assert refused.value.error == "Bedrock.ValidationException"


@pytest.mark.parametrize("task", [CREATE, "aws-sdk:bedrock:createModelInvocationJob"])
def test_where_there_are_no_jobs_they_are_refused(task):
    requests = {
        CREATE: asked(),
        "aws-sdk:bedrock:createModelInvocationJob": {
            "JobName": "j",
            "RoleArn": "arn:aws:iam::123456789012:role/r",
            "ModelId": "m",
            "InputDataConfig": {"S3InputDataConfig": {"S3Uri": "s3://bucket/in.jsonl"}},
            "OutputDataConfig": {"S3OutputDataConfig": {"S3Uri": "s3://bucket/out/"}},
        },
    }
    with pytest.raises(TaskError) as refused:
        call(integrations_of_jobs(None)[task], **requests[task])
    assert refused.value.error == "Bedrock.AccessDeniedException"
