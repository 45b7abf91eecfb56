"""The tools that a reply asks for, with their arguments, whatever the family. Nothing is executed."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from evaldrop.bedrock.families.bodies import mapping


class AskedTool(NamedTuple):
    """A tool's name, and the arguments it is to be called with; empty where they are no object."""

    name: str
    arguments: Mapping[str, Any]


def tool_calls(reply: object) -> tuple[AskedTool, ...]:
    """
    Return the tools that a raw reply asks for, in its order; none where there are none.

    Converse's `ToolUse`, and in bodies Anthropic's `tool_use`, Nova's `toolUse` and the `tool_calls` of chat
    completions. A reply may hold anything: what is not of these forms is no call.
    """
    raw = mapping(reply)
    return tuple(_asked(*each) for each in (*_of_converse(raw), *_of_body(mapping(raw.get("Body")))))


def _asked(name: object, given: object) -> AskedTool:
    if isinstance(given, str):
        try:
            given = orjson.loads(given)
        except orjson.JSONDecodeError:
            given = {}
    return AskedTool(str(name), mapping(given))


def _of_converse(raw: Mapping[str, Any]) -> Iterator[tuple[object, object]]:
    for block in _list(mapping(mapping(raw.get("Output")).get("Message")).get("Content")):
        if use := mapping(mapping(block).get("ToolUse")):
            yield use.get("Name"), use.get("Input")


def _of_body(body: Mapping[str, Any]) -> Iterator[tuple[object, object]]:
    for block in _list(body.get("content")):
        if mapping(block).get("type") == "tool_use":
            yield block.get("name"), block.get("input")
    for block in _list(mapping(mapping(body.get("output")).get("message")).get("content")):
        if use := mapping(mapping(block).get("toolUse")):
            yield use.get("name"), use.get("input")
    for choice in _list(body.get("choices"))[:1]:
        for call in _list(mapping(mapping(choice).get("message")).get("tool_calls")):
            function = mapping(mapping(call).get("function"))
            if function:
                yield function.get("name"), function.get("arguments")


def _list(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else []
