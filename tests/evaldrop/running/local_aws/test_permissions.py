"""A role's policies, as they are read."""

import io
import json

import pytest

from evaldrop.running.local_aws.permissions import Need, Permissions, decide, forbidden, needs_of
from evaldrop.running.local_aws.requests import Signer


def of_s3(action, resource, **context):
    return Need(f"s3:{action}", resource, {"aws:ResourceAccount": "123456789012", **context})


ROLE = "arn:aws:iam::123456789012:role/step"
HAIKU = "arn:aws:bedrock:*::foundation-model/anthropic.haiku"


def statement(effect="Allow", action="bedrock:InvokeModel", resource=HAIKU, **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def allowed(*statements, action="bedrock:InvokeModel", resource=HAIKU, **context):
    return decide(statements, action, resource, context)


def test_what_no_statement_allows_is_forbidden():
    assert not allowed()
    assert not allowed(statement(action="s3:GetObject"))
    assert not allowed(statement(resource="arn:aws:bedrock:*::foundation-model/other"))


def test_stars_and_question_marks_stand_for_what_they_stand_for_in_iam():
    assert allowed(statement(action="bedrock:*", resource="arn:aws:bedrock:*::foundation-model/*"))
    assert allowed(statement(action="BEDROCK:invokemodel"))
    assert allowed(statement(resource="arn:aws:s3:::b/runs/*"), resource="arn:aws:s3:::b/runs/a/b c+ä")
    assert allowed(statement(resource="arn:?"), resource="arn:x")
    assert not allowed(statement(resource="arn:aws:s3:::b/runs/*"), resource="arn:aws:s3:::b/other/a")


def test_a_denial_wins():
    assert not allowed(statement(), statement("Deny", resource="*"))


PROFILE = "arn:aws:bedrock:eu-west-1:1:application-inference-profile/x"


@pytest.mark.parametrize(
    ("operator", "wanted", "holds"),
    [
        ("ArnEquals", [PROFILE], True),
        ("StringEquals", PROFILE, True),
        ("ArnLike", "arn:aws:bedrock:*:1:application-inference-profile/*", True),
        ("ArnEquals", ["arn:aws:bedrock:eu-west-1:1:application-inference-profile/y"], False),
    ],
)
def test_a_condition_is_held_against_what_the_request_brings(operator, wanted, holds):
    condition = {operator: {"bedrock:InferenceProfileArn": wanted}}
    assert allowed(statement(Condition=condition), **{"bedrock:InferenceProfileArn": PROFILE}) is holds
    assert not allowed(statement(Condition=condition))


def test_a_condition_for_all_values_holds_for_those_that_are_brought_and_for_none():
    budgets = statement(
        action="dynamodb:UpdateItem",
        resource="*",
        Condition={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["BUDGET#*"]}},
    )
    asked = {"action": "dynamodb:UpdateItem", "resource": "arn:aws:dynamodb:us-east-1:1:table/history"}
    assert allowed(budgets, **asked, **{"dynamodb:LeadingKeys": "BUDGET#r1"})
    assert not allowed(budgets, **asked, **{"dynamodb:LeadingKeys": "RUN#r1"})
    assert allowed(budgets, **asked)


