"""Amazon's Titan and AI21's Jurassic: one text, whose lines begin with who speaks."""

from collections.abc import Mapping
from typing import Any

from evaldrop.bedrock.families import bodies
from evaldrop.bedrock.families.family import JSON, Family, Reply

_TITANS_WORDS = {"FINISH": "end_turn", "LENGTH": "max_tokens", "CONTENT_FILTERED": "content_filtered"}


def _read(body: Mapping[str, Any]) -> Reply | None:
    result = bodies.first(body["results"])
    parts = bodies.read_parts(result["outputText"]) if "outputText" in result else None
    return parts and Reply(
        parts.text,
        None,
        result.get("completionReason"),
        bodies.total(body, "inputTextTokenCount"),
        bodies.total(result, "tokenCount"),
    )


def _as_converse(body: Mapping[str, Any]) -> JSON:
    config = body.get("textGenerationConfig", {})
    return bodies.converse_request(
        [{"role": "user", "content": body["inputText"]}],
        inference={"maxTokens": config["maxTokenCount"]} if "maxTokenCount" in config else {},
    )


def _from_converse(_model_id: str, response: Mapping[str, Any]) -> JSON:
    usage = response["usage"]
    result = {
        "outputText": bodies.text_of(response),
        "tokenCount": usage["outputTokens"],
        "completionReason": bodies.own_stop_reason(response["stopReason"], _TITANS_WORDS),
    }
    return {"inputTextTokenCount": usage["inputTokens"], "results": [result]}


TITAN = Family(
    parameters={
        "max_tokens": "maxTokenCount",
        "temperature": "temperature",
        "top_p": "topP",
        "stop": "stopSequences",
    },
    parameters_in="textGenerationConfig",
    messages=bodies.one_prompt("inputText", user="User", assistant="Bot"),
    reply_key="results",
    read=_read,
    recognises=lambda _model_id, body: "inputText" in body,
    as_converse=_as_converse,
    from_converse=_from_converse,
)


def _read_completion(body: Mapping[str, Any]) -> Reply | None:
    completion = bodies.first(body["completions"])
    data = bodies.mapping(completion.get("data"))
    parts = bodies.read_parts(data["text"]) if "text" in data else None
    return parts and Reply(
        parts.text,
        None,
        bodies.mapping(completion.get("finishReason")).get("reason"),
        # It tells its tokens one by one.
        _length(bodies.mapping(body.get("prompt")).get("tokens")),
        _length(data.get("tokens")),
    )


def _length(tokens: object) -> int | None:
    return len(tokens) if isinstance(tokens, list) else None


def _completion_as_converse(body: Mapping[str, Any]) -> JSON:
    return bodies.converse_request(
        [{"role": "user", "content": body["prompt"]}],
        inference={"maxTokens": body["maxTokens"]} if "maxTokens" in body else {},
    )


def _completion_from_converse(_model_id: str, response: Mapping[str, Any]) -> JSON:
    words = {"endoftext": "end_turn", "length": "max_tokens"}
    reason = bodies.own_stop_reason(response["stopReason"], words)
    data = {"text": bodies.text_of(response), "tokens": [{}] * response["usage"]["outputTokens"]}
    return {
        "prompt": {"tokens": [{}] * response["usage"]["inputTokens"]},
        "completions": [{"data": data, "finishReason": {"reason": reason}}],
    }


JURASSIC = Family(
    parameters={
        "max_tokens": "maxTokens",
        "temperature": "temperature",
        "top_p": "topP",
        "stop": "stopSequences",
    },
    messages=bodies.one_prompt("prompt", user="User", assistant="Assistant"),
    reply_key="completions",
    read=_read_completion,
    recognises=lambda model_id, body: "prompt" in body and "ai21" in model_id,
    as_converse=_completion_as_converse,
    from_converse=_completion_from_converse,
)
