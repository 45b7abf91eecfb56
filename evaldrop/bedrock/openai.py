"""Any OpenAI-compatible server in Bedrock's place: Ollama, vLLM, llama.cpp and hosted ones."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from evaldrop.bedrock.answers import MOST_SAID, json_object, refusal
from evaldrop.bedrock.channel import Channel
from evaldrop.bedrock.families.bodies import STOP_REASONS, first, mapping, mappings, texts_of
from evaldrop.bedrock.families.chat import INFERENCE, forced, function_tool, read_chat
from evaldrop.bedrock.families.family import Reply
from evaldrop.bedrock.protocol import (
    AUTHORIZATION,
    READ_TIMEOUT_S,
    ServiceError,
    code_by_status,
    json_body,
)
from evaldrop.evaluation.model_limits import limits_of
from evaldrop.json_text import is_too_deep, loads

# A gateway's time-out is the model's here: most servers load a model at its first call.
_OWN_CODES = {401: "AccessDeniedException", 504: "ModelTimeoutException"}


class OpenAIRuntime:
    """
    Converse by `POST URL/chat/completions`; the key comes from `OPENAI_API_KEY` when it is set.

    Where `EVALDROP_OPENAI_AUTHORIZATION` is set it is the whole `Authorization` header instead.

    Args:
        url: Up to and including the version, as `http://localhost:11434/v1`.
        max_in_flight: How many calls may wait at a time.
        read_timeout_s: How long the server may stay silent.
    """

    is_simulated = False

    def __init__(self, url: str, *, max_in_flight: int, read_timeout_s: float = READ_TIMEOUT_S) -> None:
        self._url = url.rstrip("/") + "/chat/completions"
        key = os.environ.get("OPENAI_API_KEY")
        authorization = os.environ.get(AUTHORIZATION) or (f"Bearer {key}" if key else None)
        self._channel = Channel(
            max_in_flight=max_in_flight,
            headers={"Authorization": authorization} if authorization else {},
            read_timeout_s=read_timeout_s,
        )

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Ask the server for a completion; `modelId` is the server's own name of the model.

        Raises:
            ServiceError: Under Bedrock's names, see `code_by_status` and `Channel.post`.
        """
        _refuse_guardrail("guardrailConfig", request)
        body, latency_ms = await self._complete(chat_request(request))
        return converse_response(body, latency_ms=latency_ms)

    async def invoke_model(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Send a chat body as it is, with the model's name filled in; a `prompt` becomes one message.

        Raises:
            ServiceError: `ValidationException` for a body of another family, else as `converse`.
        """
        _refuse_guardrail("guardrailIdentifier", request)
        try:
            sent = orjson.loads(request.get("body", b""))
        except orjson.JSONDecodeError as fault:
            raise ServiceError("ValidationException", f"the body is not JSON: {fault}") from fault
        body, _ = await self._complete({**_chat_body(sent), "model": request.get("modelId", "")})
        return {"body": orjson.dumps(body), "contentType": "application/json"}

    async def invoke_guardrail_checks(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Refuse: it is Bedrock's own.

        Raises:
            ServiceError: `AccessDeniedException`, always.
        """
        del request
        raise ServiceError("AccessDeniedException", "no OpenAI-compatible server has guardrail checks")

    async def close(self) -> None:
        """Close all connections."""
        await self._channel.close()

    async def _complete(self, asked: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
        answer = await self._channel.post(self._url, json_body(asked), _json_headers)
        if answer.status >= 300:
            code = code_by_status(answer.status, _OWN_CODES)
            raise refusal(code, _error_message(answer.body), answer)
        body = json_object(answer.body, what="the server's answer")
        _raise_told_error(body)
        return body, answer.elapsed_ms


def _raise_told_error(body: Mapping[str, Any]) -> None:
    """Raise what a gateway tells of the model behind it, with its status, in an answer of status 200."""
    # Within a choice where the model's server went away in the middle of an answer.
    error = first(body.get("choices")).get("error") if body.get("choices") else body.get("error")
    if not error:
        return
    said = error if isinstance(error, dict) else {"message": error}
    told = str(said.get("code") or said.get("status") or "")
    status = int(told) if told.isascii() and told.isdigit() and len(told) == 3 else 0
    # Without a status nothing tells whose fault it is: once more, as after an error of the model's.
    code = code_by_status(status, _OWN_CODES) if status >= 400 else "ModelErrorException"
    raise ServiceError(code, str(said.get("message") or error)[:MOST_SAID])


def _refuse_guardrail(key: str, request: Mapping[str, Any]) -> None:
    # Left out in silence, it would be reported as a guardrail that stops nothing.
    if request.get(key):
        do = "Leave guardrail out of the candidate, or run with --bedrock aws"
        raise ServiceError("ValidationException", f"a guardrail is Bedrock's; this server has none. {do}")


def _chat_body(sent: Any) -> dict[str, Any]:
    if not isinstance(sent, dict) or not {"messages", "prompt"} & sent.keys():
        raise ServiceError("ValidationException", 'the body needs "messages" (OpenAI chat) or a "prompt"')
    # Servers ignore keys they do not know: the model would answer without its settings.
    foreign = {"anthropic_version", "schemaVersion", "inferenceConfig"} & sent.keys()
    if foreign:
        named = ", ".join(sorted(foreign))
        raise ServiceError(
            "ValidationException",
            f"an OpenAI-compatible server does not read this body ({named}). Use `api: converse`.",
        )
    if "messages" in sent:
        return {**sent, "messages": [_in_one_text(message) for message in sent["messages"]]}
    # Mistral's and Llama's bodies have different names for it.
    limit = sent.get("max_tokens", sent.get("max_gen_len"))
    kept = {key: sent[key] for key in ("temperature", "top_p", "stop") if key in sent}
    message = {"role": "user", "content": sent["prompt"]}
    return {"messages": [message], **kept, **({"max_tokens": limit} if limit is not None else {})}


async def _json_headers() -> dict[str, str]:
    return {"Content-Type": "application/json"}


def _error_message(body: bytes) -> str:
    try:
        said = orjson.loads(body)["error"]
        return str(said["message"] if isinstance(said, dict) else said)
    # A list, a number, a text: nothing that has an "error".
    except (orjson.JSONDecodeError, KeyError, TypeError):
        # Not every server follows OpenAI's error shape: then its text is the message.
        return body[:500].decode(errors="replace")


# Converse's requests as chat completions, and completions as Converse's responses


def chat_request(request: Mapping[str, Any]) -> dict[str, Any]:
    """
    Write a Converse request as the body of `POST /chat/completions`.

    Several text blocks of a message become one: fences tell a judge where the response begins and ends.

    Raises:
        ServiceError: `ValidationException` for content that chat completions cannot carry, by its key.
    """
    system = "\n\n".join(block["text"] for block in request.get("system", ()) if "text" in block)
    messages = [{"role": "system", "content": system}] if system else []
    messages += map(_chat_message, request.get("messages", ()))
    inference = request.get("inferenceConfig", {})
    model = request.get("modelId", "")
    names = {**INFERENCE, **({"maxTokens": "max_completion_tokens"} if _counts_completion(model) else {})}
    return {
        "model": model,
        "messages": messages,
        **{name: inference[key] for key, name in names.items() if inference.get(key) is not None},
        **_chat_tools(request.get("toolConfig", {})),
        # Last, so that what an evaluation states as `extra` wins.
        **request.get("additionalModelRequestFields", {}),
    }


def _chat_message(message: Mapping[str, Any]) -> dict[str, Any]:
    for block in message.get("content", ()):
        if "text" not in block:
            kinds = ", ".join(block)
            raise ServiceError(
                "ValidationException", f"an OpenAI-compatible server takes no {kinds} content here"
            )
    return {"role": message["role"], "content": _joined(texts_of(message.get("content")))}


def _in_one_text(message: Any) -> Any:
    """Return a chat message with its parts as one text, where all of them are texts."""
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list) or len(texts_of(content)) < len(content):
        return message
    return {**message, "content": _joined(texts_of(content))}


def _joined(texts: Iterable[str]) -> str:
    # Not every server reads a list of parts: Ollama's, older llama.cpp's and many a chat template refuse one.
    said = ""
    for text in texts:
        # A fence brings its line break; a reminder behind a prompt brings none.
        is_apart = not said or said.endswith("\n") or text.startswith("\n")
        said += text if is_apart else f"\n\n{text}"
    return said


def _counts_completion(model: str) -> bool:
    return bool(limits_of(model).completion_tokens)


def _chat_tools(config: Mapping[str, Any]) -> dict[str, Any]:
    specs = [tool["toolSpec"] for tool in config.get("tools", ()) if "toolSpec" in tool]
    if not specs:
        return {}
    tools = [
        function_tool(spec["name"], spec.get("description", ""), spec["inputSchema"]["json"])
        for spec in specs
    ]
    choice = config.get("toolChoice", {})
    if "tool" in choice:
        return {"tools": tools, "tool_choice": forced(choice["tool"]["name"])}
    return {"tools": tools, "tool_choice": "required" if "any" in choice else "auto"}


def converse_response(body: Mapping[str, Any], *, latency_ms: int) -> dict[str, Any]:
    """
    Write a chat completion as a Converse response.

    Tool arguments that are not JSON are handed on as the text the model wrote; who reads verdicts decides.

    Raises:
        ServiceError: `ModelErrorException` when the completion has no text where chat completions have it.
    """
    choice = first(body.get("choices"))
    if not choice:
        raise ServiceError("ModelErrorException", f"the server's answer holds no choices: {str(body)[:300]}")
    said = read_chat(body)
    if said is None:
        where = "no text where chat completions have it"
        raise ServiceError("ModelErrorException", f"the server's answer has {where}: {str(body)[:300]}")
    content = list(_converse_content(said, _calls(mapping(choice.get("message")))))
    stop = said.stop_reason if isinstance(said.stop_reason, str) and said.stop_reason else "stop"
    called = any("toolUse" in block for block in content)
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        # After a call of a tool that was forced, OpenAI and its imitators say "stop".
        "stopReason": "tool_use" if called and stop == "stop" else STOP_REASONS.get(stop, stop),
        "usage": _usage(said),
        "metrics": {"latencyMs": latency_ms},
    }


