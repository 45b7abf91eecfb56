"""
What is wrong with an evaluation for its dataset, found before anything is spent: its criteria and those that
records bring, its judges, its robustness, and for a run judged again what differs from the first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from evaldrop.datasets import Survey
from evaldrop.datasets.survey import MAX_NAMES_KEPT
from evaldrop.errors import EvaluationError
from evaldrop.evaluation import Evaluation, model_vendor
from evaldrop.evaluation.criteria import Criterion, as_langchain, criterion_from_config, lint_criteria
from evaldrop.evaluation.definition import GIVEN
from evaldrop.evaluation.metrics import METRICS
from evaldrop.evaluation.questions import questions_of
from evaldrop.nearest import did_you_mean
from evaldrop.run.definition import RunDefinition

# In rows of this shape a criterion's name means LangChain's question, which has two answers.
LANGCHAIN_SHAPE = "langchain_criteria"


@dataclass(slots=True, kw_only=True)
class CriteriaChecks:
    """Gathers problems and warnings while the criteria are read. `source` is the evaluation file's name."""

    evaluation: Evaluation
    survey: Survey
    source: str
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def check(self) -> dict[str, Criterion]:
        """Return the criteria by name; what is wrong with them goes to the problems."""
        found: dict[str, Criterion] = {}
        own = ((f"{self.source}: criteria[{n}]", config) for n, config in enumerate(self.evaluation.criteria))
        brought = ((self._line_naming(config), config) for config in self.brought())
        for path, config in chain(own, brought):
            try:
                criterion = criterion_from_config(config, path=path)
            except EvaluationError as error:
                self.problems += str(error).splitlines()
                continue
            if criterion.name in found:
                self.problems.append(f'{path}: "{criterion.name}" is there twice.')
            found[criterion.name] = criterion
            self._check_needs(criterion)
        # The survey notes no more names than that: records with further ones would be judged by less than
        # they ask.
        if len(self.survey.criteria) >= MAX_NAMES_KEPT:
            self.problems.append(
                f"{self.survey.source}: records name {MAX_NAMES_KEPT:,} different criteria or more. "
                "Give those that ask the same of other records one name."
            )
        if found and not self.evaluation.judges:
            self.problems.append(
                f"{self.source}: the dataset brings criteria, and there is no judge. Add judges."
            )
        self.warnings += [
            f"criterion {finding.criterion}: {finding.what}. {finding.do}"
            for finding in lint_criteria(list(found.values()))
        ]
        return found

    def brought(self) -> list[str | dict[str, Any]]:
        """Return the criteria that only records name, as an evaluation would write them."""
        seen = {resolved_name(config) for config in self.evaluation.criteria}
        brought: list[str | dict[str, Any]] = []
        for name in self.survey.criteria:
            config: str | dict[str, Any] = name
            if name in self.survey.criteria_by_name and self.survey.shape == LANGCHAIN_SHAPE:
                config = as_langchain(name)
            elif name not in self.survey.criteria_by_name:
                config = {"name": name, "question": f"Does the response meet: {name}?"}
            # By the name it resolves to: a built-in criterion in two spellings would be judged and paid for
            # twice.
            if resolved_name(config) not in seen:
                seen.add(resolved_name(config))
                brought.append(config)
        return brought

    def _line_naming(self, config: str | dict[str, Any]) -> str:
        line = self.survey.criteria_by_name.get(config) if isinstance(config, str) else None
        source = self.survey.source
        return f"{source} {self.survey.unit} {line}" if line else f"{source}: criteria"

    def _check_needs(self, criterion: Criterion) -> None:
        for needed, what in ((criterion.needs_reference, "reference"), (criterion.needs_context, "context")):
            have = self.survey.with_field.get(what, 0)
            # Rows that were refused may well have it.
            if needed and not have and self.survey.n_accepted:
                self.problems.append(
                    f"{self.survey.source}: criterion {criterion.name} needs a {what}, "
                    f'and no record has one. Give records a "{what}", or drop the criterion.'
                )
            elif needed and have < self.survey.n_accepted:
                self.warnings.append(
                    f"{self.survey.source}: {self.survey.n_accepted - have:,} of {self.survey.n_accepted:,} "
                    f"records have no {what}; criterion {criterion.name} is not applicable to them."
                )


