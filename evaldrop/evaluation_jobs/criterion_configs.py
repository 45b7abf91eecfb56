"""Criteria in the form that evaluations have them in."""

import re
from typing import Any

from evaldrop.evaluation.criteria import Criterion, Scale

Config = str | dict[str, Any]


def config_of(criterion: Criterion) -> dict[str, Any]:
    """Return a criterion in the form that evaluations have it in."""
    return {
        "name": criterion.name,
        "question": criterion.question,
        "scale": _scale_config(criterion.scale),
        "higher_is_better": criterion.higher_is_better,
        "pass_at": criterion.pass_at,
    }


def _scale_config(scale: Scale) -> dict[str, Any]:
    ends = {"not_applicable": scale.not_applicable}
    if scale.kind == "binary":
        return {"type": "binary", **ends}
    if scale.kind == "range":
        return {"type": "range", "low": scale.low, "high": scale.high, **ends}
    if scale.kind == "choices":
        choices = {point.label: point.value for point in scale.points}
        return {"choices": choices, "ordered": scale.ordered, **ends}
    labels = [point.label for point in scale.points]
    points = {
        # A label that reads as a number, or that two points have, is one that no evaluation may have.
        f"{point.value:g}": {"label": f"point {point.value:g}"}
        if labels.count(point.label) > 1 or re.fullmatch(r"[\d.eE+-]*", point.label)
        else {"label": point.label} | ({"definition": point.definition} if point.definition else {})
        for point in scale.points
    }
    return {"type": "points", "points": points, "halves": scale.halves_allowed, **ends}
