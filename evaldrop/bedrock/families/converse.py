"""Converse, which suits every family: requests in Step Functions' casing, and what it answered."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaldrop.bedrock.families import bodies
from evaldrop.bedrock.families.family import JSON, Layout, Reply, Turns


def _messages(turns: Turns) -> JSON:
    return {"Messages": [{"Role": role, "Content": [{"Text": text}]} for role, text in turns]}


def _tool(tool: Mapping[str, Any], choice: str | None) -> JSON:
    schema = {"Json": tool["input_schema"]}
    spec = {"Name": tool["name"], "Description": tool["description"], "InputSchema": schema}
    config: JSON = {"Tools": [{"ToolSpec": spec}]}
    # A choice that the model does not take makes Converse refuse the request; none is always taken.
    if choice:
        config["ToolChoice"] = {"Tool": {"Name": tool["name"]}} if choice == "tool" else {"Any": {}}
    return {"ToolConfig": config}


def _tools(tools: Sequence[Mapping[str, Any]]) -> JSON:
    specs = [
        {
            "Name": tool["name"],
            **({"Description": tool["description"]} if "description" in tool else {}),
            "InputSchema": {"Json": tool["input_schema"]},
        }
        for tool in tools
    ]
    return {"ToolConfig": {"Tools": [{"ToolSpec": spec} for spec in specs]}}


def is_known(raw: Mapping[str, Any]) -> bool:
    """Tell whether a response has a message of blocks that are known, or of none."""
    content = _content(raw)
    return isinstance(content, list) and (not content or _parts(content) is not None)


def _content(raw: Mapping[str, Any]) -> object:
    return bodies.mapping(bodies.mapping(raw.get("Output")).get("Message")).get("Content")


def _parts(content: object) -> bodies.Parts | None:
    blocks = bodies.mappings(content)
    return bodies.read_parts([_in_camel_case(block) for block in blocks]) if blocks else None


def read(raw: Mapping[str, Any]) -> Reply:
    """Read Converse's response as Step Functions writes it, as far as it is there."""
    # Blocks by their keys, not by position: reasoning may come first.
    content = _content(raw)
    blocks, parts = bodies.mappings(content), _parts(content)
    usage, latency_ms = bodies.mapping(raw.get("Usage")), bodies.mapping(raw.get("Metrics")).get("LatencyMs")
    return Reply(
        parts.text if parts else "",
        bodies.tool_input(bodies.mapping(block.get("ToolUse")).get("Input") for block in blocks),
        raw.get("StopReason"),
        # Converse counts cached tokens apart: without them a cached prompt would look short.
        bodies.total(usage, "InputTokens", "CacheReadInputTokens", "CacheWriteInputTokens"),
        bodies.total(usage, "OutputTokens"),
        bodies.duration_ms(latency_ms),
        parts.thinking if parts else None,
        cache_read_tokens=bodies.cached(usage, "CacheReadInputTokens"),
        cache_write_tokens=bodies.cached(usage, "CacheWriteInputTokens"),
    )


def _in_camel_case(value: object) -> object:
    if isinstance(value, list):
        return [_in_camel_case(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key[:1].lower() + key[1:]: None if key == "ToolUse" else _in_camel_case(each)
        for key, each in value.items()
    }


CONVERSE = Layout(
    parameters={
        "max_tokens": "MaxTokens",
        "temperature": "Temperature",
        "top_p": "TopP",
        "stop": "StopSequences",
    },
    parameters_in="InferenceConfig",
    messages=_messages,
    system=lambda text: {"System": [{"Text": text}]},
    tool=_tool,
    tools=_tools,
)