def unknown_metric(source: str, name: str) -> str:
    """Say that a metric is none, and which there are."""
    guess = did_you_mean(name, METRICS)
    return f'{source}: metrics: "{name}" is no metric.{guess} There are {", ".join(METRICS)}.'


def resolved_name(config: str | Mapping[str, Any]) -> str:
    """Return a criterion's name: of a built-in one, its own name whatever the spelling."""
    try:
        return criterion_from_config(config, path="criteria").name
    except EvaluationError:
        return config if isinstance(config, str) else str(config.get("name"))


def judge_problems(evaluation: Evaluation, criteria: Iterable[Criterion]) -> Iterator[str]:
    """Yield what stops a run: nothing to judge by, or more than two answers for a judge that says Y or N."""
    wanted = list(criteria)
    if evaluation.judges and not wanted and evaluation.pairwise is None:
        yield "a judge needs criteria: add criteria here or to the records, or leave judges out."
    several = ", ".join(criterion.name for criterion in wanted if criterion.scale.kind != "binary")
    for judge in evaluation.judges:
        if judge.verdict == "yes_no" and several:
            yield (
                f"judge {judge.name} answers yes or no, and there are more answers to {several}. "
                "Give the criterion scale: binary, or the judge verdict: tool."
            )


def judge_warnings(evaluation: Evaluation) -> Iterator[str]:
    """Yield what may bend the judges' verdicts (Panickssery et al. 2024, arXiv 2404.13076)."""
    for judge in evaluation.judges:
        vendor = model_vendor(judge.model)
        kin = ", ".join(one.name for one in evaluation.candidates if vendor == model_vendor(one.model))
        # Two unknown makers are not one.
        if vendor and kin:
            yield (
                f"judge {judge.name} shares its maker, {vendor}, with {kin}; judges favour models of their "
                "own family. Add a judge of another maker, or calibrate this one."
            )
    orders = evaluation.pairwise.orders if evaluation.pairwise else "both"
    if orders == "drawn":
        yield (
            "pairwise.orders: drawn: each pair is shown in one order, for half the calls. What the judges "
            "give to a place evens out over records; how often they change with the order stays unknown."
        )
    elif orders != "both":
        yield (
            f"pairwise.orders: {orders}: pairs are shown in one order, and what the judges give to a place "
            "stays in the numbers. Leave orders out to show both, or say drawn to draw one."
        )


def parent_problems(
    parent: RunDefinition, evaluation: Evaluation, dataset_sha256: str, *, source: str, dataset: str
) -> Iterator[str]:
    """
    Yield why a run cannot take its parent's responses over: they are to other requests.

    `evaluation` has the candidates that come with the dataset; `source` and `dataset` are names for messages.
    """
    before = questions_of(parent.evaluation)
    for place, settings in questions_of(evaluation).items():
        # Judges may differ: other judges are what a run is judged again for.
        if place.startswith("candidates.") and settings != before.get(place):
            yield (
                f"{source}: {place} is not what run {parent.run_id} asked, and rejudge calls no candidate. "
                "Start a new run for it."
            )
    if evaluation.robustness not in (None, parent.evaluation.robustness):
        yield (
            f"{source}: robustness: run {parent.run_id} has no responses to these copies. "
            "Leave robustness as it was, or out."
        )
    if dataset_sha256 != parent.dataset.sha256:
        yield (
            f"{dataset}: changed since run {parent.run_id}, whose responses are to other records. "
            "Start a new run."
        )


def robustness_problems(evaluation: Evaluation) -> Iterator[str]:
    """Yield why an evaluation's prompts cannot be perturbed."""
    if evaluation.robustness and all(candidate.model == GIVEN for candidate in evaluation.candidates):
        yield (
            "robustness: every response is given, and a perturbed prompt needs a candidate that "
            "answers it. List a model, or leave robustness out."
        )
