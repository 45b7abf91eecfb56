"""What a rehearsed call is billed for: tokens, those of a prompt cache apart, and the tier that served it."""

from collections.abc import Mapping
from random import Random
from typing import Any

import orjson

CHARS_PER_TOKEN = 4

_LOST = 0.02
"""Of calls, those that find nothing in the cache and write to it: the first ones, and after a pause."""


def as_any_delivery(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request without what only its price depends on: a model answers the same in any delivery."""
    # A judge that a job asks for data decides as it would in words.
    asked = {key: value for key, value in request.items() if key not in ("serviceTier", "outputConfig")}
    # 0 and 0.0 are one: which of them is sent hangs on who has written the number down in between.
    if inference := asked.get("inferenceConfig"):
        decimal = {key: float(inference[key]) for key in ("temperature", "topP") if key in inference}
        asked["inferenceConfig"] = inference | decimal
    if "system" in asked:
        asked["system"] = [block for block in asked["system"] if "cachePoint" not in block]
    return asked


def count_tokens(text: bytes) -> int:
    """Return about how many tokens a text has."""
    return -(-len(text) // CHARS_PER_TOKEN)


def tokens_by_cache(request: Mapping[str, Any], draw: Random) -> dict[str, int]:
    """
    Return a request's input tokens as Converse tells them: what was cached is not among `inputTokens`.

    Whether a call reads the cache or writes it is drawn for each call, not by what came before: a run's
    numbers must not depend on the order of its calls.
    """
    said = as_any_delivery(request)
    asked = {key: said[key] for key in ("messages", "system", "toolConfig") if key in said}
    taken = count_tokens(orjson.dumps(asked, default=repr))
    if not any("cachePoint" in block for block in request.get("system", ())):
        return {"inputTokens": taken}
    kept = {key: asked[key] for key in ("system", "toolConfig") if key in asked}
    cached = min(taken, count_tokens(orjson.dumps(kept, default=repr)))
    told = "cacheWriteInputTokens" if draw.random() < _LOST else "cacheReadInputTokens"
    counts = {"inputTokens": taken - cached, "cacheReadInputTokens": 0, "cacheWriteInputTokens": 0}
    return {**counts, told: cached}


def served_tier(request: Mapping[str, Any], default_rate: float, draw: Random) -> dict[str, Any]:
    """Return the tier that served a request, where it asked for one; at a rate it is the default one."""
    asked = request.get("serviceTier")
    if not isinstance(asked, Mapping):
        return {}
    return {"serviceTier": {"type": "default"} if draw.random() < default_rate else dict(asked)}
