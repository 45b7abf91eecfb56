"""What requests need to be allowed, and how they are refused."""

import io
import json

import pytest

from evaldrop.running.local_aws.access import Need, forbidden, needs_of
from evaldrop.running.local_aws.clients import access_key_of, role_behind
from evaldrop.running.local_aws.permissions import Permissions
from evaldrop.running.local_aws.requests import Signer

ROLE = "arn:aws:iam::123456789012:role/step"


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


S3 = "arn:aws:s3:::b"


@pytest.mark.parametrize(
    ("asked", "service", "need"),
    [
        (request(), "s3", Need("s3:GetObject", f"{S3}/k")),
        (request("HEAD"), "s3", Need("s3:GetObject", f"{S3}/k")),
        (request(query="versionId=1"), "s3", Need("s3:GetObjectVersion", f"{S3}/k")),
        (request(path="/b", query="list-type=2"), "s3", Need("s3:ListBucket", S3)),
        (request("PUT"), "s3", Need("s3:PutObject", f"{S3}/k")),
        (request("POST", query="uploadId=1"), "s3", Need("s3:PutObject", f"{S3}/k")),
        (request("DELETE"), "s3", Need("s3:DeleteObject", f"{S3}/k")),
        (request("DELETE", query="uploadId=1"), "s3", Need("s3:AbortMultipartUpload", f"{S3}/k")),
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
    ],
)
def test_a_request_needs_its_action_on_its_resource(asked, service, need):
    assert list(needs_of(asked, service)) == [need]


def permissions(action):
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return Permissions(lambda _role: [json.dumps({"Statement": [statement]})])


def test_a_roles_request_is_held_to_its_role():
    signer = Signer(access_key_of(ROLE), "s3")
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
    assert role_behind("AKIA") is None
    assert role_behind(access_key_of(ROLE)) == ROLE
