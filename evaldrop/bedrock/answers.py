"""What the runtimes that send HTTP make of a server's answer, whatever it is."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
from pyqwest import Headers

from evaldrop.bedrock.channel import HttpReply
from evaldrop.bedrock.protocol import ServiceError
from evaldrop.json_text import MOST_LEVELS, is_too_deep, loads, may_hold_surrogates

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
        parsed = loads(content)
    except ValueError as fault:
        # As a server's fault the workflow tries it again, as a proxy's page deserves.
        said = content[:100].decode(errors="replace").strip()
        seen = f"it begins with {said!r}" if said else "it is empty"
        raise ServiceError("InternalServerException", f"{what} is not JSON: {fault}; {seen}") from fault
    if not isinstance(parsed, dict):
        raise ServiceError("InternalServerException", f"{what} is not a JSON object")
    # Most answers have fewer brackets than they may have levels, and are not walked through.
    if content.count(b"{") + content.count(b"[") > MOST_LEVELS and is_too_deep(parsed):
        raise ServiceError("InternalServerException", f"{what} nests more than {MOST_LEVELS} levels deep")
    return parsed


def json_bytes(content: bytes, *, what: str) -> bytes:
    """Return an answer as it came, or without its halves of surrogate pairs; raises as `json_object` does."""
    read = json_object(content, what=what)
    return orjson.dumps(read) if may_hold_surrogates(content) else content


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
    """Return the error of an answer, whose message may be as long as the server liked; AWS names the call."""
    said = message if len(message) <= MOST_SAID else f"{message[:MOST_SAID]}…"
    return ServiceError(
        code,
        said or f"HTTP {answer.status}",
        status=answer.status if of_aws else None,
        request_id=answer.headers.get("x-amzn-requestid") if of_aws else None,
        retry_after_s=retry_after_s(answer.headers),
    )
