"""The criteria of an import: which one each metric of a job is, and a result's score on its scale."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from evaldrop.evaluation.criteria import BUILT_IN, Criterion, Scale, criterion_from_config
from evaldrop.evaluation.criteria.scales import NO_WORDS, YES_WORDS, Point
from evaldrop.evaluation_jobs.criterion_configs import Config, config_of
from evaldrop.job_formats.metrics import JobMetric, criterion_of_rating, metric_of, score_of
from evaldrop.job_formats.output import JobOutput, JobRow, JobScore, plain_result
from evaldrop.job_formats.people import COMPARISONS, LIKERT_PAIR, share_preferred

OneMeans = Literal["left", "right"]
_MOST_NAME = 64


class MetricKey(NamedTuple):
    """
    What makes two scores ones on the same metric.

    `method` is people's rating method. `task` is that of a number which an algorithm computed: what
    `Accuracy` is follows the task, and a mean over two of them would be one of nothing.
    """

    metric: str
    method: str | None
    task: str | None


def key_of(score: JobScore, row: JobRow) -> MetricKey:
    """Return which metric a score is on."""
    is_computed = score.evaluator is None and score.rating is None
    return MetricKey(
        score.metric, score.rating.method if score.rating else None, row.task if is_computed else None
    )


class ImportedCriterion(NamedTuple):
    """A criterion in an evaluation's form, and a result's score on its scale; None for what is none."""

    name: str
    config: Config
    score: Callable[[float | str], float | None]


class ImportedCriteria(NamedTuple):
    """The criteria of an import by metric; what to say of them, and of the metrics that are left out."""

    by_key: Mapping[MetricKey, ImportedCriterion]
    notes: Sequence[str] = ()
    left_out: Sequence[str] = ()


def imported_criteria(
    jobs: Iterable[JobOutput],
    *,
    own: Mapping[str, Config] | None = None,
    asked: Mapping[str, str] | None = None,
    one_means: OneMeans | None = None,
) -> ImportedCriteria:
    """
    Return the criteria that jobs' metrics are.

    Args:
        jobs: The output that is imported.
        own: Criteria of an evaluation by name, in its form: their pass marks and weights hold, and where a
            job gave labels, their scale.
        asked: Metrics that were made of criteria among `own`: metric to criterion's name.
        one_means: Which response a 1 on a comparison's Likert scale prefers, as the workers were told.
    """
    results: dict[MetricKey, list[float | str]] = {}
    described: dict[MetricKey, str] = {}
    definitions = []
    for job in jobs:
        definitions += [each for each in job.definitions if each not in definitions]
        for row in job.rows:
            for score in (score for response in row.responses for score in response.scores):
                key = key_of(score, row)
                given = results.setdefault(key, [])
                if score.result is not None:
                    given.append(score.result)
                if score.rating:
                    described.setdefault(key, score.rating.description)
    maker = _Maker(definitions, own or {}, asked or {}, one_means, tasks=_tasks(results))
    made = {key: maker.make(key, given, described.get(key, "")) for key, given in results.items()}
    return ImportedCriteria({key: each for key, each in made.items() if each}, maker.notes, maker.left_out)


def _tasks(keys: Iterable[MetricKey]) -> dict[str, int]:
    """Return under how many tasks each computed metric is."""
    counted: dict[str, int] = {}
    for key in keys:
        counted[key.metric] = counted.get(key.metric, 0) + (key.method is None)
    return counted


class _Maker:
    def __init__(
        self,
        definitions: Sequence[Mapping[str, Any]],
        own: Mapping[str, Config],
        asked: Mapping[str, str],
        one_means: OneMeans | None,
        *,
        tasks: Mapping[str, int],
    ) -> None:
        self._definitions, self._own, self._one_means, self._tasks = definitions, own, one_means, tasks
        self._asked = {metric: own[name] for metric, name in asked.items() if name in own}
        self._names: set[str] = set()
        self.notes: list[str] = []
        self.left_out: list[str] = []

    def make(self, key: MetricKey, given: Sequence[float | str], described: str) -> ImportedCriterion | None:
        """Return the criterion of a metric; None where its results cannot be read as scores."""
        if key.metric in self._asked and key.method not in COMPARISONS:
            config = self._asked[key.metric]
            criterion = criterion_from_config(config, path="criteria")
            if key.method is None:
                return self._judged(key, criterion, given, config)
            if _is_rated_so(criterion, key.method):
                return self._made(key, criterion, lambda result: _point(criterion, result), config)
        if key.method is not None:
            return self._rated(key, key.method, described)
        known = metric_of(key.metric, task=key.task, custom=self._definitions)
        if known is None:
            return self._unknown(key, given)
        if known.criterion is None:
            return self._computed(key, known, given)
        return self._judged(key, known.criterion, given)

    def _judged(
        self,
        key: MetricKey,
        criterion: Criterion,
        given: Sequence[float | str],
        config: Config | None = None,
    ) -> ImportedCriterion:
        # A result above 1 is no fraction of a scale, but a point of it.
        are_points = criterion.scale.high > 1 and any(number > 1 for number in _numbers(given))
        read = (
            (lambda result: _point(criterion, result))
            if are_points
            else (lambda result: score_of(criterion, _plain(criterion, result)))
        )
        return self._made(key, criterion, read, config)

    def _computed(self, key: MetricKey, known: JobMetric, given: Sequence[float | str]) -> ImportedCriterion:
        fractions = [known.fraction(number) for number in _numbers(given)]
        # An error rate may be above 1: the scale ends where the numbers do.
        high = 1.0 if known.is_bounded else float(max(1, math.ceil(max(fractions, default=1.0))))
        criterion = Criterion(
            name=known.ours,
            question=f"Computed by the job: {known.what}.",
            scale=Scale.between(0, high, not_applicable=True),
            higher_is_better=known.higher_is_better,
        )
        if known.unit == "percent" and key.task is None:
            self.notes.append(
                f"{key.metric}: no path of the output names its task, so it is read as a percentage, as of "
                "all tasks but general text."
            )
        return self._made(key, criterion, lambda result: _fraction(known, result))

    def _rated(self, key: MetricKey, method: str, described: str) -> ImportedCriterion | None:
        if method not in COMPARISONS:
            criterion = criterion_of_rating(key.metric, method, described)
            return self._made(key, criterion, lambda result: _point(criterion, result))
        if method == LIKERT_PAIR and self._one_means is None:
            self.left_out.append(
                f"{key.metric}: left out. Workers compared two responses from 1 to 5, and what 1 means is in "
                "the instructions that they were given: say --one-means left or right."
            )
            return None
        points = (
            Point(value=0.0, label="the other one"),
            Point(value=0.5, label="neither"),
            Point(value=1.0, label="this one"),
        )
        question = described or f"Which of two responses do people prefer on {key.metric}?"
        criterion = Criterion(
            # Passed is what more than half prefer: several people's shares are averaged.
            name=key.metric,
            question=question,
            scale=Scale.of_points(*points),
            pass_at=0.51,
        )
        one_means = self._one_means
        if method == LIKERT_PAIR and one_means is not None:
            return self._made(key, criterion, lambda result: share_preferred(float(result), one_means))
        return self._made(key, criterion, lambda result: _point(criterion, result))

    def _unknown(self, key: MetricKey, given: Sequence[float | str]) -> ImportedCriterion | None:
        labels = sorted({result for result in given if isinstance(result, str)})
        own = self._own.get(_name_of(key.metric))
        if labels and isinstance(own, dict):
            criterion = criterion_from_config(own, path="criteria")
        elif labels and {label.casefold() for label in labels} <= {*YES_WORDS, *NO_WORDS}:
            criterion = Criterion(
                name=key.metric, question=key.metric, scale=Scale.binary(not_applicable=True)
            )
        elif labels:
            some = ", ".join(labels[:5])
            self.left_out.append(
                f"{key.metric}: left out. Its results are labels ({some}), and what each is worth is not "
                "known: give --evaluation a criterion of this name, with scale: {choices: {LABEL: WORTH}}."
            )
            return None
        else:
            numbers = _numbers(given)
            ends = min([0.0, *numbers]), max([1.0, *numbers])
            scale = Scale.between(*ends, not_applicable=True)
            criterion = Criterion(name=key.metric, question=key.metric, scale=scale)
            self.notes.append(
                f"{key.metric}: its definition is not beside the output, so it is read as a number from "
                f"{ends[0]:g} to {ends[1]:g} of which more is better."
            )
        return self._made(key, criterion, lambda result: _point(criterion, result))

    def _made(
        self,
        key: MetricKey,
        criterion: Criterion,
        read: Callable[[float | str], float | None],
        config: Config | None = None,
    ) -> ImportedCriterion:
        name = _name_of(criterion.name)
        if self._tasks[key.metric] > 1 and key.task:
            # As other names of criteria are: question_and_answer.
            task = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key.task).lower()
            name = _name_of(f"{name}.{task}")
        if name in self._names:
            # People and a judge on a metric of the same name answered on two scales.
            tail = "people" if key.method else "other"
            name = next(each for each in _numbered(f"{name[:50]}.{tail}") if each not in self._names)
        self._names.add(name)
        if config is None or name != criterion.name:
            is_built_in = BUILT_IN.get(name) == criterion
            config = self._with_own(name, name if is_built_in else config_of(replace(criterion, name=name)))
        return ImportedCriterion(name, config, read)

    def _with_own(self, name: str, config: Config) -> Config:
        own = self._own.get(name)
        rules = {
            rule: own[rule]
            for rule in ("pass_at", "weight")
            if isinstance(own, dict) and own.get(rule) is not None
        }
        return {**({"name": config} if isinstance(config, str) else config), **rules} if rules else config


def _is_rated_so(criterion: Criterion, method: str) -> bool:
    """Tell whether people rated on a criterion's own scale; else they had five points for it."""
    if method == "ThumbsUpDown":
        return criterion.scale.kind == "binary"
    return criterion.scale.kind == "points" and criterion.scale.values() == (1.0, 2.0, 3.0, 4.0, 5.0)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}-{number}"
        number += 1


def _name_of(metric: str) -> str:
    """Return a metric's name as one that a criterion may have."""
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", metric)[:_MOST_NAME]
    return name if re.match(r"[A-Za-z]", name) else f"m_{name}"[:_MOST_NAME]


def _numbers(given: Iterable[float | str]) -> list[float]:
    return [result for result in given if not isinstance(result, str)]


def _plain(criterion: Criterion, result: float | str) -> float | str:
    """Return a number that came as a text as the number, unless texts are the scale's answers."""
    if isinstance(result, str) and criterion.scale.kind != "choices":
        try:
            number = plain_result(float(result))
        except ValueError:
            return result
        return result if number is None else number
    return result


def _point(criterion: Criterion, result: float | str) -> float | None:
    plain = _plain(criterion, result)
    return criterion.scale.value_of(plain) if isinstance(plain, str) else plain


def _fraction(known: JobMetric, result: float | str) -> float | None:
    return None if isinstance(result, str) else known.fraction(result)
