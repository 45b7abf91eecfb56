"""Who is let in: by API Gateway's word in a stack, by the key itself on one machine."""

import hashlib
from collections.abc import Callable

from evaldrop.api import access
from evaldrop.api.access import Caller
from evaldrop.api.exchange import Request
from evaldrop.api.router import Door
from evaldrop.api.throttle import Throttle
from evaldrop.store.model import Key
from evaldrop.store.protocol import Store


def stack_door(store: Store) -> Door:
    """
    Return the door of a stack.

    API Gateway has checked the key or the token before, and counts requests by the key's usage plan.
    """

    def caller(request: Request) -> Caller:
        if request.claims:
            return access.of_claims(request.claims)
        if request.gateway_key is None:
            raise access.unknown_caller()
        return access.of_key(store.key(request.gateway_key))

    return Door(caller=caller)


def local_door(store: Store, own: Key, now: Callable[[], str], throttle: Throttle | None = None) -> Door:
    """Return the door of a server on one machine; `own` is the key of its own page, and of nobody else."""
    requests = throttle or Throttle()

    def caller(request: Request) -> Caller:
        secret = request.headers.get("x-api-key")
        if secret is None:
            raise access.unknown_caller()
        digest = hashlib.sha256(secret.encode()).hexdigest()
        return access.of_key(own if digest == own.digest else store.key_of(digest))

    def count(caller: Caller) -> None:
        requests.take(caller.account, caller.limits)
        if caller.limits.requests_per_day is not None:
            store.count_request(caller.account, caller.limits, now=now())

    return Door(caller=caller, count=count)
