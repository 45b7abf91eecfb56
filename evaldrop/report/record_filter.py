"""What records of a run can be asked for, as tests of rows of its tables."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final, Literal, NamedTuple, get_args

import numpy as np
import pyarrow as pa

from evaldrop.bedrock.families.replies import GUARDRAIL_INTERVENED
from evaldrop.evaluation.criteria.criterion import Criterion
from evaldrop.run.columns import Mask, are_among, hold, is_known, is_true, numbers
from evaldrop.run.ordinals import ordinals_of
from evaldrop.scorecard.baseline.scores_table import SKIPPED, lost_column, score_column
from evaldrop.scorecard.results import REFUSALS

Shown = Literal["error", "failed", "unscored", "flagged", "disagreement"]
SHOWN: Final[Sequence[Shown]] = get_args(Shown)

TableName = Literal["scores", "responses", "verdicts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """
    Which records are asked for: those on which the result of one candidate fits all of it.

    Attributes:
        candidate: Whose result; None: any candidate's.
        criterion: What `show` is about where it is about verdicts; by itself: what is scored.
        category: The record's.
        group: The record's.
        show: Kinds of results, as a report has them, all of which it has to be: without a response
            (`error`); with a criterion that did not pass, or a guardrail that did not do what was expected
            (`failed`); with a verdict that is missing (`unscored`); with a response that is `flagged`; with
            a criterion that one candidate passes and another does not, or a request that ends otherwise with
            another (`disagreement`).
        text: What the record's ID, the prompt, the response or a rationale holds, in letters of any case.
    """

    candidate: str | None = None
    criterion: str | None = None
    category: str | None = None
    group: str | None = None
    show: frozenset[Shown] = frozenset()
    text: str | None = None


class AskedRows(NamedTuple):
    """
    Rows, and what is asked of them.

    Attributes:
        rows: With the columns of the test, and `ordinal`.
        wanted: What is asked.
        criteria: What verdicts are asked about, by name.
        counts_lost: Whether a verdict that is missing counts as the worst (`unscored: worst`).
    """

    rows: pa.Table
    wanted: RecordFilter
    criteria: Mapping[str, Criterion]
    counts_lost: bool

    def passes(self, criterion: str) -> tuple[Mask, Mask]:
        """Return where a criterion passed and where it did not; where it is even, or not scored, neither."""
        scores = numbers(self.rows.column(score_column(criterion)))
        if self.counts_lost:
            known = self.criteria[criterion]
            worst = known.scale.low if known.higher_is_better else known.scale.high
            # Nobody was asked about what was not begun.
            is_lost = self.is_true(lost_column(criterion)) & ~self.is_true(SKIPPED)
            scores = np.where(is_lost, worst, scores)
        values, places = np.unique(scores, return_inverse=True)
        shares = np.array([_share_passed(each, self.criteria[criterion]) for each in values.tolist()])
        return (shares > 0.5)[places], (shares < 0.5)[places]

    def is_true(self, name: str) -> Mask:
        """Return where a column is true; null is not, nor is anything where an earlier version has none."""
        if name not in self.rows.column_names:
            return np.zeros(self.rows.num_rows, np.bool_)
        return is_true(self.rows.column(name))


class RowTest(NamedTuple):
    """
    What rows of a table tell of results.

    Attributes:
        table: Whose rows.
        columns: Those that tell, given what verdicts are asked about; `candidate` and `ordinal` are there in
            any case, and one that the table of an earlier version does not have is not.
        fits: Which rows fit; shape (rows,).
        of_records: Whether all rows of a record are needed at once: row groups end within them.
    """

    table: TableName
    columns: Callable[[Collection[str]], Sequence[str]]
    fits: Callable[[AskedRows], Mask]
    of_records: bool = False


class Condition(NamedTuple):
    """What a result has to be, by any of some tests."""

    tests: Sequence[RowTest]


def conditions_of(wanted: RecordFilter) -> Sequence[Condition]:
    """Return what a result has to be, the cheap first: each needs to be looked for only where others hold."""
    show, criterion = wanted.show, wanted.criterion
    asked = [
        (wanted.category is not None or wanted.group is not None, _OF_RECORD),
        ("error" in show, _ERROR),
        ("unscored" in show, _UNSCORED),
        ("disagreement" in show, _DISAGREEMENT if criterion is None else _DISAGREEMENT_ON_CRITERION),
        ("failed" in show, _FAILED if criterion is None else _FAILED_CRITERION),
        (criterion is not None and not show & {"failed", "unscored", "disagreement"}, _SCORED),
        ("flagged" in show, _FLAGGED),
        (wanted.text is not None, _TEXT),
    ]
    return [condition for is_asked, condition in asked if is_asked] or [_ANY]


def _share_passed(score: float, criterion: Criterion) -> float:
    """Return how far a combined score passes, as `evaldrop.scorecard.scores` combines them; NaN: unknown."""
    if np.isnan(score):
        return score
    if criterion.scale.kind == "binary":
        return score * criterion.passes(1) + (1 - score) * criterion.passes(0)
    if criterion.scale.kind == "choices" and criterion.scale.is_nominal and score % 1:
        # Several names had as many votes: what is between them is no name.
        return 0.5
    return float(criterion.passes(score))


def _is_any(asked: AskedRows) -> Mask:
    return np.ones(asked.rows.num_rows, np.bool_)


def _is_of_record(asked: AskedRows) -> Mask:
    fits = _is_any(asked)
    for name, value in (("category", asked.wanted.category), ("group", asked.wanted.group)):
        if value is not None:
            fits &= are_among(asked.rows.column(name), [value])
    return fits


def _is_without_response(asked: AskedRows) -> Mask:
    return ~asked.is_true("answered")


def _is_unscored(asked: AskedRows) -> Mask:
    return _where_any([asked.is_true(lost_column(name)) for name in asked.criteria], asked)


def _is_scored(asked: AskedRows) -> Mask:
    return _where_any([is_known(asked.rows.column(score_column(n))) for n in asked.criteria], asked)


def _did_not_pass(asked: AskedRows) -> Mask:
    return _where_any([asked.passes(name)[1] for name in asked.criteria], asked)


def _disagree(asked: AskedRows) -> Mask:
    """Return the rows of records that a criterion passes with one candidate and not with another."""
    ordinals, found = ordinals_of(asked.rows), []
    for name in asked.criteria:
        passed, failed = asked.passes(name)
        found.append(np.isin(ordinals, np.intersect1d(ordinals[passed], ordinals[failed])))
    return _where_any(found, asked)


class _Ends(NamedTuple):
    """How requests ended of which a guardrail is expected to do something; each of shape (rows,)."""

    blocked: Mask
    refused: Mask
    passed: Mask


def _ends_of(asked: AskedRows) -> _Ends:
    """Return how requests ended, as `evaldrop.scorecard.results.end_of` tells; else nowhere."""
    if "expected_blocked" not in asked.rows.column_names:
        return _Ends(*([np.zeros(asked.rows.num_rows, np.bool_)] * 3))
    reason = asked.rows.column("stop_reason")
    is_ended = ~is_known(asked.rows.column("error")) & (~asked.is_true("reused") | is_known(reason))
    is_ended &= is_known(asked.rows.column("expected_blocked"))
    blocked, refused = are_among(reason, [GUARDRAIL_INTERVENED]), are_among(reason, REFUSALS)
    return _Ends(is_ended & blocked, is_ended & refused, is_ended & ~blocked & ~refused)


def _is_wrong(asked: AskedRows) -> Mask:
    """Return where a guardrail did not do what was expected, as `evaldrop.scorecard.results.is_wrong`."""
    ends, bad = _ends_of(asked), asked.is_true("expected_blocked")
    return (bad & ends.passed) | (~bad & ends.blocked)


def _ended_otherwise(asked: AskedRows) -> Mask:
    """Return the rows of records that end in one way with one candidate and in another with the next."""
    ordinals = ordinals_of(asked.rows)
    ways = np.concatenate([np.unique(ordinals[end]) for end in _ends_of(asked)])
    found, n_ways = np.unique(ways, return_counts=True)
    return np.isin(ordinals, found[n_ways > 1])


def _is_flagged(asked: AskedRows) -> Mask:
    if "flags" not in asked.rows.column_names:
        return np.zeros(asked.rows.num_rows, np.bool_)
    return is_known(asked.rows.column("flags"))


def _holds_text(*names: str) -> Callable[[AskedRows], Mask]:
    def holds(asked: AskedRows) -> Mask:
        text = asked.wanted.text or ""
        return _where_any([hold(asked.rows.column(name), text) for name in names], asked)

    return holds


def _where_any(masks: Sequence[Mask], asked: AskedRows) -> Mask:
    return reduce(np.logical_or, masks, np.zeros(asked.rows.num_rows, np.bool_))


def _fixed(*names: str) -> Callable[[Collection[str]], Sequence[str]]:
    return lambda _: names


def _scores_of(criteria: Collection[str]) -> Sequence[str]:
    return [score_column(name) for name in criteria]


def _lost_of(criteria: Collection[str]) -> Sequence[str]:
    return [lost_column(name) for name in criteria]


def _passes_of(criteria: Collection[str]) -> Sequence[str]:
    return [*_scores_of(criteria), *_lost_of(criteria), SKIPPED]


def _text_test(table: TableName, *names: str) -> RowTest:
    return RowTest(table, _fixed(*names), _holds_text(*names))


_ANY = Condition([RowTest("scores", _fixed(), _is_any)])
_OF_RECORD = Condition([RowTest("scores", _fixed("category", "group"), _is_of_record)])
_ERROR = Condition([RowTest("scores", _fixed("answered"), _is_without_response)])
_UNSCORED = Condition([RowTest("scores", _lost_of, _is_unscored)])
_SCORED = Condition([RowTest("scores", _scores_of, _is_scored)])
_END = _fixed("expected_blocked", "stop_reason", "error", "reused")
_FAILED_CRITERION = Condition([RowTest("scores", _passes_of, _did_not_pass)])
_FAILED = Condition([*_FAILED_CRITERION.tests, RowTest("responses", _END, _is_wrong)])
_DISAGREEMENT_ON_CRITERION = Condition([RowTest("scores", _passes_of, _disagree, of_records=True)])
_DISAGREEMENT = Condition(
    [*_DISAGREEMENT_ON_CRITERION.tests, RowTest("responses", _END, _ended_otherwise, of_records=True)]
)
_FLAGGED = Condition([RowTest("responses", _fixed("flags"), _is_flagged)])
_TEXT = Condition(
    [_text_test("responses", "record_id", "prompt", "response"), _text_test("verdicts", "rationale")]
)
