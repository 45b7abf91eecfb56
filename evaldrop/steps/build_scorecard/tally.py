"""
Compact counts and scores of a run: what statistics need, and no text.

A score takes 16 bytes, an unscored one 5, a response 24, a record 8: a million records by three candidates by
two criteria are about 180 MB.
"""

from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.bedrock.families.replies import GUARDRAIL_INTERVENED
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import PreparedRecord
from evaldrop.run.results import ChildFailure
from evaldrop.run.tables import ComparisonRow, ResponseRow
from evaldrop.scorecard.figures import one_line
from evaldrop.scorecard.results import REFUSALS, AnchorResult, CandidateResult, JudgeCall, error_name
from evaldrop.scorecard.scores import RecordScore
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.anchors import AnchorTally

# Characters of what a failed call said, in a sentence.
_MOST_CAUSE = 300


class ScoreColumn(NamedTuple):
    """
    A candidate's scores on a criterion, in the order of records.

    `ordinals`, `scores` and `passed` have shape (records with a score,); `missed` and `reasons` (records
    without). With unscored counted as worst a record stands in both.
    """

    ordinals: Ordinals
    scores: Floats
    passed: Floats
    missed: Ordinals
    reasons: npt.NDArray[np.uint8]
    reason_names: Sequence[str]


class CriterionTally:
    """Grows a `ScoreColumn`."""

    def __init__(self) -> None:
        self._ordinals, self._scores, self._passed = array("i"), array("d"), array("f")
        self._missed, self._reasons = array("i"), array("B")
        self._names: dict[str, int] = {}

    def add(self, ordinal: int, score: RecordScore) -> None:
        """Add a record's score, or the reason why it has none."""
        if score.score is not None and score.passed is not None:
            self._ordinals.append(ordinal)
            self._scores.append(score.score)
            self._passed.append(score.passed)
        if score.reason is not None:
            self._missed.append(ordinal)
            self._reasons.append(self._names.setdefault(score.reason, len(self._names)))

    def column(self) -> ScoreColumn:
        """Return what was added, without copying it."""
        return ScoreColumn(
            np.frombuffer(self._ordinals, np.int32),
            np.frombuffer(self._scores, np.float64),
            np.frombuffer(self._passed, np.float32).astype(np.float64),
            np.frombuffer(self._missed, np.int32),
            np.frombuffer(self._reasons, np.uint8),
            list(self._names),
        )


class MoneyTally:
    """A sum of USD that knows whether a part of it is unknown."""

    def __init__(self) -> None:
        self.known = 0.0
        self.has_unknown = False

    def add(self, cost_usd: float | None) -> None:
        """Add a cost; None is unknown."""
        if cost_usd is None:
            self.has_unknown = True
        else:
            self.known += cost_usd

    @property
    def total(self) -> float | None:
        """The sum, or None when a part of it is unknown."""
        return None if self.has_unknown else self.known


class ErrorTally:
    """Failed calls: how many by name, and what the first of each name said."""

    def __init__(self) -> None:
        self.names: Counter[str] = Counter()
        self._first: dict[str, str] = {}

    def add(self, caught: object) -> None:
        """Add what the workflow caught: {"Error", "Cause"}."""
        name = error_name(caught)
        self.names[name] += 1
        if name not in self._first:
            said = caught.get("Cause") or "" if isinstance(caught, Mapping) else caught
            self._first[name] = one_line(str(said), _MOST_CAUSE)

    @property
    def n(self) -> int:
        """How many calls failed."""
        return self.names.total()

    @property
    def example(self) -> str | None:
        """What the first of the most frequent errors said; None when there is nothing to tell."""
        return self._first[self.names.most_common(1)[0][0]] or None if self.names else None


class CandidateTally:
    """Counts of one candidate."""

    def __init__(self, metrics: Sequence[str]) -> None:
        self.n = self.missing = self.given = self.truncated = self.retries = 0
        self.refused = self.blocked = 0
        self.errors = ErrorTally()
        self.flagged = 0
        self.flags: Counter[str] = Counter()
        self.input_tokens = self.output_tokens = self.judge_input = self.judge_output = 0
        self.cost, self.judge_cost, self.saved = MoneyTally(), MoneyTally(), MoneyTally()
        self.reused = 0
        self.latencies = array("d")
        self.text_hashes = array("q")
        self.lengths = (array("i"), array("i"))
        self.criteria: dict[str, CriterionTally] = {}
        self.metrics = {name: (array("i"), array("d")) for name in metrics}

    def add(self, ordinal: int, result: CandidateResult) -> None:
        """Add a candidate's result for one record."""
        self.n += 1
        self.retries += result.retries
        self._add_response(ordinal, result)
        for name, score in result.scores.items():
            tally = self.criteria.get(name)
            if tally is None:
                tally = self.criteria[name] = CriterionTally()
            tally.add(ordinal, score)
        for call in result.judge_calls:
            self.add_judge_call(call)

    def add_judge_call(self, call: JudgeCall) -> None:
        """Add what a call of a judge on this candidate took."""
        self.judge_input += call.input_tokens
        self.judge_output += call.output_tokens
        self.judge_cost.add(call.cost_usd)

    def _add_response(self, ordinal: int, result: CandidateResult) -> None:
        row = result.response
        if row.response is None:
            self.missing += result.is_missing
            if result.error is not None:
                self.errors.add(result.error)
            return
        self.given += row.reused
        self.refused += row.stop_reason in REFUSALS
        self.blocked += row.stop_reason == GUARDRAIL_INTERVENED
        self.truncated += row.stop_reason == "max_tokens"
        self.input_tokens += row.input_tokens or 0
        self.output_tokens += row.output_tokens or 0
        self.cost.add(row.cost_usd)
        self.reused += result.is_reused
        self.saved.add(result.saved_usd)
        if row.latency_ms is not None:
            self.latencies.append(row.latency_ms)
        # What a guardrail says in a response's place is no response: always the same, and not judged.
        if row.stop_reason != GUARDRAIL_INTERVENED:
            self.text_hashes.append(hash(row.response))
            self.lengths[0].append(ordinal)
            self.lengths[1].append(len(row.response))
        if row.flags is not None:
            self.flagged += 1
            self.flags.update(row.flags.split(","))
        self._add_metrics(ordinal, row)

    def _add_metrics(self, ordinal: int, row: ResponseRow) -> None:
        for (ordinals, values), value in zip(self.metrics.values(), row.metrics, strict=True):
            if value is not None:
                ordinals.append(ordinal)
                values.append(value)


