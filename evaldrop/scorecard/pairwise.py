"""Preferences between two responses: rows of the table, and win rates in which order does not count."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import orjson

from evaldrop.errors import NotEnoughData
from evaldrop.replies import Reply, read_reply
from evaldrop.scorecard.model import PairwiseEstimate
from evaldrop.scorecard.scores import JUDGE_ERROR, NO_VERDICT
from evaldrop.statistics import mean_estimate
from evaldrop.tables import ComparisonRow

TIE = "tie"

Position = Literal["first", "second", "tie"]

# What judges call the response shown first, the one shown second, and neither.
_POSITIONS: Mapping[str, Position] = {
    "first": "first", "a": "first", "1": "first",
    "second": "second", "b": "second", "2": "second",
    "tie": "tie", "equal": "tie", "neither": "tie", "c": "tie",
}  # fmt: skip


class _Outcome(NamedTuple):
    """
    A record's result for one pair: 1 a win, 0.5 a tie, 0 a loss; whether order changed it, None when not
    tried.
    """

    score: float
    flipped: bool | None


class PairwiseTally:
    """Grows win rates, a pair of candidates at a time."""

    def __init__(self) -> None:
        self._outcomes: dict[tuple[str, str], list[_Outcome]] = {}

    def add(self, rows: Sequence[ComparisonRow]) -> None:
        """Add all comparisons of one record."""
        for pair in dict.fromkeys((row.candidate, row.baseline) for row in rows):
            by_judge: dict[str, list[ComparisonRow]] = {}
            for row in rows:
                if (row.candidate, row.baseline) == pair and row.preferred is not None:
                    by_judge.setdefault(row.judge, []).append(row)
            outcomes = [_outcome(pair[0], judged) for judged in by_judge.values()]
            if outcomes:
                score = sum(outcome.score for outcome in outcomes) / len(outcomes)
                tried = [outcome.flipped for outcome in outcomes if outcome.flipped is not None]
                self._outcomes.setdefault(pair, []).append(_Outcome(score, any(tried) if tried else None))

    def estimates(self, candidate: str, confidence: float) -> dict[str, PairwiseEstimate]:
        """Return a candidate's win rates by the baseline they are over."""
        return {
            baseline: _estimate(baseline, outcomes, confidence)
            for (name, baseline), outcomes in self._outcomes.items()
            if name == candidate
        }


def comparison_rows(record_id: str, output: Mapping[str, Any]) -> Iterator[ComparisonRow]:
    """Yield a row for each comparison in a child's output; identical responses are ties without a call."""
    for comparison in output.get("comparisons") or ():
        start = (
            record_id,
            comparison["candidate"],
            comparison["baseline"],
            comparison["judge"],
            comparison.get("criterion"),
            comparison.get("first") or comparison["candidate"],
        )
        skipped = comparison.get("skipped")
        if skipped is not None:
            preferred, reason = (TIE, None) if skipped == "identical" else (None, str(skipped))
            yield ComparisonRow(*start, preferred, reason, None, None)
        elif comparison.get("error") is not None:
            raw = orjson.dumps({"error": comparison["error"]}).decode()
            yield ComparisonRow(*start, None, JUDGE_ERROR, None, raw)
        else:
            reply = read_reply(comparison.get("api") or "converse", comparison.get("reply"))
            raw = orjson.dumps(comparison.get("reply")).decode()
            yield ComparisonRow(*start, *_preference(reply, *start[1:3], first=start[5]), raw)


def _preference(
    reply: Reply, candidate: str, baseline: str, *, first: str
) -> tuple[str | None, str | None, str | None]:
    """Return who is preferred (or a tie), else why nobody is; and the rationale."""
    said = reply.tool_input or {}
    rationale = said.get("rationale")
    position = _POSITIONS.get(str(said.get("preferred", "")).strip().casefold())
    if position is None:
        return None, NO_VERDICT, rationale if isinstance(rationale, str) else reply.text or None
    second = baseline if first == candidate else candidate
    preferred = {"first": first, "second": second, "tie": TIE}[position]
    return preferred, None, rationale if isinstance(rationale, str) else None


def _outcome(candidate: str, rows: Sequence[ComparisonRow]) -> _Outcome:
    scores = [0.5 if row.preferred == TIE else float(row.preferred == candidate) for row in rows]
    orders = {row.first_shown for row in rows}
    flipped = len(set(scores)) > 1 if len(orders) > 1 else None
    # A preference that changes with the order is no preference.
    return _Outcome(0.5 if len(set(scores)) > 1 else scores[0], flipped)


def _estimate(baseline: str, outcomes: Sequence[_Outcome], confidence: float) -> PairwiseEstimate:
    scores = np.array([outcome.score for outcome in outcomes])
    tried = [outcome.flipped for outcome in outcomes if outcome.flipped is not None]
    try:
        error = mean_estimate(scores, confidence=confidence).standard_error
    except NotEnoughData:
        error = None
    return PairwiseEstimate(
        baseline=baseline,
        win_rate=float(scores.mean()),
        standard_error=error,
        wins=int((scores > 0.5).sum()),
        losses=int((scores < 0.5).sum()),
        ties=int((scores == 0.5).sum()),
        flip_rate=sum(tried) / len(tried) if tried else None,
        n=len(outcomes),
    )
