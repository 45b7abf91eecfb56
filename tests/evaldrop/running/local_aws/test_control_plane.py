"""Bedrock's REST API for batch, evaluation and prompt optimisation jobs, asked as boto3 asks it."""

import asyncio
import io
import json

import pytest

from evaldrop.bedrock.simulated.evaluation_jobs import rehearsed_evaluations
from evaldrop.bedrock.simulated.job_files import JobPlace
from evaldrop.bedrock.simulated.jobs import rehearsed_jobs
from evaldrop.bedrock.simulated.prompt_optimizations import rehearsed_optimizations
from evaldrop.bedrock.specification import parse_rehearsal
from evaldrop.running.local_aws.batch_jobs import OF_JOBS, RoleJobs
from evaldrop.running.local_aws.clients import ACCOUNT, REGION
from evaldrop.running.local_aws.control_plane import ControlPlane
from evaldrop.running.local_aws.evaluation_jobs import OF_EVALUATIONS, Evaluations
from evaldrop.running.local_aws.permissions import Permissions
from evaldrop.running.local_aws.prompt_optimizations import OF_OPTIMIZATIONS, Optimizations

ROLE = f"arn:aws:iam::{ACCOUNT}:role/jobs"
PERSON = None


@pytest.fixture
def plane(tmp_path):
    place = JobPlace(tmp_path, region=REGION, account=ACCOUNT)
    actions = ["bedrock:InvokeModel", "bedrock:CreateModelInvocationJob"]
    call = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    trust = {"Effect": "Allow", "Principal": {"Service": "bedrock.amazonaws.com"}}
    rules = Permissions(lambda _arn: [json.dumps({"Statement": call})])
    policy = json.dumps({"Statement": trust})
    jobs = RoleJobs(rehearsed_jobs(parse_rehearsal(""), place), rules, lambda _arn: policy)
    judging = rehearsed_evaluations(parse_rehearsal(""), place)
    evaluations = Evaluations(judging, rules, lambda _arn: policy)
    optimizations = Optimizations(rehearsed_optimizations(parse_rehearsal(""), place), rules)
    return ControlPlane(jobs, evaluations, optimizations, asyncio.run)


def ask(plane, method, path, body=None, *, query="", role=PERSON):
    content = b"" if body is None else json.dumps(body).encode()
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": io.BytesIO(content),
    }
    answer = plane.answer(environ, role)
    return answer and (answer.status, json.loads(answer.body), dict(answer.headers))


def create(plane, name="run-1", **more):
    uris = {"s3Uri": "s3://b/runs/r/rows.jsonl"}
    request = {
        "jobName": name,
        "roleArn": ROLE,
        "modelId": "amazon.nova-lite-v1:0",
        "inputDataConfig": {"s3InputDataConfig": uris},
        "outputDataConfig": {"s3OutputDataConfig": uris},
        **more,
    }
    return ask(plane, "POST", "/model-invocation-job", request)


@pytest.mark.parametrize("slash", ["%2F", "/"])
def test_a_person_creates_looks_at_stops_and_lists_jobs(plane, slash):
    status, created, _ = create(plane)
    assert status == 200
    assert created["jobArn"].startswith(OF_JOBS)
    job = f"/model-invocation-job/{created['jobArn'].replace('/', slash)}"
    create(plane, "other")
    listed = ask(plane, "GET", "/model-invocation-jobs", query="nameContains=run-1&maxResults=5")[1]
    assert [each["jobName"] for each in listed["invocationJobSummaries"]] == ["run-1"]
    assert ask(plane, "POST", f"{job}/stop") == (200, {}, {})
    status, told, _ = ask(plane, "GET", job)
    assert (status, told["status"]) == (200, "Stopped")
    assert told["endTime"].endswith("Z")


def judged(name):
    return {
        "jobName": name,
        "roleArn": ROLE,
        "evaluationConfig": {
            "automated": {
                "datasetMetricConfigs": [
                    {
                        "taskType": "General",
                        "dataset": {"name": "d", "datasetLocation": {"s3Uri": "s3://b/runs/r/d.jsonl"}},
                        "metricNames": ["Builtin.Helpfulness"],
                    }
                ],
                "evaluatorModelConfig": {
                    "bedrockEvaluatorModels": [{"modelIdentifier": "amazon.nova-pro-v1:0"}]
                },
            }
        },
        "inferenceConfig": {
            "models": [{"precomputedInferenceSource": {"inferenceSourceIdentifier": "lite"}}]
        },
        "outputDataConfig": {"s3Uri": "s3://b/runs/r/out/"},
    }


