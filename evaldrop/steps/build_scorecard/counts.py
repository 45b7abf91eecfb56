"""
Counts and scores of a run: what statistics need, and no text.

A score takes 16 bytes, an unscored one 5, a response 48, a judge call 24, a record 4 to 12: a million records
by three candidates by two criteria are about 300 MB.
"""

from array import array
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.bedrock.error_names import without_ids
from evaldrop.bedrock.families.bodies import KNOWN_STOPS
from evaldrop.bedrock.families.replies import GUARDRAIL_INTERVENED
from evaldrop.run.records import PreparedRecord
from evaldrop.run.tables import ResponseRow, VerdictRow
from evaldrop.scorecard.figures import one_line
from evaldrop.scorecard.model.judges import NOT_THE_JUDGES
from evaldrop.scorecard.results import (
    CUT_OFF,
    REFUSALS,
    CandidateResult,
    JudgeCall,
    RecordResults,
    Repeat,
    error_name,
    is_paid_for,
    share_of,
)
from evaldrop.scorecard.scores import RecordScore
from evaldrop.statistics.paired_test import Groups
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.deliveries import DeliveryCounts
from evaldrop.steps.build_scorecard.tally import ByKey, Columns, Labels, Merging, Money, Occurrences

# Characters of what a failed call said, in a sentence.
_MOST_CAUSE = 300
# Characters of a stop reason that nobody knows.
_MOST_STOP = 60


class ScoreColumn(NamedTuple):
    """
    A candidate's scores on a criterion, in the order of records.

    `ordinals`, `scores` and `passed` have shape (records with a score,); `missed` and `reasons` (records
    without). With unscored counted as worst a record is in both.
    """

    ordinals: Ordinals
    scores: Floats
    passed: Floats
    missed: Ordinals
    reasons: npt.NDArray[np.uint8]
    reason_names: Sequence[str]


class CriterionCounts(Merging):
    """Grows a `ScoreColumn`."""

    def __init__(self) -> None:
        self._scored = Columns("df")
        self._missed = Labels("B")

    def add(self, ordinal: int, score: RecordScore) -> None:
        """Add a record's score, or the reason why it has none."""
        if score.score is not None and score.passed is not None:
            self._scored.append(ordinal, score.score, score.passed)
        if score.reason is not None:
            self._missed.add(ordinal, score.reason)

    def column(self) -> ScoreColumn:
        """Return what was added."""
        ordinals, scores, passed = self._scored.in_order()
        return ScoreColumn(ordinals, scores, passed.astype(np.float64), *self._missed.in_order())


class Spending(Merging):
    """What a candidate's responses took, and what an earlier run had paid for already."""

    def __init__(self) -> None:
        self.cost, self.judge_cost, self.saved = Money(), Money(), Money()
        self.reused = 0

    def add(self, ordinal: int, result: CandidateResult) -> None:
        """Add a result, and the judges' calls on it."""
        if is_paid_for(result.response):
            # Not of a failed call, whose None would make the candidate's whole cost unknown: it costs
            # nothing.
            self.cost.add(ordinal, result.response.cost_usd)
            self.reused += result.is_reused
            self.saved.add(ordinal, result.saved_usd)
        for call in result.judge_calls:
            self.judge_cost.add(ordinal, call.cost_usd)


