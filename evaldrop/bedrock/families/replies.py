"""
A neutral view of what Bedrock answered: text, tool input, stop reason, tokens, latency.

Reads the raw replies of both operations - `converse` as Step Functions writes it, and the bodies of
`invoke_model`, each in its model's own layout. Never raises: a reply of no known layout is a reply without
text.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson


class Reply(NamedTuple):
    """
    What a model said, by one name for every family.

    `stop_reason` is in Converse's words (`end_turn`, `tool_use`, `max_tokens`, `content_filtered` …) whatever
    the family calls it. `input_tokens` holds cached tokens too. None means that the reply does not tell.
    """

    text: str
    tool_input: Mapping[str, Any] | None = None
    stop_reason: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency_ms: float | None = None


GUARDRAIL_INTERVENED = "guardrail_intervened"
"""Converse's stop reason where a guardrail stepped in; `invoke_model` tells it beside the model's own."""

# Other families' words for Converse's.
_STOP_REASONS = {
    "stop": "end_turn",
    "eos": "end_turn",
    "finish": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "content_filtered",
}

_NOTHING = Reply(text="")


def read_reply(api: str, raw: object) -> Reply:
    """
    Return what a raw reply says.

    Args:
        api: `converse` or `invoke_model`, the operation that answered.
        raw: The operation's result as the workflow keeps it, parsed JSON.
    """
    if not isinstance(raw, dict):
        return _NOTHING
    return _read_converse(raw) if api == "converse" else _read_body(_parsed_body(raw.get("Body")))


def elapsed_latency(reply: Reply, *, elapsed_ms: float | None, retries: int) -> float | None:
    """
    Return how long the answer took, in ms, or None when nothing tells.

    The model's own measure where there is one. The workflow's clock stands in only for a call without
    retries: else it would hold the waiting between attempts.
    """
    if reply.latency_ms is not None:
        return reply.latency_ms
    return elapsed_ms if retries == 0 else None


def _read_converse(raw: Mapping[str, Any]) -> Reply:
    content = _mapping(_mapping(raw.get("Output")).get("Message")).get("Content")
    texts, tool_input = [], None
    for block in content if isinstance(content, list) else ():
        # By key, not by position: reasoning may come first.
        if "Text" in block:
            texts.append(str(block["Text"]))
        elif "ToolUse" in block and tool_input is None:
            tool_input = _arguments(_mapping(block["ToolUse"]).get("Input"))
    usage = _mapping(raw.get("Usage"))
    return Reply(
        "".join(texts),
        tool_input,
        _stop_reason(raw.get("StopReason")),
        _sum(usage, "InputTokens", "CacheReadInputTokens", "CacheWriteInputTokens"),
        _sum(usage, "OutputTokens"),
        _number(_mapping(raw.get("Metrics")).get("LatencyMs")),
    )


def _parsed_body(body: object) -> Mapping[str, Any]:
    if isinstance(body, str):
        try:
            body = orjson.loads(body)
        except orjson.JSONDecodeError:
            return {}
    return _mapping(body)


def _read_body(body: Mapping[str, Any]) -> Reply:
    reader = next((reader for key, reader in _LAYOUTS if key in body), None)
    reply = reader(body) if reader else _NOTHING
    # The model's own stop reason says nothing of the guardrail.
    if body.get("amazon-bedrock-guardrailAction") == "INTERVENED":
        return reply._replace(stop_reason=GUARDRAIL_INTERVENED)
    return reply


def _read_anthropic(body: Mapping[str, Any]) -> Reply:
    content = body["content"]
    texts, tool_input = [], None
    for block in content if isinstance(content, list) else ():
        kind = _mapping(block).get("type")
        if kind == "text":
            texts.append(str(block.get("text", "")))
        elif kind == "tool_use" and tool_input is None:
            tool_input = _arguments(block.get("input"))
    usage = _mapping(body.get("usage"))
    tokens_in = _sum(usage, "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return Reply(
        "".join(texts),
        tool_input,
        _stop_reason(body.get("stop_reason")),
        tokens_in,
        _sum(usage, "output_tokens"),
    )


def _read_nova(body: Mapping[str, Any]) -> Reply:
    content = _mapping(_mapping(body["output"]).get("message")).get("content")
    texts, tool_input = [], None
    for block in content if isinstance(content, list) else ():
        if "text" in block:
            texts.append(str(block["text"]))
        elif "toolUse" in block and tool_input is None:
            tool_input = _arguments(_mapping(block["toolUse"]).get("input"))
    usage = _mapping(body.get("usage"))
    tokens_in = _sum(usage, "inputTokens", "cacheReadInputTokenCount", "cacheWriteInputTokenCount")
    return Reply(
        "".join(texts),
        tool_input,
        _stop_reason(body.get("stopReason")),
        tokens_in,
        _sum(usage, "outputTokens"),
    )


def _read_llama(body: Mapping[str, Any]) -> Reply:
    return Reply(
        str(body["generation"] or ""),
        None,
        _stop_reason(body.get("stop_reason")),
        _sum(body, "prompt_token_count"),
        _sum(body, "generation_token_count"),
    )


def _read_mistral(body: Mapping[str, Any]) -> Reply:
    outputs = body["outputs"]
    first = _mapping(outputs[0]) if isinstance(outputs, list) and outputs else {}
    return Reply(str(first.get("text", "")), None, _stop_reason(first.get("stop_reason")))


def _read_chat(body: Mapping[str, Any]) -> Reply:
    choices = body["choices"]
    first = _mapping(choices[0]) if isinstance(choices, list) and choices else {}
    message = _mapping(first.get("message"))
    calls = message.get("tool_calls")
    function = _mapping(_mapping(calls[0]).get("function")) if isinstance(calls, list) and calls else {}
    usage = _mapping(body.get("usage"))
    return Reply(
        str(message.get("content") or ""),
        _arguments(function.get("arguments")),
        _stop_reason(first.get("finish_reason", first.get("stop_reason"))),
        _sum(usage, "prompt_tokens"),
        _sum(usage, "completion_tokens"),
    )


def _read_titan(body: Mapping[str, Any]) -> Reply:
    results = body["results"]
    first = _mapping(results[0]) if isinstance(results, list) and results else {}
    stop_reason = _stop_reason(str(first.get("completionReason", "")).lower() or None)
    return Reply(
        str(first.get("outputText", "")),
        None,
        stop_reason,
        _sum(body, "inputTextTokenCount"),
        _sum(first, "tokenCount"),
    )


# The key that only this family's body has at its top.
_LAYOUTS: tuple[tuple[str, Callable[[Mapping[str, Any]], Reply]], ...] = (
    ("content", _read_anthropic),
    ("output", _read_nova),
    ("generation", _read_llama),
    ("outputs", _read_mistral),
    ("choices", _read_chat),
    ("results", _read_titan),
)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _arguments(value: object) -> Mapping[str, Any] | None:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value if isinstance(value, dict) else None


def _stop_reason(value: object) -> str | None:
    return _STOP_REASONS.get(value, value) if isinstance(value, str) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _sum(usage: Mapping[str, Any], key: str, *others: str) -> int | None:
    first = usage.get(key)
    if not isinstance(first, int):
        return None
    for other in others:
        cached = usage.get(other)
        if isinstance(cached, int):
            first += cached
    return first
