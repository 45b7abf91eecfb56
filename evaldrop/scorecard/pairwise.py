"""Preferences between two responses: rows of the table, and win rates in which order does not count."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import orjson

from evaldrop.errors import NotEnoughData
from evaldrop.replies import Reply, read_reply
from evaldrop.scorecard.collect import Found
from evaldrop.scorecard.model import PairwiseEstimate
from evaldrop.scorecard.reading import JudgeCall
from evaldrop.scorecard.scores import JUDGE_ERROR
from evaldrop.scorecard.source import RunFile
from evaldrop.statistics import mean_estimate
from evaldrop.tables import ComparisonRow
from evaldrop.verdicts import TIE, Reading, parse_preference

_PLACES = ("first", "second", TIE)
# What prompts/judge/pairwise asks of a judge that has no tool.
_FINAL_LINE = re.compile(r"^\W*preferred\W+(first|second|tie)\W*$", re.IGNORECASE | re.MULTILINE)


class Compared(NamedTuple):
    """A comparison, and the judge's call where there was one."""

    row: ComparisonRow
    call: JudgeCall | None


class _Preference(NamedTuple):
    preferred: str | None
    unscored_reason: str | None
    rationale: str | None


class _Outcome(NamedTuple):
    """
    A record's result for one pair: 1 a win, 0.5 a tie, 0 a loss; whether order changed it, None when not
    tried.
    """

    score: float
    flipped: bool | None


class ComparisonReader:
    """Reads the comparisons of one run."""

    def __init__(self, run: RunFile) -> None:
        self._run = run
        self._judges = {judge.name: judge for judge in run.judges}

    def read(self, found: Found) -> list[Compared]:
        """Return every comparison in a child's output; identical responses are ties without a call."""
        comparisons = (found.output or {}).get("comparisons") or ()
        return [self._read(found.record.record_id, comparison) for comparison in comparisons]

    def _read(self, record_id: str, comparison: Mapping[str, Any]) -> Compared:
        start = (
            record_id,
            comparison["candidate"],
            comparison["baseline"],
            comparison["judge"],
            comparison.get("criterion"),
            comparison.get("first") or comparison["candidate"],
        )
        if (skipped := comparison.get("skipped")) is not None:
            preferred, reason = (TIE, None) if skipped == "identical" else (None, str(skipped))
            return Compared(ComparisonRow(*start, preferred, reason, None, None), None)
        judge = self._judges[comparison["judge"]]
        error = comparison.get("error")
        raw = {"error": error} if error is not None else comparison.get("reply")
        replies = [] if error is not None else [read_reply(comparison.get("api") or judge.api, raw)]
        found = _preference(replies[0], comparison) if replies else _Preference(None, JUDGE_ERROR, None)
        call = JudgeCall.of(judge.name, comparison, replies, self._run.cost_usd(judge.model, replies))
        return Compared(ComparisonRow(*start, *found, orjson.dumps(raw).decode()), call)


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


def _preference(reply: Reply, comparison: Mapping[str, Any]) -> _Preference:
    said = reply.tool_input or {}
    rationale = said.get("rationale", reply.text)
    rationale = rationale if isinstance(rationale, str) and rationale else None
    reading = _position(reply)
    if reading.value is None:
        return _Preference(None, reading.reason, rationale)
    candidate, baseline = comparison["candidate"], comparison["baseline"]
    first = comparison.get("first") or candidate
    second = baseline if first == candidate else candidate
    return _Preference({"first": first, "second": second, TIE: TIE}[reading.value], None, rationale)


def _position(reply: Reply) -> Reading[str]:
    """Read which place is preferred: the tool's word, the prompt's final line, else any wording."""
    words = [str((reply.tool_input or {}).get("preferred", "")), *reversed(_FINAL_LINE.findall(reply.text))]
    for word in words:
        if word.strip().casefold() in _PLACES:
            return Reading(word.strip().casefold())
    return parse_preference(reply.text, ("first", "second"), truncated=reply.stop_reason == "max_tokens")


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
