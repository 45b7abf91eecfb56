"""
What a model family is: how bodies of its own are written, read and rehearsed. Each family is one module.

It imports no type of evaluations, nor anything of the engine: a run's second process reads replies and has to
begin at once, and Lambda's bundles hold no engine.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

JSON = dict[str, Any]
Turns = Sequence[tuple[str, str]]
"""Roles and texts, in order."""

STOP_REASONS = {
    "stop": "end_turn",
    "eos": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "content_filtered",
}
"""Words of several families for Converse's stop reasons. A rehearsal says the first of those for one."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """
    How requests are laid out: Converse's, or a family's own body. What is None or missing, it does not take.

    Attributes:
        constants: What every request has to say.
        parameters: Its names for the fields of an evaluation's `Inference`.
        parameters_in: The key that holds those; the request itself when there is none.
        messages: A conversation; its first turn is the system text where `system` is None.
        system: A system text, in a place apart from the messages.
        tool: A tool by its name, description and JSON Schema (`input_schema`), and how it is to be called: by
            name (`tool`), as one of them all (`any`), or as the model likes (None).
        block: What a block of a message's content holds beside its `text`. Without blocks a body is one text,
            which a response could break out of: such a family cannot judge.
    """

    constants: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, str]
    parameters_in: str | None = None
    messages: Callable[[Turns], JSON]
    system: Callable[[str], JSON] | None = None
    tool: Callable[[Mapping[str, Any], str | None], JSON] | None = None
    block: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Family(Layout):
    """
    A family's own bodies, as InvokeModel takes and returns them.

    The workflow meets them before any Python does: it puts a judge's blocks under `messages`, and finds a
    response's text (InvokeCandidate, ReadLongReply, CollectTexts) and a judge's call of the tool
    (HasVerdictInBody) in the places that `infra/workflow.asl.yaml` lists. Others have to be added there.

    Attributes:
        reply_key: The key at the top of a reply that only this family's have.
        read: Reads a reply, its stop reason in the family's own words. Must not raise.
        stop_reasons: Those of its words for Converse's stop reasons that `STOP_REASONS` does not have.
        recognises: Whether a model's ID and a request's body are of this family; of bodies that several
            families recognise, the first in `FAMILIES` answers.
        as_converse: Reads a request for the rehearsal, as Converse's without `modelId`.
        from_converse: Writes the rehearsal's answer, given the model's ID and Converse's response.
    """

    reply_key: str
    read: Callable[[Mapping[str, Any]], Reply]
    stop_reasons: Mapping[str, str] = field(default_factory=dict)
    recognises: Callable[[str, Mapping[str, Any]], bool]
    as_converse: Callable[[Mapping[str, Any]], JSON]
    from_converse: Callable[[str, Mapping[str, Any]], JSON]


# Writing requests


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
    own = {converse: word for word, converse in reversed(list(words.items()))}
    return own.get(stop_reason, own["end_turn"])
