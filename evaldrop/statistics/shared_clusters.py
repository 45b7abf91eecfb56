"""A debiased mean where people labelled some records of a cluster and not others."""

from math import sqrt

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.clusters import several
from evaldrop.statistics.debiasing import DebiasedMean
from evaldrop.statistics.intervals import Interval, t_quantile
from evaldrop.statistics.vectors import Floats, Ints, as_clusters, as_pairs, as_vector


def shared_clusters_ppi_mean(
    human: npt.ArrayLike,
    judge_labelled: npt.ArrayLike,
    judge_unlabelled: npt.ArrayLike,
    *,
    labelled_groups: Ints,
    unlabelled_groups: Ints,
    confidence: float = 0.95,
) -> DebiasedMean:
    """
    Estimate the human mean as `clustered_ppi_mean` does, when a cluster may be on both sides.

    Both parts of the estimate then move together. With u, h and j a cluster's residual sums of unlabelled
    judge scores, labels and labelled judge scores, each over its own n, and c = G/(G-1) per side, the
    variance is c_u λ² Σu² + c_l Σ(h - λj)² + 2 √(c_u c_l) λ Σu(h - λj); λ minimises it, cut to [0, 1].
    Without shared clusters it is `clustered_ppi_mean`, whose t interval and sources it keeps (Angelopoulos,
    Duchi & Zrnic 2023; Cameron & Miller 2015); the cross term is derived here and held by simulation.

    Args:
        human: Labels of randomly chosen records, shape (n,).
        judge_labelled: The judge's scores of the same records, shape (n,).
        judge_unlabelled: The judge's scores of the others, shape (N,).
        labelled_groups: Numbers of the labelled records' clusters, shape (n,).
        unlabelled_groups: Clusters of the others, shape (N,), in the same names.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: Fewer than two clusters on either side, or nothing varies at all.
        ValueError: Lengths differ, NaN, or confidence outside (0, 1).
    """
    labels, labelled = as_pairs(human, judge_labelled, at_least=2)
    unlabelled = as_vector(judge_unlabelled, "unlabelled judge scores", at_least=2)
    clusters = as_clusters(
        np.concatenate([labelled_groups, unlabelled_groups]), rows=labels.size + unlabelled.size
    )
    codes_l, codes_u = clusters.codes[: labels.size], clusters.codes[labels.size :]
    scale_l, scale_u = (_correction(codes) for codes in (codes_l, codes_u))
    h = scale_l * _residual_sums(labels, codes_l, clusters.number)
    j = scale_l * _residual_sums(labelled, codes_l, clusters.number)
    u = scale_u * _residual_sums(unlabelled, codes_u, clusters.number)
    # λu + (h - λj) is h - λ(j - u): the best λ is a slope through the origin.
    contrast = j - u
    spread = float(contrast @ contrast)
    trust = min(1.0, max(0.0, float(h @ contrast) / spread)) if spread else 0.0
    residual = h - trust * contrast
    error = sqrt(float(residual @ residual))
    if error == 0:
        raise NotEnoughData("the labels do not vary, so no spread can be seen; label more records")
    mean = float(trust * unlabelled.mean() + (labels - trust * labelled).mean())
    margin = t_quantile(confidence, np.unique(codes_l).size - 1) * error
    return DebiasedMean(
        n_labelled=labels.size,
        n_unlabelled=unlabelled.size,
        weight=trust,
        judge_bias=float((labelled - labels).mean()),
        mean=mean,
        standard_error=error,
        interval=Interval(mean - margin, mean + margin),
        confidence=confidence,
    )


def _correction(codes: Ints) -> float:
    """Return √(G/(G-1)) of the clusters present."""
    number = several(as_clusters(codes, rows=codes.size)).number
    return sqrt(number / (number - 1))


def _residual_sums(values: Floats, codes: Ints, clusters: int) -> Floats:
    residuals = (values - values.mean()) / values.size
    return np.bincount(codes, weights=residuals, minlength=clusters).astype(np.float64)
