"""What answers to called checks say: an embedding, severities, and what they are billed for."""

from collections.abc import Mapping
from typing import Any

from evaldrop.bedrock.families import bodies
from evaldrop.bedrock.families.family import Reply
from evaldrop.evaluation.called_checks import EMBED

_NO_EMBEDDING = "the reply has no embedding where Titan's and Cohere's have it"
_NO_SEVERITY = "the reply has no severity of any category that was asked for"


def read_called(api: str, raw: Mapping[str, Any]) -> Reply:
    """Return what a call was billed for, as tokens or text units of input; an answer that is none says so."""
    if api == EMBED:
        body = bodies.mapping(raw.get("Body"))
        told: Any = body.get("inputTextTokenCount")
        cause = None if embedding_of(raw) else _NO_EMBEDDING
    else:
        told = bodies.mapping(bodies.mapping(raw.get("Usage")).get("ContentFilter")).get("TextUnits")
        cause = None if severities_of(raw) else _NO_SEVERITY
    is_told = isinstance(told, int | float) and not isinstance(told, bool)
    return Reply(
        text="",
        input_tokens=int(told) if is_told else None,
        output_tokens=0,
        error=None if cause is None else {"Error": "UnknownReplyLayout", "Cause": cause},
    )


def embedding_of(raw: object) -> list[float]:
    """Return the embedding of a reply; empty where there is none."""
    body = bodies.mapping(bodies.mapping(raw).get("Body"))
    found: object = body.get("embedding")
    if found is None:
        found = body.get("embeddings")
        found = found.get("float") if isinstance(found, Mapping) else found
        # Of one text a list of one; a path of JSONata's gives a lone one as itself.
        found = found[0] if isinstance(found, list) and found and isinstance(found[0], list) else found
    if not isinstance(found, list) or not all(_is_number(each) for each in found):
        return []
    return [float(each) for each in found]


def severities_of(raw: object) -> dict[str, float]:
    """Return the severity, in [0, 1], of each category of a reply."""
    results = bodies.mapping(bodies.mapping(raw).get("Results"))
    told = bodies.mapping(results.get("ContentFilter")).get("Results")
    found = (bodies.mapping(each) for each in (told if isinstance(told, list) else ()))
    return {
        str(each.get("Category")): float(each["SeverityScore"])
        for each in found
        if _is_number(each.get("SeverityScore")) and 0 <= each["SeverityScore"] <= 1
    }


def _is_number(value: object) -> bool:
    # NaN is none of JSON, and would pass every comparison for a score.
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value
