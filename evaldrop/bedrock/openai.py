"""Any OpenAI-compatible server in Bedrock's place: Ollama, vLLM, llama.cpp and hosted ones."""

import os
from collections.abc import Mapping
from typing import Any

import orjson

from evaldrop.bedrock.channel import Channel, HttpReply
from evaldrop.bedrock.families.chat import chat_request, converse_response
from evaldrop.bedrock.protocol import READ_TIMEOUT_S, ServiceError

CODE_BY_STATUS = {
    400: "ValidationException",
    401: "AccessDeniedException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    422: "ValidationException",
    429: "ThrottlingException",
    502: "ServiceUnavailableException",
    503: "ServiceUnavailableException",
    504: "ModelTimeoutException",
}


class OpenAIRuntime:
    """
    Converse by `POST URL/chat/completions`; the key comes from `OPENAI_API_KEY` when it is set.

    Args:
        url: Up to and including the version, as `http://localhost:11434/v1`.
        max_in_flight: How many calls may wait at a time.
        read_timeout_s: How long the server may stay silent.
    """

    is_simulated = False

    def __init__(self, url: str, *, max_in_flight: int, read_timeout_s: float = READ_TIMEOUT_S) -> None:
        self._url = url.rstrip("/") + "/chat/completions"
        key = os.environ.get("OPENAI_API_KEY")
        self._channel = Channel(
            max_in_flight=max_in_flight,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            read_timeout_s=read_timeout_s,
        )

    async def converse(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Ask the server for a completion; `modelId` is the server's own name of the model.

        Raises:
            ServiceError: Under Bedrock's names, see `CODE_BY_STATUS` and `Channel.post`.
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

    async def close(self) -> None:
        """Close all connections."""
        await self._channel.close()

    async def _complete(self, asked: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
        try:
            sent = orjson.dumps(asked)
        except TypeError as fault:
            raise ServiceError(
                "ValidationException", f"the request cannot be sent as JSON: {fault}"
            ) from fault
        answer = await self._channel.post(self._url, sent, _json_headers)
        latency_ms = answer.elapsed_ms
        if answer.status >= 300:
            raise _refusal(answer)
        try:
            body = orjson.loads(answer.body)
        except orjson.JSONDecodeError as fault:
            raise ServiceError(
                "InternalServerException", f"the server's answer is not JSON: {fault}"
            ) from fault
        if not isinstance(body, dict):
            raise ServiceError("InternalServerException", "the server's answer is not a JSON object")
        return body, latency_ms


def _refuse_guardrail(key: str, request: Mapping[str, Any]) -> None:
    # Left out in silence, it would be reported as a guardrail that stops nothing.
    if request.get(key):
        do = "Leave guardrail out of the candidate, or run with --bedrock aws"
        raise ServiceError("ValidationException", f"a guardrail is Bedrock's; this server has none. {do}")


def _chat_body(sent: Any) -> dict[str, Any]:
    if not isinstance(sent, dict) or not {"messages", "prompt"} & sent.keys():
        raise ServiceError("ValidationException", 'the body needs "messages" (OpenAI chat) or a "prompt"')
    foreign = {"anthropic_version", "schemaVersion", "inferenceConfig"} & sent.keys()
    if foreign:
        named = ", ".join(sorted(foreign))
        raise ServiceError(
            "ValidationException",
            f"an OpenAI-compatible server does not read this body ({named}). Use `api: converse`.",
        )
    if "messages" in sent:
        return sent
    limit = sent.get("max_tokens", sent.get("max_gen_len"))
    kept = {key: sent[key] for key in ("temperature", "top_p", "stop") if key in sent}
    message = {"role": "user", "content": sent["prompt"]}
    return {"messages": [message], **kept, **({"max_tokens": limit} if limit is not None else {})}


async def _json_headers() -> dict[str, str]:
    return {"Content-Type": "application/json"}


def _refusal(answer: HttpReply) -> ServiceError:
    code = CODE_BY_STATUS.get(answer.status)
    if code is None:
        code = "ValidationException" if answer.status < 500 else "InternalServerException"
    return ServiceError(code, _error_message(answer.body) or f"HTTP {answer.status}")


def _error_message(body: bytes) -> str:
    try:
        said = orjson.loads(body)["error"]
        return str(said["message"] if isinstance(said, dict) else said)
    except (orjson.JSONDecodeError, KeyError, TypeError):
        # Not every server follows OpenAI's error shape: then its text is the message.
        return body[:500].decode(errors="replace")
