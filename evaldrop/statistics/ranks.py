"""Correlation: of values (Pearson), and of their order (Spearman, Kendall)."""

from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.vectors import Floats, as_pairs, as_vector


class Correlation(NamedTuple):
    """A coefficient in [-1, 1], its two-sided p value, and the pairs it is made of."""

    coefficient: float
    p_value: float
    n: int


def average_ranks(values: npt.ArrayLike) -> Floats:
    """
    Return ranks 1..n of values, ties sharing the mean of their ranks (Kendall 1945, Biometrika 33:239).

    Args:
        values: Shape (n,), any unit.

    Raises:
        NotEnoughData: No values.
        ValueError: NaN.
    """
    _, inverse, counts = np.unique(as_vector(values, "values"), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], dtype=np.float64)


def pearson(a: npt.ArrayLike, b: npt.ArrayLike) -> Correlation:
    """
    Return Pearson's r; p from t = r √((n - 2)/(1 - r²)) on n - 2 degrees of freedom (Student 1908).

    Arguments, and what raises, as in `spearman`.
    """
    return _correlation(*_varying(a, b))


def spearman(a: npt.ArrayLike, b: npt.ArrayLike) -> Correlation:
    """
    Return Spearman's rank correlation ρ: Pearson's r of the average ranks.

    p from t = ρ √((n - 2)/(1 - ρ²)) on n - 2 degrees of freedom, good from about ten pairs (Spearman
    1904; Kendall & Stuart 1973, section 31). Written here because the scorecard needs it on every run and
    must not import scipy.stats.

    Args:
        a: Shape (n,).
        b: Shape (n,), row i of both belonging together.

    Raises:
        NotEnoughData: Fewer than three pairs, or all values of one side equal: there is no order to compare.
        ValueError: Lengths differ, or NaN.
    """
    first, second = _varying(a, b)
    return _correlation(average_ranks(first), average_ranks(second))


def kendall_tau_b(a: npt.ArrayLike, b: npt.ArrayLike) -> Correlation:
    """
    Return Kendall's τ_b, which allows for ties (Kendall 1945).

    (concordant - discordant) / √((pairs untied in a)(pairs untied in b)); p exact for few pairs without ties,
    else normal (scipy.stats.kendalltau). Arguments, and what raises, as in `spearman`.
    """
    # Imported here: scipy.stats takes longer to import than the whole scorecard's other statistics.
    from scipy import stats

    first, second = _varying(a, b)
    result = stats.kendalltau(first, second)
    return Correlation(float(result.statistic), float(result.pvalue), first.size)


def _correlation(first: Floats, second: Floats) -> Correlation:
    # Rounding may leave a perfect relation just outside, and 1 - r² below 0.
    r = float(np.clip(np.corrcoef(first, second)[0, 1], -1, 1))
    freedom = first.size - 2
    # At exactly 1 the formula divides by 0; p is then 0.
    t = -abs(r) * sqrt(freedom / (1 - r**2)) if abs(r) < 1 else -np.inf
    return Correlation(r, min(1.0, 2 * float(special.stdtr(freedom, t))), first.size)


def _varying(a: npt.ArrayLike, b: npt.ArrayLike) -> tuple[Floats, Floats]:
    first, second = as_pairs(a, b, at_least=3)
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        raise NotEnoughData("all values of one side are equal: there is no order to compare")
    return first, second
