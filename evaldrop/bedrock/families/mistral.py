"""Mistral's instruct models: one text, with instructions between `[INST]` and `[/INST]`."""

import re
from collections.abc import Mapping
from typing import Any

from evaldrop.bedrock.families import bodies
from evaldrop.bedrock.families.family import JSON, Family, Reply, Turns

_MADE_BY_MISTRAL = re.compile(r"mi[sx]tral|ministral|pixtral")


def _messages(turns: Turns) -> JSON:
    text, pending = "<s>", ""
    for role, said in turns:
        if role == "system":  # has no place of its own: it begins the first instruction
            pending = f"{said}\n\n"
        elif role == "assistant":
            text += f" {bodies.with_tokens_broken(said)}</s>"
        else:
            text += f"[INST] {bodies.with_tokens_broken(pending + said)} [/INST]"
            pending = ""
    return {"prompt": text}


def _read(body: Mapping[str, Any]) -> Reply | None:
    output = bodies.first(body["outputs"])
    parts = bodies.read_parts(output["text"]) if "text" in output else None
    # These bodies do not tell their tokens.
    return parts and Reply(parts.text, None, output.get("stop_reason"))


def _as_converse(body: Mapping[str, Any]) -> JSON:
    return bodies.converse_request(
        [{"role": "user", "content": bodies.without_tokens(body["prompt"])}],
        inference={"maxTokens": body["max_tokens"]} if "max_tokens" in body else {},
    )


def _from_converse(_model_id: str, response: Mapping[str, Any]) -> JSON:
    stop_reason = bodies.own_stop_reason(response["stopReason"])
    return {"outputs": [{"text": bodies.text_of(response), "stop_reason": stop_reason}]}


MISTRAL = Family(
    parameters={name: name for name in ("max_tokens", "temperature", "top_p", "stop")},
    messages=_messages,
    reply_key="outputs",
    read=_read,
    recognises=lambda model_id, body: "prompt" in body and bool(_MADE_BY_MISTRAL.search(model_id)),
    as_converse=_as_converse,
    from_converse=_from_converse,
)
