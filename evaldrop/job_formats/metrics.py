"""
Criteria and the metrics of Bedrock's evaluation jobs, in both directions: names, scales, which end is good.

A judge job has eleven metrics of its own, which are the `bedrock.` criteria, and takes up to ten custom ones,
which any other criterion becomes. An algorithmic job computes three, whose meaning follows the task. Results
of judges are fractions of the scale, counted from its low end whichever end is good (Bedrock user guide,
"Review metrics for a model evaluation job that uses a judge"); null means that there is no score.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from evaldrop.evaluation.criteria import BUILT_IN, Criterion, Scale
from evaldrop.evaluation.criteria.scales import Point
from evaldrop.job_formats.custom_metrics import criterion_of_custom, definition_name

TaskType = Literal["General", "Generation", "Summarization", "QuestionAndAnswer", "Classification", "Custom"]

_MAX_NAME = 63  # characters of a name and of a description (CreateEvaluationJob)
_PREFIX = "Builtin."


@dataclass(frozen=True, slots=True, kw_only=True)
class JobMetric:
    """
    One metric of an evaluation job.

    Attributes:
        name: As the job is asked for it, such as `Builtin.Helpfulness`.
        ours: What evaldrop's tables call it, such as `bedrock.helpfulness`.
        criterion: What a judge was asked; None for a number that an algorithm computed.
        unit: Of the job's number: `percent` of a metric's relative change, else a `fraction`.
        is_bounded: Whether a fraction is never above 1. Error rates and relative changes may be.
        what: What the number is, for a reader.
    """

    name: str
    ours: str
    criterion: Criterion | None = None
    higher_is_better: bool = True
    unit: Literal["fraction", "percent"] = "fraction"
    is_bounded: bool = True
    needs_reference: bool = False
    what: str = ""

    def fraction(self, result: float) -> float:
        """Return a job's number as a fraction, whichever end is good."""
        return result / 100 if self.unit == "percent" else result


def _judged() -> dict[str, JobMetric]:
    # Readability is on Amazon's pages of prompts, and no metric that a job takes.
    own = [name for name in BUILT_IN if name.startswith("bedrock.") and name != "bedrock.readability"]
    metrics = [_judged_metric(BUILT_IN[name]) for name in own]
    return {metric.name: metric for metric in metrics}


def _judged_metric(criterion: Criterion) -> JobMetric:
    words = criterion.name.removeprefix("bedrock.").split("_")
    # "and" is a capital as well: ProfessionalStyleAndTone.
    return JobMetric(
        name=_PREFIX + "".join(word.capitalize() for word in words),
        ours=criterion.name,
        criterion=criterion,
        higher_is_better=criterion.higher_is_better,
        what=criterion.question,
    )


JUDGED: Final[Mapping[str, JobMetric]] = MappingProxyType(_judged())
"""The metrics of judge jobs, by the name in a request."""

ACCURACY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Generation": "real-world knowledge: whether the fact that is asked for is in the response",
        "Summarization": "BERTScore: nearness to the reference in meaning",
        "QuestionAndAnswer": "F1 of the words shared with the reference",
        "Classification": "whether the class is the reference's",
    }
)
"""What `Builtin.Accuracy` is, by the task."""
WITHOUT_TOXICITY: Final = frozenset({"Classification"})
"""Tasks that an algorithmic job does not compute toxicity for."""
COMPUTED: Final = (f"{_PREFIX}Accuracy", f"{_PREFIX}Robustness", f"{_PREFIX}Toxicity")
"""The metrics of algorithmic jobs."""


