"""
What judges said of pairs, gathered: order does not count, several judges are one panel.

A pair is one record's two responses. Both orders agreeing is a win or a loss; contradicting each other they
are a tie (Zheng et al. 2023, arXiv 2306.05685).
"""

from collections.abc import Sequence
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.run.records import PreparedRecord
from evaldrop.run.tables import ComparisonRow
from evaldrop.scorecard.results import IDENTICAL, MISSING, ComparedPair, RecordResults
from evaldrop.statistics.agreement import order_bias
from evaldrop.statistics.vectors import Floats, Ordinals
from evaldrop.steps.build_scorecard.tally import ByKey, Columns, Merging
from evaldrop.verdicts import TIE

Unscored = Literal["drop", "tie", "worst"]
Pair = tuple[str, str]

# What an order gave the candidate: its half wins, or why none.
LOSS, EVEN, WIN, UNREAD, UNASKED, ABSENT = range(6)


class JudgeColumn(NamedTuple):
    """
    What one judge said of one pair, in the order of records; all of shape (pairs,).

    `straight` and `turned` are codes (the candidate shown first, the baseline shown first); `identical` marks
    ties without a call; `ours` and `theirs` are scores averaged over orders, NaN without.
    """

    ordinals: Ordinals
    straight: npt.NDArray[np.int8]
    turned: npt.NDArray[np.int8]
    identical: npt.NDArray[np.bool_]
    ours: Floats
    theirs: Floats


class PerPair(NamedTuple):
    """A share of each pair that has one, and the pair's record; both of shape (pairs,)."""

    ordinals: Ordinals
    shares: Floats

    @classmethod
    def joined(cls, parts: Sequence["PerPair"]) -> "PerPair":
        """Return the pairs of several opponents or judges."""
        ordinals, shares = zip(*parts, strict=True) if parts else ((), ())
        return cls(np.concatenate([np.empty(0, np.int32), *ordinals]), np.concatenate([np.empty(0), *shares]))


class Outcomes(NamedTuple):
    """
    Results of pairs for one side: 1 a win, ½ a tie, 0 a loss, NaN unscored; of shape (pairs,).

    `heard` counts pairs whose preference was read in both orders, `flipped` those of them in which it
    changed; `first_shown` is the mean share of preferences that went to the response shown first, over
    `placed` pairs: those heard, or all that were read where one order was drawn; None without any. `flips`
    and `firsts` are what these two shares are made of, pair by pair.
    """

    ordinals: Ordinals
    scores: Floats
    heard: int
    flipped: int
    placed: int
    first_shown: float | None
    flips: PerPair
    firsts: PerPair


class PairwiseTally(Merging):
    """Gathers columns, a pair of candidates and a judge at a time: about 23 bytes a pair."""

    def __init__(self) -> None:
        self._columns: ByKey[tuple[Pair, str], Columns] = ByKey(partial(Columns, "bbbdd"))

    def add(self, _record: PreparedRecord, results: RecordResults) -> None:
        """Add all comparisons of one record."""
        together: dict[tuple[Pair, str], list[ComparedPair]] = {}
        for one in results.compared:
            together.setdefault(((one.row.candidate, one.row.baseline), one.row.judge), []).append(one)
        for key, both in together.items():
            self._columns.at(key, results.ordinal).append(results.ordinal, *_said(key[0][0], both))

    def result(self) -> dict[Pair, dict[str, JudgeColumn]]:
        """Return what was gathered: pair, judge, column."""
        found: dict[Pair, dict[str, JudgeColumn]] = {}
        for (pair, judge), columns in self._columns.in_order().items():
            ordinals, straight, turned, identical, ours, theirs = columns.in_order()
            column = JudgeColumn(ordinals, straight, turned, identical.astype(bool), ours, theirs)
            found.setdefault(pair, {})[judge] = column
        return found


