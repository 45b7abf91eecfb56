"""The tools a judge is forced to call: their names, the schema of verdicts, how criteria are named in it."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from evaldrop.evaluation.criteria.criterion import Criterion
from evaldrop.evaluation.criteria.scales import Scale

VERDICT_TOOL_NAME = "submit_verdicts"
PREFERENCE_TOOL_NAME = "submit_preference"
SCORES_TOOL_NAME = "submit_scores"
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
        # Criteria of families hold dots ("family.name"), which not every model family takes in a name.
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
    beside = [NOT_APPLICABLE] * scale.not_applicable
    if scale.kind == "binary":
        return {"type": "string", "enum": [point.label for point in reversed(scale.points)] + beside}
    if scale.kind == "choices":
        return {"type": "string", "enum": [*scale.labels(), *beside]}
    if scale.kind == "range":
        number = {"type": "number", "minimum": scale.low, "maximum": scale.high}
        return {"anyOf": [number, {"type": "string", "enum": beside}]} if beside else number
    values: tuple[str | float, ...] = scale.values()
    if beside:
        # One type for all: families differ in whether an enumeration may mix numbers and words.
        kind, values = "string", (*(f"{value:g}" for value in scale.values()), *beside)
    elif all(value.is_integer() for value in scale.values()):
        kind, values = "integer", tuple(int(value) for value in scale.values())
    else:
        kind = "number"
    described = "; ".join(f"{point.value:g} = {point.label}" for point in scale.points)
    return {"type": kind, "enum": list(values), "description": described}
