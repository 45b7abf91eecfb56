"""What evaluation jobs cannot ask or take of judges that are to be theirs, found before anything is spent."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import orjson

from evaldrop.errors import EvaluationError
from evaldrop.evaluation import Evaluation
from evaldrop.evaluation.criteria import Criterion
from evaldrop.job_formats.limits import JUDGES_READ, MAX_PROMPT_BYTES, may_judge
from evaldrop.steps.prepare_evaluation_jobs.jobs import forms_of

MAX_FORM_BYTES: Final = 96 * 1024
"""What jobs are asked is in the workflow's state, which holds 256 KiB."""

NO_EVALUATION_JOBS: Final = (
    "On one machine a rehearsal alone has them (--bedrock simulated). Run it in a stack (evaldrop submit), "
    "or without this judge; then evaldrop bedrock-eval create --responses RUN, and evaldrop bedrock-eval "
    "import JOBS --beside RUN."
)


def without_evaluation_jobs(evaluation: Evaluation) -> str | None:
    """Say which judges are evaluation jobs' where nothing runs them, with the ways out; None for none."""
    who = ", ".join(f"judge {judge.name}" for judge in evaluation.job_judges)
    return (
        f"{who}: api: evaluation_job needs Bedrock's evaluation jobs. {NO_EVALUATION_JOBS}" if who else None
    )


def evaluation_job_problems(evaluation: Evaluation, own: Sequence[Criterion]) -> Iterator[str]:
    """Yield why evaluation jobs cannot judge; `own` are the evaluation's criteria, not the records'."""
    for judge in evaluation.job_judges:
        if not may_judge(judge.model):
            yield (
                f"judge {judge.name}: {judge.model} is none of the models that AWS lists for evaluation jobs "
                f"({JUDGES_READ}). Give it one of those, such as us.amazon.nova-pro-v1:0, or api: converse. "
                "Where its scores were imported and nobody can be asked for more, leave it out."
            )
        if not own:
            yield (
                f"judge {judge.name}: an evaluation job asks the evaluation's own criteria, and it has none. "
                "Add criteria, or say api: converse, which is asked what records bring, too."
            )
    if evaluation.job_judges:
        yield from _form_problems(evaluation, own)


def _form_problems(evaluation: Evaluation, own: Sequence[Criterion]) -> Iterator[str]:
    askable, problems = [], []
    for criterion in own:
        try:
            forms_of(evaluation.job_judges[0], [criterion])
            askable.append(criterion)
        except EvaluationError as error:
            problems.append(str(error))
    yield from problems
    forms = [form for judge in evaluation.job_judges for form in forms_of(judge, askable)] if askable else []
    size = len(orjson.dumps([form._asdict() for form in forms]))
    if size > MAX_FORM_BYTES:
        yield (
            f"criteria: what evaluation jobs are to ask is {size:,} bytes for all their judges; a run has "
            f"room for {MAX_FORM_BYTES:,}. Give criteria fewer examples, or such judges api: converse."
        )


def evaluation_job_warnings(
    evaluation: Evaluation, brought: Iterable[object], *, n_too_long: int
) -> Iterator[str]:
    """
    Yield what evaluation jobs will not score.

    Args:
        evaluation: The evaluation.
        brought: Criteria that only records name.
        n_too_long: Records whose own prompt is longer than a job takes.
    """
    who = ", ".join(judge.name for judge in evaluation.job_judges)
    if not who:
        return
    yield (
        f"judge {who}: Bedrock's evaluation jobs begin when all responses are there. How long they take "
        "nothing tells, and no row of theirs tells what it cost."
    )
    if evaluation.budget_usd is not None:
        yield (
            f"judge {who}: with budget_usd an evaluation job reserves the most that it may cost, well above "
            "what is likely; one that finds too little left is not created, and its verdicts are skipped."
        )
    asked = {
        "anchors": evaluation.anchors,
        "perturbed copies (robustness)": evaluation.robustness,
        "pairs (pairwise)": evaluation.pairwise,
    }
    if unasked := [what for what, is_there in asked.items() if is_there]:
        yield (
            f"judge {who}: {', '.join(unasked)} are not asked of an evaluation job; judges with another api "
            "are."
        )
    if n := len(list(brought)):
        yield (
            f"judge {who}: {n:,} {'criterion' if n == 1 else 'criteria'} of the records' own are not asked "
            "by an evaluation job, which asks the same of all records."
        )
    if n_too_long:
        are = "record has a prompt" if n_too_long == 1 else "records have prompts"
        yield (
            f"judge {who}: {n_too_long:,} {are} of more than {MAX_PROMPT_BYTES:,} bytes, which an evaluation "
            "job does not take; they stay without its score. A judge with api: converse takes them."
        )
