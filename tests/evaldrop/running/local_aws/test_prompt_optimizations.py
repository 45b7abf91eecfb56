"""Prompt optimisation jobs in a local AWS: who may create them, and what there is without."""

import asyncio
import json

import pytest

from evaldrop.bedrock.protocol import ServiceError
from evaldrop.running.local_aws.permissions import Permissions
from evaldrop.running.local_aws.prompt_optimizations import OF_OPTIMIZATIONS, Optimizations
from tests.evaldrop.running.local_aws.test_batch_jobs import MACHINE, MODEL, MODEL_ARN, allow

ID = "abcdefabcdef"
REQUEST = {"jobName": "j", "modelConfigurations": [{"modelId": MODEL}]}
ALL = [f"bedrock:{verb}AdvancedPromptOptimizationJob" for verb in ("Create", "Get", "Stop")]
JOBS = allow(ALL[1:], f"{OF_OPTIMIZATIONS}*")
CREATE = allow(ALL[0], MODEL_ARN)
CALL = allow("bedrock:InvokeModel", MODEL_ARN)


class Plane:
    def __init__(self):
        self.asked = []

    async def create_advanced_prompt_optimization_job(self, request, *, role_arn=None):
        self.asked.append((request, role_arn))
        return {"jobArn": f"{OF_OPTIMIZATIONS}{ID}"}

    async def get_advanced_prompt_optimization_job(self, request):
        self.asked.append(request)
        return {"jobStatus": "Completed"}

    async def stop_advanced_prompt_optimization_job(self, request):
        self.asked.append(request)
        return {}


def optimizations(*statements):
    permissions = Permissions(lambda _arn: [json.dumps({"Statement": list(statements)})])
    plane = Plane()
    return Optimizations(plane, permissions), plane


@pytest.mark.parametrize("job", [ID, f"{OF_OPTIMIZATIONS}{ID}"])
def test_a_job_does_what_the_role_may_that_creates_it(job):
    made, plane = optimizations(JOBS, CREATE, CALL)
    asyncio.run(made.create(MACHINE, REQUEST))
    assert asyncio.run(made.get(MACHINE, {"jobIdentifier": job})) == {"jobStatus": "Completed"}
    assert asyncio.run(made.stop(MACHINE, {"jobIdentifier": job})) == {}
    assert plane.asked == [(REQUEST, MACHINE), {"jobIdentifier": job}, {"jobIdentifier": job}]


@pytest.mark.parametrize(
    ("statements", "action"),
    [((JOBS, CALL), "CreateAdvancedPromptOptimizationJob"), ((JOBS, CREATE), "InvokeModel")],
)
def test_a_role_that_may_not_is_refused(statements, action):
    made, plane = optimizations(*statements)
    with pytest.raises(ServiceError, match=f"bedrock:{action}"):
        asyncio.run(made.create(MACHINE, REQUEST))
    assert plane.asked == []


def test_where_there_are_no_jobs_they_are_refused():
    made = Optimizations(None, Permissions(lambda _arn: [json.dumps({"Statement": [JOBS, CALL]})]))
    with pytest.raises(ServiceError, match="AccessDenied"):
        asyncio.run(made.create(MACHINE, REQUEST))
