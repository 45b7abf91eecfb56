"""
Least privilege, rehearsed: whether a function's or the state machine's request is one its role allows.

A person's requests are not looked at, and of a role's only those to the services that the stack's code uses;
any other of a role is let through.
"""

import json
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from evaldrop.running.local_aws.clients import ACCOUNT, REGION, role_behind
from evaldrop.running.local_aws.models import denial
from evaldrop.running.local_aws.permissions import Permissions
from evaldrop.running.local_aws.requests import Environ, Signer, body_of, object_of


class Refusal(NamedTuple):
    """AWS's answer to a request that a role may not make."""

    status: int
    body: bytes
    content_type: str


class Need(NamedTuple):
    """An action and the resource it is to be done on."""

    action: str
    resource: str


def forbidden(environ: Environ, signer: Signer, permissions: Permissions) -> Refusal | None:
    """Return how a request is refused, None when it may be made."""
    role = role_behind(signer.access_key)
    if role is None:
        return None
    for need in needs_of(environ, signer.service):
        if not permissions.allow(role, need.action, [need.resource]):
            return _refusal(signer.service, denial(role, need.action, need.resource))
    return None


def unseen(environ: Environ, signer: Signer, permissions: Permissions) -> Refusal | None:
    """
    Return how S3 answers for an object that is not there, None when it says so.

    To somebody who may not list the bucket it does not tell that from one that may not be read.
    """
    role, (bucket, key) = role_behind(signer.access_key), object_of(environ)
    if role is None or not key or permissions.allow(role, "s3:ListBucket", [f"arn:aws:s3:::{bucket}"]):
        return None
    return _refusal("s3", denial(role, "s3:ListBucket", f"arn:aws:s3:::{bucket}"))


def needs_of(environ: Environ, service: str) -> Iterator[Need]:
    """Yield what a request needs to be allowed."""
    if service == "s3":
        yield _of_s3(environ)
    elif service == "states" and environ.get("HTTP_X_AMZ_TARGET") == "AWSStepFunctions.StartExecution":
        yield Need("states:StartExecution", json.loads(body_of(environ))["stateMachineArn"])
    elif service == "sqs" and environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.SendMessage":
        name = json.loads(body_of(environ))["QueueUrl"].rpartition("/")[2]
        yield Need("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
    elif service == "sns":
        form = parse_qs(body_of(environ).decode())
        if form.get("Action") == ["Publish"]:
            yield Need("sns:Publish", form["TopicArn"][0])


def _of_s3(environ: Environ) -> Need:
    bucket, key = object_of(environ)
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    method, arn = environ["REQUEST_METHOD"], f"arn:aws:s3:::{bucket}"
    if not key:
        return Need("s3:ListBucket", arn)
    if method in {"GET", "HEAD"}:
        return Need("s3:GetObjectVersion" if "versionId" in query else "s3:GetObject", f"{arn}/{key}")
    if method == "DELETE":
        action = "s3:AbortMultipartUpload" if "uploadId" in query else "s3:DeleteObject"
        return Need(action, f"{arn}/{key}")
    return Need("s3:PutObject", f"{arn}/{key}")


def _refusal(service: str, message: str) -> Refusal:
    if service == "s3":
        body = f"<Error><Code>AccessDenied</Code><Message>{escape(message)}</Message></Error>"
        return Refusal(403, body.encode(), "application/xml")
    if service == "sns":
        told = f"<Type>Sender</Type><Code>AuthorizationError</Code><Message>{escape(message)}</Message>"
        return Refusal(403, f"<ErrorResponse><Error>{told}</Error></ErrorResponse>".encode(), "text/xml")
    document = json.dumps({"__type": "AccessDeniedException", "message": message})
    return Refusal(400, document.encode(), "application/x-amz-json-1.0")
