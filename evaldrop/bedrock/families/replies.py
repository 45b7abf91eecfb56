"""
What a model answered, by one name for every family: text, tool input, stop reason, tokens, latency.

Never raises: a reply that is no answer says so in its `error`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from evaldrop.bedrock.families import bodies, converse
from evaldrop.bedrock.families.called import read_called
from evaldrop.bedrock.families.family import Reply
from evaldrop.bedrock.families.registry import answering
from evaldrop.bedrock.families.thinking import may_hold_thoughts, split_thinking
from evaldrop.bedrock.families.tool_calls import calls_text
from evaldrop.evaluation.called_checks import CALLED_APIS, EMBED
from evaldrop.json_text import loads

__all__ = [
    "GUARDRAIL_INTERVENED",
    "Reply",
    "elapsed_latency",
    "is_answer",
    "read_answer",
    "read_body",
    "read_reply",
]

GUARDRAIL_INTERVENED = "guardrail_intervened"
"""Converse's stop reason where a guardrail stepped in; `invoke_model` tells it in a key of its own."""
UNKNOWN_LAYOUT = "UnknownReplyLayout"
"""The error of a reply whose text was not found, though it may well hold one."""

_PLAIN_STOPS = {stop: stop for stop in ("end_turn", "tool_use", "max_tokens", "stop_sequence")}
_PLAIN_KEYS = frozenset({"Output", "StopReason", "Usage", "Metrics"})
_PLAIN_USAGE = frozenset({"InputTokens", "OutputTokens", "TotalTokens"})

# Characters of the keys that a message names.
_MOST_KEYS = 200


def read_reply(api: str, raw: object) -> Reply:
    """
    Return what a raw reply says.

    Args:
        api: `converse` or `invoke_model`, the operation that answered; or that of a called check.
        raw: The operation's result as the workflow keeps it, parsed JSON.
    """
    if api == "converse" and (plain := _plain(raw)) is not None:
        return plain
    return _read_any(api, raw)


def _plain(raw: object) -> Reply | None:
    """
    Return what a reply of Converse's says that has the commonest form: one text or one call, all else told.

    As `_read_any` does, in a tenth of the time: nearly every reply of a large run is one. None for others.
    """
    try:
        content, usage = raw["Output"]["Message"]["Content"], raw["Usage"]  # type: ignore[index]
        ((kind, said),) = content[0].items()
        taken, given = usage["InputTokens"], usage["OutputTokens"]
        took, stop = raw["Metrics"]["LatencyMs"], _PLAIN_STOPS[raw["StopReason"]]  # type: ignore[index]
    except (TypeError, KeyError, IndexError, ValueError, AttributeError):
        return None
    is_plain = (
        len(content) == 1
        and type(content) is list
        and type(taken) is type(given) is type(took) is int
        and 0 <= taken <= bodies.MOST_TOKENS
        and 0 <= given <= bodies.MOST_TOKENS
        and 0 <= took <= bodies.MOST_MS
        and not (raw.keys() - _PLAIN_KEYS or usage.keys() - _PLAIN_USAGE)  # type: ignore[attr-defined]
    )
    if not is_plain:
        return None
    if kind == "Text" and type(said) is str and not may_hold_thoughts(said):
        return Reply(said, None, stop, taken, given, float(took))
    if kind == "ToolUse" and type(said) is dict and type(said.get("Input")) is dict:
        return Reply("", said["Input"], stop, taken, given, float(took))
    return None


def _read_any(api: str, raw: object) -> Reply:
    result = bodies.mapping(raw)
    if api in CALLED_APIS:
        return read_called(api, result)
    if api == "converse":
        reply = _finished(converse.read(result))
        if not converse.is_known(result):
            do = "Use a model that answers in texts"
            reply = _unread(reply, result, "a response of Converse", do)
    else:
        reply = _read_body(_parsed_body(result.get("Body")))
    reply = reply._replace(service_tier=_service_tier(result.get("ServiceTier")))
    if reply.stop_reason in bodies.ERROR_STOPS:
        cause = bodies.ERROR_STOPS[reply.stop_reason]
        return reply._replace(error={"Error": reply.stop_reason, "Cause": cause})
    return reply


def read_answer(api: str, raw: object) -> Reply:
    """Return what a candidate's raw reply says; a tool that it asks for is part of its answer, as text."""
    if api == "converse" and (plain := _plain(raw)) is not None and plain.tool_input is None:
        return plain
    reply = _read_any(api, raw)
    calls = calls_text(raw)
    return reply._replace(text="\n".join(filter(None, (reply.text, calls)))) if calls else reply


