"""What the voting mode knows of a criterion: the points that may be given, and keys of five of them."""

from collections.abc import Mapping
from typing import Any

from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.criteria.scales import Scale
from evaldrop.run.definition import criteria_by_name

LETTERS = "abcde"

# A score, its label, and the letter that gives it or "".
Place = tuple[float, str, str]


def places_by_criterion(run: Mapping[str, Any]) -> dict[str, list[Place]]:
    """Return the points of every criterion of a `run.json`, in its order."""
    criteria = criteria_by_name(run.get("criteria") or (), path="criteria")
    return {name: _places(criterion) for name, criterion in criteria.items()}


def _places(criterion: Criterion) -> list[Place]:
    """Return points from low to high, yes before no; letters stand on five of them, evenly spread."""
    scale = criterion.scale
    values = _values(scale)
    if scale.kind == "binary":
        values.reverse()
    steps = min(len(LETTERS), len(values)) - 1
    lettered = {round(step * (len(values) - 1) / max(steps, 1)): LETTERS[step] for step in range(steps + 1)}
    labels = {point.value: point.label for point in scale.points}
    return [
        (value, _worded(scale, value, labels.get(value, "")), lettered.get(place, ""))
        for place, value in enumerate(values)
    ]


def _values(scale: Scale) -> list[float]:
    if scale.kind == "range":
        span = scale.high - scale.low
        return [scale.low + span * step / (len(LETTERS) - 1) for step in range(len(LETTERS))]
    if scale.kind == "choices":
        return [point.value for point in scale.points]
    return list(scale.values())


def _worded(scale: Scale, value: float, label: str) -> str:
    if scale.kind in {"binary", "choices"}:
        return label
    return f"{value:g} · {label}" if label and label != f"{value:g}" else f"{value:g}"
