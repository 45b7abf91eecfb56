"""A score of an evaluation job as a judgement of a child's output, which is read as any judge's."""

from typing import Any, NamedTuple

from evaldrop.evaluation.definition import EVALUATION_JOB
from evaldrop.job_formats.output import JobScore


class Judgement(NamedTuple):
    """A score as the record has it: by which judge, on which criterion, the how-manieth of them."""

    judge: str
    criterion: str
    repeat: int
    entry: JobScore
    score: float | None


def judgement_of(said: Judgement) -> dict[str, Any]:
    """Return a score as a judgement of a child's output."""
    entry = said.entry
    reply = {
        "metricName": entry.metric,
        "result": entry.result,
        "score": said.score,
        "explanation": entry.explanation,
        "evaluator": entry.evaluator,
        "ratingMethod": entry.rating.method if entry.rating else None,
    }
    return {
        "judge": said.judge,
        "criteria": [said.criterion],
        "repeat": said.repeat,
        "api": EVALUATION_JOB,
        "reply": {key: value for key, value in reply.items() if value is not None} | {"score": said.score},
    }