@pytest.mark.parametrize(
    "wrong",
    [
        {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"},
        statement(Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
    ],
)
def test_what_cannot_be_read_is_told_and_not_guessed(wrong):
    with pytest.raises(NotImplementedError, match="evaldrop local reads"):
        allowed(wrong)


def test_all_documents_of_a_role_count():
    documents = [json.dumps({"Statement": statement(resource=name)}) for name in ("a", "b")]
    permissions = Permissions(lambda role: documents if role == ROLE else [])
    assert permissions.denial(ROLE, "bedrock:InvokeModel", "a") is None
    assert permissions.denial(ROLE, "bedrock:InvokeModel", "b") is None
    assert permissions.denial(ROLE, "bedrock:InvokeModel", "c")
    assert permissions.denial("arn:aws:iam::1:role/other", "bedrock:InvokeModel", "a")


def request(method="GET", path="/b/k", query="", body=b"", **more):
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_HOST": "localhost",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **more,
    }


def called(target, **body):
    """A request of one of the services that take JSON."""
    return request("POST", "/", body=json.dumps(body).encode(), HTTP_X_AMZ_TARGET=target)


S3 = "arn:aws:s3:::b"
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table/t"


@pytest.mark.parametrize(
    ("asked", "service", "need"),
    [
        (request(), "s3", of_s3("GetObject", f"{S3}/k")),
        (request("HEAD"), "s3", of_s3("GetObject", f"{S3}/k")),
        (request(query="versionId=1"), "s3", of_s3("GetObjectVersion", f"{S3}/k")),
        (request(path="/b", query="list-type=2"), "s3", of_s3("ListBucket", S3)),
        (request("PUT"), "s3", of_s3("PutObject", f"{S3}/k")),
        (request("POST", query="uploadId=1"), "s3", of_s3("PutObject", f"{S3}/k")),
        (request("DELETE"), "s3", of_s3("DeleteObject", f"{S3}/k")),
        (request("DELETE", query="uploadId=1"), "s3", of_s3("AbortMultipartUpload", f"{S3}/k")),
        (
            request("POST", "/", body=b"Action=Publish&TopicArn=arn%3Aaws%3Asns%3Ax&Message=hi"),
            "sns",
            Need("sns:Publish", "arn:aws:sns:x"),
        ),
        (
            request(
                "POST",
                "/",
                body=json.dumps({"QueueUrl": "http://localhost:5000/123456789012/q"}).encode(),
                HTTP_X_AMZ_TARGET="AmazonSQS.SendMessage",
            ),
            "sqs",
            Need("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:q"),
        ),
        (
            request(
                "POST",
                "/",
                body=b'{"stateMachineArn": "arn:m"}',
                HTTP_X_AMZ_TARGET="AWSStepFunctions.StartExecution",
            ),
            "states",
            Need("states:StartExecution", "arn:m"),
        ),
        (
            called("AWSEvents.PutEvents", Entries=[{"Source": "evaldrop", "EventBusName": "default"}]),
            "events",
            Need(
                "events:PutEvents",
                "arn:aws:events:us-east-1:123456789012:event-bus/default",
                {"events:source": "evaldrop"},
            ),
        ),
        (called("DynamoDB_20120810.GetItem", TableName="t"), "dynamodb", Need("dynamodb:GetItem", TABLE)),
        (
            called("DynamoDB_20120810.Query", TableName="t", IndexName="by_user"),
            "dynamodb",
            Need("dynamodb:Query", f"{TABLE}/index/by_user"),
        ),
        (
            called("DynamoDB_20120810.TransactWriteItems", TransactItems=[{"Update": {"TableName": "t"}}]),
            "dynamodb",
            Need("dynamodb:UpdateItem", TABLE),
        ),
    ],
)
def test_a_request_needs_its_action_on_its_resource(asked, service, need):
    assert list(needs_of(asked, service)) == [need]


def permissions(action):
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return Permissions(lambda _role: [json.dumps({"Statement": [statement]})])


def test_a_roles_request_is_held_to_its_role():
    signer = Signer("AKIA", "s3", ROLE)
    assert forbidden(request(), signer, permissions("s3:GetObject")) is None
    refusal = forbidden(request(), signer, permissions("s3:PutObject"))
    assert refusal is not None
    assert refusal.status == 403
    assert b"<Code>AccessDenied</Code>" in refusal.body
    assert (
        b"assumed-role/step/local is not authorized to perform: s3:GetObject on resource: arn" in refusal.body
    )


def test_a_persons_request_is_not_looked_at():
    assert forbidden(request(), Signer("AKIA", "s3"), permissions("none:none")) is None


def test_who_may_send_as_one_source_may_not_as_another():
    """The role's condition is on the source that the request brings."""
    statement = {
        "Effect": "Allow",
        "Action": "events:PutEvents",
        "Resource": "*",
        "Condition": {"StringEquals": {"events:source": "evaldrop"}},
    }
    held = Permissions(lambda _role: [json.dumps({"Statement": [statement]})])
    signer = Signer("AKIA", "events", ROLE)
    for source, is_allowed in (("evaldrop", True), ("aws.s3", False)):
        refusal = forbidden(called("AWSEvents.PutEvents", Entries=[{"Source": source}]), signer, held)
        assert (refusal is None) is is_allowed
