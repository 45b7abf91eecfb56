"""DeepSeek's R1: one text, whose tokens mark who speaks. Later models of DeepSeek's take chat's bodies."""

import re
from collections.abc import Mapping
from typing import Any

from evaldrop.bedrock.families import bodies
from evaldrop.bedrock.families.chat import read_chat
from evaldrop.bedrock.families.family import JSON, Family, Turns

_SPEAKERS = {"user": "<｜User｜>", "assistant": "<｜Assistant｜>"}
_BEGIN, _END = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"
_MARKS = re.compile(r"<｜(User|Assistant|end▁of▁sentence|begin▁of▁sentence)｜>")
# The model was trained to think first, and is made to by the beginning of its answer (Bedrock's own example).
_ANSWER = f"{_SPEAKERS['assistant']}<think>\n"


def _broken(text: str) -> str:
    """Return a value that cannot open a turn of its own."""
    return bodies.with_tokens_broken(text).replace("<｜", "< ｜")


def _messages(turns: Turns) -> JSON:
    said = "".join(
        _SPEAKERS.get(role, "") + _broken(text) + (_END if role == "assistant" else "")
        for role, text in turns
    )
    return {"prompt": f"{_BEGIN}{said}{_ANSWER}"}


def _as_converse(body: Mapping[str, Any]) -> JSON:
    system, *parts = _MARKS.split(body["prompt"].removeprefix(_BEGIN).removesuffix(_ANSWER))
    turns = [(speaker.lower(), text) for speaker, text in zip(parts[::2], parts[1::2], strict=True)]
    said = [(role, text) for role, text in turns if role in _SPEAKERS]
    # A prompt without marks is one that a person wrote: all of it is the user's.
    first = [(("system" if said else "user"), system)] if system.strip() else []
    return bodies.converse_request(
        [{"role": role, "content": text} for role, text in [*first, *said] if role != "system"],
        inference={"maxTokens": body["max_tokens"]} if "max_tokens" in body else {},
        system=[text for role, text in first if role == "system"],
    )


def _from_converse(_model_id: str, response: Mapping[str, Any]) -> JSON:
    stop_reason = bodies.own_stop_reason(response["stopReason"])
    text = f"The question has to be answered.\n</think>\n\n{bodies.text_of(response)}"
    return {"choices": [{"text": text, "stop_reason": stop_reason}]}


DEEPSEEK = Family(
    parameters={name: name for name in ("max_tokens", "temperature", "top_p", "stop")},
    messages=_messages,
    # As chat's, which reads both.
    reply_key="choices",
    read=read_chat,
    recognises=lambda model_id, body: "prompt" in body and "deepseek" in model_id,
    as_converse=_as_converse,
    from_converse=_from_converse,
)