def read_body(body: object) -> Reply:
    """Return what InvokeModel's own body says, of an embedding model's what it is billed for."""
    parsed = _parsed_body(body)
    is_embedding = "inputTextTokenCount" in parsed and "embedding" in parsed
    return read_reply(EMBED if is_embedding else "invoke_model", {"Body": parsed})


def _service_tier(told: object) -> str | None:
    # Converse tells an object, InvokeModel a header's text.
    tier = told.get("Type") if isinstance(told, Mapping) else told
    return tier if isinstance(tier, str) and tier else None


def is_answer(reply: Reply) -> bool:
    """Tell whether a judge's reply can be read: a broken call of its tool is one without a verdict."""
    return reply.error is None or str(reply.stop_reason).startswith("malformed")


def _parsed_body(body: object) -> Mapping[str, Any]:
    if isinstance(body, str | bytes):
        try:
            body = loads(body)
        except ValueError:
            return {}
    return bodies.mapping(body)


def _read_body(body: Mapping[str, Any]) -> Reply:
    family = answering(body)
    read = family.read(body) if family else None
    if family and read:
        reply = _finished(read, family.stop_reasons)
    else:
        do = "Use api: converse if the model has it, or a model whose bodies are known"
        reply = _unread(Reply(text=""), body, "a body of any family", do)
    if reply.input_tokens is None:
        # Bedrock's own count, where a body brings it: some families do not tell their tokens.
        metered = bodies.mapping(body.get("amazon-bedrock-invocationMetrics"))
        reply = reply._replace(
            input_tokens=bodies.total(metered, "inputTokenCount"),
            output_tokens=reply.output_tokens or bodies.total(metered, "outputTokenCount"),
        )
    # The model's own stop reason says nothing of the guardrail.
    if body.get("amazon-bedrock-guardrailAction") == "INTERVENED":
        return reply._replace(stop_reason=GUARDRAIL_INTERVENED, error=None)
    return reply


def _finished(reply: Reply, own: Mapping[str, str] | None = None) -> Reply:
    """Return a reply with its thoughts apart, and its stop reason in Converse's words."""
    said = split_thinking(reply.text)
    stop: object = reply.stop_reason
    if isinstance(stop, str):
        words = {**bodies.STOP_REASONS, **(own or {})}
        # A word yet unknown is passed on: it tells more than none.
        stop = words.get(stop) or words.get(stop.lower()) or stop
        # Cohere and Titan write theirs in capitals.
        stop = stop.lower() if stop.lower() in bodies.KNOWN_STOPS else stop
    return reply._replace(
        text=said.text,
        thinking=bodies.joined_thoughts(reply.thinking, said.thinking),
        stop_reason=stop if isinstance(stop, str) else None,
    )


def _unread(reply: Reply, body: Mapping[str, Any], what: str, do: str) -> Reply:
    keys = ", ".join(_keys(body))
    seen = (
        f"its keys are {keys[:_MOST_KEYS]}{'…' if len(keys) > _MOST_KEYS else ''}"
        if keys
        else "it is empty, or no JSON object"
    )
    return reply._replace(
        error={
            "Error": UNKNOWN_LAYOUT,
            "Cause": f"the reply has no text where {what} has it: {seen}. It is not judged. "
            f"{do} (docs/evaluation.md).",
        },
    )


def _keys(value: object, path: str = "", depth: int = 4) -> Iterator[str]:
    """Yield the paths of a reply's keys, of lists those of the first item."""
    if isinstance(value, list) and value:
        yield from _keys(value[0], f"{path}[0]", depth)
    elif isinstance(value, dict) and value and depth:
        for key, each in value.items():
            yield from _keys(each, f"{path}.{key}" if path else str(key), depth - 1)
    elif path:
        yield path


def elapsed_latency(reply: Reply, *, elapsed_ms: float | None, retries: int) -> float | None:
    """
    Return how long the answer took, in ms, or None when nothing tells.

    The model's own measure where there is one. The workflow's clock serves only for a call without
    retries: else it would hold the waiting between attempts.
    """
    if reply.latency_ms is not None:
        return reply.latency_ms
    # The workflow's is the difference of two times of day: negative where the clock was set back.
    return bodies.duration_ms(elapsed_ms) if retries == 0 else None
