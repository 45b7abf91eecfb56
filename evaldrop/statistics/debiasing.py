"""What people would have said, from a judge's many scores and a few human labels."""

from dataclasses import dataclass, replace
from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.clusters import (
    Groups,
    corrected_clustered_standard_error,
    several,
    totals_by_cluster,
)
from evaldrop.statistics.intervals import Interval, check_counts, normal_quantile, t_quantile
from evaldrop.statistics.vectors import Floats, Ints, as_clusters, as_pairs, as_vector


@dataclass(frozen=True, slots=True, kw_only=True)
class DebiasedMean:
    """
    A prediction-powered estimate of the human mean, in the scores' unit.

    `weight` is λ, how much the judge was trusted: 0 is the human labels alone. `freedom`: Student's t of the
    interval.
    """

    n_labelled: int
    n_unlabelled: int
    weight: float
    mean: float
    standard_error: float
    freedom: int
    interval: Interval
    confidence: float


class JudgeCounts(NamedTuple):
    """How a binary judge did on records people labelled."""

    good_judged_good: int
    good_judged_bad: int
    bad_judged_good: int
    bad_judged_bad: int

    @property
    def sensitivity(self) -> float:
        """Share of good records judged good (TPR). Raises NotEnoughData without good records."""
        return _share(self.good_judged_good, self.good_judged_good + self.good_judged_bad, "good")

    @property
    def specificity(self) -> float:
        """Share of bad records judged bad (TNR). Raises NotEnoughData without bad records."""
        return _share(self.bad_judged_bad, self.bad_judged_good + self.bad_judged_bad, "bad")


class RoganGladenRate(NamedTuple):
    """A pass rate corrected for the judge's errors, a fraction in [0, 1], with its delta-method error."""

    rate: float
    standard_error: float
    interval: Interval


class SelfPreference(NamedTuple):
    """Own minus other: `bias` among records people call good, `false_positive_gap` among the bad."""

    bias: float
    false_positive_gap: float


class _Spread(NamedTuple):
    error: float
    freedom: int


def clustered_ppi_mean(
    human: npt.ArrayLike,
    judge_labelled: npt.ArrayLike,
    judge_unlabelled: npt.ArrayLike,
    *,
    labelled_groups: Groups,
    unlabelled_groups: Groups,
    weight: float | None = None,
    step: float | None = None,
    confidence: float = 0.95,
) -> DebiasedMean:
    """
    Estimate the human mean from clustered records (PPI++, Angelopoulos, Duchi & Zrnic 2023, arXiv
    2311.01453).

    mean(λ judge_unlabelled) + mean(human - λ judge_labelled). λ minimises the clustered variance
    λ² V(unlabelled) + V(human - λ judge), cut to [0, 1]: the first PPI's λ = 1 (arXiv 2301.09633) can be
    worse than the labels alone. Both variances CR1 (Cameron & Miller 2015), the interval t on (labelled
    clusters - 1) degrees of freedom, the labels being the scarce part.

    Args:
        human: Labels of randomly chosen clusters, shape (n,).
        judge_labelled: The judge's scores of the same records, shape (n,).
        judge_unlabelled: The judge's scores of the others, shape (N,).
        labelled_groups: Clusters of the labelled records, shape (n,).
        unlabelled_groups: Clusters of the others, shape (N,); no cluster is in both.
        weight: λ in [0, 1]; None tunes it.
        step: The smallest step of the scores, above 0; allows for few labels (`_widened`). None is the
            textbook's error.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: Fewer than two clusters on either side, or nothing varies at all and there is no step.
        ValueError: Lengths differ, NaN, weight outside [0, 1], or confidence outside (0, 1).
    """
    labels, labelled = as_pairs(human, judge_labelled, at_least=2)
    unlabelled = as_vector(judge_unlabelled, "unlabelled judge scores", at_least=2)
    # With full trust, groups taken as independent records cover the mean of people in 86 % instead of 95 %.
    error_unlabelled = corrected_clustered_standard_error(unlabelled, unlabelled_groups)
    clusters = several(as_clusters(labelled_groups, rows=labels.size))
    # Residual sums per cluster over n make every clustered variance a plain dot product.
    human_parts = totals_by_cluster(labels - labels.mean(), clusters).sums / labels.size
    judge_parts = totals_by_cluster(labelled - labelled.mean(), clusters).sums / labels.size
    correction = clusters.number / (clusters.number - 1)
    if weight is None:
        spread = correction * float(judge_parts @ judge_parts) + error_unlabelled**2
        shared = correction * float(human_parts @ judge_parts)
        # A judge that never varies has no slope; a weight outside 0 to 1 fits the noise of a few labels.
        trust = min(1.0, max(0.0, shared / spread)) if spread else 0.0
    else:
        if not 0 <= weight <= 1:
            raise ValueError(f"weight must lie in [0, 1], got {weight}")
        trust = weight
    rectified = human_parts - trust * judge_parts
    variance = trust**2 * error_unlabelled**2 + correction * float(rectified @ rectified)
    widened = _widened(variance, clusters.number, trust if weight is None else 0.0, step)
    return _debiased(labels, labelled, unlabelled, trust, widened, confidence)


