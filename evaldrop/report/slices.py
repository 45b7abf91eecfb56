"""Decided differences within categories, as a page lists them. No number is computed here."""

from collections.abc import Sequence
from typing import NamedTuple

from evaldrop.report.behind import compared
from evaldrop.report.columns import PAGE, Column, Table, Words, words
from evaldrop.report.first_screen import scale_of
from evaldrop.scorecard import figures
from evaldrop.scorecard.model.scorecard import Comparison, Scorecard, SliceComparisons

# More categories and more differences of one are shown on demand.
MOST_CATEGORIES_OPEN = 8
MOST_WINS = 10


class CategoryWins(NamedTuple):
    """
    Who is decidedly better in a category.

    Attributes:
        largest: In words, the difference that is largest as a share of its scale.
        first, rest: Tables of all of them, the largest first; the rest is None where there is none.
    """

    category: str
    records: int
    decided: int
    warning: str | None
    largest: str
    first: Table
    rest: Table | None


def category_wins(scorecard: Scorecard) -> list[CategoryWins]:
    """Return the categories in which anything is decided; those with enough records first, then by size."""
    found = []
    for category, part in scorecard.slices.items():
        pairs = sorted(
            (pair for pair in part.comparisons if pair.decisive), key=lambda pair: -_share(pair, scorecard)
        )
        if pairs:
            order = (part.warning is not None, -_share(pairs[0], scorecard))
            found.append((order, _wins(category, part, pairs)))
    return [wins for _, wins in sorted(found, key=lambda one: one[0])]


def _wins(category: str, part: SliceComparisons, pairs: Sequence[Comparison]) -> CategoryWins:
    first, rest = pairs[:MOST_WINS], pairs[MOST_WINS:]
    return CategoryWins(
        category=category,
        records=part.n,
        decided=len(pairs),
        warning=part.warning,
        largest=f"{pairs[0].better} over {_worse(pairs[0])} by {_size(pairs[0])} on {pairs[0].criterion}",
        first=_table(category, first, category),
        rest=_table(f"{category}, the smaller ones", rest, category) if rest else None,
    )


def _table(title: str, pairs: Sequence[Comparison], category: str) -> Table:
    scored = [compared(pair, category) for pair in pairs]
    return Table(
        title=f"Decided in {title}",
        classes="numbers wins",
        columns=[
            words("better", [(Words(pair.better or "", "strong"),) for pair in pairs], PAGE),
            words("than", [_worse(pair) for pair in pairs], PAGE),
            words("on", [pair.criterion for pair in pairs], PAGE),
            Column("by", list(map(_size, pairs)), PAGE, links=scored),
            Column("interval", list(map(_bounds, pairs)), PAGE, links=scored),
            Column("records", [figures.count(pair.n) for pair in pairs], PAGE, links=scored),
        ],
    )


def _worse(pair: Comparison) -> str:
    return pair.b if pair.better == pair.a else pair.a


def _size(pair: Comparison) -> str:
    return figures.size(abs(pair.difference or 0.0))


def _bounds(pair: Comparison) -> str:
    """Return the interval of how much better the better one is: the sign agrees with the words."""
    bounds = pair.reported_interval
    if bounds is None:
        return figures.ABSENT
    turned = 1 if (pair.difference or 0.0) >= 0 else -1
    low, high = sorted(turned * bound for bound in bounds)
    return figures.interval((low, high))


def _share(pair: Comparison, scorecard: Scorecard) -> float:
    return abs(pair.difference or 0.0) / scale_of(pair.criterion, scorecard)
