"""OpenAI chat completions and Bedrock's Converse, each written as the other. Pure translation, no network."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from evaldrop.bedrock.protocol import ServiceError

_INFERENCE = {
    "maxTokens": "max_tokens",
    "temperature": "temperature",
    "topP": "top_p",
    "stopSequences": "stop",
}
_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "content_filtered",
}
_FINISH_REASONS = {"max_tokens": "length", "tool_use": "tool_calls", "content_filtered": "content_filter"}


def chat_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """
    Write a Converse request as the body of `POST /chat/completions`.

    Several text blocks of a message stay apart as parts: a judge sees where the response begins and ends.

    Raises:
        ServiceError: `ValidationException` for content that chat completions cannot carry, by its key.
    """
    system = "\n\n".join(block["text"] for block in request.get("system", ()) if "text" in block)
    messages = [{"role": "system", "content": system}] if system else []
    for message in request.get("messages", ()):
        messages.extend(_chat_messages(message))
    inference = request.get("inferenceConfig", {})
    return {
        "model": request.get("modelId", ""),
        "messages": messages,
        **{name: inference[key] for key, name in _INFERENCE.items() if inference.get(key) is not None},
        **_chat_tools(request.get("toolConfig", {})),
        **request.get("additionalModelRequestFields", {}),
    }


def converse_response(body: Mapping[str, Any], *, latency_ms: int) -> dict[str, Any]:
    """
    Write a chat completion as a Converse response.

    Tool arguments that are not JSON are handed on as the text the model wrote; who reads verdicts decides.

    Raises:
        ServiceError: `ModelErrorException` when the completion holds no choice.
    """
    choices = body.get("choices") or ()
    if not choices:
        raise ServiceError("ModelErrorException", f"the server's answer holds no choices: {str(body)[:300]}")
    message = choices[0].get("message") or {}
    content = list(_converse_content(message))
    stop = choices[0].get("finish_reason") or "stop"
    called = any("toolUse" in block for block in content)
    usage = body.get("usage") or {}
    taken, given = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "tool_use" if called and stop == "stop" else _STOP_REASONS.get(stop, stop),
        "usage": {"inputTokens": taken, "outputTokens": given, "totalTokens": taken + given},
        "metrics": {"latencyMs": latency_ms},
    }


def converse_request(model_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Write the body of `POST /chat/completions` as a Converse request; texts and tools, no images."""
    spoken = [m for m in body.get("messages", ()) if m.get("role") not in ("system", "developer")]
    ruled = [m for m in body.get("messages", ()) if m.get("role") in ("system", "developer")]
    tools = [
        {
            "toolSpec": {
                "name": tool["function"]["name"],
                "description": tool["function"].get("description", ""),
                "inputSchema": {"json": tool["function"].get("parameters", {})},
            }
        }
        for tool in body.get("tools", ())
    ]
    inference = {key: body[name] for key, name in _INFERENCE.items() if body.get(name) is not None}
    return {
        "modelId": model_id,
        "system": [{"text": text} for m in ruled for text in texts_of(m.get("content"))],
        "messages": [
            {
                "role": m.get("role", "user"),
                "content": [{"text": text} for text in texts_of(m.get("content"))],
            }
            for m in spoken
        ],
        "inferenceConfig": inference,
        **({"toolConfig": {"tools": tools}} if tools else {}),
    }


def chat_response(model_id: str, response: Mapping[str, Any]) -> dict[str, Any]:
    """Write a Converse response as a chat completion."""
    blocks = response["output"]["message"]["content"]
    message: dict[str, Any] = {"role": "assistant", "content": None}
    if text := "".join(block["text"] for block in blocks if "text" in block):
        message["content"] = text
    calls = [_tool_call(block["toolUse"]) for block in blocks if "toolUse" in block]
    if calls:
        message["tool_calls"] = calls
    usage, stop = response["usage"], response["stopReason"]
    return {
        "object": "chat.completion",
        "model": model_id,
        "choices": [{"index": 0, "message": message, "finish_reason": _FINISH_REASONS.get(stop, "stop")}],
        "usage": {
            "prompt_tokens": usage["inputTokens"],
            "completion_tokens": usage["outputTokens"],
            "total_tokens": usage["totalTokens"],
        },
    }


def texts_of(content: Any) -> list[str]:
    """Return the texts of a message's content, which is a string or a list of parts."""
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content or () if isinstance(part, Mapping) and "text" in part]


def _chat_messages(message: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    texts, calls, results = [], [], []
    for block in message.get("content", ()):
        if "text" in block:
            texts.append(block["text"])
        elif "toolUse" in block:
            calls.append(_tool_call(block["toolUse"]))
        elif "toolResult" in block:
            results.append(block["toolResult"])
        elif not block.keys() & {"cachePoint", "reasoningContent"}:
            kinds = ", ".join(block)
            raise ServiceError(
                "ValidationException", f"an OpenAI-compatible server takes no {kinds} content here"
            )
    for result in results:
        said = "\n".join(
            part.get("text") or orjson.dumps(part.get("json")).decode() for part in result["content"]
        )
        yield {"role": "tool", "tool_call_id": result["toolUseId"], "content": said}
    if texts or calls or not results:
        content: Any = (
            [{"type": "text", "text": text} for text in texts] if len(texts) > 1 else "".join(texts)
        )
        yield {"role": message["role"], "content": content, **({"tool_calls": calls} if calls else {})}


def _chat_tools(config: Mapping[str, Any]) -> dict[str, Any]:
    specs = [tool["toolSpec"] for tool in config.get("tools", ()) if "toolSpec" in tool]
    if not specs:
        return {}
    tools = [
        {
            "type": "function",
            "function": {
                "name": spec["name"],
                "description": spec.get("description", ""),
                "parameters": spec["inputSchema"]["json"],
            },
        }
        for spec in specs
    ]
    choice = config.get("toolChoice", {})
    if "tool" in choice:
        forced = {"type": "function", "function": {"name": choice["tool"]["name"]}}
        return {"tools": tools, "tool_choice": forced}
    return {"tools": tools, "tool_choice": "required" if "any" in choice else "auto"}


def _tool_call(use: Mapping[str, Any]) -> dict[str, Any]:
    arguments = orjson.dumps(use["input"]).decode()
    return {
        "id": use["toolUseId"],
        "type": "function",
        "function": {"name": use["name"], "arguments": arguments},
    }


def _converse_content(message: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    thought = message.get("reasoning_content") or message.get("reasoning")
    if isinstance(thought, str) and thought:
        yield {"reasoningContent": {"reasoningText": {"text": thought}}}
    for text in texts_of(message.get("content")):
        if text:
            yield {"text": text}
    for place, call in enumerate(message.get("tool_calls") or ()):
        function = call.get("function", {})
        use = {"toolUseId": call.get("id") or f"call_{place}", "name": function.get("name", "")}
        yield {"toolUse": {**use, "input": _arguments(function.get("arguments"))}}


def _arguments(given: Any) -> Any:
    if not isinstance(given, str):
        return given if given is not None else {}
    try:
        return orjson.loads(given)
    except orjson.JSONDecodeError:
        return given