def shared_clusters_ppi_mean(
    human: npt.ArrayLike,
    judge_labelled: npt.ArrayLike,
    judge_unlabelled: npt.ArrayLike,
    *,
    labelled_groups: Ints,
    unlabelled_groups: Ints,
    step: float | None = None,
    confidence: float = 0.95,
) -> DebiasedMean:
    """
    Estimate the human mean as `clustered_ppi_mean` does, when a cluster may be on both sides.

    Both parts of the estimate then move together. With u, h and j a cluster's residual sums of unlabelled
    judge scores, labels and labelled judge scores, each over its own n, and c = G/(G-1) per side, the
    variance is c_u λ² Σu² + c_l Σ(h - λj)² + 2 √(c_u c_l) λ Σu(h - λj); λ minimises it, cut to [0, 1].
    Without shared clusters it is `clustered_ppi_mean`, whose t interval and sources it keeps (Angelopoulos,
    Duchi & Zrnic 2023; Cameron & Miller 2015); the cross term is derived here and held by simulation.
    Arguments, and what raises, as in it; both sides' groups are numbers, the same for the same cluster.
    """
    labels, labelled = as_pairs(human, judge_labelled, at_least=2)
    unlabelled = as_vector(judge_unlabelled, "unlabelled judge scores", at_least=2)
    clusters = as_clusters(
        np.concatenate([labelled_groups, unlabelled_groups]), rows=labels.size + unlabelled.size
    )
    # One numbering for both sides: only so does a shared cluster meet itself in the cross term.
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
    # Clusters with a label alone: the many unlabelled ones would hide how few labels there are.
    widened = _widened(float(residual @ residual), np.unique(codes_l).size, trust, step)
    return _debiased(labels, labelled, unlabelled, trust, widened, confidence)


def labels_mean(
    human: npt.ArrayLike, *, groups: Groups, step: float | None = None, confidence: float = 0.95
) -> DebiasedMean:
    """
    Estimate the human mean from labels alone, clustered (CR1, Cameron & Miller 2015).

    Args:
        human: Labels of randomly chosen clusters, shape (n,).
        groups: Their clusters, shape (n,).
        step: As in `clustered_ppi_mean`.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: Fewer than two labels or clusters, or nothing varies and there is no step.
        ValueError: NaN, another number of groups, or confidence outside (0, 1).
    """
    labels = as_vector(human, "labels", at_least=2)
    clusters = several(as_clusters(groups, rows=labels.size))
    error = corrected_clustered_standard_error(labels, groups)
    spread = _widened(error**2, clusters.number, 0.0, step)
    return replace(_debiased(labels, labels, labels, 0.0, spread, confidence), n_unlabelled=0)


