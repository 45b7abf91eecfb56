"""Amazon's Nova: Converse's request in camel case, with a schema version."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from evaldrop.bedrock.families import bodies
from evaldrop.bedrock.families.family import JSON, Family, Reply


def _tool(tool: Mapping[str, Any], choice: str | None) -> JSON:
    spec = bodies.tool_spec(tool["name"], tool["input_schema"], description=tool["description"])
    forced = {"tool": {"name": tool["name"]}} if choice else {"auto": {}}
    return {"toolConfig": {"tools": [spec], "toolChoice": forced}}


def _tools(tools: Sequence[Mapping[str, Any]]) -> JSON:
    described = [{key: tool[key] for key in ("description",) if key in tool} for tool in tools]
    specs = [
        bodies.tool_spec(tool["name"], tool["input_schema"], **said)
        for tool, said in zip(tools, described, strict=True)
    ]
    return {"toolConfig": {"tools": specs}}


def _read(body: Mapping[str, Any]) -> Reply | None:
    content = bodies.mapping(bodies.mapping(body["output"]).get("message")).get("content")
    usage, parts = bodies.mapping(body.get("usage")), bodies.read_parts(content)
    if content is None or parts is None:
        return None
    blocks = bodies.mappings(content)
    return Reply(
        parts.text,
        bodies.tool_input(bodies.mapping(block.get("toolUse")).get("input") for block in blocks),
        body.get("stopReason"),
        bodies.total(usage, "inputTokens", "cacheReadInputTokenCount", "cacheWriteInputTokenCount"),
        bodies.total(usage, "outputTokens"),
        thinking=parts.thinking,
        cache_read_tokens=bodies.cached(usage, "cacheReadInputTokenCount"),
        cache_write_tokens=bodies.cached(usage, "cacheWriteInputTokenCount"),
    )


def _recognises(model_id: str, body: Mapping[str, Any]) -> bool:
    # An imported model's ID does not tell: its body does.
    is_own = "nova" in model_id or bool({"schemaVersion", "inferenceConfig"} & body.keys())
    return "messages" in body and is_own


def _as_converse(body: Mapping[str, Any]) -> JSON:
    inference = dict(body.get("inferenceConfig", {}))
    if "max_new_tokens" in inference:  # the name that Nova's first documentation gave it
        inference["maxTokens"] = inference.pop("max_new_tokens")
    kept = {key: body[key] for key in ("system", "toolConfig") if body.get(key)}
    return {**bodies.converse_request(body["messages"], inference=inference), **kept}


def _from_converse(_model_id: str, response: Mapping[str, Any]) -> JSON:
    return {key: response[key] for key in ("output", "stopReason", "usage")}


NOVA = Family(
    constants={"schemaVersion": "messages-v1"},
    parameters={
        "max_tokens": "maxTokens",
        "temperature": "temperature",
        "top_p": "topP",
        "stop": "stopSequences",
    },
    parameters_in="inferenceConfig",
    messages=partial(bodies.messages_in_blocks, block={}),
    system=lambda text: {"system": [{"text": text}]},
    tool=_tool,
    tools=_tools,
    block={},
    reply_key="output",
    read=_read,
    recognises=_recognises,
    as_converse=_as_converse,
    from_converse=_from_converse,
)
