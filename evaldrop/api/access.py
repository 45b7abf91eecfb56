"""
Who asks, and what they may: the one place where that is decided.

A run that is another's is not there, as far as its asker is told: whether there is such a run is not theirs
to know.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Literal

from evaldrop.api.problems import ApiProblem, FieldFault, not_found
from evaldrop.run.request import Owner
from evaldrop.store.model import Key, Limits, Role, StoredRun

Action = Literal["read", "start", "administer"]

_MAY: Final[Mapping[Role, frozenset[Action]]] = {
    "viewer": frozenset({"read"}),
    "runner": frozenset({"read", "start"}),
    "admin": frozenset({"read", "start", "administer"}),
}
_ROLES: Final[tuple[Role, ...]] = ("admin", "runner", "viewer")
# As API Gateway hands a list of groups on: "admin,runner", or "[admin runner]".
_GROUP: Final = re.compile(r"[^\s,\[\]]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """
    Who asks: whose runs these are, what they may do, and within which limits.

    `customers`: on whose account runs may go beside the owner's own.
    """

    owner: Owner
    role: Role
    limits: Limits
    customers: tuple[str, ...] = ()

    @property
    def account(self) -> str:
        """What is counted by, and what tells this caller from all others: a key's ID, or a user."""
        return self.owner.key_id or f"user:{self.owner.user}"


def of_key(key: Key | None) -> Caller:
    """
    Return the caller that a key stands for.

    Raises:
        ApiProblem: There is no such key, or it was revoked.
    """
    if key is None:
        raise unknown_caller()
    if key.revoked_at is not None:
        raise ApiProblem(HTTPStatus.FORBIDDEN, "This key was revoked.")
    owner = key.owner.model_copy(update={"key_id": key.key_id})
    return Caller(owner=owner, role=key.role, limits=key.limits, customers=key.customers)


def of_claims(claims: Mapping[str, str]) -> Caller:
    """
    Return the caller that a sign-in's token stands for: the strongest role of its groups.

    Raises:
        ApiProblem: The token names no user, or none of the groups that may do anything.
    """
    user = claims.get("sub")
    groups = set(_GROUP.findall(claims.get("cognito:groups", "")))
    role = next((each for each in _ROLES if each in groups), None)
    if not user:
        raise unknown_caller()
    if role is None:
        raise ApiProblem(HTTPStatus.FORBIDDEN, f"You are in none of the groups {', '.join(_ROLES)}.")
    return Caller(
        owner=Owner(user=user, customer=claims.get("custom:customer") or None), role=role, limits=Limits()
    )


def unknown_caller() -> ApiProblem:
    """Return the problem of a request without a key, or with one that nobody has."""
    return ApiProblem(
        HTTPStatus.UNAUTHORIZED,
        "Send your API key in the header x-api-key.",
        headers={"WWW-Authenticate": 'ApiKey realm="evaldrop"'},
    )


def refuse_unless(caller: Caller, action: Action) -> None:
    """
    Refuse what a role does not allow.

    Raises:
        ApiProblem: It does not.
    """
    if action not in _MAY[caller.role]:
        raise ApiProblem(HTTPStatus.FORBIDDEN, f"A {caller.role} may not do this.")


def scope(caller: Caller) -> Mapping[str, str]:
    """
    Return what narrows runs to those a caller sees, as fields of `RunQuery`; nothing for an admin.

    Whoever works for a customer sees that customer's, a user their own, and a key that is nobody's its own.
    """
    if "administer" in _MAY[caller.role]:
        return {}
    owner = caller.owner
    if owner.customer:
        return {"customer": owner.customer}
    return {"user": owner.user} if owner.user else {"key_id": str(owner.key_id)}


def visible(caller: Caller, run: StoredRun | None, run_id: str) -> StoredRun:
    """
    Return a run that its asker sees.

    Raises:
        ApiProblem: There is none, or it is another's; the words are the same.
    """
    if run is None or any(getattr(run.owner, name) != value for name, value in scope(caller).items()):
        raise not_found(f"run {run_id}")
    return run


def refuse_to_stop(caller: Caller, run: StoredRun) -> None:
    """
    Refuse to stop what somebody else has started.

    Raises:
        ApiProblem: It is not the caller's own, and they are no admin.
    """
    refuse_unless(caller, "start")
    own = caller.owner
    is_own = run.owner.key_id == own.key_id if own.key_id else run.owner.user == own.user
    if not is_own and (run.owner.user is None or run.owner.user != own.user):
        refuse_unless(caller, "administer")


def owner_of(caller: Caller, customer: str | None) -> Owner:
    """
    Return whose a new run is: the caller's, on the account of a customer.

    Only an admin may name any: each has a bill, a row in the usage and a metric.

    Raises:
        ApiProblem: It may not go on the account of this customer.
    """
    own = caller.owner
    if customer is None or customer == own.customer:
        return own
    if customer not in caller.customers and "administer" not in _MAY[caller.role]:
        alone = f" It goes on that of {own.customer}." if own.customer else ""
        detail = f"Your runs may not go on the account of this customer.{alone}"
        raise ApiProblem(HTTPStatus.FORBIDDEN, detail, (FieldFault(pointer="/customer", detail=detail),))
    return own.model_copy(update={"customer": customer})
