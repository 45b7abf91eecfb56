"""Improved candidates, and the originals that they are measured against."""

from evaldrop.evaluation.definition import Candidate, Evaluation
from evaldrop.evaluation.improvement import ORIGINAL, ImprovedPrompt, original_prompt_of


def with_originals(evaluation: Evaluation) -> Evaluation:
    """Return an evaluation in which every improved candidate has its original, before it, as a candidate."""
    found: list[Candidate] = []
    for candidate in evaluation.candidates:
        if isinstance(candidate.prompt, ImprovedPrompt) and original_of(evaluation, candidate) is None:
            first = candidate.prompt.improve or original_prompt_of(candidate.name)
            name = f"{candidate.name}{ORIGINAL}"
            found.append(candidate.model_copy(update={"name": name, "prompt": first}))
        found.append(candidate)
    return evaluation.model_copy(update={"candidates": tuple(found)})


def with_proposers(evaluation: Evaluation) -> Evaluation:
    """Return an evaluation that says of every improved candidate which model writes its prompts."""
    return evaluation.model_copy(
        update={
            "candidates": tuple(
                each.model_copy(
                    update={
                        "prompt": each.prompt.model_copy(update={"by": evaluation.proposer_of(each.prompt)})
                    }
                )
                if isinstance(each.prompt, ImprovedPrompt)
                else each
                for each in evaluation.candidates
            )
        }
    )


def original_of(evaluation: Evaluation, candidate: Candidate) -> Candidate | None:
    """Return the candidate that differs from an improved one in nothing but the prompt, if there is one."""
    if not isinstance(candidate.prompt, ImprovedPrompt):
        return None
    first = candidate.prompt.improve or original_prompt_of(candidate.name)
    for other in evaluation.candidates:
        if evaluation.prompt_of(other) == first and _is_alike(other, candidate):
            return other
    return None


def improved_candidates(evaluation: Evaluation) -> list[tuple[Candidate, ImprovedPrompt]]:
    """Return the candidates whose prompt the run makes."""
    return [(each, each.prompt) for each in evaluation.candidates if isinstance(each.prompt, ImprovedPrompt)]


def makes_prompts(evaluation: Evaluation, who: str) -> bool:
    """Tell whether a prompt is to be made by somebody: `bedrock`, `bedrock_job`, or a model."""
    return any(improved.by == who for _, improved in improved_candidates(evaluation))


def _is_alike(other: Candidate, candidate: Candidate) -> bool:
    apart = {"name", "prompt"}
    return other.model_dump(exclude=apart) == candidate.model_dump(exclude=apart)
