"""Evaluation jobs in a local AWS: who may create them, and what their role has to be allowed."""

import asyncio
import json

import pytest

from evaldrop.bedrock.protocol import ServiceError
from evaldrop.running.local_aws.evaluation_jobs import OF_EVALUATIONS, Evaluations
from evaldrop.running.local_aws.permissions import Permissions
from tests.evaldrop.running.local_aws.test_batch_jobs import (
    MACHINE,
    MODEL,
    MODEL_ARN,
    PASS,
    ROLE,
    allow,
    trust,
)

JOB = f"{OF_EVALUATIONS}abcdefabcdef"
REQUEST = {
    "jobName": "j",
    "roleArn": ROLE,
    "evaluationConfig": {
        "automated": {"evaluatorModelConfig": {"bedrockEvaluatorModels": [{"modelIdentifier": MODEL}]}}
    },
}
CREATE = allow(["bedrock:CreateEvaluationJob", "bedrock:GetEvaluationJob"], f"{OF_EVALUATIONS}*")
JUDGE = allow(["bedrock:InvokeModel", "bedrock:CreateModelInvocationJob"], MODEL_ARN)


class Plane:
    def __init__(self):
        self.asked = []

    async def create_evaluation_job(self, request):
        self.asked.append(request)
        return {"jobArn": JOB}

    async def get_evaluation_job(self, request):
        self.asked.append(request)
        return {"status": "Completed"}

    async def close(self):
        self.asked.append("closed")


def evaluations(*, machine=(CREATE, PASS), role=(JUDGE,), policy=None):
    of = {MACHINE: machine, ROLE: role}
    permissions = Permissions(lambda arn: [json.dumps({"Statement": list(of[arn])})])
    plane = Plane()
    return Evaluations(plane, permissions, lambda _arn: policy or trust(source=f"{OF_EVALUATIONS}*")), plane


def test_a_job_is_created_and_looked_at_with_all_that_it_takes():
    made, plane = evaluations()
    assert asyncio.run(made.create(MACHINE, REQUEST)) == {"jobArn": JOB}
    assert asyncio.run(made.get(MACHINE, {"jobIdentifier": JOB})) == {"status": "Completed"}
    assert plane.asked == [REQUEST, {"jobIdentifier": JOB}]


@pytest.mark.parametrize(
    ("missing", "action"),
    [
        ({"machine": (PASS,)}, "bedrock:CreateEvaluationJob"),
        ({"machine": (CREATE,)}, "iam:PassRole"),
        ({"role": ()}, "bedrock:InvokeModel"),
        ({"role": (allow("bedrock:InvokeModel", MODEL_ARN),)}, "bedrock:CreateModelInvocationJob"),
    ],
)
def test_what_is_not_allowed_is_refused_and_named(missing, action):
    made, plane = evaluations(**missing)
    with pytest.raises(ServiceError, match=action):
        asyncio.run(made.create(MACHINE, REQUEST))
    assert not plane.asked


def test_a_role_that_is_for_other_jobs_is_not_assumed():
    made, plane = evaluations(policy=trust())
    with pytest.raises(ServiceError, match="not able to assume"):
        asyncio.run(made.create(MACHINE, REQUEST))
    assert not plane.asked


def test_a_bedrock_without_jobs_refuses():
    made = Evaluations(None, Permissions(lambda _arn: [json.dumps({"Statement": [CREATE, PASS, JUDGE]})]))
    with pytest.raises(ServiceError):
        asyncio.run(made.get(MACHINE, {"jobIdentifier": JOB}))