class CandidateCounts(Merging):
    """Counts of one candidate."""

    def __init__(self, metrics: Sequence[str]) -> None:
        self.n = self.missing = self.given = self.truncated = self.retries = self.skipped = 0
        self.refused = self.blocked = self.flagged = self.empty = 0
        self.thinking = self.thinking_characters = 0
        self.errors, self.flags, self.unknown_stops = Occurrences(), Occurrences(), Occurrences()
        self.input_tokens = self.output_tokens = self.judge_input = self.judge_output = 0
        self.spent = Spending()
        self.latencies = Columns("d")
        self.called = array("i")
        """Records whose answer was called for, by this run or an earlier one."""
        self.texts = Columns("iq")
        """Of each response its length and its text's hash."""
        self.metrics = {name: Columns("d") for name in metrics}
        self._criteria: ByKey[str, CriterionCounts] = ByKey(CriterionCounts)

    def add(self, ordinal: int, result: CandidateResult) -> None:
        """Add a candidate's result for one record; of one that was not begun, what its scores lack."""
        for name, score in result.scores.items():
            self._criteria.at(name, ordinal).add(ordinal, score)
        if result.is_skipped:
            self.skipped += 1
            return
        self.n += 1
        self.retries += result.retries
        self.spent.add(ordinal, result)
        self._add_response(ordinal, result)
        if result.response.response is not None and (result.is_reused or not result.response.reused):
            self.called.append(ordinal)
        for call in result.judge_calls:
            self.judge_input += call.input_tokens
            self.judge_output += call.output_tokens

    def add_comparison(self, ordinal: int, call: JudgeCall, place: int) -> None:
        """Add a half of what a judge's call took that compared this candidate with another; place 0 or 1."""
        self.judge_input += share_of(call.input_tokens, place, 2)
        self.judge_output += share_of(call.output_tokens, place, 2)
        self.spent.judge_cost.add(ordinal, None if call.cost_usd is None else call.cost_usd / 2)

    def columns(self) -> dict[str, ScoreColumn]:
        """Return the scores by criterion."""
        return {name: criterion.column() for name, criterion in self._criteria.in_order().items()}

    def _add_response(self, ordinal: int, result: CandidateResult) -> None:
        row = result.response
        # Of a reply that is no answer, too.
        self.input_tokens += row.input_tokens or 0
        self.output_tokens += row.output_tokens or 0
        self.thinking += row.thinking is not None
        self.thinking_characters += len(row.thinking or "")
        if row.response is None:
            self.missing += result.is_missing
            if result.error is not None:
                count_error(self.errors, ordinal, result.error)
            return
        self.given += row.reused
        self.refused += row.stop_reason in REFUSALS
        self.blocked += row.stop_reason == GUARDRAIL_INTERVENED
        self.truncated += row.stop_reason in CUT_OFF
        self.empty += not row.response.strip() and row.stop_reason != GUARDRAIL_INTERVENED
        if row.stop_reason is not None and row.stop_reason not in KNOWN_STOPS:
            self.unknown_stops.add(one_line(row.stop_reason, _MOST_STOP), ordinal)
        if row.latency_ms is not None:
            self.latencies.append(ordinal, row.latency_ms)
        # What a guardrail says in a response's place is no response: always the same, and not judged.
        if row.stop_reason != GUARDRAIL_INTERVENED:
            self.texts.append(ordinal, len(row.response), text_hash(row.response))
        if row.flags is not None:
            self.flagged += 1
            for flag in row.flags.split(","):
                self.flags.add(flag, ordinal)
        self._add_metrics(ordinal, row)

    def _add_metrics(self, ordinal: int, row: ResponseRow) -> None:
        for column, value in zip(self.metrics.values(), row.metrics, strict=True):
            if value is not None:
                column.append(ordinal, value)


class JudgeCallCounts(Merging):
    """Counts of one judge."""

    def __init__(self) -> None:
        self.calls = self.kept = self.asked_again = self.retries = self.scored = self.on_shortened = 0
        self.input_tokens = self.output_tokens = 0
        self.thinking = 0
        self.preferences = 0
        self.errors, self.unscored, self.unread = Occurrences(), Occurrences(), Occurrences()
        self.scored_on: dict[str, int] = {}
        self.lost_on: dict[str, int] = {}
        self.unknown_stops = Occurrences()
        self.cost, self.saved = Money(), Money()

    def add_verdict(self, ordinal: int, verdict: VerdictRow) -> None:
        """Add a verdict, or that one is not there."""
        if verdict.score is not None:
            self.scored += 1
            self.on_shortened += verdict.left_out_characters > 0
            self.scored_on[verdict.criterion] = self.scored_on.get(verdict.criterion, 0) + 1
            return
        reason = verdict.unscored_reason or "unknown"
        self.unscored.add(reason, ordinal)
        if reason not in NOT_THE_JUDGES:
            self.lost_on[verdict.criterion] = self.lost_on.get(verdict.criterion, 0) + 1

    def add_call(self, ordinal: int, call: JudgeCall) -> None:
        """Add a call."""
        self.calls += 1
        self.kept += call.is_kept
        if call.error is not None:
            count_error(self.errors, ordinal, call.error)
        self.thinking += call.thinks
        for stop in call.stop_reasons:
            if stop not in KNOWN_STOPS:
                self.unknown_stops.add(one_line(stop, _MOST_STOP), ordinal)
        self.asked_again += call.asked_again
        self.retries += call.retries
        self.input_tokens += call.input_tokens
        self.output_tokens += call.output_tokens
        self.cost.add(ordinal, call.cost_usd)
        self.saved.add(ordinal, call.saved_usd)


class RunCounts(NamedTuple):
    """
    Counts and scores of a run.

    Attributes:
        size: Lines of `records.jsonl`: ordinals are below it. `records` are the dataset's own.
        categories: Each line's category as an index into `category_names`, -1 for none; shape (size,).
        groups: Each line's cluster; None when no record has a group. Shape (size,).
        copies: What perturbed copies took, by candidate.
        repeats: What responses took that count for nothing, by candidate.
        deliveries: How calls were delivered.
        skipped: The dataset's own records that were not begun, for the budget was spent.
    """

    size: int
    records: int
    evaluated: int
    missing_reasons: Mapping[str, int]
    repeated: int
    categories: Ordinals
    category_names: Sequence[str]
    groups: Groups
    candidates: Mapping[str, CandidateCounts]
    copies: Mapping[str, Spending]
    repeats: Mapping[str, Money]
    judges: Mapping[str, JudgeCallCounts]
    deliveries: DeliveryCounts
    skipped: int = 0


