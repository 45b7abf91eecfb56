"""What stands in the way of judging a run again or perturbing prompts, found before anything is spent."""

from collections.abc import Iterable, Iterator

from evaldrop.evaluation import Evaluation, model_vendor
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.definition import GIVEN
from evaldrop.evaluation.questions import questions_of
from evaldrop.run.definition import RunDefinition


def judge_problems(evaluation: Evaluation, criteria: Iterable[Criterion]) -> Iterator[str]:
    """Yield what stops a run: nothing to judge by, or more than two answers for a judge that says Y or N."""
    asked = list(criteria)
    if evaluation.judges and not asked and evaluation.pairwise is None:
        yield "a judge needs criteria: add criteria here or to the records, or leave judges out."
    several = ", ".join(criterion.name for criterion in asked if criterion.scale.kind != "binary")
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
        if vendor and kin:
            yield (
                f"judge {judge.name} shares its maker, {vendor}, with {kin}; judges favour models of their "
                "own family. Add a judge of another maker, or calibrate this one."
            )
    if evaluation.pairwise and evaluation.pairwise.orders != "both":
        yield (
            f"pairwise.orders: {evaluation.pairwise.orders}: pairs are shown in one order, and what the "
            "judges give to a place stays in the numbers. Leave orders out to show both."
        )


def parent_problems(
    parent: RunDefinition, evaluation: Evaluation, dataset_sha256: str, *, source: str, dataset: str
) -> Iterator[str]:
    """
    Yield why a run cannot take its parent's responses over: they are to other requests.

    Args:
        parent: The run that is judged again.
        evaluation: Of the new run, with the candidates that come with the dataset.
        dataset_sha256: Of the dataset as it is now.
        source: The evaluation's name, for messages.
        dataset: The dataset's.
    """
    before = questions_of(parent.evaluation)
    for place, asked in questions_of(evaluation).items():
        if place.startswith("candidates.") and asked != before.get(place):
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


def robustness_problems(evaluation: Evaluation, *, source: str) -> Iterator[str]:
    """Yield why an evaluation's prompts cannot be perturbed."""
    if evaluation.robustness and all(candidate.model == GIVEN for candidate in evaluation.candidates):
        yield (
            f"{source}: robustness: every response is given, and a perturbed prompt needs a candidate that "
            "answers it. List a model, or leave robustness out."
        )
