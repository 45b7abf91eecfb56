"""
The bodies that InvokeModel carries, each family's own, read as Converse requests and answered in kind.

Anthropic messages, Nova, OpenAI chat, and the plain prompts of Llama and Mistral.
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from evaldrop.bedrock.families.chat import chat_response, converse_request, texts_of
from evaldrop.bedrock.protocol import ServiceError

_STOP = {"end_turn": "stop", "max_tokens": "length"}
_MARKERS = re.compile(r"<\|(?:begin_of_text|eot_id|end_of_text)\|>|</?s>")
_LLAMA_TURN = re.compile(
    r"<\|(?:start_header_id\|>(\w+)<\|end_header_id|header_start\|>(\w+)<\|header_end)\|>"
)
_INSTRUCTION = re.compile(r"\[/?INST\]")


class _Request(Protocol):
    def __call__(self, model_id: str, body: Mapping[str, Any], /) -> dict[str, Any]: ...


class _Response(Protocol):
    def __call__(self, model_id: str, response: Mapping[str, Any], /) -> dict[str, Any]: ...


class Family(NamedTuple):
    """How a family's body becomes a Converse request, and a Converse response the family's body."""

    request: _Request
    response: _Response


def family_of(model_id: str, body: Mapping[str, Any]) -> Family:
    """
    Recognise a body by its keys, and where those leave a choice by the model id.

    Raises:
        ServiceError: `ValidationException` for a body of none of the known families.
    """
    if "anthropic_version" in body:
        return CLAUDE
    if "messages" in body:
        return NOVA if "nova" in model_id or {"schemaVersion", "inferenceConfig"} & body.keys() else CHAT
    if "prompt" in body:
        return MISTRAL if re.search(r"mi[sx]tral|ministral|pixtral", model_id) else LLAMA
    known = 'a "messages" list (Anthropic, Nova, OpenAI chat) or a "prompt" (Llama, Mistral)'
    raise ServiceError("ValidationException", f"the body for {model_id} has neither {known}")


def _claude_request(model_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    tools = [
        {"toolSpec": {"name": tool["name"], "inputSchema": {"json": tool["input_schema"]}}}
        for tool in body.get("tools", ())
        if "input_schema" in tool
    ]
    return {
        "modelId": model_id,
        "system": [{"text": text} for text in texts_of(body.get("system"))],
        "messages": _turns(body["messages"]),
        "inferenceConfig": {"maxTokens": body["max_tokens"]} if "max_tokens" in body else {},
        **({"toolConfig": {"tools": tools}} if tools else {}),
    }


def _claude_response(model_id: str, response: Mapping[str, Any]) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = []
    for block in response["output"]["message"]["content"]:
        if "toolUse" in block:
            use = block["toolUse"]
            blocks.append(
                {"type": "tool_use", "id": use["toolUseId"], "name": use["name"], "input": use["input"]}
            )
        else:
            blocks.append({"type": "text", "text": block["text"]})
    usage = response["usage"]
    return {
        "type": "message",
        "role": "assistant",
        "model": model_id,
        "content": blocks,
        "stop_reason": response["stopReason"],
        "stop_sequence": None,
        "usage": {"input_tokens": usage["inputTokens"], "output_tokens": usage["outputTokens"]},
    }


def _nova_request(model_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: body[key] for key in ("system", "toolConfig") if body.get(key)}
    inference = dict(body.get("inferenceConfig", {}))
    if "max_new_tokens" in inference:
        inference["maxTokens"] = inference.pop("max_new_tokens")
    return {"modelId": model_id, "messages": _turns(body["messages"]), "inferenceConfig": inference, **kept}


def _nova_response(_model_id: str, response: Mapping[str, Any]) -> dict[str, Any]:
    return {key: response[key] for key in ("output", "stopReason", "usage")}


def _llama_request(model_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    _, *turns = _LLAMA_TURN.split(body["prompt"]) if _LLAMA_TURN.search(body["prompt"]) else [""]
    said = [
        (first or second, _MARKERS.sub("", text).strip())
        for first, second, text in zip(turns[::3], turns[1::3], turns[2::3], strict=True)
    ]
    said = [turn for turn in said if turn[1]] or [("user", _plain(body["prompt"]))]
    return {
        "modelId": model_id,
        "system": [{"text": text} for role, text in said if role == "system"],
        "messages": [{"role": role, "content": [{"text": text}]} for role, text in said if role != "system"],
        "inferenceConfig": {"maxTokens": body["max_gen_len"]} if "max_gen_len" in body else {},
    }


def _llama_response(_model_id: str, response: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "generation": _text(response),
        "prompt_token_count": response["usage"]["inputTokens"],
        "generation_token_count": response["usage"]["outputTokens"],
        "stop_reason": _STOP.get(response["stopReason"], "stop"),
    }


def _mistral_request(model_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "modelId": model_id,
        "messages": [{"role": "user", "content": [{"text": _plain(body["prompt"])}]}],
        "inferenceConfig": {"maxTokens": body["max_tokens"]} if "max_tokens" in body else {},
    }


def _mistral_response(_model_id: str, response: Mapping[str, Any]) -> dict[str, Any]:
    return {"outputs": [{"text": _text(response), "stop_reason": _STOP.get(response["stopReason"], "stop")}]}


def _turns(messages: Any) -> list[dict[str, Any]]:
    return [
        {"role": message["role"], "content": [{"text": text} for text in texts_of(message["content"])]}
        for message in messages
    ]


def _plain(prompt: str) -> str:
    return _INSTRUCTION.sub("", _MARKERS.sub("", prompt)).strip()


def _text(response: Mapping[str, Any]) -> str:
    return "".join(block.get("text", "") for block in response["output"]["message"]["content"])


CLAUDE = Family(_claude_request, _claude_response)
NOVA = Family(_nova_request, _nova_response)
CHAT = Family(converse_request, chat_response)
LLAMA = Family(_llama_request, _llama_response)
MISTRAL = Family(_mistral_request, _mistral_response)
