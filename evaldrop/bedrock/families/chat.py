"""OpenAI's chat completions: the bodies of many makers' models in Bedrock, and what its imitators serve."""

from collections.abc import Mapping
from typing import Any

import orjson

from evaldrop.bedrock.families import bodies
from evaldrop.bedrock.families.family import JSON, Family, Reply, Turns

INFERENCE = {
    "maxTokens": "max_tokens", "temperature": "temperature", "topP": "top_p", "stopSequences": "stop",
}  # fmt: skip
"""Converse's sampling parameters by chat's names for them."""


def function_tool(name: str, description: str, schema: Mapping[str, Any]) -> JSON:
    """Return a tool as chat completions describe it."""
    described = {"name": name, "description": description, "parameters": schema}
    return {"type": "function", "function": described}


def forced(name: str) -> JSON:
    """Return the choice of a tool that has to be called."""
    return {"type": "function", "function": {"name": name}}


def _call(use: Mapping[str, Any]) -> JSON:
    arguments = orjson.dumps(use["input"]).decode()
    called = {"name": use["name"], "arguments": arguments}
    return {"id": use["toolUseId"], "type": "function", "function": called}


def _messages(turns: Turns) -> JSON:
    return {"messages": [{"role": role, "content": text} for role, text in turns]}


def _tool(tool: Mapping[str, Any], choice: str | None) -> JSON:
    spec = function_tool(tool["name"], tool["description"], tool["input_schema"])
    return {"tools": [spec], "tool_choice": forced(tool["name"]) if choice else "auto"}


# Two names: OpenAI's interface has no field for reasoning, and servers chose differently.
THOUGHTS = ("reasoning_content", "reasoning")
_SAID = ("content", "refusal", "tool_calls", "function_call", *THOUGHTS)


def read_chat(body: Mapping[str, Any]) -> Reply | None:
    """Read a chat completion, or one of a text: imported models and DeepSeek's have `choices[].text`."""
    choice, usage = bodies.first(body["choices"]), bodies.mapping(body.get("usage"))
    message = bodies.mapping(choice.get("message"))
    parts = None
    if any(key in message for key in _SAID):
        parts = bodies.read_parts(message.get("content"), message.get("refusal"))
    elif "text" in choice:
        parts = bodies.read_parts(choice["text"])
    if parts is None:
        return None
    calls = bodies.mappings(message.get("tool_calls"))
    functions = [bodies.mapping(call.get("function")) for call in calls]
    functions.append(bodies.mapping(message.get("function_call")))
    stop = choice.get("finish_reason") or choice.get("stop_reason")
    return Reply(
        parts.text,
        bodies.tool_input(function.get("arguments") for function in functions),
        # A refusal has a place of its own and ends as any other answer.
        "refusal" if message.get("refusal") and stop in (None, "stop") else stop,
        bodies.total(usage, "prompt_tokens"),
        bodies.total(usage, "completion_tokens"),
        thinking=bodies.joined_thoughts(next(filter(None, map(message.get, THOUGHTS)), None), parts.thinking),
    )


def converse_of_chat(body: Mapping[str, Any]) -> JSON:
    """Write the body of `POST /chat/completions` as a Converse request; texts and tools, no images."""
    messages = body["messages"]
    # Newer models of OpenAI's call the system message the developer's.
    ruled = [each for each in messages if each["role"] in ("system", "developer")]
    functions = [tool["function"] for tool in body.get("tools", ())]
    return bodies.converse_request(
        [each for each in messages if each not in ruled],
        inference={key: body[name] for key, name in INFERENCE.items() if body.get(name) is not None},
        system=[text for each in ruled for text in bodies.texts_of(each["content"])],
        tools=[
            bodies.tool_spec(
                each["name"], each.get("parameters", {}), description=each.get("description", "")
            )
            for each in functions
        ],
    )


def chat_of_converse(model_id: str, response: Mapping[str, Any]) -> JSON:
    """Write a Converse response as a chat completion."""
    blocks = response["output"]["message"]["content"]
    # OpenAI's content is null beside a call, and never an empty text.
    message: JSON = {"role": "assistant", "content": bodies.text_of(response) or None}
    calls = [_call(block["toolUse"]) for block in blocks if "toolUse" in block]
    if calls:
        message["tool_calls"] = calls
    usage, stop = response["usage"], bodies.own_stop_reason(response["stopReason"])
    return {
        "object": "chat.completion",
        "model": model_id,
        "choices": [{"index": 0, "message": message, "finish_reason": stop}],
        "usage": {
            "prompt_tokens": usage["inputTokens"],
            "completion_tokens": usage["outputTokens"],
            "total_tokens": usage["totalTokens"],
        },
    }


CHAT = Family(
    parameters={name: name for name in ("max_tokens", "temperature", "top_p", "stop")},
    messages=_messages,
    tool=_tool,
    block={"type": "text"},
    reply_key="choices",
    read=read_chat,
    recognises=lambda _model_id, body: "messages" in body,
    as_converse=converse_of_chat,
    from_converse=chat_of_converse,
)
