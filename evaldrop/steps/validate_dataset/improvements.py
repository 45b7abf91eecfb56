"""Candidates whose prompt the run makes: what stops that, and the prompts that they begin with."""

from collections.abc import Collection, Iterator, Mapping

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
from evaldrop.evaluation.originals import improved_candidates, original_of
from evaldrop.evaluation.prompts import Prompt
from evaldrop.nearest import did_you_mean
from evaldrop.prompt_search.parts import FEWEST_TO_CLAIM, records_for
from evaldrop.prompt_search.size import prompt_tokens
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.validate_dataset.planned_search import PlannedSearches

_NO_JOBS = (
    "On one machine a rehearsal alone has them (--bedrock simulated): say by: bedrock, or name a model, or "
    "run it in a stack (evaldrop submit)."
)
FEWEST_RECORDS = 12
"""With fewer a part of them would have one or two, by which no prompt can be chosen."""


def improvement_problems(
    evaluation: Evaluation,
    *,
    criteria: Collection[str] | None,
    records: int,
    is_bedrock: bool,
    given: Collection[str] = (),
) -> Iterator[str]:
    """
    Yield what stops a run from making the prompts that its evaluation asks for.

    Args:
        evaluation: As it is written.
        criteria: Those of the run, the records' own included; None where they could not be read.
        records: That will be evaluated; 0 where they could not be read.
        is_bedrock: Whether Bedrock answers, or a rehearsal of it.
        given: Candidates of whom the dataset brings responses.
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
        original = original_of(evaluation, candidate)
        for name in (candidate.name, original.name if original else f"{candidate.name}{ORIGINAL}"):
            if name in given:
                yield (
                    f"{who}: the dataset brings responses of {name}, which answer to no prompt of this run, "
                    "and a gain would be measured on them. Rename the candidate, or leave the responses out."
                )
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


def length_problems(evaluation: Evaluation, prompts: Mapping[str, Prompt]) -> Iterator[str]:
    """Yield which prompts are longer, as they begin, than what is made of them may be; by their names."""
    for candidate, improved in improved_candidates(evaluation):
        first = prompts.get(f"candidate/{improved.improve or original_prompt_of(candidate.name)}")
        most = improved.max_prompt_tokens
        if first is not None and most is not None and (n := prompt_tokens(first.text)) > most:
            yield (
                f"candidate {candidate.name}: prompt.max_prompt_tokens: {most:,} is below the {n:,} tokens "
                "(about) of the prompt that it begins with, and a longer one is refused. State more, or "
                "leave it out."
            )


def search_problems(found: PlannedSearches) -> Iterator[str]:
    """Yield what stops searches once it is known which records they have, and what a round costs."""
    if found.is_without_dev:
        yield (
            "prompts cannot be improved: the records are of so few groups that train, dev and test cannot "
            "each have one, for no group is torn. Give records of three groups at least; more show more."
        )
    for each in found.searches:
        if each.budget_usd is not None and each.choice_usd is not None and each.choice_usd > each.budget_usd:
            yield (
                f"candidate {each.candidate}: prompt.budget_usd: {each.budget_usd:g} ends its search before "
                f"there is a choice: to try the first prompt and one other is likely to cost "
                f"${each.choice_usd:,.4f}. State more, or give fewer records (--limit)."
            )


def search_warnings(run: RunDefinition, found: PlannedSearches) -> Iterator[str]:
    """Yield what may come otherwise than who improves a prompt expects."""
    test, units = found.records["test"], found.test_units
    if units < FEWEST_TO_CLAIM and any(found.records[part] for part in ("train", "dev")):
        independent = "" if units == test else f", {units:,} of them independent,"
        yield (
            f"{test:,} of {sum(found.records.values()):,} records{independent} measure what an improved "
            f"prompt gains: too few to claim any gain. It takes about {records_for(FEWEST_TO_CLAIM):,} "
            "records without groups."
        )
    for candidate, improved in improved_candidates(run.evaluation):
        if improved.is_search and run.delivery_of("candidate", candidate.name) == "batch":
            yield (
                f"candidate {candidate.name}: its prompts are tried on demand, for a job takes hours; the "
                "test records alone are answered in batch."
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
