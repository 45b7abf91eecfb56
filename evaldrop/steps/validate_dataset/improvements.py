"""Candidates whose prompt the run makes: what stops that, and the prompts that they begin with."""

from collections.abc import Collection, Iterator

from evaldrop.evaluation import Candidate, Evaluation
from evaldrop.evaluation.definition import GIVEN
from evaldrop.evaluation.improvement import (
    BEDROCK_JOB,
    BY_BEDROCK,
    ORIGINAL,
    ImprovedPrompt,
    original_prompt_of,
    prompt_of_instructions,
)
from evaldrop.evaluation.model_ids import model_vendor
from evaldrop.evaluation.originals import improved_candidates
from evaldrop.evaluation.prompts import Prompt
from evaldrop.nearest import did_you_mean

_NO_JOBS = (
    "On one machine a rehearsal alone has them (--bedrock simulated): say by: bedrock, or name a model, or "
    "run it in a stack (evaldrop submit)."
)
FEWEST_RECORDS = 12
"""With fewer a part of them would have one or two, by which no prompt can be chosen."""


def improvement_problems(
    evaluation: Evaluation, *, criteria: Collection[str] | None, records: int, is_bedrock: bool
) -> Iterator[str]:
    """
    Yield what stops a run from making the prompts that its evaluation asks for.

    Args:
        evaluation: As it is written.
        criteria: Those of the run, the records' own included; None where they could not be read.
        records: That will be evaluated; 0 where they could not be read.
        is_bedrock: Whether Bedrock answers, or a rehearsal of it.
    """
    names = {each.name for each in evaluation.candidates}
    for candidate, improved in improved_candidates(evaluation):
        who = f"candidate {candidate.name}: prompt"
        if candidate.model == GIVEN:
            yield (
                f"{who}: its responses are given, and no prompt changes them. "
                "Name a model, or leave prompt out."
            )
            continue
        if f"{candidate.name}{ORIGINAL}" in names:
            yield (
                f"candidate {candidate.name}{ORIGINAL}: a run gives this name to the prompt it begins with. "
                "Give the candidate another."
            )
        yield from (f"{who}.{problem}" for problem in _proposer_problems(evaluation, improved, is_bedrock))
        if not improved.reads_records:
            continue
        if not evaluation.called_judges or (criteria is not None and not criteria):
            yield (
                f"{who}.improve: of two prompts nothing tells which is better. "
                "Add a judge that the run calls, and criteria."
            )
        if 0 < records < FEWEST_RECORDS:
            yield (
                f"{who}.improve: {records:,} records are too few: some are read by whoever writes prompts, "
                f"some choose among them, the others measure the gain. Give at least {FEWEST_RECORDS}."
            )


def _proposer_problems(evaluation: Evaluation, improved: ImprovedPrompt, is_bedrock: bool) -> Iterator[str]:
    if improved.by in BY_BEDROCK:
        if not is_bedrock:
            yield f"by: {improved.by} is Bedrock's, and another server answers. Name a model."
        return
    proposer = evaluation.proposer_of(improved)
    if proposer is None and improved.by is not None:
        yield f"by: {improved.by} is no model: its responses are given. Name another."
    elif proposer is None:
        yield "by: nobody is named to write prompts, and there is no judge. Name a model."
    elif proposer == improved.by and is_bedrock and not _looks_like_a_model(proposer):
        named = [each.name for each in (*evaluation.candidates, *evaluation.judges)]
        yield (
            f'by: "{proposer}" is no candidate, no judge and no model ID.{did_you_mean(proposer, named)} '
            "Name one, or say bedrock."
        )


def _looks_like_a_model(name: str) -> bool:
    return name.startswith("arn:") or "." in name or model_vendor(name) is not None


def without_prompt_jobs(evaluation: Evaluation) -> str | None:
    """Say whose prompt a job is to make where nothing runs jobs, with the ways out; None for nobody."""
    by_job = [each.name for each, improved in improved_candidates(evaluation) if improved.by == BEDROCK_JOB]
    who = ", ".join(f"candidate {name}" for name in by_job)
    return f"{who}: prompt.by: {BEDROCK_JOB} needs Bedrock's jobs. {_NO_JOBS}" if who else None


def prompts_of_instructions(evaluation: Evaluation) -> dict[str, Prompt]:
    """Return the prompts that say candidates' instructions as they are, by their names without the kind."""
    return {
        name: Prompt(name=f"candidate/{name}", text=prompt_of_instructions(improved.instructions))
        for candidate, improved in improved_candidates(evaluation)
        if improved.instructions is not None and (name := original_prompt_of(candidate.name))
    }


def is_made_by_run(candidate: Candidate) -> bool:
    """Tell whether a candidate's prompt is not there before the run has made it."""
    return isinstance(candidate.prompt, ImprovedPrompt)
