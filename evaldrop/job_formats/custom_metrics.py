"""Criteria as the custom metrics of judge jobs, and back: instructions that end in variables, and a scale."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from evaldrop.errors import EvaluationError
from evaldrop.evaluation.criteria import BUILT_IN, Criterion, Scale
from evaldrop.evaluation.criteria.scales import Point

MAX_INSTRUCTIONS: Final = 5_000
"""Characters of a custom metric's instructions (CreateEvaluationJob)."""
MAX_RATINGS: Final = 10
"""Answers on a custom metric's scale (CreateEvaluationJob)."""
_MAX_NAME = 63
# Of a rating's definition: five words, "Custom metrics in model evaluation jobs", and the API's characters.
_MAX_WORDS, _MAX_LABEL = 5, 100

# Variables come last in a metric's instructions, or the job refuses it.
_VARIABLES = {
    "prompt": "Prompt: {{prompt}}",
    "reference": "Reference response: {{ground_truth}}",
    "response": "Response: {{prediction}}",
}
_HIGH_IS_BAD = "A high rating is bad: rate what is there, not how good the response is."
_FIRST_VARIABLE = re.compile(r"\s*^Prompt: \{\{prompt\}\}.*", re.DOTALL | re.MULTILINE)


def custom_metric(criterion: Criterion) -> dict[str, Any]:
    """
    Return the `customMetricDefinition` that asks a judge job what a criterion asks.

    Raises:
        EvaluationError: Such a job cannot ask it: a range has no answers to list, a scale has more than ten,
            the name or the instructions are too long.
    """
    where = f"criterion {criterion.name}"
    if len(criterion.name) > _MAX_NAME:
        raise EvaluationError(f"{where}: a job's metric has a name of at most {_MAX_NAME} characters.")
    instructions = _instructions(criterion)
    if len(instructions) > MAX_INSTRUCTIONS:
        raise EvaluationError(
            f"{where}: {len(instructions):,} characters with its scale and examples; a job's metric has at "
            f"most {MAX_INSTRUCTIONS:,}. Give it fewer examples, or a shorter question."
        )
    return {"name": criterion.name, "instructions": instructions, "ratingScale": _rating_scale(criterion)}


def _rating_scale(criterion: Criterion) -> list[dict[str, Any]]:
    scale = criterion.scale
    if scale.kind == "range":
        raise EvaluationError(
            f"criterion {criterion.name}: its scale is a range, and a job's metric lists its answers. Give "
            "it points, such as {1: poor, 2: fair, 3: good}."
        )
    if scale.kind == "choices":
        # Answered by label, never by value: two labels may be worth the same.
        ratings: list[tuple[str, dict[str, float | str]]] = [
            (point.label, {"stringValue": point.label}) for point in scale.points
        ]
    else:
        ratings = [(_label_at(scale, value), {"floatValue": value}) for value in scale.values()]
    if len(ratings) > MAX_RATINGS:
        raise EvaluationError(
            f"criterion {criterion.name}: {len(ratings)} answers on its scale; a job's metric has at most "
            f"{MAX_RATINGS}."
        )
    return [{"definition": _short(label), "value": value} for label, value in ratings]


def _label_at(scale: Scale, value: float) -> str:
    label = next((point.label for point in scale.points if point.value == value), None)
    return label or f"between {value - 0.5:g} and {value + 0.5:g}"


def _short(label: str) -> str:
    return " ".join(label.split()[:_MAX_WORDS])[:_MAX_LABEL].strip()


def _instructions(criterion: Criterion) -> str:
    parts = [criterion.question, *_definitions(criterion)]
    if criterion.must_include:
        parts.append(f"A good response includes: {'; '.join(criterion.must_include)}.")
    if criterion.must_not_include:
        parts.append(f"A good response does not include: {'; '.join(criterion.must_not_include)}.")
    parts.extend(
        f"Example. Asked: {example.prompt}\nAnswered: {example.response}\n"
        f"Rating: {_answer(criterion, example.score)}. {example.rationale}".rstrip()
        for example in criterion.examples
    )
    asked = [_VARIABLES["prompt"], _VARIABLES["response"]]
    if criterion.needs_reference:
        asked.insert(1, _VARIABLES["reference"])
    # A variable in somebody's own words would be filled in, and stand before the last place.
    text = re.sub(r"\{\{|\}\}", lambda found: found[0][0], "\n\n".join(parts))
    return "\n\n".join([text, *asked])


def _definitions(criterion: Criterion) -> Iterable[str]:
    lines = [
        f"- {_answer(criterion, point.value, point)}: {point.definition}"
        for point in criterion.scale.points
        if point.definition
    ]
    if lines:
        yield "\n".join(lines)
    if not criterion.higher_is_better:
        yield _HIGH_IS_BAD


def _answer(criterion: Criterion, value: float, point: Point | None = None) -> str:
    found = point or next((each for each in criterion.scale.points if each.value == value), None)
    if criterion.scale.kind == "choices":
        return found.label if found else f"{value:g}"
    return f"{value:g} ({found.label})" if found else f"{value:g}"


def definition_name(definition: Mapping[str, Any]) -> str:
    """Return a custom metric's name; its copy beside the output calls it `metricName`."""
    return str(definition.get("name", definition.get("metricName", "")))


def criterion_of_custom(definition: Mapping[str, Any]) -> Criterion:
    """
    Return the criterion that a custom metric's definition asks; a built-in one of this very wording as it is.

    Labels are what the job's scale says. Of a scale of texts the values are the places in it, from 0, and
    without a scale there is one from 0 to 1. A definition does not say which end is good: high is, unless the
    criterion is a built-in one or the instructions are `custom_metric`'s own.
    """
    name = definition_name(definition)
    known = next(
        (
            criterion
            for criterion in BUILT_IN.values()
            if criterion.name == name and _asks_the_same(criterion, definition)
        ),
        None,
    )
    if known is not None:
        return known
    question = _FIRST_VARIABLE.sub("", str(definition.get("instructions", ""))).strip() or name
    return Criterion(
        name=name,
        question=question,
        scale=_scale_of(definition.get("ratingScale") or ()),
        higher_is_better=_HIGH_IS_BAD not in question,
    )


def _asks_the_same(criterion: Criterion, definition: Mapping[str, Any]) -> bool:
    try:
        own = custom_metric(criterion)
    except EvaluationError:
        return False
    return (own["instructions"], _values(own["ratingScale"])) == (
        definition.get("instructions"),
        _values(definition.get("ratingScale") or ()),
    )


def _values(ratings: Iterable[Mapping[str, Any]]) -> list[float | str]:
    values = (rating.get("value") or {} for rating in ratings)
    return [value.get("floatValue", value.get("stringValue", "")) for value in values]


def _scale_of(ratings: Iterable[Mapping[str, Any]]) -> Scale:
    rated = [(value, str(rating.get("definition", ""))) for rating in ratings for value in _values([rating])]
    numbers = {float(value): label for value, label in rated if isinstance(value, int | float)}
    if len(numbers) > 1 and len(numbers) == len(rated):
        if set(numbers) == {0.0, 1.0} and {label.casefold() for label in numbers.values()} == {"yes", "no"}:
            return Scale.binary(not_applicable=True)
        points = [Point(value=value, label=label or f"{value:g}") for value, label in numbers.items()]
        return Scale.of_points(*points, not_applicable=True)
    labels = [str(value) for value, _ in rated]
    if len(set(labels)) > 1:
        points = [Point(value=float(place), label=label) for place, label in enumerate(labels)]
        return Scale.of_choices(*points, not_applicable=True, ordered=True)
    return Scale.between(0, 1, not_applicable=True)