@pytest.mark.parametrize("slash", ["%2F", "/"])
def test_a_person_creates_looks_at_stops_and_lists_evaluation_jobs(plane, slash):
    status, created, _ = ask(plane, "POST", "/evaluation-jobs", judged("run-1"))
    assert status == 202
    assert created["jobArn"].startswith(OF_EVALUATIONS)
    ask(plane, "POST", "/evaluation-jobs", judged("other"))
    listed = ask(plane, "GET", "/evaluation-jobs", query="nameContains=run-1&statusEquals=InProgress")[1]
    assert [each["jobName"] for each in listed["jobSummaries"]] == ["run-1"]
    job = created["jobArn"].replace("/", slash)
    assert ask(plane, "POST", f"/evaluation-job/{job}/stop") == (200, {}, {})
    status, told, _ = ask(plane, "GET", f"/evaluation-jobs/{job}")
    assert (status, told["status"]) == (200, "Stopped")
    assert told["creationTime"].endswith("Z")


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/evaluation-jobs/abcdefabcdef", 404, "ResourceNotFoundException"),
        ("POST", "/evaluation-job/abcdefabcdef/stop", 404, "ResourceNotFoundException"),
        ("GET", "/model-invocation-job/abcdefabcdef", 404, "ResourceNotFoundException"),
        ("GET", "/model-invocation-job/no.job", 400, "ValidationException"),
    ],
)
def test_a_refusal_is_told_as_bedrock_tells_it(plane, method, path, status, kind):
    answered, told, headers = ask(plane, method, path)
    assert (answered, headers["x-amzn-ErrorType"]) == (status, kind)
    assert told["message"]


@pytest.mark.parametrize(
    ("path", "action"),
    [
        ("/model-invocation-jobs", "bedrock:ListModelInvocationJobs"),
        ("/evaluation-jobs", "bedrock:ListEvaluationJobs"),
    ],
)
def test_a_role_needs_leave_to_list(plane, path, action):
    status, told, headers = ask(plane, "GET", path, role=ROLE)
    assert (status, headers["x-amzn-ErrorType"]) == (403, "AccessDeniedException")
    assert action in told["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/model-invocation-job"), ("DELETE", "/evaluation-jobs"), ("GET", "/guardrails")],
)
def test_what_is_about_no_job_is_another_s_to_answer(plane, method, path):
    assert ask(plane, method, path) is None


OPTIMIZATION = {
    "jobName": "run-1",
    "inputConfig": {"s3Uri": "s3://b/runs/r/input.jsonl"},
    "outputConfig": {"s3Uri": "s3://b/runs/r/out/"},
    "modelConfigurations": [{"modelId": "amazon.nova-lite-v1:0"}],
}


@pytest.mark.parametrize("slash", ["%2F", "/"])
def test_a_person_creates_looks_at_lists_and_stops_prompt_optimisation_jobs(plane, slash):
    status, created, _ = ask(plane, "POST", "/advanced-prompt-optimization-jobs", OPTIMIZATION)
    assert status == 200
    assert created["jobArn"].startswith(OF_OPTIMIZATIONS)
    job = f"/advanced-prompt-optimization-jobs/{created['jobArn'].replace('/', slash)}"
    status, told, _ = ask(plane, "GET", job)
    assert (status, told["jobStatus"]) == (200, "InProgress")
    assert told["modelConfigurations"] == OPTIMIZATION["modelConfigurations"]
    assert ask(plane, "POST", f"{job}/stop") == (200, {}, {})
    assert ask(plane, "GET", job)[1]["jobStatus"] == "Stopped"
    [listed] = ask(plane, "GET", "/advanced-prompt-optimization-jobs")[1]["jobSummaries"]
    assert (listed["jobArn"], listed["jobStatus"]) == (created["jobArn"], "Stopped")
    assert ask(plane, "DELETE", job) is None


def test_a_role_needs_leave_to_have_a_prompt_optimised(plane):
    status, told, _ = ask(plane, "POST", "/advanced-prompt-optimization-jobs", OPTIMIZATION, role=ROLE)
    assert status == 403
    assert "bedrock:CreateAdvancedPromptOptimizationJob" in told["message"]