class CountTally(Merging):
    """Gathers `RunCounts`."""

    def __init__(self, candidates: Sequence[str], judges: Sequence[str], metrics: Sequence[str]) -> None:
        self._size = self._records = self._evaluated = self._repeated = self._skipped = 0
        self._missing = Occurrences()
        self._categories, self._groups = Labels(), Labels()
        self._candidates = {name: CandidateCounts(metrics) for name in candidates}
        self._copies = {name: Spending() for name in candidates}
        self._repeats = {name: Money() for name in candidates}
        self._judges = {name: JudgeCallCounts() for name in judges}
        self._deliveries = DeliveryCounts()

    def add(self, record: PreparedRecord, results: RecordResults) -> None:
        """
        Add a line.

        Of an anchor its calls count, and its verdicts are in nobody's numbers; of a perturbed copy what it
        took counts, and its scores are in no estimate but its own.
        """
        ordinal = results.ordinal
        self._size += 1
        self._repeated += bool(results.repeats) and results.anchor is None and not results.is_skipped
        for repeat in results.repeats:
            self._add_repeat(ordinal, repeat)
        for call in results.anchor.judge_calls if results.anchor else ():
            self._add_call(ordinal, call)
        for result in results.candidates:
            name = result.response.candidate
            (self._copies if record.perturbed else self._candidates)[name].add(ordinal, result)
            self._deliveries.add_response(result.response)
            self._add_to_judges(ordinal, result)
        if record.anchor is None and record.perturbed is None:
            self._add_record(record, results)

    def result(self) -> RunCounts:
        """Return what was counted."""
        by_record, codes, category_names = self._categories.in_order()
        categories = np.full(self._size, -1, np.int32)
        categories[by_record] = codes
        by_record, codes, group_names = self._groups.in_order()
        # A record without a group is a cluster of its own.
        groups = -1 - np.arange(self._size, dtype=np.int32)
        groups[by_record] = codes
        return RunCounts(
            self._size,
            self._records,
            self._evaluated,
            self._missing.counts,
            self._repeated,
            categories,
            category_names,
            groups if group_names else None,
            self._candidates,
            self._copies,
            self._repeats,
            self._judges,
            self._deliveries,
            self._skipped,
        )

    def _add_record(self, record: PreparedRecord, results: RecordResults) -> None:
        self._records += 1
        if results.is_skipped:
            self._skipped += 1
        elif results.failure is None:
            self._evaluated += 1
        else:
            self._missing.add(results.failure.error, results.ordinal)
        if record.category is not None:
            self._categories.add(results.ordinal, record.category)
        if record.group is not None:
            self._groups.add(results.ordinal, record.group)
        for row, call, _ in results.compared:
            judge = self._judges[row.judge]
            if row.preferred is None:
                judge.unread.add(row.unscored_reason or "unknown", results.ordinal)
            else:
                judge.preferences += 1
            if call is not None:
                self._add_call(results.ordinal, call)
                judge.on_shortened += row.preferred is not None and row.left_out_characters > 0
                # Both were judged: with one of them bearing it all, the baseline would look cheap.
                for place, name in enumerate((row.candidate, row.baseline)):
                    self._candidates[name].add_comparison(results.ordinal, call, place)

    def _add_repeat(self, ordinal: int, repeat: Repeat) -> None:
        for result in repeat.candidates:
            if is_paid_for(result.response):
                self._repeats[result.response.candidate].add(ordinal, result.response.cost_usd)
                self._deliveries.add_response(result.response)
        judged = (call for result in repeat.candidates for call in result.judge_calls)
        for call in (*repeat.judge_calls, *judged):
            self._add_call(ordinal, call)

    def _add_to_judges(self, ordinal: int, result: CandidateResult) -> None:
        for call in result.judge_calls:
            self._add_call(ordinal, call)
        for verdict in result.verdicts:
            # Nobody's judgement: a check's verdict is no part of a judge's health.
            if verdict.judge in self._judges:
                self._judges[verdict.judge].add_verdict(ordinal, verdict)

    def _add_call(self, ordinal: int, call: JudgeCall) -> None:
        self._judges[call.judge].add_call(ordinal, call)
        self._deliveries.add_call(call)


def count_error(errors: Occurrences, ordinal: int, caught: object) -> None:
    """Count what the workflow caught, {"Error", "Cause"}; what the first of each name said is its example."""
    errors.add(error_name(caught), ordinal, partial(_cause, caught))


def _cause(caught: object) -> str:
    said = caught.get("Cause") or "" if isinstance(caught, Mapping) else caught
    return one_line(without_ids(str(said)), _MOST_CAUSE)


def text_hash(text: str) -> int:
    """Return a number of 64 bits that is the same for the same text, in any process."""
    # Python's own differs from process to process, and parts of a run may be tallied in several.
    digest = blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)
