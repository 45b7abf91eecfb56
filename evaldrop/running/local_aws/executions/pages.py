"""Answers in pages: a token says after which entry the next page begins."""

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from evaldrop.running.local_aws.executions.contract import ApiError

DEFAULT_RESULTS = 100
Entry = TypeVar("Entry")
Key = tuple[float, str]


def page(
    entries: Iterable[Entry],
    key: Callable[[Entry], Key],
    request: dict[str, Any],
    *,
    newest_first: bool = True,
) -> tuple[list[Entry], dict[str, str]]:
    """
    Return a page of entries, and what its answer has beside them: nextToken, when there are more.

    Args:
        entries: All of them.
        key: What they are sorted by; no two entries have the same.
        request: May have maxResults and nextToken.
        newest_first: Largest key first.

    Raises:
        ApiError: InvalidToken.
    """
    after = _read_token(request.get("nextToken"))
    ordered = sorted(entries, key=key, reverse=newest_first)
    if after is not None:
        ordered = [entry for entry in ordered if (key(entry) < after if newest_first else key(entry) > after)]
    size = request.get("maxResults") or DEFAULT_RESULTS
    more = {"nextToken": _token(key(ordered[size - 1]))} if len(ordered) > size else {}
    return ordered[:size], more


def _token(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _read_token(token: str | None) -> Key | None:
    if token is None:
        return None
    try:
        time, name = json.loads(base64.urlsafe_b64decode(token.encode()))
        return float(time), str(name)
    except (ValueError, TypeError) as error:
        raise ApiError("InvalidToken", f"Invalid Token: {token!r}") from error
