"""The tool a judge is forced to call: its name, its schema, and how criteria are named in it."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from evaldrop.evaluation.criteria.criterion import Criterion
from evaldrop.evaluation.criteria.scales import Scale

VERDICT_TOOL_NAME = "submit_verdicts"
NOT_APPLICABLE = "not_applicable"


def verdict_tool(criteria: Sequence[Criterion]) -> dict[str, Any]:
    """
    Return the tool as `{name, description, input_schema}`, the schema in JSON Schema.

    One object per criterion, all required: `rationale` first, so that the judge reasons before it scores,
    then `score`, an enumeration wherever the scale has one. Nothing in it names a candidate or a model.
    """
    names = property_names(criteria)
    properties = {name: _verdict_schema(criterion) for name, criterion in zip(names, criteria, strict=True)}
    return {
        "name": VERDICT_TOOL_NAME,
        "description": "Submit one verdict for every criterion.",
        "input_schema": {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        },
    }


def property_names(criteria: Sequence[Criterion]) -> list[str]:
    """
    Return the criteria's names in the tool: only letters, digits, _ and -, which every model family accepts.

    Names that become equal are numbered.
    """
    return list(_property_names(tuple(criterion.name for criterion in criteria)))


@lru_cache(maxsize=256)
def _property_names(criteria: tuple[str, ...]) -> tuple[str, ...]:
    names: list[str] = []
    for criterion in criteria:
        plain = re.sub(r"[^A-Za-z0-9_-]", "_", criterion)[:60] or "criterion"
        name, number = plain, 1
        while name in names:
            number += 1
            name = f"{plain}_{number}"
        names.append(name)
    return tuple(names)


def _verdict_schema(criterion: Criterion) -> dict[str, Any]:
    return {
        "type": "object",
        "description": criterion.question,
        "properties": {
            "rationale": {
                "type": "string",
                "description": "The reasons for the score, in one to three sentences.",
            },
            "score": _score_schema(criterion.scale),
        },
        "required": ["rationale", "score"],
        "additionalProperties": False,
    }


def _score_schema(scale: Scale) -> dict[str, Any]:
    if scale.kind in ("binary", "choices"):
        labels = (
            [point.label for point in reversed(scale.points)]
            if scale.kind == "binary"
            else list(scale.labels())
        )
        return {"type": "string", "enum": labels + [NOT_APPLICABLE] * scale.not_applicable}
    if scale.kind == "range":
        number = {"type": "number", "minimum": scale.low, "maximum": scale.high}
        menu: dict[str, Any] = {"type": "string", "enum": [NOT_APPLICABLE]}
        return {"anyOf": [number, menu]} if scale.not_applicable else number
    described = {"description": "; ".join(f"{point.value:g} = {point.label}" for point in scale.points)}
    if scale.not_applicable:
        # One type for all: families differ in whether an enumeration may mix numbers and words.
        return {
            "type": "string",
            "enum": [f"{value:g}" for value in scale.values()] + [NOT_APPLICABLE],
            **described,
        }
    if all(value.is_integer() for value in scale.values()):
        return {"type": "integer", "enum": [int(value) for value in scale.values()], **described}
    return {"type": "number", "enum": list(scale.values()), **described}
