"""How judges behave: whether the order of two responses sways one, and what a panel of several says."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.agreement import cohen_kappa
from evaldrop.statistics.vectors import Floats, as_pairs


class OrderBias(NamedTuple):
    """
    What showing each pair in both orders told; fractions in [0, 1].

    `agreement` is the share of records with one verdict in both orders (1 less the flip rate);
    `first_shown_rate` how often the response shown first was preferred, ½ being fair; `preference` the mean
    preference for a over both orders, a contradiction counting as a tie.
    """

    n: int
    agreement: float
    first_shown_rate: float
    preference: float


def order_bias(a_shown_first: npt.ArrayLike, b_shown_first: npt.ArrayLike) -> OrderBias:
    """
    Measure how the order of two responses sways a judge (Wang et al. 2023, arXiv 2305.17926).

    Args:
        a_shown_first: 1 where a was preferred, 0 where b, ½ for a tie, when a stood first; shape (n,).
        b_shown_first: The same records, coded the same, when b stood first. Records unscored in either order
            are left out.

    Raises:
        NotEnoughData: No records.
        ValueError: Lengths differ, NaN, or a preference outside [0, 1].
    """
    first, second = as_pairs(a_shown_first, b_shown_first)
    if min(first.min(), second.min()) < 0 or max(first.max(), second.max()) > 1:
        raise ValueError("preferences lie in [0, 1]: 1 for a, 0 for b, 0.5 for a tie")
    return OrderBias(
        n=first.size,
        agreement=float(np.mean(first == second)),
        first_shown_rate=float((first + 1 - second).mean() / 2),
        preference=float((first + second).mean() / 2),
    )


def majority_vote(votes: npt.ArrayLike) -> Floats:
    """
    Return what most judges of a panel say per record: 1 pass, 0 fail, ½ where they are split evenly.

    Args:
        votes: 0 or 1, shape (records, judges) (Verga et al. 2024, arXiv 2404.18796).

    Raises:
        NotEnoughData: No judges.
        ValueError: Not a table of 0 and 1.
    """
    table = _panel(votes)
    if not np.isin(table, (0, 1)).all():
        raise ValueError("votes are 0 or 1; leave out records a judge left unscored")
    return np.asarray((np.sign(table.mean(axis=1) - 0.5) + 1) / 2, dtype=np.float64)


def panel_spread(scores: npt.ArrayLike) -> Floats:
    """
    Return highest minus lowest score per record, in the scores' unit.

    Args:
        scores: Shape (records, judges).

    Raises:
        NotEnoughData: No judges.
        ValueError: Not a table, or NaN.
    """
    return np.asarray(np.ptp(_panel(scores), axis=1), dtype=np.float64)


def panel_kappa(votes: npt.ArrayLike) -> float:
    """
    Return the mean of Cohen's κ over all pairs of judges (Light 1971).

    Args:
        votes: Categories as numbers, shape (records, judges).

    Raises:
        NotEnoughData: Fewer than two judges, no records, or a pair of judges with one category only.
        ValueError: Not a table, or NaN.
    """
    table = _panel(votes)
    if table.shape[1] < 2:
        raise NotEnoughData("agreement needs at least two judges")
    pairs = combinations(range(table.shape[1]), 2)
    return float(np.mean([cohen_kappa(table[:, one], table[:, other]) for one, other in pairs]))


def _panel(scores: npt.ArrayLike) -> Floats:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or not np.isfinite(table).all():
        raise ValueError("give a table of records by judges without NaN")
    if table.shape[1] == 0:
        raise NotEnoughData("a panel needs at least one judge")
    return table