def _usage(said: Reply) -> dict[str, int]:
    # Some servers state it as null, or leave it out: what is not told is left out, for 0 would cost nothing.
    taken, given = said.input_tokens, said.output_tokens
    usage = {"inputTokens": taken, "outputTokens": given}
    if taken is not None and given is not None:
        usage["totalTokens"] = taken + given
    return {name: tokens for name, tokens in usage.items() if tokens is not None}


def _calls(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    calls = mappings(message.get("tool_calls"))
    # The older form of a call, which some servers still give.
    older = mapping(message.get("function_call"))
    return calls or ([{"function": older}] if older else [])


def _converse_content(said: Reply, calls: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    if said.thinking:
        yield {"reasoningContent": {"reasoningText": {"text": said.thinking}}}
    if said.text:
        yield {"text": said.text}
    for place, call in enumerate(calls):
        function = mapping(call.get("function"))
        # Some servers give a call no ID, which a Converse response must have.
        use = {"toolUseId": call.get("id") or f"call_{place}", "name": function.get("name", "")}
        yield {"toolUse": {**use, "input": _arguments(function.get("arguments"))}}


def _arguments(given: Any) -> Any:
    # Some servers give an object where OpenAI gives its JSON as a text.
    if not isinstance(given, str):
        return given if given is not None else {}
    try:
        read = loads(given)
    except ValueError:
        return given
    return given if is_too_deep(read) else read
