"""Means and pass rates of records that come in clusters, and of records answered several times."""

from collections.abc import Hashable, Iterable
from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.intervals import (
    Estimate,
    Interval,
    clopper_pearson_interval,
    normal_quantile,
    t_interval,
    t_quantile,
)
from evaldrop.statistics.vectors import Clusters, Floats, as_clusters, as_vector

Groups = npt.ArrayLike | Iterable[Hashable]


class ClusterTotals(NamedTuple):
    """Sum of scores and number of rows per cluster, shape (clusters,)."""

    sums: Floats
    sizes: Floats


def corrected_clustered_standard_error(scores: npt.ArrayLike, groups: Groups) -> float:
    """
    Clustered standard error times √(G/(G-1)), G clusters: the usual CR1 correction for few clusters
    (Cameron & Miller 2015, J. Human Resources 50:317).

    For a mean the correction G/(G-1) · (n-1)/(n-k) of statsmodels has k = 1. With one score per cluster it is
    exactly sd(ddof 1)/√n.

    Args:
        scores: One per record, shape (n,), any unit.
        groups: The cluster of each record, shape (n,).

    Raises:
        NotEnoughData: Fewer than two clusters.
        ValueError: NaN scores, or another number of groups than scores.
    """
    vector = as_vector(scores, "scores", at_least=2)
    clusters = several(as_clusters(groups, rows=vector.size))
    return _corrected_error(vector, clusters)


def clustered_mean_estimate(scores: npt.ArrayLike, groups: Groups, *, confidence: float = 0.95) -> Estimate:
    """
    Estimate a mean of clustered scores: CR1 standard error, t interval on G - 1 degrees of freedom.

    Degrees of freedom as in Cameron & Miller 2015, "A Practitioner's Guide to Cluster-Robust Inference",
    VI.D. Equals `mean_estimate` when every score is its own cluster. Arguments, and what raises, as in
    `corrected_clustered_standard_error` and `mean_estimate`.
    """
    vector = as_vector(scores, "scores", at_least=2)
    clusters = several(as_clusters(groups, rows=vector.size))
    error = _corrected_error(vector, clusters)
    mean = float(vector.mean())
    return Estimate(
        n=vector.size,
        clusters=clusters.number,
        mean=mean,
        sd=float(vector.std(ddof=1)),
        standard_error=error,
        interval=t_interval(mean, error, degrees_of_freedom=clusters.number - 1, confidence=confidence),
        confidence=confidence,
    )


def clustered_pass_interval(passes: npt.ArrayLike, groups: Groups, *, confidence: float = 0.95) -> Interval:
    """
    Clopper–Pearson interval for a pass rate of clustered records (Korn & Graubard 1998).

    n is divided by the design effect (clustered variance over binomial variance, never below 1) and by
    (t(G-1)/z)² for having few clusters. G is not their number but n²/Σm², m their sizes, which is the number
    where sizes are equal (Kish 1965, Survey Sampling, 8.2): eight clusters, one of which has a third of all
    records, are worth five. Where every record passes or fails no design effect can be seen, and G counts as
    the number of records.

    Args:
        passes: 1 where the criterion was met and 0 where not, fractions after averaging repeats; shape (n,).
        groups: The cluster of each, shape (n,).
        confidence: Two-sided level, a fraction in (0, 1).

    Returns:
        Bounds on the pass rate, fractions in [0, 1].

    Raises:
        NotEnoughData: Fewer than two clusters.
        ValueError: A pass outside [0, 1], NaN, another number of groups, or confidence outside (0, 1).
    """
    vector = as_vector(passes, "passes", at_least=2)
    if vector.min() < 0 or vector.max() > 1:
        raise ValueError("passes must lie in [0, 1]")
    clusters = several(as_clusters(groups, rows=vector.size))
    ended = ended_mean(vector, clusters)
    effective = _effective_size(vector, clusters, ended)
    # Without the t the interval covers too little with few clusters, whose variance is itself an estimate.
    effective *= (normal_quantile(confidence) / t_quantile(confidence, ended.freedom)) ** 2
    exact = clopper_pearson_interval(ended.mean * effective, effective, confidence=confidence)
    student = ended.interval(confidence)
    return Interval(min(exact.low, student.low), max(exact.high, student.high))


