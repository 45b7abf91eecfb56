"""Meta's Llama: one text, whose header tokens mark who speaks."""

import re
from collections.abc import Mapping
from typing import Any

from evaldrop.bedrock.families import bodies
from evaldrop.bedrock.families.family import JSON, Family, Reply, Turns

# A text may have the newer tokens of Llama 4.
_HEADER = re.compile(r"<\|(?:start_header_id\|>(\w+)<\|end_header_id|header_start\|>(\w+)<\|header_end)\|>")


def _header(role: str) -> str:
    return f"<|start_header_id|>{role}<|end_header_id|>\n\n"


def _messages(turns: Turns) -> JSON:
    said = "".join(f"{_header(role)}{bodies.with_tokens_broken(text)}<|eot_id|>" for role, text in turns)
    return {"prompt": f"<|begin_of_text|>{said}{_header('assistant')}"}


def _read(body: Mapping[str, Any]) -> Reply | None:
    parts = bodies.read_parts(body["generation"])
    return parts and Reply(
        parts.text,
        None,
        body.get("stop_reason"),
        bodies.total(body, "prompt_token_count"),
        bodies.total(body, "generation_token_count"),
    )


def _as_converse(body: Mapping[str, Any]) -> JSON:
    _, *parts = _HEADER.split(body["prompt"])
    turns = zip(parts[::3], parts[1::3], map(bodies.without_tokens, parts[2::3]), strict=True)
    said = [(older or newer, text) for older, newer, text in turns if text]
    # A prompt without headers is one that a person wrote: all of it is the user's.
    said = said or [("user", bodies.without_tokens(body["prompt"]))]
    return bodies.converse_request(
        [{"role": role, "content": text} for role, text in said if role != "system"],
        inference={"maxTokens": body["max_gen_len"]} if "max_gen_len" in body else {},
        system=[text for role, text in said if role == "system"],
    )


def _from_converse(_model_id: str, response: Mapping[str, Any]) -> JSON:
    return {
        "generation": bodies.text_of(response),
        "prompt_token_count": response["usage"]["inputTokens"],
        "generation_token_count": response["usage"]["outputTokens"],
        "stop_reason": bodies.own_stop_reason(response["stopReason"]),
    }


LLAMA = Family(
    # Llama's bodies take no stop texts: a parameter that is not here is not sent.
    parameters={"max_tokens": "max_gen_len", "temperature": "temperature", "top_p": "top_p"},
    messages=_messages,
    reply_key="generation",
    read=_read,
    recognises=lambda _model_id, body: "prompt" in body,
    as_converse=_as_converse,
    from_converse=_from_converse,
)
