"""Intervals for means of scores that have ends: they keep a width where every score is alike."""

import numpy as np
import numpy.typing as npt

from evaldrop.statistics.clusters import Groups, ended_mean, several
from evaldrop.statistics.intervals import (
    Interval,
    clopper_pearson_interval,
    normal_quantile,
    t_quantile,
)
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

    From the lower to the upper end of two. One is Student's after adding one pseudo-record at each end of the
    scale, as Bonett & Price (2012, J. Educational and Behavioral Statistics 37:479) add one of each
    discordant kind to a paired table; around the mean, and around the mean that they draw to the middle
    (`EndedMean`). The other is Clopper and Pearson's with as many records as the variance is worth, in the
    way of Korn & Graubard (1998): no scores between two ends vary more than those that are all at an end, so
    they are worth no fewer than there are, or n²/Σm² where clusters of sizes m may vary as one. Student's own
    covers 40 % of the time for ten records near the top of a scale, and the first of the two alone lets gates
    pass falsely in up to 5 %; docs/method.md has the grid.

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
    ended = ended_mean(np.clip((vector - low) / (high - low), 0.0, 1.0), clusters)
    student = ended.interval(confidence)
    # The pseudo-records say how much scores vary; they are no evidence themselves.
    worth = ended.drawn * (1 - ended.drawn) / ended.variance * ended.evidence
    worth *= (normal_quantile(confidence) / t_quantile(confidence, ended.freedom)) ** 2
    worth = max(worth, ended.clusters)
    exact = clopper_pearson_interval(ended.mean * worth, worth, confidence=confidence)
    shares = Interval(min(student.low, exact.low), max(student.high, exact.high))
    # Clipped: 0.1 + 0.2 is above 0.3 in its last bit.
    return Interval(low + (high - low) * shares.low, min(high, low + (high - low) * shares.high))
