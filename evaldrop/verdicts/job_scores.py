"""From a score of a Bedrock evaluation job, or of a person rating for one, to a verdict."""

from collections.abc import Mapping, Sequence
from typing import Any

from evaldrop.evaluation.criteria.criterion import Criterion
from evaldrop.verdicts.reading import unscored_verdicts
from evaldrop.verdicts.verdict import UnscoredReason, Verdict


def read_job_scores(judgement: Mapping[str, Any], criteria: Sequence[Criterion]) -> list[Verdict]:
    """
    Return a verdict per criterion of one score. Never raises.

    Args:
        judgement: Its `reply` is the job's own entry, with the `score` that its result is on the criterion's
            scale; None where the job has none, which its `result` of null says means that the metric does
            not apply. Or its `error` says why no job has an entry.
        criteria: Those of the judgement; there is one in each.
    """
    if (error := judgement.get("error")) is not None:
        why = str(error.get("Cause") or "") if isinstance(error, Mapping) else str(error)
        return unscored_verdicts(criteria, "judge_error", rationale=why)
    reply = judgement["reply"]
    return [_verdict(reply, criterion) for criterion in criteria]


def _verdict(reply: Mapping[str, Any], criterion: Criterion) -> Verdict:
    score, rationale = reply.get("score"), str(reply.get("explanation") or "").strip()
    reason: UnscoredReason | None = None
    if not isinstance(score, int | float):
        # A label that is not on the scale was given and cannot be read; null was never given.
        score, reason = None, "not_applicable" if reply.get("result") is None else "no_verdict"
    elif not _is_on(criterion, score):
        score, reason = None, "out_of_range"
    return Verdict(criterion=criterion.name, score=score, unscored_reason=reason, rationale=rationale)


def _is_on(criterion: Criterion, score: float) -> bool:
    scale = criterion.scale
    # Between two points: means of several ratings are, and yes or no is not.
    return scale.holds(score) if scale.is_nominal else scale.low <= score <= scale.high