def computed_metric(name: str, task: str | None) -> JobMetric:
    """
    Return one of the `COMPUTED` metrics as it is for a task.

    Without a task, or for one that is not known, robustness is taken for the percentage that it is of all
    tasks but general text.
    """
    if name.endswith("Accuracy"):
        what = ACCURACY.get(task or "", "accuracy against the reference")
        return JobMetric(name=name, ours="bedrock.accuracy", needs_reference=True, what=what)
    if name.endswith("Toxicity"):
        what = "detoxify's share of toxicity"
        return JobMetric(name=name, ours="bedrock.toxicity", higher_is_better=False, what=what)
    is_text = task == "Generation"
    return JobMetric(
        name=name,
        ours="bedrock.robustness",
        higher_is_better=False,
        unit="fraction" if is_text else "percent",
        is_bounded=False,
        needs_reference=not is_text,
        what="word error rate under changed prompts"
        if is_text
        else "accuracy's change under changed prompts",
    )


def metric_of(
    name: str, *, task: str | None = None, custom: Iterable[Mapping[str, Any]] = ()
) -> JobMetric | None:
    """
    Return what a metric's name in a job's output means, None when nobody knows.

    Args:
        name: With or without `Builtin.`: rows of algorithmic jobs leave it out.
        task: The row's task type; see `computed_metric`.
        custom: The job's `customMetricDefinition`s, of which a metric that is not built in is one.
    """
    for definition in custom:
        if definition_name(definition) == name:
            criterion = criterion_of_custom(definition)
            return JobMetric(
                name=name, ours=name, criterion=criterion, higher_is_better=criterion.higher_is_better
            )
    wanted = _plain(name)
    for known in COMPUTED:
        if _plain(known) == wanted:
            return computed_metric(known, task)
    return next((metric for known, metric in JUDGED.items() if _plain(known) == wanted), None)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.casefold().removeprefix(_PREFIX.casefold()))


def built_in_metric(criterion: Criterion) -> JobMetric | None:
    """Return the job's own metric that asks what a criterion asks, None when it has to be a custom one."""
    for metric in JUDGED.values():
        own = metric.criterion
        if own and (own.question, own.scale, own.higher_is_better) == (
            criterion.question,
            criterion.scale,
            criterion.higher_is_better,
        ):
            return metric
    return None


def score_of(criterion: Criterion, result: float | str | None) -> float | None:
    """
    Return a result of a judge job on a criterion's scale, None for null: not applicable, or not readable.

    A fraction that meets a point of the scale up to the rounding of four digits is that point; another is
    left where it is. A text is a label.
    """
    scale = criterion.scale
    if result is None or isinstance(result, bool):
        return None
    if isinstance(result, str):
        return scale.value_of(result)
    score = scale.low + result * (scale.high - scale.low)
    near = [value for value in scale.values() if abs(value - score) <= 0.001 * (scale.high - scale.low)]
    return near[0] if near else score


RatingMethod = Literal[
    "ThumbsUpDown", "IndividualLikertScale", "ComparisonLikertScale", "ComparisonChoice", "ComparisonRank"
]


def rating_method(criterion: Criterion) -> RatingMethod:
    """Return how people rate a response on a criterion: thumbs for yes or no, else five points."""
    return "ThumbsUpDown" if criterion.scale.kind == "binary" else "IndividualLikertScale"


def rated_metric(criterion: Criterion) -> dict[str, Any]:
    """Return the custom metric that asks people what a criterion asks; its description is cut short."""
    return {
        "name": criterion.name[:_MAX_NAME],
        "description": _cut(criterion.question),
        "ratingMethod": rating_method(criterion),
    }


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MAX_NAME else f"{text[: _MAX_NAME - 1].rsplit(' ', 1)[0]}…"


def criterion_of_rating(name: str, method: str, description: str = "") -> Criterion:
    """
    Return the criterion that people rated single responses on.

    Thumbs are yes or no, all else is a scale from 1 to 5. High is good unless the name is that of a built-in
    criterion where it is not.
    """
    if method.casefold() == "thumbsupdown":
        scale = Scale.binary(not_applicable=True)
    else:
        labels = ("lowest", "low", "middle", "high", "highest")
        points = [Point(value=float(place), label=label) for place, label in enumerate(labels, 1)]
        scale = Scale.of_points(*points, not_applicable=True)
    known = BUILT_IN.get(name)
    higher = known.higher_is_better if known else True
    return Criterion(name=name, question=description or name, scale=scale, higher_is_better=higher)
