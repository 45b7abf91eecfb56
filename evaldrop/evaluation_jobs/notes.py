"""What a reader should know of evaluation jobs before paying for them, in sentences."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from evaldrop.evaluation.definition import Evaluation, Judge
from evaldrop.evaluation_jobs.datasets import RowTally
from evaldrop.evaluation_jobs.prices import PRICES_READ
from evaldrop.job_formats.limits import JUDGES_READ, MAX_DATASETS, MAX_PROMPTS, Kind, may_judge
from evaldrop.job_formats.rows import LeftOut

NOTES_ON_PEOPLE: Final = (
    f"one person's answer to one prompt is a task; the price, of {PRICES_READ}, is for one person a prompt.",
    (
        "flow definitions belong to Amazon Augmented AI, which is closed to new customers: a new account may "
        "get none. evaldrop review has people score a run's responses on a page of its own, without it."
    ),
)


def notes_on_rows(tallies: Collection[RowTally], left_out: Mapping[str, LeftOut]) -> Iterator[str]:
    """Yield what became of records that are in no job, and of more than one dataset holds."""
    if left_out:
        first = next(iter(left_out.values()))
        are = "record is" if len(left_out) == 1 else "records are"
        yield f"{len(left_out):,} {are} in no job, such as {first.record_id}: {first.reason}."
    if any(tally.parts > 1 for tally in tallies):
        parts = sum(tally.parts for tally in tallies)
        yield (
            f"a dataset has at most {MAX_PROMPTS:,} prompts, and a job {MAX_DATASETS} datasets: they are "
            f"split into {parts:,} datasets."
        )


def notes_on_calls(n_called: int, per_candidate: int) -> Iterator[str]:
    """Yield what is paid several times: a model's responses, by each of its jobs."""
    if n_called and per_candidate > 1:
        yield (
            f"each of the {per_candidate:,} jobs of a candidate calls its model anew. Call it once by "
            "evaldrop run, and have its responses judged: --responses RUN."
        )


def notes_on_judges(judges: Sequence[Judge]) -> Iterator[str]:
    """Yield what a judge is in such a job, and which model AWS does not name as one."""
    for judge in judges:
        if not may_judge(judge.model):
            yield (
                f"judge {judge.name}: {judge.model} is not on AWS's list of evaluator models "
                f"({JUDGES_READ}); the job may be refused."
            )
    if judges:
        yield "a judge's prompt, parameters and repeats are AWS's in such a job, not the evaluation's."


def unasked(evaluation: Evaluation, kind: Kind) -> list[str]:
    """Return in words what of an evaluation a job of this kind does not measure."""
    notes = []
    if kind == "automatic" and evaluation.criteria:
        n = len(evaluation.criteria)
        notes.append(
            f"an algorithmic job has no judge: {n:,} {'criterion is' if n == 1 else 'criteria are'} not "
            "asked. --kind judge asks them."
        )
    if evaluation.metrics:
        names = ", ".join(evaluation.metrics)
        notes.append(f"{names}: computed by evaldrop bedrock-eval import, of the responses that come back.")
    if evaluation.pairwise and kind != "human":
        notes.append("no such job compares two responses: pairwise is left out. evaldrop run compares.")
    return notes
