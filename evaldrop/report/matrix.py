"""Differences between candidates as a matrix per criterion: a row minus a column."""

from collections.abc import Sequence
from typing import NamedTuple

from evaldrop.scorecard.model.scorecard import OVERALL, Comparison, Scorecard

# More candidates make a table, not a matrix.
MOST_CANDIDATES = 8


class Standing(NamedTuple):
    """A row's candidate minus a column's. `standing` is better, worse or open; None where nobody compared."""

    difference: float | None
    interval: tuple[float, float] | None
    standing: str | None


class Matrix(NamedTuple):
    """All differences on one criterion; a cell is None on the diagonal."""

    criterion: str
    rows: Sequence[tuple[str, Sequence[Standing | None]]]


def matrices(scorecard: Scorecard) -> list[Matrix]:
    """Return a matrix per compared criterion, overall quality first; none of very many candidates."""
    names = list(scorecard.candidates)
    compared = dict.fromkeys(comparison.criterion for comparison in scorecard.comparisons)
    if not 2 <= len(names) <= MOST_CANDIDATES:
        return []
    ordered = [name for name in (OVERALL, *scorecard.criteria) if name in compared]
    return [_matrix(criterion, names, scorecard.comparisons) for criterion in ordered]


def _matrix(criterion: str, names: Sequence[str], comparisons: Sequence[Comparison]) -> Matrix:
    pairs = {(pair.a, pair.b): pair for pair in comparisons if pair.criterion == criterion}
    return Matrix(
        criterion=criterion,
        rows=[
            (row, [None if row == column else _cell(pairs, row, column) for column in names]) for row in names
        ],
    )


def _cell(pairs: dict[tuple[str, str], Comparison], row: str, column: str) -> Standing:
    if (row, column) in pairs:
        pair, sign = pairs[row, column], 1
    elif (column, row) in pairs:
        pair, sign = pairs[column, row], -1
    else:
        return Standing(difference=None, interval=None, standing=None)
    low, high = sorted(sign * bound for bound in pair.interval) if pair.interval else (0.0, 0.0)
    return Standing(
        difference=None if pair.difference is None else sign * pair.difference,
        interval=(low, high) if pair.interval else None,
        standing="open" if not pair.decisive else "better" if pair.better == row else "worse",
    )
