"""The interval of a ratio of two differences, which may have no end."""

from math import sqrt

import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.clusters import Groups, several, totals_by_cluster
from evaldrop.statistics.intervals import Interval, t_quantile
from evaldrop.statistics.vectors import as_clusters, as_pairs


def ratio_interval(
    numerator: float,
    denominator: float,
    numerator_parts: npt.ArrayLike,
    denominator_parts: npt.ArrayLike,
    *,
    groups: Groups | None = None,
    confidence: float = 0.95,
) -> Interval | None:
    """
    Bound numerator / denominator by Fieller's theorem (Fieller 1954, J. Royal Statistical Society B 16:175).

    The ratios r for which numerator - r · denominator is within t standard errors of 0; both errors and their
    covariance are of the records' parts, with t of clusters - 1 degrees of freedom.

    Args:
        numerator: A difference of means or ratios, in any unit.
        denominator: Another one, on the same records.
        numerator_parts: What each record adds to the error of `numerator`: its residual over their number, as
            of a mean (value - mean) / n; 0 where it has no part. Shape (n,).
        denominator_parts: The same of `denominator`.
        groups: The cluster of each record, shape (n,); None when all are independent.
        confidence: Two-sided level, a fraction in (0, 1).

    Returns:
        Bounds around the ratio; None where the denominator may be 0, so that no ratio can be ruled out.

    Raises:
        NotEnoughData: Fewer than two records or groups.
        ValueError: NaN, another number of groups, or confidence outside (0, 1).
    """
    above, below = as_pairs(numerator_parts, denominator_parts, at_least=2)
    if groups is not None:
        clusters = several(as_clusters(groups, rows=above.size))
        above, below = (totals_by_cluster(parts, clusters).sums for parts in (above, below))
    number = above.size
    if number < 2:
        raise NotEnoughData("one record only: no spread can be seen")
    scale = t_quantile(confidence, number - 1) ** 2 * number / (number - 1)
    products = (above, above), (above, below), (below, below)
    variances = [scale * float(one @ other) for one, other in products]
    square = denominator**2 - variances[2]
    if square <= 0:
        return None
    middle = numerator * denominator - variances[1]
    root = sqrt(max(0.0, middle**2 - square * (numerator**2 - variances[0])))
    low, high = (middle - root) / square, (middle + root) / square
    return Interval(low, high)
