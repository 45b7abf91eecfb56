"""
What a role may do, by its own policies as they stand in the local IAM: least privilege, rehearsed.

Identity policies only. Resource policies, boundaries and session policies are not looked at.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from moto.iam.models import iam_backends

from evaldrop.running.local_aws.clients import ACCOUNT

PoliciesOf = Callable[[str], Iterable[str]]
"""Takes a role's ARN, returns its policy documents."""


def policies_in_iam(role_arn: str) -> Iterator[str]:
    """Yield a role's policy documents as they stand in the local IAM; every call asks, so not over HTTP."""
    role = iam_backends[ACCOUNT]["aws"].get_role(role_arn.rpartition("/")[2])
    yield from role.policies.values()
    for policy in role.managed_policies.values():
        yield from (version.document for version in policy.versions if version.is_default)


class Permissions:
    """
    Answers whether a role may do something.

    Args:
        policies_of: Gives a role's policies.
    """

    def __init__(self, policies_of: PoliciesOf = policies_in_iam) -> None:
        self._policies_of = policies_of

    def allow(
        self, role_arn: str, action: str, resources: Iterable[str], context: Mapping[str, str] | None = None
    ) -> bool:
        """
        Tell whether a role may do an action on each of some resources.

        Args:
            role_arn: The role.
            action: Such as `bedrock:InvokeModel`.
            resources: ARNs; all of them have to be allowed.
            context: Condition keys that the request brings.
        """
        documents = self._policies_of(role_arn)
        statements = [each for document in documents for each in statements_of(document)]
        return all(decide(statements, action, resource, context or {}) for resource in resources)


@lru_cache(maxsize=256)
def statements_of(document: str) -> tuple[dict[str, Any], ...]:
    """Return the statements of a policy document, which may hold one without a list."""
    statements = json.loads(document)["Statement"]
    return tuple(statements) if isinstance(statements, list) else (statements,)


def decide(
    statements: Iterable[Mapping[str, Any]], action: str, resource: str, context: Mapping[str, str]
) -> bool:
    """Tell what policies say: allowed by one statement at least, and denied by none."""
    allowed = False
    for statement in statements:
        if _concerns(statement, action, resource, context):
            if statement["Effect"] == "Deny":
                return False
            allowed = True
    return allowed


def _concerns(statement: Mapping[str, Any], action: str, resource: str, context: Mapping[str, str]) -> bool:
    if "NotAction" in statement or "NotResource" in statement:
        raise NotImplementedError(
            "a policy with NotAction or NotResource; evaldrop local reads Action and Resource"
        )
    return (
        any(_like(pattern.lower(), action.lower()) for pattern in _listed(statement["Action"]))
        and any(_like(pattern, resource) for pattern in _listed(statement["Resource"]))
        and all(
            _holds(operator, key, _listed(wanted), context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    )


def _holds(operator: str, key: str, wanted: list[str], context: Mapping[str, str]) -> bool:
    # A key that the request does not bring makes a condition false, as in IAM.
    value = context.get(key)
    if operator not in {"StringEquals", "ArnEquals", "StringLike", "ArnLike"}:
        raise NotImplementedError(
            f"a policy's condition {operator}; evaldrop local reads StringEquals, "
            "ArnEquals, StringLike and ArnLike"
        )
    if value is None:
        return False
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
