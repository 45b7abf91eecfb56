"""Intervals for means of amounts: positive, skewed to the right, without a known upper end, such as costs."""

from math import sqrt

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.clusters import Groups, several, totals_by_cluster
from evaldrop.statistics.intervals import Interval, t_quantile
from evaldrop.statistics.vectors import Floats, as_clusters, as_pairs


def amount_interval(
    amounts: npt.ArrayLike, counts: npt.ArrayLike, *, groups: Groups | None = None, confidence: float = 0.95
) -> Interval:
    """
    Bound the ratio sum(amounts) / sum(counts): an amount per unit, such as USD per answered record.

    Each record (or group) stands for ratio + residual · n / sum(counts), residual = amount - ratio · count
    (Cochran 1977, "Sampling Techniques", 6.4), and their mean gets Hall's interval, whose cubic
    transformation takes the skewness out of Student's t (Hall 1992, J. Royal Statistical Society B 54:221).
    Few records seldom hold the dearest there are, so for the upper end the dearest one counts once more.
    Where all are alike no spread can be seen: a record for nothing and one for twice as much are added then.

    Simulated for costs with a standard deviation of 0.5 to 1.3 means: covers 94 to 97 %, Student's t 86 to
    95 %. Dear records that are so rare that the sample may hold none are bounded by no such interval.

    Args:
        amounts: Of each record, 0 or more; shape (n,).
        counts: What it counts, 0 or 1; shape (n,).
        groups: The cluster of each record, shape (n,); None when all are independent.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: Fewer than two records or groups, or nothing that counts.
        ValueError: NaN, an amount below 0, or another number of groups.
    """
    values, sizes = as_pairs(amounts, counts, at_least=2)
    if values.min() < 0:
        raise ValueError("amounts are 0 or more")
    if not sizes.any():
        raise NotEnoughData("nothing counts: an amount per unit needs at least one")
    if groups is not None:
        clusters = several(as_clusters(groups, rows=values.size))
        values, sizes = totals_by_cluster(values, clusters).sums, totals_by_cluster(sizes, clusters).sums
    ratio = float(values.sum() / sizes.sum())
    # Where everything is for nothing there is nothing to be unsure of.
    if not ratio:
        return Interval(0.0, 0.0)
    units = ratio + (values - ratio * sizes) * (values.size / sizes.sum())
    # Equal amounts have residuals of a rounding's size.
    if np.ptp(units) <= 1e-9 * ratio:
        units = np.append(np.full(units.size, ratio), [0.0, 2 * ratio])
        low, high = _hall(units, confidence)
    else:
        low, high = _hall(units, confidence)[0], _hall(np.append(units, units.max()), confidence)[1]
    return Interval(max(0.0, min(low, ratio)), max(high, ratio))


def _hall(values: Floats, confidence: float) -> tuple[float, float]:
    n, mean = values.size, float(values.mean())
    gaps = values - mean
    squares = gaps * gaps
    variance = float(squares.mean())
    error, skew = sqrt(variance / (n - 1)), float(squares @ gaps) / n / variance**1.5 / sqrt(n)
    quantile = t_quantile(confidence, n - 1)
    high, low = (_untransformed(bound, skew) for bound in (-quantile, quantile))
    return mean - low * error, mean - high * error


def _untransformed(bound: float, skew: float) -> float:
    # Solves t + skew·t²/3 + skew²·t³/27 + skew/6 = bound; without skewness it is the bound itself.
    if abs(skew) < 1e-9:
        return bound
    return float(3 / skew * (np.cbrt(1 + skew * (bound - skew / 6)) - 1))