def outcomes(
    column: JudgeColumn, unscored: Unscored, *, worst: float = 0.0, is_drawn: bool = False
) -> Outcomes:
    """
    Return one judge's results of one pair for its candidate.

    `worst` is what `unscored: worst` means; `is_drawn` says that one order was asked, drawn by the record.
    """
    codes = np.stack([column.straight, column.turned])
    asked, read = codes != UNASKED, codes <= WIN
    known = (read | ~asked).all(axis=0) & read.any(axis=0)
    # An order that was not asked says what the other one says.
    values = np.where(read, codes / 2, np.where(asked, np.nan, codes[::-1] / 2))
    # A contradiction is a tie, not left out: leaving such pairs out moved ChatGPT from .40 to .34 on LLMBar.
    scores = np.where(values[0] == values[1], values[0], 0.5)
    scores[~known] = {"drop": np.nan, "tie": 0.5, "worst": worst}[unscored]
    # A response that is not there was never put before the judge.
    scores[(codes == ABSENT).any(axis=0)] = np.nan
    heard = read.all(axis=0) & ~column.identical
    straight, turned = (order[heard] for order in values)
    flips = PerPair(column.ordinals[heard], (straight != turned).astype(np.float64))
    firsts = _first_shown(column, codes, read) if is_drawn else PerPair.joined([])
    first_shown = float(firsts.shares.mean()) if firsts.shares.size else None
    if heard.any():
        firsts = PerPair(column.ordinals[heard], (straight + 1 - turned) / 2)
        first_shown = order_bias(straight, turned).first_shown_rate
    return Outcomes(
        column.ordinals,
        scores,
        int(heard.sum()),
        int(flips.shares.sum()),
        int(firsts.shares.size),
        first_shown,
        flips,
        firsts,
    )


def _first_shown(column: JudgeColumn, codes: npt.NDArray[np.int8], read: npt.NDArray[np.bool_]) -> PerPair:
    """Return what each preference gave the response shown first; in the second row that is the baseline."""
    asked = read & ~column.identical
    shares = codes[0][asked[0]] / 2, 1 - codes[1][asked[1]] / 2
    return PerPair.joined(
        [PerPair(column.ordinals[order], share) for order, share in zip(asked, shares, strict=True)]
    )


def panel(judges: Sequence[Outcomes]) -> Outcomes:
    """Return what most judges say of each pair: an even split is a tie, an unscored judge silent."""
    if len(judges) == 1:
        return judges[0]
    ordinals, places = np.unique(np.concatenate([judge.ordinals for judge in judges]), return_inverse=True)
    scores = np.concatenate([judge.scores for judge in judges])
    votes = np.bincount(places, np.nan_to_num(np.sign(scores - 0.5)), ordinals.size)
    voters = np.bincount(places, ~np.isnan(scores), ordinals.size)
    majority = np.where(voters > 0, (np.sign(votes) + 1) / 2, np.nan)
    return Outcomes(
        ordinals.astype(np.int32),
        majority,
        sum(judge.heard for judge in judges),
        sum(judge.flipped for judge in judges),
        sum(judge.placed for judge in judges),
        first_shown_rate(judges),
        PerPair.joined([judge.flips for judge in judges]),
        PerPair.joined([judge.firsts for judge in judges]),
    )


def first_shown_rate(sides: Sequence[Outcomes]) -> float | None:
    """Return how often the response shown first was preferred, over some opponents or judges."""
    placed = sum(side.placed for side in sides)
    shown = [side.first_shown * side.placed for side in sides if side.first_shown is not None]
    return sum(shown) / placed if placed else None


def reversed_outcomes(side: Outcomes) -> Outcomes:
    """Return the same results for the other side."""
    # Flips, and what was shown first, are the same from either side.
    return side._replace(scores=1 - side.scores)


def _said(candidate: str, compared: Sequence[ComparedPair]) -> tuple[float, ...]:
    """Return one judge's row of a `JudgeColumn`, without its ordinal."""
    straight = next((one for one in compared if one.row.first_shown == candidate), None)
    turned = next((one for one in compared if one.row.first_shown != candidate), None)
    identical = any(one.skipped == IDENTICAL for one in compared)
    pairs = [scores for one in compared if (scores := _scores(one.row)) is not None]
    means = (sum(pair[place] for pair in pairs) / len(pairs) if pairs else float("nan") for place in (0, 1))
    return (_code(straight), _code(turned), identical, *means)


def _code(one: ComparedPair | None) -> int:
    if one is None:
        return UNASKED
    if one.skipped == MISSING:
        return ABSENT
    if one.row.preferred is None:
        return UNREAD
    if one.row.preferred == TIE:
        return EVEN
    return WIN if one.row.preferred == one.row.candidate else LOSS


def _scores(row: ComparisonRow) -> tuple[float, float] | None:
    """Return the scores of the candidate and the baseline, whichever was shown first."""
    if row.first_score is None or row.second_score is None:
        return None
    straight = row.first_shown == row.candidate
    return (row.first_score, row.second_score) if straight else (row.second_score, row.first_score)
