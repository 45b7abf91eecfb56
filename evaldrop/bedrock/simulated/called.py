"""
Simulated embeddings and severities. They are proof of nothing.

An embedding is a bag of words, each hashed to a direction: texts of the same words are near. A severity is by
the guardrail's alarming words.
"""

import math
from collections.abc import Mapping
from hashlib import blake2b
from random import Random
from typing import Any

from evaldrop.bedrock.protocol import ServiceError
from evaldrop.bedrock.simulated.guardrail import alarming_words
from evaldrop.bedrock.simulated.likeness import content_words, numbers

_TEXT_UNIT = 1000
_STEP = 0.2
"""Severities come in steps, as Bedrock's do."""


def asks_for_embedding(body: object) -> bool:
    """Tell whether InvokeModel's body is an embedding model's."""
    return isinstance(body, Mapping) and ("embedding_types" in body or "normalize" in body)


def embedded(body: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return an embedding model's answer to its body: Titan's, or Cohere's.

    Raises:
        ServiceError: `ValidationException`, for a body without a text.
    """
    is_cohere = "texts" in body
    texts: list[Any] = body["texts"] if is_cohere else [body.get("inputText")]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise ServiceError("ValidationException", "Malformed input request: there is no text to embed")
    if is_cohere:
        vectors = [_embedding(text, int(body.get("output_dimension", 1024))) for text in texts]
        return {"embeddings": {"float": vectors}, "response_type": "embeddings_by_type"}
    vector = _embedding(texts[0], int(body.get("dimensions", 1024)))
    count = math.ceil(len(texts[0]) / 4)
    return {"embedding": vector, "embeddingsByType": {"float": vector}, "inputTextTokenCount": count}


def checked(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the severity of each category that an InvokeGuardrailChecks request asks about."""
    text = "\n".join(block["text"] for message in request["messages"] for block in message["content"])
    wanted = [each["category"] for each in request["checks"]["contentFilter"]["categories"]]
    # Each alarming word a step more, as far as there are steps.
    severities = {each: min(5, alarming_words(each, text)) * _STEP for each in wanted}
    results = [{"category": each, "severityScore": round(severities[each], 1)} for each in wanted]
    return {
        "results": {"contentFilter": {"results": results}},
        "usage": {"contentFilter": {"textUnits": math.ceil(len(text) / _TEXT_UNIT)}},
    }


def _embedding(text: str, size: int) -> list[float]:
    # What has no word of its own, such as "Yes.", is near itself alone.
    words = [*content_words(text), *numbers(text)] or [text.strip().lower()]
    vector = [0.0] * size
    for word in words:
        # A few places a word: with one alone, two words would be the same too often.
        draw = Random(int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little"))  # noqa: S311 - a rehearsal
        for place in draw.sample(range(size), 8):
            vector[place] += draw.choice((-1.0, 1.0))
    length = math.hypot(*vector) or 1.0
    return [round(each / length, 6) for each in vector]
