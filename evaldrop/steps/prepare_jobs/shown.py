"""What a judge is shown of a response: the text that the workflow would show it (pieces SHOWN and NOTED)."""

from collections.abc import Mapping
from typing import Any

from evaldrop.bedrock.families.replies import GUARDRAIL_INTERVENED, read_answer
from evaldrop.bedrock.families.thinking import split_thinking

EMPTY = "(The response is empty.)"


def shown_of_reply(api: str, raw: object) -> str | None:
    """Return what a judge is shown of a model's reply; None where there is nothing to judge."""
    reply = read_answer(api, raw)
    # A guardrail's own message says nothing of the candidate.
    if reply.error is not None or reply.stop_reason == GUARDRAIL_INTERVENED:
        return None
    return _noted(reply.text)


def shown_of_given(given: Mapping[str, Any]) -> str | None:
    """Return what a judge is shown of a response that the dataset gives, or that an earlier run has."""
    text, reply = str(given.get("text") or ""), given.get("reply")
    if reply is None:
        return _noted(split_thinking(text).text)
    # An earlier run's is without its thoughts already.
    return None if reply.get("StopReason") == GUARDRAIL_INTERVENED else _noted(text)


def _noted(text: str) -> str:
    # JSONata's blanks, and no others.
    return text if text.strip(" \t\n\r") else EMPTY
