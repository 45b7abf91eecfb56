"""
What a model answered, by one name for every family: text, tool input, stop reason, tokens, latency.

Never raises: a reply of no known layout is a reply without text.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from evaldrop.bedrock.families import bodies, converse
from evaldrop.bedrock.families.family import Reply
from evaldrop.bedrock.families.registry import answering

__all__ = ["GUARDRAIL_INTERVENED", "Reply", "elapsed_latency", "read_reply"]

GUARDRAIL_INTERVENED = "guardrail_intervened"
"""Converse's stop reason where a guardrail stepped in; `invoke_model` tells it in a key of its own."""


def read_reply(api: str, raw: object) -> Reply:
    """
    Return what a raw reply says.

    Args:
        api: `converse` or `invoke_model`, the operation that answered.
        raw: The operation's result as the workflow keeps it, parsed JSON.
    """
    if not isinstance(raw, dict):
        return Reply(text="")
    if api == "converse":
        return _with_common_stop_reason(converse.read(raw))
    return _read_body(_parsed_body(raw.get("Body")))


def _parsed_body(body: object) -> Mapping[str, Any]:
    if isinstance(body, str):
        try:
            body = orjson.loads(body)
        except orjson.JSONDecodeError:
            return {}
    return bodies.mapping(body)


def _read_body(body: Mapping[str, Any]) -> Reply:
    if family := answering(body):
        reply = _with_common_stop_reason(family.read(body), family.stop_reasons)
    elif "results" in body:
        reply = _with_common_stop_reason(_read_titan(body), {"finish": "end_turn"})
    else:
        reply = Reply(text="")
    # The model's own stop reason says nothing of the guardrail.
    if body.get("amazon-bedrock-guardrailAction") == "INTERVENED":
        return reply._replace(stop_reason=GUARDRAIL_INTERVENED)
    return reply


def _read_titan(body: Mapping[str, Any]) -> Reply:
    """Read a reply of Titan's, whose requests are not written yet."""
    result = bodies.first(body["results"])
    return Reply(
        str(result.get("outputText", "")),
        None,
        str(result.get("completionReason", "")).lower() or None,
        bodies.total(body, "inputTextTokenCount"),
        bodies.total(result, "tokenCount"),
    )


def _with_common_stop_reason(reply: Reply, own: Mapping[str, str] | None = None) -> Reply:
    said: object = reply.stop_reason
    if not isinstance(said, str):
        return reply._replace(stop_reason=None)
    # A word yet unknown is passed on: it tells more than none.
    return reply._replace(stop_reason={**bodies.STOP_REASONS, **(own or {})}.get(said, said))


def elapsed_latency(reply: Reply, *, elapsed_ms: float | None, retries: int) -> float | None:
    """
    Return how long the answer took, in ms, or None when nothing tells.

    The model's own measure where there is one. The workflow's clock serves only for a call without
    retries: else it would hold the waiting between attempts.
    """
    if reply.latency_ms is not None:
        return reply.latency_ms
    return elapsed_ms if retries == 0 else None
