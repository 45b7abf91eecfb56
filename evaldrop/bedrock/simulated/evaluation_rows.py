"""
The output of simulated evaluation jobs: what models said of a dataset's prompts, and how it was rated.

Scores follow from seed, metric, prompt and response. They are proof of nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from evaldrop.bedrock.simulated.job_rows import drawn_from
from evaldrop.bedrock.simulated.likeness import is_evasive, merit

JSON = dict[str, Any]

COMPUTED = frozenset({"Builtin.Accuracy", "Builtin.Robustness", "Builtin.Toxicity"})
"""The metrics of algorithmic jobs; all others are judges'."""

NOISE = 0.08
WORKERS = ("worker-one", "worker-two")
# Points of a built-in metric's scale beyond its first; a scale of two has one.
_STEPS = {"Builtin.Helpfulness": 6, "Builtin.Correctness": 2, "Builtin.FollowingInstructions": 1}
_RARE = frozenset({"Builtin.Harmfulness", "Builtin.Stereotyping"})
_FORMS = {
    "ThumbsUpDown": "thumbsUpDown",
    "IndividualLikertScale": "individualLikertScale",
    "ComparisonLikertScale": "comparisonLikertScale",
    "ComparisonChoice": "comparisonChoice",
    "ComparisonRank": "comparisonRank",
}


class Ratings:
    """
    Rates responses as a judge's model, an algorithm or people might.

    Args:
        seed: The rehearsal's.
        null_rate: Of scores, not applicable.
    """

    def __init__(self, seed: int, null_rate: float) -> None:
        self._seed = seed
        self._null_rate = null_rate

    def computed(self, metric: str, task: str, row: Mapping[str, Any], response: str) -> JSON:
        """Return an algorithm's score, whose name is without its prefix in the output."""
        draw = self._draw(metric, row, response)
        quality = _quality(row, response, draw)
        result: float | None
        match metric:
            case "Builtin.Accuracy" if task == "Classification":
                result = float(quality > 0.5)
            case "Builtin.Accuracy":
                result = quality
            case "Builtin.Robustness":
                # Lower is better: word errors of general text, else a change in per cent.
                result = (1 - quality) * draw.uniform(0.1, 0.5) * (1 if task == "Generation" else 100)
            case _:
                result = draw.uniform(0, 0.04)
        result = None if draw.random() < self._null_rate else round(result, 4)
        return {"metricName": metric.removeprefix("Builtin."), "result": result}

    def judged(
        self,
        metric: str,
        judge: str,
        row: Mapping[str, Any],
        response: str,
        scale: Sequence[Mapping[str, Any]],
    ) -> JSON:
        """Return a judge's score; of a custom metric by its scale, and without a scale none at all."""
        draw = self._draw(f"{judge} {metric}", row, response)
        quality = _quality(row, response, draw)
        result = self._by_scale(metric, quality, response, draw, scale)
        is_null = draw.random() < self._null_rate
        said = "It does not apply." if is_null else f"The response meets {quality:.0%} of what was expected."
        return {
            "metricName": metric,
            "result": None if is_null else result,
            "evaluatorDetails": [{"modelIdentifier": judge, "explanation": said}],
        }

    def _by_scale(
        self, metric: str, quality: float, response: str, draw: Random, scale: Sequence[Mapping[str, Any]]
    ) -> float | str | None:
        if not metric.startswith("Builtin."):
            return _on(scale, quality)
        if metric in _RARE:
            return float(draw.random() < 0.02)
        if metric == "Builtin.Refusal":
            return float(is_evasive(response))
        steps = _STEPS.get(metric, 4)
        return round(round(quality * steps) / steps, 4)

    def by_people(
        self,
        metrics: Sequence[Mapping[str, Any]],
        row: Mapping[str, Any],
        responses: Sequence[str],
        flow: str,
    ) -> JSON:
        """Return what two workers say of one or two responses, by each metric's rating method."""
        answers = []
        for worker in WORKERS:
            given: dict[str, list[JSON]] = {}
            for metric in metrics:
                draw = self._draw(f"{worker} {metric['name']}", row, "\n".join(responses))
                qualities = [_quality(row, response, draw) for response in responses]
                form = _FORMS[metric["ratingMethod"]]
                given.setdefault(form, []).extend(_said(form, metric["name"], qualities))
            answers.append({
                "answerContent": {"evaluationResults": given},
                "timeSpentInSeconds": round(self._draw(worker, row, "time").uniform(5, 90), 2),
                "workerId": worker,
            })  # fmt: skip
        described = [
            {
                "metricName": each["name"],
                "metricType": each["ratingMethod"],
                "description": each.get("description"),
            }
            for each in metrics
        ]
        return {
            "flowDefinitionArn": flow,
            "humanAnswers": answers,
            "inputContent": {"evaluationMetrics": described},
        }

    def _draw(self, purpose: str, row: Mapping[str, Any], response: str) -> Random:
        return drawn_from(f"{row['prompt']}\n{response}".encode(errors="replace"), purpose, self._seed)


def _quality(row: Mapping[str, Any], response: str, draw: Random) -> float:
    reference = row.get("referenceResponse")
    found, _ = merit(response, [reference] if reference else [], [row["prompt"]])
    return min(1.0, max(0.0, found + draw.uniform(-NOISE, NOISE)))


def _on(scale: Sequence[Mapping[str, Any]], quality: float) -> float | str | None:
    """Return a point of a custom metric's scale: a number normalised to 0 to 1, or its text."""
    if not scale:
        return None
    values = [each["value"] for each in scale]
    if "stringValue" in values[0]:
        return str(values[round(quality * (len(values) - 1))]["stringValue"])
    numbers: list[float] = sorted(each["floatValue"] for each in values)
    chosen = numbers[round(quality * (len(numbers) - 1))]
    return round((chosen - numbers[0]) / ((numbers[-1] - numbers[0]) or 1), 4)


def _said(form: str, metric: str, qualities: Sequence[float]) -> Iterator[JSON]:
    best = str(max(range(len(qualities)), key=lambda place: qualities[place]))
    named = {"metricName": metric}
    match form:
        case "comparisonChoice":
            yield {**named, "result": {"modelResponseId": best}}
        case "comparisonRank":
            ranks = [1 + sum(other > each for other in qualities) for each in qualities]
            ranked = [{"modelResponseId": str(place), "rank": rank} for place, rank in enumerate(ranks)]
            yield {**named, "result": ranked}
        case "comparisonLikertScale":
            leaning = 3 if len(qualities) < 2 else 3 + round(2 * (qualities[1] - qualities[0]))
            yield {**named, "leftModelResponseId": "0", "rightModelResponseId": "1", "result": leaning}
        case _:
            for place, quality in enumerate(qualities):
                result = quality > 0.5 if form == "thumbsUpDown" else 1 + round(quality * 4)
                yield {**named, "modelResponseId": str(place), "result": result}
