"""What the runtimes that send HTTP make of a server's answer, whatever it is."""

import json
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
from pyqwest import Headers

from evaldrop.bedrock.channel import HttpReply
from evaldrop.bedrock.protocol import ServiceError

# orjson writes 254 levels, and pickle as many as Python's stack holds.
_MOST_LEVELS = 100
# Of a number of seconds: longer than anybody waits.
_MOST_DIGITS = 9
MOST_SAID = 1000
"""Characters of an error's message that are kept. Every record that meets the error has it in its results."""


def json_object(content: bytes, *, what: str) -> dict[str, Any]:
    """
    Decode a server's answer; `what` is what a message calls it.

    Half a surrogate pair, which models do give when they are cut off, is JSON, but no text that any file
    holds: it becomes U+FFFD, and the rest of the answer is kept.

    Raises:
        ServiceError: `InternalServerException` when it is not a JSON object, or one that nests too deeply.
    """
    try:
        parsed = _parsed(content)
    except ValueError as fault:
        # As a server's fault the workflow tries it again, as a proxy's page deserves.
        said = content[:100].decode(errors="replace").strip()
        seen = f"it begins with {said!r}" if said else "it is empty"
        raise ServiceError("InternalServerException", f"{what} is not JSON: {fault}; {seen}") from fault
    if not isinstance(parsed, dict):
        raise ServiceError("InternalServerException", f"{what} is not a JSON object")
    # Most answers have fewer brackets than they may have levels, and are not walked through.
    if content.count(b"{") + content.count(b"[") > _MOST_LEVELS and is_too_deep(parsed):
        raise ServiceError("InternalServerException", f"{what} nests more than {_MOST_LEVELS} levels deep")
    return parsed


def json_bytes(content: bytes, *, what: str) -> bytes:
    """Return an answer as it came, or without its halves of surrogate pairs; raises as `json_object` does."""
    read = json_object(content, what=what)
    return orjson.dumps(read) if _may_hold_surrogates(content) else content


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        if not _may_hold_surrogates(content):
            raise
    try:
        text = json.dumps(json.loads(content), ensure_ascii=False)
    except RecursionError as fault:
        raise ValueError("it nests too deeply") from fault
    return orjson.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _may_hold_surrogates(content: bytes) -> bool:
    return b"\\ud" in content or b"\\uD" in content


def is_too_deep(value: Any) -> bool:
    """Tell whether a JSON value nests so deeply that what writes it down again would give up."""
    level = [value]
    for _ in range(_MOST_LEVELS):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return any(isinstance(each, dict | list) for each in level)


def retry_after_s(headers: Mapping[str, str] | Headers) -> float | None:
    """
    Return how many seconds a server asks to be left alone, None where it does not ask, or in no known form.

    A date is counted from the server's own, so that neither clock has to be right.
    """
    asked = (headers.get("retry-after") or "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:_MOST_DIGITS])
    try:
        until = parsedate_to_datetime(asked)
        now = parsedate_to_datetime(headers.get("date") or "")
        return max(0.0, (until - now).total_seconds())
    # No date, one that no calendar has, or one with a zone beside one without.
    except (ValueError, TypeError, OverflowError):
        return None


def refusal(code: str, message: str, answer: HttpReply, *, of_aws: bool = False) -> ServiceError:
    """Return the error of an answer, whose message may be as long as the server liked; AWS's tells the call."""
    said = message if len(message) <= MOST_SAID else f"{message[:MOST_SAID]}…"
    return ServiceError(
        code,
        said or f"HTTP {answer.status}",
        status=answer.status if of_aws else None,
        request_id=answer.headers.get("x-amzn-requestid") if of_aws else None,
        retry_after_s=retry_after_s(answer.headers),
    )
