"""What families share: pieces of bodies, how the unexpected in a reply is met, and how a rehearsal reads."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from evaldrop.bedrock.families.family import JSON, Turns

STOP_REASONS = {
    "stop": "end_turn",
    "eos": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "content_filtered",
}
"""Words of several families for Converse's stop reasons. A rehearsal says the first of those for one."""


def messages_in_blocks(turns: Turns, block: Mapping[str, Any]) -> JSON:
    """Return a conversation whose messages are lists of content blocks."""
    return {"messages": [{"role": role, "content": [{**block, "text": text}]} for role, text in turns]}


_TOKENS = re.compile(r"<\|(?:begin_of_text|eot_id|end_of_text)\|>|</?s>|\[/?INST\]")
_TOKEN_STARTS = re.compile(r"<\|(?=[a-z_]+\|>)|\[(?=/?INST\])|<(?=/?s>)")


def with_tokens_broken(text: str) -> str:
    """Return a text whose control tokens are broken up, so that a value cannot open a message of its own."""
    return _TOKEN_STARTS.sub(lambda match: match.group()[0] + " " + match.group()[1:], text)


def without_tokens(text: str) -> str:
    """Return a text of a body that is one text, without what marks its parts."""
    return _TOKENS.sub("", text).strip()


def tool_spec(name: str, schema: Mapping[str, Any], **described: str) -> JSON:
    """Return a tool as Converse and Nova describe it."""
    return {"toolSpec": {"name": name, **described, "inputSchema": {"json": schema}}}


# Reading replies: whatever is not as expected is left out, for a reply that was paid for must not stop a run


def mapping(value: object) -> Mapping[str, Any]:
    """Return a value that is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def first(value: object) -> Mapping[str, Any]:
    """Return the first item of a list, empty when it is no object."""
    return mapping(value[0]) if isinstance(value, list) and value else {}


def tool_input(given: Iterable[object]) -> Mapping[str, Any] | None:
    """Return the first input of a tool that is an object, or the JSON of one."""
    return next((found for found in map(_object, given) if found is not None), None)


def _object(value: object) -> Mapping[str, Any] | None:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return None
    return value if isinstance(value, dict) else None


def total(usage: Mapping[str, Any], key: str, *cached: str) -> int | None:
    """Return a number of tokens with what was cached of them, None where the first is not told."""
    tokens = usage.get(key)
    # None and not 0: tokens that are not told make a cost unknown, not low.
    if not isinstance(tokens, int):
        return None
    return tokens + sum(more for name in cached if isinstance(more := usage.get(name), int))


# Rehearsing: a body becomes a request of Converse's, which the simulated runtime answers


def converse_request(
    messages: Iterable[Mapping[str, Any]],
    *,
    inference: Mapping[str, Any],
    system: Iterable[str] | None = None,
    tools: Sequence[JSON] = (),
) -> JSON:
    """Return a body's parts as a request of Converse's; `messages` have a role, and texts for content."""
    return {
        "messages": [
            {"role": each["role"], "content": [{"text": text} for text in texts_of(each["content"])]}
            for each in messages
        ],
        "inferenceConfig": inference,
        **({} if system is None else {"system": [{"text": text} for text in system]}),
        **({"toolConfig": {"tools": list(tools)}} if tools else {}),
    }


def texts_of(content: Any) -> list[str]:
    """Return the texts of a message's content, which is a string or a list of parts."""
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content or () if isinstance(part, Mapping) and "text" in part]


def text_of(response: Mapping[str, Any]) -> str:
    """Return the text of a response of Converse's."""
    return "".join(block.get("text", "") for block in response["output"]["message"]["content"])


def own_stop_reason(stop_reason: str, words: Mapping[str, str] = STOP_REASONS) -> str:
    """Return a family's word for a stop reason of Converse's; for one it has no word for, that of an end."""
    # Reversed, so that of several words for one stop reason the first stays.
    own = {converse: word for word, converse in reversed(list(words.items()))}
    return own.get(stop_reason, own["end_turn"])
