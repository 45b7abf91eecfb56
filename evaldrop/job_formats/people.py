"""
What people said in a human evaluation job: ratings of single responses, and choices between two.

The five forms are those of "Understand the results of a human evaluation job" (SageMaker developer guide),
whose files Bedrock's are like. A choice becomes a share for each response: 1 is preferred, 0 is not, ½ level.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

LIKERT_PAIR: Final = "ComparisonLikertScale"
COMPARISONS: Final = frozenset({LIKERT_PAIR, "ComparisonChoice", "ComparisonRank"})
_FORMS: Final[Mapping[str, str]] = {
    "thumbsUpDown": "ThumbsUpDown",
    "individualLikertScale": "IndividualLikertScale",
    "comparisonLikertScale": LIKERT_PAIR,
    "comparisonChoice": "ComparisonChoice",
    "comparisonRank": "ComparisonRank",
}
# The points of both Likert scales.
_LOW, _HIGH = 1, 5
_MOST = 1_000


class Rating(NamedTuple):
    """Who rated, counted from 1 within the job, by which of the rating methods."""

    worker: int
    method: str
    description: str = ""


class People:
    """Numbers a job's workers in the order in which they are met; their IDs are kept nowhere."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, worker: str) -> int:
        """Return a worker's number, from 1."""
        return self._numbers.setdefault(worker, len(self._numbers) + 1)


Given = tuple[int, str, float | None, Rating]
"""The place of a response in its row, a metric, the result on it, and who gave it."""


def ratings_in(value: object, models: Sequence[str | None], people: People) -> Iterator[Given]:
    """
    Yield what people said of a row's responses.

    Args:
        value: The row's `humanEvaluationResult`, one or several.
        models: The identifiers of the row's responses, in order.
        people: The job's workers so far.
    """
    for result in value if isinstance(value, list) else [value]:
        if not isinstance(result, Mapping):
            continue
        places = _RatedPlaces(result.get("modelResponseIdMap"), models)
        described = _descriptions(result.get("inputContent"))
        for place, answer in enumerate(_mappings(result.get("humanAnswers"))):
            worker = people.number(str(answer.get("workerId") or f"unnamed {place}"))
            content = answer.get("answerContent")
            given = content.get("evaluationResults") if isinstance(content, Mapping) else None
            for form, method in _FORMS.items():
                for entry in _mappings(given.get(form) if isinstance(given, Mapping) else None):
                    metric = str(entry.get("metricName") or method)
                    rating = Rating(worker, method, described.get(metric, ""))
                    for at, number in _numbers(form, entry, places):
                        yield at, metric, number, rating


class _RatedPlaces:
    """Finds the response that an ID in people's answers means."""

    def __init__(self, ids: object, models: Sequence[str | None]) -> None:
        self._ids = ids if isinstance(ids, Mapping) else {}
        self._models = list(models)

    def of(self, response_id: object) -> int | None:
        """Return a response's place in its row, None where the row has no such response."""
        key = str(response_id)
        model = self._ids.get(key)
        # By its place where two responses are of one model, which its name does not tell apart.
        if model is not None and self._models.count(str(model)) == 1:
            return self._models.index(str(model))
        return int(key) if key.isdecimal() and int(key) < len(self._models) else None

    def others(self, place: int) -> list[int]:
        """Return the places of the other responses."""
        return [other for other in range(len(self._models)) if other != place]


def _numbers(form: str, entry: Mapping[str, Any], places: _RatedPlaces) -> Iterator[tuple[int, float | None]]:
    result = entry.get("result")
    if form in ("thumbsUpDown", "individualLikertScale"):
        found = [(places.of(entry.get("modelResponseId")), _number(result))]
    elif form == "comparisonChoice":
        found = list(_chosen(result, places))
    elif form == "comparisonRank":
        found = list(_ranked(result, places))
    else:
        found = list(_leaning(entry, places))
    yield from ((place, number) for place, number in found if place is not None)


Found = Iterator[tuple[int | None, float | None]]


def _chosen(result: object, places: _RatedPlaces) -> Found:
    chosen = places.of(result.get("modelResponseId") if isinstance(result, Mapping) else result)
    if chosen is not None:
        yield chosen, 1.0
        yield from ((other, 0.0) for other in places.others(chosen))


def _ranked(result: object, places: _RatedPlaces) -> Found:
    ranks = {places.of(each.get("modelResponseId")): _number(each.get("rank")) for each in _mappings(result)}
    known = {place: rank for place, rank in ranks.items() if rank is not None}
    for place, rank in known.items():
        others = [other for at, other in known.items() if at != place]
        if others:
            # Rank 1 is the best; equal ranks are level.
            beaten = sum(1.0 if rank < other else 0.5 if rank == other else 0.0 for other in others)
            yield place, beaten / len(others)


def _leaning(entry: Mapping[str, Any], places: _RatedPlaces) -> Found:
    number = _number(entry.get("result"))
    if number is not None and _LOW <= number <= _HIGH:
        # As the left one has it; what 1 means, the job's instructions told its workers and nobody else.
        yield places.of(entry.get("leftModelResponseId")), number
        yield places.of(entry.get("rightModelResponseId")), _LOW + _HIGH - number


def share_preferred(number: float, one_means: Literal["left", "right"]) -> float:
    """Return the share that a response's point on a comparison's Likert scale gives it; ½ is level."""
    share = (number - _LOW) / (_HIGH - _LOW)
    return 1 - share if one_means == "left" else share


def _descriptions(content: object) -> dict[str, str]:
    metrics = _mappings(content.get("evaluationMetrics") if isinstance(content, Mapping) else None)
    return {str(each.get("metricName")): str(each.get("description") or "") for each in metrics}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _number(value: object) -> float | None:
    # No rank and no point is beyond it, and a float holds it.
    return float(value) if isinstance(value, bool | int | float) and abs(value) <= _MOST else None
