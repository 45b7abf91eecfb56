"""Converse, which suits every family: requests in Step Functions' casing, and what it answered."""

from collections.abc import Mapping
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


def read(raw: Mapping[str, Any]) -> Reply | None:
    """Read Converse's response as Step Functions writes it; None where it has no message."""
    # Blocks by their keys, not by position: reasoning may come first.
    content = bodies.mapping(bodies.mapping(raw.get("Output")).get("Message")).get("Content")
    blocks = bodies.mappings(content)
    parts = bodies.read_parts([_in_camel_case(block) for block in blocks])
    if not isinstance(content, list) or parts is None or len(blocks) < bool(content):
        return None
    usage, latency_ms = bodies.mapping(raw.get("Usage")), bodies.mapping(raw.get("Metrics")).get("LatencyMs")
    # For Python, true is a number, too.
    is_number = isinstance(latency_ms, int | float) and not isinstance(latency_ms, bool)
    return Reply(
        parts.text,
        bodies.tool_input(bodies.mapping(block.get("ToolUse")).get("Input") for block in blocks),
        raw.get("StopReason"),
        # Converse counts cached tokens apart: without them a cached prompt would look short.
        bodies.total(usage, "InputTokens", "CacheReadInputTokens", "CacheWriteInputTokens"),
        bodies.total(usage, "OutputTokens"),
        float(latency_ms) if latency_ms is not None and is_number else None,
        parts.thinking,
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
)
