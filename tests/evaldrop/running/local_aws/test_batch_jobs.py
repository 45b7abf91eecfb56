"""Batch jobs in a local AWS: who may create them, and what the role that they are given has to be allowed."""

import asyncio
import io
import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from evaldrop.bedrock.protocol import ServiceError
from evaldrop.running.local_aws.batch_jobs import OF_JOBS, RoleJobs, RoleObjects
from evaldrop.running.local_aws.permissions import Permissions, trusts

MACHINE, ROLE = "arn:aws:iam::123456789012:role/machine", "arn:aws:iam::123456789012:role/jobs"
MODEL = "amazon.nova-lite-v1:0"
MODEL_ARN = f"arn:aws:bedrock:us-east-1::foundation-model/{MODEL}"
JOB = f"{OF_JOBS}abcdefabcdef"
REQUEST = {"jobName": "j", "roleArn": ROLE, "modelId": MODEL}


def allow(actions, *resources, **conditions):
    statement = {"Effect": "Allow", "Action": actions, "Resource": list(resources)}
    return statement | ({"Condition": {"StringEquals": conditions}} if conditions else {})


CREATE = allow("bedrock:CreateModelInvocationJob", MODEL_ARN, f"{OF_JOBS}*")
PASS = allow("iam:PassRole", ROLE, **{"iam:PassedToService": "bedrock.amazonaws.com"})
CALL = allow("bedrock:InvokeModel", MODEL_ARN)


def trust(service="bedrock.amazonaws.com", account="123456789012", source=f"{OF_JOBS}*"):
    condition = {"StringEquals": {"aws:SourceAccount": account}, "ArnEquals": {"aws:SourceArn": source}}
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Condition": condition}
    return json.dumps({"Statement": [{**statement, "Action": "sts:AssumeRole"}]})


class Plane:
    """Notes what it was asked."""

    def __init__(self):
        self.asked = []

    async def create_model_invocation_job(self, request):
        self.asked.append(request)
        return {"jobArn": JOB}

    async def get_model_invocation_job(self, request):
        self.asked.append(request)
        return {"status": "Completed"}

    stop_model_invocation_job = get_model_invocation_job

    async def close(self):
        self.asked.append("closed")


def jobs(*, machine=(CREATE, PASS), role=(CALL,), policy=None):
    of = {MACHINE: machine, ROLE: role}
    permissions = Permissions(lambda arn: [json.dumps({"Statement": list(of[arn])})])
    plane = Plane()
    return RoleJobs(plane, permissions, lambda _arn: policy or trust()), plane


def test_a_job_is_created_with_all_that_it_takes():
    made, plane = jobs()
    assert asyncio.run(made.create(MACHINE, REQUEST)) == {"jobArn": JOB}
    assert plane.asked == [REQUEST]


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        (
            {"machine": (PASS,)},
            "bedrock:CreateModelInvocationJob on resource: arn:aws:bedrock:us-",
        ),
        ({"machine": (CREATE,)}, "iam:PassRole on resource: arn:aws:iam::123456789012:role/jobs"),
        ({"machine": (CREATE, allow("iam:PassRole", f"{ROLE}-other"))}, "iam:PassRole"),
        ({"role": ()}, "bedrock:InvokeModel"),
    ],
)
def test_a_job_that_lacks_a_permission_is_not_created(lacking, words):
    made, plane = jobs(**lacking)
    with pytest.raises(ServiceError, match=words) as refused:
        asyncio.run(made.create(MACHINE, REQUEST))
    assert refused.value.code == "AccessDeniedException"
    assert not plane.asked


@pytest.mark.parametrize(
    "policy",
    [trust(service="lambda.amazonaws.com"), trust(account="999999999999"), trust(source=f"{OF_JOBS}other")],
)
def test_a_role_that_does_not_let_bedrock_take_it_is_refused(policy):
    made, plane = jobs(policy=policy)
    with pytest.raises(ServiceError, match="not able to assume") as refused:
        asyncio.run(made.create(MACHINE, REQUEST))
    assert refused.value.code == "ValidationException"
    assert not plane.asked


def test_a_deny_or_another_s_principal_lets_nobody_in():
    assert not trusts(trust().replace("Allow", "Deny"), "bedrock.amazonaws.com", {})
    assert not trusts(
        json.dumps({"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}}}),
        "bedrock.amazonaws.com",
        {},
    )


@pytest.mark.parametrize("call", ["get", "stop"])
def test_jobs_are_looked_at_and_stopped_by_who_may(call):
    action = f"bedrock:{call.capitalize()}ModelInvocationJob"
    made, _ = jobs(machine=(allow(action, f"{OF_JOBS}*"),))
    assert asyncio.run(getattr(made, call)(MACHINE, {"jobIdentifier": JOB})) == {"status": "Completed"}
    made, plane = jobs()
    with pytest.raises(ServiceError, match=action):
        asyncio.run(getattr(made, call)(MACHINE, {"jobIdentifier": JOB}))
    assert not plane.asked


def test_where_bedrock_has_no_jobs_none_is_created():
    permissions = Permissions(lambda _arn: [json.dumps({"Statement": [CREATE, PASS, CALL]})])
    with pytest.raises(ServiceError, match="a rehearsal alone"):
        asyncio.run(RoleJobs(None, permissions, lambda _arn: trust()).create(MACHINE, REQUEST))


def refuse(**_request):
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Operation")


def test_rows_are_listed_read_and_written_as_objects():
    written = {}
    pages = [{"Contents": [{"Key": "runs/r/a.jsonl"}]}, {}]
    s3 = SimpleNamespace(
        get_paginator=lambda _name: SimpleNamespace(paginate=lambda **_asked: pages),
        download_fileobj=lambda bucket, key, stream: stream.write(f"{bucket} {key}".encode()),
        put_object=lambda Bucket, Key, Body: written.update({(Bucket, Key): Body.read()}),  # noqa: N803
    )
    objects = RoleObjects(lambda _service: s3)
    assert list(objects.list_files("s3://b/runs/r/")) == ["s3://b/runs/r/a.jsonl"]
    with objects.open_read("s3://b/runs/r/a.jsonl") as stream:
        assert stream.read() == b"b runs/r/a.jsonl"
    objects.put("s3://b/runs/r/out", io.BytesIO(b"{}"))
    assert written == {("b", "runs/r/out"): b"{}"}


def test_what_the_role_may_not_have_is_a_refusal_of_the_service():
    s3 = SimpleNamespace(download_fileobj=lambda *_asked: refuse(), put_object=refuse)
    objects = RoleObjects(lambda _service: s3)
    for call in (lambda: objects.open_read("s3://b/k"), lambda: objects.put("s3://b/k", io.BytesIO())):
        with pytest.raises(ServiceError) as refused:
            call()
        assert refused.value.code == "AccessDenied"
