"""Differences between candidates as a matrix per criterion: a row minus a column."""

from collections.abc import Mapping, Sequence
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
    if not 2 <= len(names) <= MOST_CANDIDATES:
        return []
    found = []
    for criterion in (OVERALL, *scorecard.criteria):
        pairs = {(one.a, one.b): one for one in scorecard.comparisons if one.criterion == criterion}
        if pairs:
            rows = [(row, [_cell(pairs, row, column) for column in names]) for row in names]
            found.append(Matrix(criterion, rows))
    return found


def _cell(pairs: Mapping[tuple[str, str], Comparison], row: str, column: str) -> Standing | None:
    if row == column:
        return None
    sign = 1 if (row, column) in pairs else -1
    pair = pairs.get((row, column)) or pairs.get((column, row))
    if pair is None:
        return Standing(difference=None, interval=None, standing=None)
    low, high = sorted(sign * bound for bound in pair.interval) if pair.interval else (0.0, 0.0)
    return Standing(
        difference=None if pair.difference is None else sign * pair.difference,
        interval=(low, high) if pair.interval else None,
        standing="open" if not pair.decisive else "better" if pair.better == row else "worse",
    )
