"""Anthropic's messages."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from evaldrop.bedrock.families import bodies
from evaldrop.bedrock.families.family import JSON, Family, Reply

_BLOCK = {"type": "text"}


def _tool(tool: Mapping[str, Any], choice: str | None) -> JSON:
    forced = {"type": "tool", "name": tool["name"]} if choice else {"type": "auto"}
    return {"tools": [dict(tool)], "tool_choice": forced}


def _tools(tools: Sequence[Mapping[str, Any]]) -> JSON:
    return {"tools": [dict(tool) for tool in tools]}


def _read(body: Mapping[str, Any]) -> Reply | None:
    # Blocks by their type, not by position: thinking may come first.
    blocks, usage = bodies.mappings(body["content"]), bodies.mapping(body.get("usage"))
    parts = bodies.read_parts(body["content"])
    return parts and Reply(
        parts.text,
        bodies.tool_input(block.get("input") for block in blocks if block.get("type") == "tool_use"),
        body.get("stop_reason"),
        bodies.total(usage, "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"),
        bodies.total(usage, "output_tokens"),
        thinking=parts.thinking,
        cache_read_tokens=bodies.cached(usage, "cache_read_input_tokens"),
        cache_write_tokens=bodies.cached(usage, "cache_creation_input_tokens"),
    )


def _as_converse(body: Mapping[str, Any]) -> JSON:
    return bodies.converse_request(
        body["messages"],
        inference={"maxTokens": body["max_tokens"]} if "max_tokens" in body else {},
        system=bodies.texts_of(body.get("system")),
        tools=[
            bodies.tool_spec(tool["name"], tool["input_schema"])
            for tool in body.get("tools", ())
            # Anthropic's own tools, such as its computer use, have a type and no schema.
            if "input_schema" in tool
        ],
    )


def _from_converse(model_id: str, response: Mapping[str, Any]) -> JSON:
    usage = response["usage"]
    return {
        "type": "message",
        "role": "assistant",
        "model": model_id,
        "content": [_block(block) for block in response["output"]["message"]["content"]],
        "stop_reason": response["stopReason"],
        "stop_sequence": None,
        "usage": {"input_tokens": usage["inputTokens"], "output_tokens": usage["outputTokens"]},
    }


def _block(block: Mapping[str, Any]) -> JSON:
    if "toolUse" not in block:
        return {"type": "text", "text": block["text"]}
    use = block["toolUse"]
    return {"type": "tool_use", "id": use["toolUseId"], "name": use["name"], "input": use["input"]}


ANTHROPIC = Family(
    # A body without max_tokens is refused, as no other family's is.
    constants={"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1024},
    parameters={
        "max_tokens": "max_tokens",
        "temperature": "temperature",
        "top_p": "top_p",
        "stop": "stop_sequences",
    },
    messages=partial(bodies.messages_in_blocks, block=_BLOCK),
    system=lambda text: {"system": text},
    tool=_tool,
    tools=_tools,
    block=_BLOCK,
    reply_key="content",
    read=_read,
    # By the key that each such body must have: the model's ID may be an ARN that tells nothing.
    recognises=lambda _model_id, body: "anthropic_version" in body,
    as_converse=_as_converse,
    from_converse=_from_converse,
)
