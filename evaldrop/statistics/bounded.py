"""Intervals for means of scores that have ends: they keep a width where every score is alike."""

import numpy as np
import numpy.typing as npt

from evaldrop.statistics.clusters import Groups, several, totals_by_cluster
from evaldrop.statistics.intervals import Interval, t_quantile
from evaldrop.statistics.vectors import Clusters, as_clusters, as_vector


def bounded_mean_interval(
    scores: npt.ArrayLike,
    *,
    low: float,
    high: float,
    groups: Groups | None = None,
    confidence: float = 0.95,
) -> Interval:
    """
    Return an interval for the mean of scores on a scale from `low` to `high`.

    Student's interval after adding one pseudo-record at each end of the scale, as Bonett & Price (2012, J.
    Educational and Behavioral Statistics 37:479) add one of each discordant kind to a paired table. The
    pseudo-records widen the standard error; they also draw the centre to the middle, so the interval reaches
    from the lower to the upper of both centres: mean and drawn mean. Clusters get a pseudo-cluster of average
    size at each end; the error is CR1, t has clusters - 1 degrees of freedom. The grid in docs/method.md
    has what it covers: Student's own covers 40 % of the time for ten records near the top of a scale.

    Args:
        scores: One per record, shape (n,), within the scale.
        low: The scale's lower end, in the scores' unit.
        high: The upper end, above `low`.
        groups: The cluster of each record, shape (n,); None when records are independent.
        confidence: Two-sided level, a fraction in (0, 1).

    Returns:
        Bounds within the scale, around the mean.

    Raises:
        NotEnoughData: Fewer than two scores or clusters: one says nothing about spread.
        ValueError: NaN, a score beyond the scale, another number of groups, or confidence outside (0, 1).
    """
    vector = as_vector(scores, "scores", at_least=2)
    # A last bit beyond the end is rounding of averaged repeats.
    slack = 1e-9 * (high - low)
    if not low - slack <= vector.min() <= vector.max() <= high + slack:
        raise ValueError(f"scores must lie between {low} and {high}")
    if groups is None:
        clusters = Clusters(np.arange(vector.size, dtype=np.intp), vector.size)
    else:
        clusters = several(as_clusters(groups, rows=vector.size))
    sums, sizes = totals_by_cluster(vector, clusters)
    size = vector.size / clusters.number
    n = vector.size + 2 * size
    mean, drawn = float(vector.mean()), float(sums.sum() + size * (low + high)) / n
    residuals = sums - sizes * drawn
    ends = size**2 * ((low - drawn) ** 2 + (high - drawn) ** 2)
    correction = (clusters.number + 2) / (clusters.number + 1)
    error = float(np.sqrt((residuals @ residuals + ends) * correction)) / n
    margin = t_quantile(confidence, clusters.number - 1) * error
    return Interval(max(low, min(mean, drawn) - margin), min(high, max(mean, drawn) + margin))
