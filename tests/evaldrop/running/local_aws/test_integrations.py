"""What a state machine's Tasks call in a local AWS, and the errors they get."""

import asyncio
import io
import json
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from evaldrop.engine import Clock, TaskContext, TaskError
from evaldrop.running.local_aws.batch_jobs import RoleJobs
from evaldrop.running.local_aws.evaluation_jobs import Evaluations
from evaldrop.running.local_aws.integrations import integrations_of
from evaldrop.running.local_aws.models import Models
from evaldrop.running.local_aws.permissions import Permissions
from evaldrop.running.local_aws.prompt_optimizations import Optimizations
from evaldrop.running.local_aws.sandboxes import InvocationResult

ROLE = "arn:aws:iam::123456789012:role/machine"
STEP = "arn:aws:lambda:us-east-1:123456789012:function:Step"
CONTEXT = TaskContext(resource="r", state="S", execution="e", attempt=0, clock=Clock())


def refuse(code):
    def call(**_request):
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Operation")

    return call


def integrations(*, actions="*", answer=None, **services):
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    permissions = Permissions(lambda _role: [json.dumps({"Statement": statement})])
    client = SimpleNamespace(**services)
    return integrations_of(
        ROLE,
        functions=SimpleNamespace(invoke=lambda _name, event: answer or done({"got": event})),
        names=["Step"],
        models=Models(SimpleNamespace(), permissions),
        jobs=RoleJobs(None, permissions),
        evaluations=Evaluations(None, permissions),
        optimizations=Optimizations(None, permissions),
        permissions=permissions,
        clients=lambda _service: client,
    )


def done(payload, *, failed=False):
    return InvocationResult(payload=payload, failed=failed, request_id="r")


def call(integration, **arguments):
    return asyncio.run(integration(arguments, CONTEXT))


def test_a_function_is_called_by_its_arn():
    result = call(integrations()["lambda:invoke"], FunctionName=STEP, Payload={"a": 1})
    assert result["Payload"] == {"got": {"a": 1}}


def test_a_functions_error_is_the_tasks_with_lambdas_document_for_a_cause():
    document = {"errorType": "DatasetError", "errorMessage": "line 7", "stackTrace": []}
    with pytest.raises(TaskError) as raised:
        call(integrations(answer=done(document, failed=True))["lambda:invoke"], FunctionName=STEP)
    assert raised.value.error == "DatasetError"
    assert json.loads(raised.value.cause) == document


def test_a_function_that_the_role_may_not_call_is_not_called():
    with pytest.raises(TaskError) as raised:
        call(integrations(actions="s3:*")["lambda:invoke"], FunctionName=STEP)
    assert raised.value.error == "Lambda.AWSLambdaException"
    assert f"not authorized to perform: lambda:InvokeFunction on resource: {STEP}" in raised.value.cause


def test_a_message_goes_to_the_topic_and_its_refusal_has_the_services_name():
    sent = []

    def publish(**message):
        sent.append(message)
        return {"MessageId": "m"}

    assert call(integrations(publish=publish)["sns:publish"], TopicArn="t", Message="hi") == {
        "MessageId": "m"
    }
    assert sent == [{"TopicArn": "t", "Message": "hi"}]
    with pytest.raises(TaskError) as raised:
        call(integrations(publish=refuse("AuthorizationError"))["sns:publish"], TopicArn="t", Message="hi")
    assert raised.value.error == "SNS.AuthorizationException"


def test_an_object_is_read():
    got = integrations(get_object=lambda **_place: {"Body": io.BytesIO(b'{"a": 1}')})
    assert call(got["aws-sdk:s3:getObject"], Bucket="b", Key="k")["Body"] == {"a": 1}
