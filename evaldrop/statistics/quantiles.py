"""Intervals for quantiles from order statistics: no assumption about the shape of what was measured."""

from bisect import bisect_left, bisect_right
from math import ceil, floor, log
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from evaldrop.statistics.clusters import Groups, several, totals_by_cluster
from evaldrop.statistics.intervals import normal_quantile, t_quantile
from evaldrop.statistics.vectors import Clusters, Floats, as_clusters, as_vector, check_fraction


class Ranks(NamedTuple):
    """Places among values in ascending order, from 1; None where there are too few values for one."""

    low: int | None
    high: int | None


class QuantileEstimate(NamedTuple):
    """
    A quantile with its interval, in the unit of the values.

    An end is None where there are too few values to bound it. `needed` is how many values of this kind both
    ends need, those at hand included.
    """

    value: float
    low: float | None
    high: float | None
    needed: int


def quantile_ranks(n: int, quantile: float, *, confidence: float = 0.95) -> Ranks:
    """
    Return which of n independent values in ascending order bound a quantile.

    The value of rank r is above the quantile when fewer than r of n are at or below it, which has at most the
    probability P(Binomial(n, quantile) <= r - 1): the largest r for which that is within half of 1 -
    confidence is the lower end, and the other end by the same count from above (David & Nagaraja 2003, "Order
    Statistics", 7.1; Conover 1999, "Practical Nonparametric Statistics", 3.2). Either end is missed at most
    that often, whatever the values' distribution; ties make it rarer.

    Args:
        n: Values, 0 or more.
        quantile: Which one, a fraction in (0, 1).
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        ValueError: quantile or confidence is not strictly between 0 and 1.
    """
    check_fraction(quantile, "quantile")
    tail = (1 - check_fraction(confidence, "confidence")) / 2
    low = bisect_right(range(n), tail, key=lambda k: float(special.bdtr(k, n, quantile)))
    high = 1 + bisect_left(range(n), -tail, key=lambda k: -float(special.bdtrc(k, n, quantile)))
    return Ranks(low or None, high if high <= n else None)


def values_needed(quantile: float, *, confidence: float = 0.95) -> int:
    """
    Return how many independent values both ends of a quantile's interval need: 368 for p99 at 95 %.

    quantileⁿ, the chance that all are below it, must be within half of 1 - confidence; likewise above
    (David & Nagaraja 2003, 7.1).

    Args:
        quantile: Which one, a fraction in (0, 1).
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        ValueError: quantile or confidence is not strictly between 0 and 1.
    """
    check_fraction(quantile, "quantile")
    tail = (1 - check_fraction(confidence, "confidence")) / 2
    n = max(1, floor(log(tail) / log(max(quantile, 1 - quantile))))
    # A logarithm's rounding may be one off, and a call too few would have no end.
    while None in quantile_ranks(n, quantile, confidence=confidence):
        n += 1
    return n


def quantile_estimates(
    values: npt.ArrayLike,
    quantiles: npt.ArrayLike,
    *,
    groups: Groups | None = None,
    confidence: float = 0.95,
) -> list[QuantileEstimate]:
    """
    Estimate quantiles, interpolated linearly as numpy does, with order-statistic intervals.

    With groups the ranks are those of the effective number of values, spread over all (Woodruff 1952, JASA
    47:635): the number is divided by the design effect of being at or below the quantile, or the median where
    that is larger since a tail of few values shows little of it, and by (t(G-1)/z)² for having few groups
    (Korn & Graubard 1998).

    Args:
        values: Shape (n,), any unit.
        quantiles: Fractions in (0, 1), shape (m,).
        groups: The cluster of each value, shape (n,); None when all are independent.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: No value, or one group only.
        ValueError: NaN, another number of groups, or a fraction outside (0, 1).
    """
    vector, wanted = as_vector(values, "values"), as_vector(quantiles, "quantiles")
    points = np.quantile(vector, wanted)
    effective = np.full(wanted.size, float(vector.size))
    if groups is not None:
        clusters = several(as_clusters(groups, rows=vector.size))
        if clusters.number < vector.size:
            effective = _effective_sizes(vector, points, clusters, confidence)
    ordered = np.sort(vector)
    return [
        _estimate(ordered, float(quantile), float(point), float(size), confidence)
        for quantile, point, size in zip(wanted, points, effective, strict=True)
    ]


def _estimate(
    ordered: Floats, quantile: float, point: float, effective: float, confidence: float
) -> QuantileEstimate:
    n, independent = ordered.size, max(1, floor(effective))
    ranks = quantile_ranks(independent, quantile, confidence=confidence)
    # An effective value stands for several: its place among n + 1 gaps is kept.
    spread = (n + 1) / (independent + 1)
    low = None if ranks.low is None else float(ordered[max(1, floor(ranks.low * spread)) - 1])
    high = None if ranks.high is None else float(ordered[min(n, ceil(ranks.high * spread)) - 1])
    needed = values_needed(quantile, confidence=confidence)
    # At a low confidence numpy's interpolation may lie beyond a rank: the interval holds what is shown.
    return QuantileEstimate(
        point,
        None if low is None else min(low, point),
        None if high is None else max(high, point),
        ceil(needed * n / effective) if independent < n else needed,
    )


def _effective_sizes(vector: Floats, points: Floats, clusters: Clusters, confidence: float) -> Floats:
    effects = np.array([_design_effect(vector <= point, clusters) for point in (*points, np.median(vector))])
    few = (t_quantile(confidence, clusters.number - 1) / normal_quantile(confidence)) ** 2
    return np.asarray(vector.size / (np.maximum(effects[:-1], effects[-1]) * few), dtype=np.float64)


def _design_effect(inside: npt.NDArray[np.bool_], clusters: Clusters) -> float:
    share = float(inside.mean())
    spread = share * (1 - share)
    # All on one side show nothing: then the median's effect stands.
    if not spread:
        return 1.0
    sums, _ = totals_by_cluster(np.asarray(inside - share, np.float64), clusters)
    variance = float(sums @ sums) * clusters.number / (clusters.number - 1)
    # Below 1 is luck, and would make the interval narrower than that of independent values.
    return max(1.0, variance / (inside.size * spread))