def rogan_gladen(
    passed: float, scored: float, *, judge: JudgeCounts, confidence: float = 0.95
) -> RoganGladenRate:
    """
    Correct a pass rate for a binary judge's known error rates (Rogan & Gladen 1978; Lee et al. 2025).

    θ = (p + specificity - 1)/(sensitivity + specificity - 1), cut to [0, 1]; delta-method variance (p(1-p)/n
    + θ² se(1-se)/n_good + (1-θ)² sp(1-sp)/n_bad)/(se + sp - 1)² (arXiv 2511.21140).

    Args:
        passed: Records the judge passed, 0 <= passed <= scored.
        scored: Records the judge scored; people need not have seen them.
        judge: How the judge did where people labelled.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: Nothing scored; no good or no bad labelled records; or a judge that the labels do not
            tell from guessing (sensitivity + specificity - 1 within two standard errors of 0), where the
            correction divides by nothing.
        ValueError: passed outside 0..scored, negative judge counts, or confidence outside (0, 1).
    """
    check_counts(passed, scored)
    sensitivity, specificity = judge.sensitivity, judge.specificity
    error_good = sensitivity * (1 - sensitivity) / (judge.good_judged_good + judge.good_judged_bad)
    error_bad = specificity * (1 - specificity) / (judge.bad_judged_good + judge.bad_judged_bad)
    informed = sensitivity + specificity - 1
    # Not only at 0: close to it the rate is noise divided by almost nothing.
    if informed <= 2 * sqrt(error_good + error_bad):
        raise NotEnoughData(
            f"sensitivity {sensitivity:.2f} and specificity {specificity:.2f} do not tell this judge from "
            "guessing; label more records or use another judge"
        )
    rate = passed / scored
    true_rate = min(1.0, max(0.0, (rate + specificity - 1) / informed))
    variance = rate * (1 - rate) / scored + true_rate**2 * error_good + (1 - true_rate) ** 2 * error_bad
    error = sqrt(variance) / informed
    margin = normal_quantile(confidence) * error
    return RoganGladenRate(
        true_rate, error, Interval(max(0.0, true_rate - margin), min(1.0, true_rate + margin))
    )


def self_preference(own: JudgeCounts, other: JudgeCounts) -> SelfPreference:
    """
    Measure how much a judge favours responses of its own model over others' of the same human label.

    P(judged good | good, own) - P(judged good | good, other) (Wataoka et al. 2024, arXiv 2410.21819), and the
    same among bad ones. In [-1, 1]; 0 is fair.

    Args:
        own: What the judge made of its own model's responses that people labelled, counts of responses.
        other: The same of other models' responses.

    Raises:
        NotEnoughData: No good or no bad labelled records on one side.
    """
    return SelfPreference(own.sensitivity - other.sensitivity, other.specificity - own.specificity)


def _debiased(
    labels: Floats,
    labelled: Floats,
    unlabelled: Floats,
    trust: float,
    spread: _Spread,
    confidence: float,
) -> DebiasedMean:
    error, freedom = spread
    # An interval of no width would read as certainty.
    if error == 0:
        raise NotEnoughData("the labels do not vary, so no spread can be seen; label more records")
    quantile = t_quantile(confidence, freedom)
    mean = float(trust * unlabelled.mean() + (labels - trust * labelled).mean())
    return DebiasedMean(
        n_labelled=labels.size,
        n_unlabelled=unlabelled.size,
        weight=trust,
        mean=mean,
        standard_error=error,
        freedom=freedom,
        interval=Interval(mean - quantile * error, mean + quantile * error),
        confidence=confidence,
    )


def _widened(variance: float, clusters: int, tuned: float, step: float | None) -> _Spread:
    """
    Return the error and degrees of freedom of an estimate from few labels.

    With G labelled clusters, a weight that was tuned to them takes a degree of freedom, as a slope does:
    variance · (G - 1)/(G - 2). A judge that erred on none of them may err on others: a pseudo-record half a
    step to either side, ½ (step/(G + 2))², is added to the variance (in the spirit of Bonett & Price 2012,
    J. Educ. Behav. Stat. 37:479), which is at least that of two a whole step away: ± 2.8 steps/G, about the
    rule of three. Held by simulation (docs/method.md): without them 10 to 15 labels cover 87 to 93 %.
    """
    freedom = clusters - 1
    if step is None:
        return _Spread(sqrt(variance), freedom)
    if tuned and freedom > 1:
        variance *= freedom / (freedom - 1)
        freedom -= 1
    pseudo = (step / (clusters + 2)) ** 2
    return _Spread(sqrt(max(variance + pseudo / 2, 2 * pseudo)), freedom)


def _correction(codes: Ints) -> float:
    """Return √(G/(G-1)) of the clusters present."""
    number = several(as_clusters(codes, rows=codes.size)).number
    return sqrt(number / (number - 1))


def _residual_sums(values: Floats, codes: Ints, clusters: int) -> Floats:
    residuals = (values - values.mean()) / values.size
    return np.bincount(codes, weights=residuals, minlength=clusters).astype(np.float64)


def _share(part: int, whole: int, what: str) -> float:
    if not 0 <= part <= whole:
        raise ValueError(f"judge counts are 0 or more, got {part} and {whole - part}")
    if whole == 0:
        raise NotEnoughData(f"no record that people call {what}: the judge's error rate on those is unknown")
    return part / whole
