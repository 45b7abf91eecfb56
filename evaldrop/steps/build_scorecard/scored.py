"""What a run's scorers said of a response, as rows of verdicts."""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from evaldrop.checks import CHECKED_BY, Check, Outcome
from evaldrop.checks.scorers import ScorerSettings, said_passed
from evaldrop.evaluation.criteria import Criterion
from evaldrop.run.tables import ResponseRow, VerdictRow
from evaldrop.scorecard.scores import NO_RESPONSE

NOT_SCORED = "not_scored"
"""Why there is no score of a response that its scorer was never asked about."""


def scorer_rows(
    criteria: Mapping[str, Criterion],
    row: ResponseRow,
    scores: Mapping[str, Mapping[str, Any]],
    *,
    has_text: bool,
    instead: str | None = None,
) -> Iterator[VerdictRow]:
    """
    Yield a verdict for each check that a scorer answers: a score, or why there is none.

    Args:
        criteria: The run's.
        row: The response.
        scores: What scorers said of it, by check.
        has_text: Whether there is a response to score.
        instead: The reason where nothing was begun.
    """
    for name, criterion in criteria.items():
        if criterion.check is not None and isinstance(criterion.check.parameters, ScorerSettings):
            result = scores.get(name) if has_text else None
            reason = instead or (NOT_SCORED if has_text else NO_RESPONSE)
            yield _row(criterion, row, result, _outcome(criterion.check, result, reason))


def _outcome(check: Check, result: Mapping[str, Any] | None, reason: str) -> Outcome:
    if result is None:
        return Outcome(None, unscored_reason=reason)
    scorer: ScorerSettings = check.parameters
    return scorer.outcome_of(result)


def _row(
    criterion: Criterion, row: ResponseRow, result: Mapping[str, Any] | None, outcome: Outcome
) -> VerdictRow:
    passed = None
    if outcome.score is not None:
        # The scorer's own word comes before the pass mark.
        said = said_passed(result or {})
        passed = criterion.passes(outcome.score) if said is None else said
    return VerdictRow(
        record_id=row.record_id,
        candidate=row.candidate,
        criterion=criterion.name,
        judge=CHECKED_BY,
        score=outcome.score,
        passed=passed,
        unscored_reason=outcome.unscored_reason,
        rationale=outcome.note,
        raw_reply=None if result is None else orjson.dumps(result).decode(),
        input_tokens=None,
        output_tokens=None,
        cost_usd=0.0,
    )
