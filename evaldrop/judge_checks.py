"""What is checked of an evaluation's judges before a run: forms that do not fit, and known biases."""

from collections.abc import Iterable, Iterator

from evaldrop.evaluation import Evaluation, model_vendor
from evaldrop.evaluation.criteria import Criterion


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