class JudgeTally:
    """Counts of one judge."""

    def __init__(self) -> None:
        self.calls = self.kept = self.asked_again = self.retries = self.scored = 0
        self.errors = ErrorTally()
        self.on_shortened = 0
        self.input_tokens = self.output_tokens = 0
        self.unscored: Counter[str] = Counter()
        self.cost, self.saved = MoneyTally(), MoneyTally()

    def add_call(self, call: JudgeCall) -> None:
        """Add a call."""
        self.calls += 1
        self.kept += call.is_kept
        if call.error is not None:
            self.errors.add(call.error)
        self.asked_again += call.asked_again
        self.retries += call.retries
        self.input_tokens += call.input_tokens
        self.output_tokens += call.output_tokens
        self.cost.add(call.cost_usd)
        self.saved.add(call.saved_usd)


class RunTally:
    """Counts and scores of a run; records are known by their ordinal, 0 for the first."""

    def __init__(self, candidates: Sequence[str], judges: Sequence[str], metrics: Sequence[str]) -> None:
        self.candidates = {name: CandidateTally(metrics) for name in candidates}
        self.copies = {name: CandidateTally(metrics) for name in candidates}
        self.repeats = {name: MoneyTally() for name in candidates}
        self.judges = {name: JudgeTally() for name in judges}
        self.repeated = 0
        self.records = self.evaluated = 0
        self.missing_reasons: Counter[str] = Counter()
        self.anchors = AnchorTally()
        self.category_names: dict[str, int] = {}
        self._categories, self._groups = array("i"), array("i")
        self._group_codes: dict[str, int] = {}

    def add(
        self, record: PreparedRecord, results: Sequence[CandidateResult], failure: ChildFailure | None
    ) -> int:
        """Add a record with its candidates' results; `failure` is why it has none. Return its ordinal."""
        ordinal = self.records
        self.records += 1
        if failure is None:
            self.evaluated += 1
        else:
            self.missing_reasons[failure.error] += 1
        self._categories.append(_code(self.category_names, record.category, -1))
        # A record without a group is a cluster of its own.
        self._groups.append(_code(self._group_codes, record.group, -1 - ordinal))
        for tally, result in zip(self.candidates.values(), results, strict=True):
            tally.add(ordinal, result)
            self._add_to_judges(result)
        return ordinal

    def add_anchor(self, record: PreparedRecord, result: AnchorResult, run: RunDefinition) -> None:
        """Add an anchor: its calls to the judges', its verdicts to nobody's numbers."""
        for call in result.judge_calls:
            self.judges[call.judge].add_call(call)
        self.anchors.add(record, result.verdicts, run)

    def add_copy(self, results: Sequence[CandidateResult]) -> None:
        """Add a perturbed copy: what it took counts, its scores are in no estimate but its own."""
        for tally, result in zip(self.copies.values(), results, strict=True):
            tally.add(0, result)
            self._add_to_judges(result)

    def add_repeat(self, results: Sequence[CandidateResult], calls: Sequence[JudgeCall]) -> None:
        """Add what a record took that was evaluated again: it was paid for, and is in no other number."""
        for result in results:
            if result.response.response is not None:
                self.repeats[result.response.candidate].add(result.response.cost_usd)
        for call in (*calls, *(call for result in results for call in result.judge_calls)):
            self.judges[call.judge].add_call(call)

    def add_comparison(self, row: ComparisonRow, call: JudgeCall) -> None:
        """Add a judge's call that compared a candidate with a baseline; the candidate bears its cost."""
        self.judges[call.judge].add_call(call)
        self.judges[call.judge].on_shortened += row.preferred is not None and row.left_out_characters > 0
        self.candidates[row.candidate].add_judge_call(call)

    @property
    def categories(self) -> npt.NDArray[np.int32]:
        """Each record's category as an index into `category_names`, -1 for none; shape (records,)."""
        return np.frombuffer(self._categories, np.int32)

    @property
    def groups(self) -> npt.NDArray[np.int32] | None:
        """Each record's cluster; None when no record has a group. Shape (records,)."""
        return np.frombuffer(self._groups, np.int32) if self._group_codes else None

    def _add_to_judges(self, result: CandidateResult) -> None:
        for call in result.judge_calls:
            self.judges[call.judge].add_call(call)
        for verdict in result.verdicts:
            judge = self.judges[verdict.judge]
            if verdict.score is not None:
                judge.scored += 1
                judge.on_shortened += verdict.left_out_characters > 0
            else:
                judge.unscored[verdict.unscored_reason or "unknown"] += 1


def _code(codes: dict[str, int], name: str | None, absent: int) -> int:
    return absent if name is None else codes.setdefault(name, len(codes))
