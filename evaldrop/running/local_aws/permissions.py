"""
Least privilege, rehearsed: whether a function's or the state machine's request is one its role allows.

A role's own policies decide, as they are in the local IAM: resource policies, boundaries and session policies
are not read. A person's requests are not checked, and of a role's only those to the services that the stack's
code uses.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from moto.iam.models import iam_backends

from evaldrop.running.local_aws.clients import ACCOUNT, REGION
from evaldrop.running.local_aws.requests import Environ, Signer, body_of, object_of
from evaldrop.running.local_aws.responses import DENIED, ErrorAnswer, refusal_of
from evaldrop.store.table import PK

PoliciesOf = Callable[[str], Iterable[str]]
"""Takes a role's ARN, returns its policy documents."""


def policies_in_iam(role_arn: str) -> Iterator[str]:
    """Yield a role's policy documents as the local IAM has them."""
    # From moto itself and not over HTTP: every call of a model needs them.
    role = iam_backends[ACCOUNT]["aws"].get_role(role_arn.rpartition("/")[2])
    yield from role.policies.values()
    for policy in role.managed_policies.values():
        yield from (version.document for version in policy.versions if version.is_default)


def trust_in_iam(role_arn: str) -> str | None:
    """Return the policy that says who may take a role, None where there is no such role."""
    roles = iam_backends[ACCOUNT]["aws"].roles.values()
    return next((role.assume_role_policy_document for role in roles if role.arn == role_arn), None)


class Permissions:
    """Answers whether a role may do something, by the policies that it has."""

    def __init__(self, policies_of: PoliciesOf = policies_in_iam) -> None:
        self._policies_of = policies_of

    def denial(
        self, role_arn: str, action: str, resource: str, context: Mapping[str, str] | None = None
    ) -> str | None:
        """
        Return how AWS words that a role may not do something, None when it may.

        `context` are the condition keys that the request brings.
        """
        documents = self._policies_of(role_arn)
        statements = [each for document in documents for each in statements_of(document)]
        if decide(statements, action, resource, context or {}):
            return None
        role = role_arn.rpartition("/")[2]
        return (
            f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{role}/local is not authorized to perform: {action} "
            f"on resource: {resource} because no identity-based policy allows the {action} action"
        )


@lru_cache(maxsize=256)
def statements_of(document: str) -> tuple[dict[str, Any], ...]:
    """Return the statements of a policy document, which may hold one without a list."""
    statements = json.loads(document)["Statement"]
    return tuple(statements) if isinstance(statements, list) else (statements,)


def decide(
    statements: Iterable[Mapping[str, Any]], action: str, resource: str, context: Mapping[str, str]
) -> bool:
    """Tell what policies say: allowed by one statement at least, and denied by none."""
    effects = {each["Effect"] for each in statements if _concerns(each, action, resource, context)}
    # Neither nothing at all, nor a Deny beside an Allow.
    return effects == {"Allow"}


def trusts(policy: str, service: str, context: Mapping[str, str]) -> bool:
    """Tell whether a role's trust policy lets a service take it, with what the service tells."""
    return any(
        statement["Effect"] == "Allow"
        and service in _listed(statement["Principal"].get("Service", []))
        and _conditions_hold(statement, context)
        for statement in statements_of(policy)
    )


def _concerns(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str]) -> bool:
    # Refused and not skipped: a statement that is not understood may be the one that denies.
    if "NotAction" in statement or "NotResource" in statement:
        raise NotImplementedError(
            "a policy with NotAction or NotResource; evaldrop local reads Action and Resource"
        )
    return (
        # IAM knows no case in actions; in resources it does.
        any(_like(pattern.lower(), action.lower()) for pattern in _listed(statement["Action"]))
        and any(_like(pattern, resource) for pattern in _listed(statement["Resource"]))
        and _conditions_hold(statement, context)
    )


def _conditions_hold(statement: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    return all(
        _holds(operator, key, _listed(wanted), context)
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, key: str, wanted: list[str], context: Mapping[str, str]) -> bool:
    # A key that the request does not bring makes a condition false, as in IAM.
    value = context.get(key)
    # Of all values of a key that the request brings: of none it is true. A context has one value of a key.
    operator, is_for_all = operator.removeprefix("ForAllValues:"), operator.startswith("ForAllValues:")
    if operator not in {"StringEquals", "ArnEquals", "StringLike", "ArnLike"}:
        raise NotImplementedError(
            f"a policy's condition {operator}; evaldrop local reads StringEquals, "
            "ArnEquals, StringLike and ArnLike"
        )
    if value is None:
        return is_for_all
    if operator == "StringEquals":
        return value in wanted
    return any(_like(pattern, value) for pattern in wanted)


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str]:
    escaped = "".join({"*": ".*", "?": "."}.get(char) or re.escape(char) for char in text)
    return re.compile(escaped, re.DOTALL)


