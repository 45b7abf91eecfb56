"""Cohere's: Command R's message beside its history, and the one prompt of the older Command models."""

from collections.abc import Mapping
from typing import Any

from evaldrop.bedrock.families import bodies
from evaldrop.bedrock.families.family import JSON, Family, Reply, Turns

_ROLES = {"user": "USER", "assistant": "CHATBOT"}
_PARAMETERS = {
    "max_tokens": "max_tokens",
    "temperature": "temperature",
    "top_p": "p",
    "stop": "stop_sequences",
}
# The first word for a stop reason is what a rehearsal says.
_WORDS = {"COMPLETE": "end_turn", "MAX_TOKENS": "max_tokens", "ERROR_TOXIC": "content_filtered"}


def _messages(turns: Turns) -> JSON:
    *before, (_, last) = turns
    history = [{"role": _ROLES[role], "message": text} for role, text in before]
    return {"message": last, **({"chat_history": history} if history else {})}


def _read(body: Mapping[str, Any]) -> Reply | None:
    parts = bodies.read_parts(body["text"])
    billed = bodies.mapping(bodies.mapping(body.get("meta")).get("billed_units"))
    return parts and Reply(
        parts.text,
        None,
        body.get("finish_reason"),
        bodies.total(billed, "input_tokens"),
        bodies.total(billed, "output_tokens"),
    )


def _as_converse(body: Mapping[str, Any]) -> JSON:
    roles = {own: role for role, own in _ROLES.items()}
    before = [
        {"role": roles[turn["role"]], "content": turn["message"]} for turn in body.get("chat_history", ())
    ]
    return bodies.converse_request(
        [*before, {"role": "user", "content": body["message"]}],
        inference=_inference(body),
        system=[body["preamble"]] if body.get("preamble") else [],
    )


def _inference(body: Mapping[str, Any]) -> JSON:
    return {"maxTokens": body["max_tokens"]} if "max_tokens" in body else {}


def _from_converse(_model_id: str, response: Mapping[str, Any]) -> JSON:
    stop_reason = bodies.own_stop_reason(response["stopReason"], _WORDS)
    return {"text": bodies.text_of(response), "generation_id": "rehearsed", "finish_reason": stop_reason}


COHERE = Family(
    parameters=_PARAMETERS,
    messages=_messages,
    system=lambda text: {"preamble": text},
    reply_key="text",
    read=_read,
    recognises=lambda _model_id, body: isinstance(body.get("message"), str),
    as_converse=_as_converse,
    from_converse=_from_converse,
)


def _read_generation(body: Mapping[str, Any]) -> Reply | None:
    generation = bodies.first(body["generations"])
    parts = bodies.read_parts(generation["text"]) if "text" in generation else None
    # These bodies do not tell their tokens.
    return parts and Reply(parts.text, None, generation.get("finish_reason"))


def _generation_from_converse(_model_id: str, response: Mapping[str, Any]) -> JSON:
    stop_reason = bodies.own_stop_reason(response["stopReason"], _WORDS)
    return {"generations": [{"text": bodies.text_of(response), "finish_reason": stop_reason}]}


COMMAND = Family(
    parameters=_PARAMETERS,
    messages=bodies.one_prompt("prompt", user="User", assistant="Chatbot"),
    reply_key="generations",
    read=_read_generation,
    recognises=lambda model_id, body: "prompt" in body and "cohere" in model_id,
    as_converse=lambda body: bodies.converse_request(
        [{"role": "user", "content": body["prompt"]}], inference=_inference(body)
    ),
    from_converse=_generation_from_converse,
)
