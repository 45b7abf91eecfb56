"""Which metrics a job is asked for, by its kind: an evaluation's criteria, or what an algorithm computes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evaldrop.errors import EvaluationError
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.definition import Evaluation
from evaldrop.job_formats.custom_metrics import custom_metric
from evaldrop.job_formats.limits import MAX_CUSTOM_METRICS, in_parts
from evaldrop.job_formats.metrics import (
    ACCURACY,
    COMPUTED,
    WITHOUT_TOXICITY,
    TaskType,
    built_in_metric,
    computed_metric,
    metric_of,
    rated_metric,
)
from evaldrop.run.definition import criteria_by_name

PREFERENCE = "preference"
"""The metric by which people say which of two responses is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricGroup:
    """
    The metrics of one job.

    Attributes:
        names: As `metricNames` has them.
        custom: Their definitions, of those that are not the job's own.
        criteria: What evaldrop calls them: metric to criterion.
    """

    names: tuple[str, ...]
    custom: tuple[Mapping[str, Any], ...] = ()
    criteria: Mapping[str, str] = field(default_factory=dict)


def criteria_of(evaluation: Evaluation, names: Sequence[str]) -> list[Criterion]:
    """
    Return the criteria that a judge or people are asked: the evaluation's, or those named.

    Raises:
        EvaluationError: There is none, or none of a name.
    """
    known = criteria_by_name(evaluation.criteria, path="criteria")
    if not names and not known:
        raise EvaluationError(
            "there is no criterion to ask. Give the evaluation criteria, or name some: "
            "--metric bedrock.helpfulness"
        )
    if not names:
        return list(known.values())
    return [known[name] if name in known else _job_criterion(name) for name in names]


def _job_criterion(name: str) -> Criterion:
    metric = metric_of(name.removeprefix("bedrock."))
    if metric is None or metric.criterion is None:
        raise EvaluationError(
            f"--metric {name}: neither a criterion of the evaluation nor a metric of a judge's. "
            "`evaldrop criteria` lists those that begin with bedrock."
        )
    return metric.criterion


def judged_groups(criteria: Iterable[Criterion]) -> list[MetricGroup]:
    """
    Return the metrics of judge jobs, ten custom ones a job; the job's own are all in the first.

    Raises:
        EvaluationError: A job cannot ask a criterion.
    """
    own: dict[str, str] = {}
    custom: list[Mapping[str, Any]] = []
    for criterion in criteria:
        metric = built_in_metric(criterion)
        if metric:
            own[metric.name] = criterion.name
        else:
            custom.append(custom_metric(criterion))
    groups = [_custom_group(part) for part in in_parts(custom, MAX_CUSTOM_METRICS)]
    first = groups[0] if groups else MetricGroup(names=())
    joined = MetricGroup(names=(*own, *first.names), custom=first.custom, criteria={**own, **first.criteria})
    return [joined, *groups[1:]]


def rated_groups(criteria: Iterable[Criterion], *, compare: bool) -> list[MetricGroup]:
    """Return the metrics that people rate by, ten a job; `compare` adds which of two they prefer."""
    custom = [rated_metric(criterion) for criterion in criteria]
    if compare:
        preference = {
            "description": "Which of the two responses is better?",
            "ratingMethod": "ComparisonChoice",
        }
        custom.append({"name": PREFERENCE, **preference})
    return [_custom_group(part) for part in in_parts(custom, MAX_CUSTOM_METRICS)]


def _custom_group(part: Sequence[Mapping[str, Any]]) -> MetricGroup:
    names = tuple(each["name"] for each in part)
    criteria = {name: name for name in names if name != PREFERENCE}
    return MetricGroup(names=names, custom=tuple(part), criteria=criteria)


def default_task(*, has_references: bool) -> TaskType:
    """Return the task of an algorithmic job where none is said: answers to questions, or general text."""
    return "QuestionAndAnswer" if has_references else "Generation"


def computed_group(
    evaluation: Evaluation, task: TaskType, names: Sequence[str], *, all_references: bool
) -> MetricGroup:
    """
    Return the metrics of an algorithmic job: those named, or all that its rows allow.

    Robustness asks every prompt several times more: it is taken where the evaluation has `robustness`.

    Raises:
        EvaluationError: There is no such metric, or it takes what is not there.
    """
    if task not in ACCURACY:
        raise EvaluationError(f"--task {task}: an algorithmic job takes {', '.join(ACCURACY)}.")
    if names:
        wanted = [_computed(name, task, all_references=all_references) for name in names]
        return MetricGroup(names=tuple(dict.fromkeys(wanted)))
    known = {name: computed_metric(name, task) for name in COMPUTED}
    allowed = [name for name, metric in known.items() if all_references or not metric.needs_reference]
    left_out = {
        *((name for name in COMPUTED if name.endswith("Toxicity")) if task in WITHOUT_TOXICITY else ()),
        *(() if evaluation.robustness else (name for name in COMPUTED if name.endswith("Robustness"))),
    }
    chosen = tuple(name for name in allowed if name not in left_out)
    if not chosen:
        raise EvaluationError(
            f"an algorithmic job of {task} has nothing to compute here: accuracy takes a reference for every "
            "record. Give references, or --task Generation."
        )
    return MetricGroup(names=chosen)


def _computed(name: str, task: TaskType, *, all_references: bool) -> str:
    metric = metric_of(name.removeprefix("bedrock."), task=task)
    if metric is None or metric.criterion is not None:
        known = ", ".join(each.removeprefix("Builtin.").lower() for each in COMPUTED)
        raise EvaluationError(
            f"--metric {name}: an algorithmic job computes {known}. A judge is asked by --kind judge."
        )
    if metric.name.endswith("Toxicity") and task in WITHOUT_TOXICITY:
        raise EvaluationError(f"--metric {name}: it is not computed for {task}.")
    if metric.needs_reference and not all_references:
        raise EvaluationError(f"--metric {name}: it takes a reference for every record.")
    return metric.name