def _like(pattern: str, value: str) -> bool:
    return _pattern(pattern).fullmatch(value) is not None


class Need(NamedTuple):
    """An action, the resource it is to be done on, and the condition keys that the request brings."""

    action: str
    resource: str
    context: Mapping[str, str] = MappingProxyType({})


def forbidden(environ: Environ, signer: Signer, permissions: Permissions) -> ErrorAnswer | None:
    """Return how a request is refused, None when it may be made."""
    if signer.role is None:
        return None
    for need in needs_of(environ, signer.service):
        if denial := permissions.denial(signer.role, need.action, need.resource, need.context):
            return _refusal(environ, signer, denial)
    return None


def unseen(environ: Environ, signer: Signer, permissions: Permissions) -> ErrorAnswer | None:
    """
    Return how S3 answers for an object that is not there, None when it says so.

    To somebody who may not list the bucket it does not tell that from one that may not be read.
    """
    bucket, key = object_of(environ)
    if signer.role is None or not key:
        return None
    denial = permissions.denial(signer.role, "s3:ListBucket", f"arn:aws:s3:::{bucket}")
    return _refusal(environ, signer, denial) if denial else None


def _refusal(environ: Environ, signer: Signer, message: str) -> ErrorAnswer:
    # Of the services with JSON this is 400, of those with XML 403.
    return refusal_of(environ, signer.service, DENIED, message, json_status=400)


def needs_of(environ: Environ, service: str) -> Iterator[Need]:
    """Yield what a request needs to be allowed."""
    if service == "s3":
        yield _of_s3(environ)
    elif service == "states" and environ.get("HTTP_X_AMZ_TARGET") == "AWSStepFunctions.StartExecution":
        yield Need("states:StartExecution", json.loads(body_of(environ))["stateMachineArn"])
    elif service == "sqs" and environ.get("HTTP_X_AMZ_TARGET") == "AmazonSQS.SendMessage":
        name = json.loads(body_of(environ))["QueueUrl"].rpartition("/")[2]
        yield Need("sqs:SendMessage", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
    elif service == "dynamodb":
        yield from _of_dynamodb(environ)
    elif service == "events" and environ.get("HTTP_X_AMZ_TARGET") == "AWSEvents.PutEvents":
        for entry in json.loads(body_of(environ))["Entries"]:
            bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/{entry.get('EventBusName', 'default')}"
            yield Need("events:PutEvents", bus, {"events:source": entry["Source"]})
    elif service == "sns":
        form = parse_qs(body_of(environ).decode())
        if form.get("Action") == ["Publish"]:
            yield Need("sns:Publish", form["TopicArn"][0])


def _of_dynamodb(environ: Environ) -> Iterator[Need]:
    action = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    asked = json.loads(body_of(environ))
    if action == "TransactWriteItems":
        # A transaction needs leave for each of its parts, and none of its own.
        for item in asked["TransactItems"]:
            [(kind, part)] = item.items()
            yield Need(f"dynamodb:{_WRITES[kind]}", _table(part))
    else:
        index = f"/index/{asked['IndexName']}" if "IndexName" in asked else ""
        brought = {"dynamodb:LeadingKeys": asked["Key"][PK]["S"]} if PK in asked.get("Key", {}) else {}
        yield Need(f"dynamodb:{action}", _table(asked) + index, brought)


_WRITES = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


def _table(asked: Mapping[str, Any]) -> str:
    return f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{asked.get('TableName', '*')}"


def _of_s3(environ: Environ) -> Need:
    bucket, key = object_of(environ)
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    # All buckets are this account's.
    context = {"aws:ResourceAccount": ACCOUNT}
    if not key:
        context |= {"s3:prefix": query["prefix"][0]} if "prefix" in query else {}
        return Need("s3:ListBucket", f"arn:aws:s3:::{bucket}", context)
    match environ["REQUEST_METHOD"]:
        case "GET" | "HEAD":
            action = "GetObjectVersion" if "versionId" in query else "GetObject"
        case "DELETE":
            action = "AbortMultipartUpload" if "uploadId" in query else "DeleteObject"
        case _:
            action = "PutObject"
    return Need(f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}", context)
