"""Replies of simulated models around what they say: whole, cut short, or malformed."""

from collections.abc import Mapping
from random import Random
from typing import Any

import orjson

from evaldrop.bedrock.simulated.billing import CHARS_PER_TOKEN, count_tokens, tokens_by_cache
from evaldrop.bedrock.simulated.judge import Question


def reply_of(
    request: Mapping[str, Any], content: dict[str, Any], stop: str, *, latency_ms: int, draw: Random
) -> dict[str, Any]:
    """Return Converse's response around a block, which is cut where it is longer than was asked for."""
    limit = request.get("inferenceConfig", {}).get("maxTokens")
    if "text" in content and limit and len(content["text"]) > limit * CHARS_PER_TOKEN:
        content, stop = {"text": content["text"][: limit * CHARS_PER_TOKEN]}, "max_tokens"
    taken = tokens_by_cache(request, draw)
    given = count_tokens(orjson.dumps(content.get("text") or content["toolUse"]["input"]))
    return {
        "output": {"message": {"role": "assistant", "content": [content]}},
        "stopReason": stop,
        "usage": {**taken, "outputTokens": given, "totalTokens": sum(taken.values()) + given},
        "metrics": {"latencyMs": latency_ms},
    }


def malformed_verdicts(
    block: dict[str, Any], answer: dict[str, Any], questions: list[Question], draw: Random
) -> tuple[dict[str, Any], str]:
    """Return verdicts that cannot be read, as the block of a reply, and its stop reason."""
    kind = draw.choice(("no tool use", "broken JSON", "out of range", "cut short"))
    written = orjson.dumps(answer).decode()
    if kind == "no tool use":
        return {"text": "The response is rather good overall, I would say."}, "end_turn"
    if kind == "broken JSON":
        return {"text": f"```json\n{written[: len(written) * 2 // 3]}"}, "end_turn"
    if kind == "cut short":
        # What Bedrock hands over when the tokens run out within a tool call: a part of its input.
        block["toolUse"]["input"] = {}
        return block, "max_tokens"
    for question in questions:
        # Beyond any scale that evaldrop brings.
        placed(answer, question)[question.field] = 99
    block["toolUse"]["input"] = answer
    return block, "tool_use"


def placed(answer: dict[str, Any], question: Question) -> dict[str, Any]:
    """Return the part of a tool's input that holds a question's answer."""
    for name in question.path:
        answer = answer[name]
    return answer