def totals_by_cluster(vector: Floats, clusters: Clusters) -> ClusterTotals:
    """Sum `vector` and count its rows within each cluster, in one pass over the rows."""
    sums = np.bincount(clusters.codes, weights=vector, minlength=clusters.number).astype(np.float64)
    sizes = np.bincount(clusters.codes, minlength=clusters.number).astype(np.float64)
    return ClusterTotals(sums, sizes)


class EndedMean(NamedTuple):
    """
    The mean of scores from 0 to 1, and of the same with one pseudo-record at each end.

    `drawn` is the mean that they draw to the middle, and `variance` its variance, with them. `evidence` is
    the share of the records that are none of them. `clusters` is n²/Σm², m the sizes (Kish 1965): their
    number where they are of one size.
    """

    mean: float
    drawn: float
    variance: float
    evidence: float
    clusters: float

    @property
    def freedom(self) -> float:
        """Degrees of freedom: clusters - 1, and 1 where nearly all records are in one."""
        return max(1.0, self.clusters - 1)

    def interval(self, confidence: float) -> Interval:
        """Return Student's interval with the pseudo-records, around both means; within 0 and 1."""
        correction = (self.clusters + 2) / (self.clusters + 1)
        margin = t_quantile(confidence, self.freedom) * sqrt(self.variance * correction)
        low, high = min(self.mean, self.drawn) - margin, max(self.mean, self.drawn) + margin
        return Interval(max(0.0, low), min(1.0, high))


def ended_mean(vector: Floats, clusters: Clusters) -> EndedMean:
    """
    Return the mean of scores from 0 to 1 as one pseudo-record at each end of the scale leaves it.

    As Bonett & Price (2012, J. Educational and Behavioral Statistics 37:479) add one of each discordant kind
    to a paired table. Of clusters a pseudo-cluster: the data cannot tell how much records vary together of
    which they have none, so its size is the geometric mean of the design effect that is seen and the largest
    there can be, Σm²/n, and the latter where nothing varies. Raises nothing.

    Args:
        vector: Scores, each in [0, 1]; shape (n,), n at least 1.
        clusters: The cluster of each.
    """
    sums, sizes = totals_by_cluster(vector, clusters)
    mean = min(1.0, max(0.0, float(vector.mean())))
    number = vector.size**2 / float(sizes @ sizes)
    size = largest = vector.size / number
    residuals = vector - mean
    total = float(residuals @ residuals)
    if largest > 1 and total > 1e-12 * vector.size:
        between, _ = totals_by_cluster(residuals, clusters)
        effect = float(between @ between) / total * number / (number - 1)
        size = sqrt(largest * min(largest, max(1.0, effect)))
    n = vector.size + 2 * size
    drawn = (float(sums.sum()) + size) / n
    between = sums - sizes * drawn
    variance = float(between @ between + size**2 * (drawn**2 + (1 - drawn) ** 2)) / n**2
    return EndedMean(mean, drawn, variance, vector.size / n, number)


def several(clusters: Clusters) -> Clusters:
    """Return `clusters`, of which there are at least two; NotEnoughData when there is one."""
    if clusters.number < 2:
        raise NotEnoughData("one cluster only: nothing is independent of anything, so no spread can be seen")
    return clusters


def _effective_size(vector: Floats, clusters: Clusters, ended: EndedMean) -> float:
    binomial = ended.mean * (1 - ended.mean) / vector.size
    # All alike shows no design effect: taking it for 1 would count every record of a cluster as evidence.
    if binomial == 0:
        return ended.clusters
    variance = _clustered_error(vector, clusters) ** 2 * ended.clusters / (ended.clusters - 1)
    # An effect below 1 is luck, and would make the interval narrower than that of independent records.
    return vector.size / max(1.0, variance / binomial)


def _corrected_error(vector: Floats, clusters: Clusters) -> float:
    return _clustered_error(vector, clusters) * sqrt(clusters.number / (clusters.number - 1))


def _clustered_error(vector: Floats, clusters: Clusters) -> float:
    residual_sums, _ = totals_by_cluster(vector - vector.mean(), clusters)
    return float(np.sqrt(residual_sums @ residual_sums)) / vector.size
