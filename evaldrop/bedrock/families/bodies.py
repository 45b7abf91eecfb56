"""What families share: pieces of bodies, how the unexpected in a reply is met, and how a rehearsal reads."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from evaldrop.bedrock.families.family import JSON, Turns
from evaldrop.json_text import loads

STOP_REASONS = {
    "stop": "end_turn",
    "eos": "end_turn",
    "eos_token": "end_turn",
    "endoftext": "end_turn",
    "complete": "end_turn",
    "finish": "end_turn",
    "end": "end_turn",
    "end_of_text": "end_turn",
    "length": "max_tokens",
    "model_length": "max_tokens",
    "max_length": "max_tokens",
    "max_output_tokens": "max_tokens",
    "max_new_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "length_limit": "max_tokens",
    "tool_calls": "tool_use",
    "tool_call": "tool_use",
    "function_call": "tool_use",
    "content_filter": "content_filtered",
    "safety": "content_filtered",
    "sensitive": "content_filtered",
    "error_toxic": "content_filtered",
    "recitation": "content_filtered",
    "blocklist": "content_filtered",
    "prohibited_content": "content_filtered",
    "spii": "content_filtered",
    "error_limit": "model_context_window_exceeded",
    "stop_criteria_met": "stop_sequence",
    "abort": "error",
    "network_error": "error",
    "insufficient_system_resource": "error",
    "malformed_function_call": "malformed_tool_use",
}
"""Families' words for Converse's stop reasons, in lower case. A rehearsal says the first for each."""

ERROR_STOPS = {
    "malformed_model_output": "the model's output could not be read as a message",
    "malformed_tool_use": "the model's call of a tool could not be read",
    "error": "the model's server stopped with an error",
}
"""Stop reasons of replies that are no answers; the workflow lists them too (piece STOPPED_BY_ERROR)."""

KNOWN_STOPS = frozenset(
    {"end_turn", "tool_use", "max_tokens", "model_context_window_exceeded", "stop_sequence", "refusal",
     "content_filtered", "guardrail_intervened", *ERROR_STOPS}
)  # fmt: skip
"""What a stop reason may be; another one is told to the reader."""


def messages_in_blocks(turns: Turns, block: Mapping[str, Any]) -> JSON:
    """Return a conversation whose messages are lists of content blocks."""
    return {"messages": [{"role": role, "content": [{**block, "text": text}]} for role, text in turns]}


def one_prompt(key: str, *, user: str, assistant: str) -> Callable[[Turns], JSON]:
    """
    Return how a conversation is one text, whose lines begin with who speaks.

    A single message stands alone: such models complete what they are given.
    """
    speakers = {"user": user, "assistant": assistant}
    opens = re.compile(rf"^(?={user}:|{assistant}:)", re.MULTILINE)

    def messages(turns: Turns) -> JSON:
        if len(turns) == 1:
            return {key: turns[0][1]}
        # A space before what would open a turn: a value cannot speak for somebody else.
        said = [(role, opens.sub(" ", text)) for role, text in turns]
        lines = [f"{speakers[role]}: {text}" if role in speakers else text for role, text in said]
        return {key: "\n\n".join([*lines, f"{assistant}:"])}

    return messages


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


_THOUGHTS = ("thinking", "reasoning", "redacted_thinking")
# Parts of a message that are neither text nor thought, as far as they are known.
_SILENT = re.compile(r"^(?:.*tool_(?:use|call|calls|result)|document|image|image_url|compaction)$")
REDACTED = "(redacted)"


MOST_MS = 86_400_000
"""A day: what a call may have taken at most. More is no time."""


class Parts(NamedTuple):
    """What a message's parts say and think together."""

    text: str
    thinking: str | None


def read_parts(*contents: object) -> Parts | None:
    """
    Read a message's content: texts, or lists of parts; None where none of the parts is of a known kind.

    Reads Anthropic's, Nova's, Cohere's, Mistral's and OpenAI's parts. The workflow does so too (BODY_TEXT).
    """
    parts: list[object] = []
    for content in contents:
        parts += content if isinstance(content, list) else [content]
    there = [part for part in parts if part is not None]
    read = [found for part in there if (found := _read_part(part)) is not None]
    if there and not read:
        return None
    thoughts = [part.thinking for part in read if part.thinking]
    return Parts("".join(part.text for part in read), "\n".join(thoughts) or None)


def _read_part(part: object) -> Parts | None:
    if isinstance(part, str):
        return Parts(part, None)
    if not isinstance(part, dict):
        return None
    kind = part.get("type")
    if kind in _THOUGHTS:
        return Parts("", _thought(part))
    for key in ("text", "refusal"):
        if isinstance(part.get(key), str):
            return Parts(part[key], None)
    if "citationsContent" in part:
        cited = mappings(mapping(part["citationsContent"]).get("content"))
        return Parts("".join(each["text"] for each in cited if isinstance(each.get("text"), str)), None)
    if "reasoningContent" in part:
        thought = mapping(mapping(part["reasoningContent"]).get("reasoningText")).get("text")
        return Parts("", thought if isinstance(thought, str) else REDACTED)
    if "toolUse" in part or (isinstance(kind, str) and _SILENT.match(kind)):
        return Parts("", None)
    return None


def _thought(part: Mapping[str, Any]) -> str:
    said = next((part[key] for key in (*_THOUGHTS, "text", "content") if part.get(key)), None)
    # Magistral's thought is a list of parts itself.
    texts = [said] if isinstance(said, str) else [each.get("text") for each in mappings(said)]
    return "".join(text for text in texts if isinstance(text, str)) or REDACTED


def joined_thoughts(*thoughts: object) -> str | None:
    """Return thoughts from several places as one, None where there is none."""
    return "\n".join(each for each in thoughts if isinstance(each, str) and each.strip()) or None


def tool_input(given: Iterable[object]) -> Mapping[str, Any] | None:
    """
    Return the input of a tool that is an object, or the JSON of one; None where there is none.

    Several calls of a tool are one input that holds theirs: a criterion each, or two that contradict.
    """
    found: list[Mapping[str, Any]] = []
    for each in map(_object, given):
        if each is not None and each not in found:
            found.append(each)
    return {"verdicts": found} if len(found) > 1 else next(iter(found), None)


def _object(value: object) -> Mapping[str, Any] | None:
    # Twice: some servers write the JSON of a JSON text.
    for _ in range(2):
        if isinstance(value, str):
            try:
                value = loads(value)
            except ValueError:
                return None
    return value if isinstance(value, dict) else None


MOST_TOKENS = 100_000_000
"""What a call may have taken at most: ten times the longest context there is. More is no count."""


def total(usage: Mapping[str, Any], key: str, *cached: str) -> int | None:
    """
    Return a number of tokens with what was cached of them, None where one is no count, or the first not told.

    None and not 0: tokens that are not known make a cost unknown, not low.
    """
    counts = [
        _count(usage.get(key)),
        *(_count(usage[name]) for name in cached if usage.get(name) is not None),
    ]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def cached(usage: Mapping[str, Any], key: str) -> int:
    """Return a number of cached tokens; 0 where none is told, since most replies have no word for it."""
    return total(usage, key) or 0


def _count(value: object) -> int | None:
    # For Python, true is a number, too. A server in JavaScript may say 12.0.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_TOKENS:
        return None
    return int(value) if value == int(value) else None


def duration_ms(value: object) -> float | None:
    """Return a time that something took, in ms; None where it is none: below 0, above a day, or no number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MOST_MS:
        return None
    return float(value)


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
