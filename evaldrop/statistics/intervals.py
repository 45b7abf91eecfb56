"""Intervals for one pass rate or one mean of independent records; for clusters see `clusters`."""

from dataclasses import dataclass
from math import inf, sqrt
from typing import NamedTuple

import numpy.typing as npt

# scipy.special costs a tenth of what importing scipy.stats does, and the scorecard needs no more.
from scipy import special

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.vectors import as_vector, check_fraction


class Interval(NamedTuple):
    """Bounds in the unit of what they bound, low <= high."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """High minus low."""
        return self.high - self.low


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """
    A mean with what it rests on.

    `n` counts scores, `clusters` what is independent (n when nothing is clustered). `sd` has ddof 1.
    `interval` is mean ± t(clusters - 1) · standard_error at `confidence`.
    """

    n: int
    clusters: int
    mean: float
    sd: float
    standard_error: float
    interval: Interval
    confidence: float


def normal_quantile(confidence: float) -> float:
    """
    Return z with P(-z < Z < z) = confidence for a standard normal Z; 1.96 for 0.95.

    Args:
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        ValueError: Confidence is not strictly between 0 and 1.
    """
    return float(special.ndtri((1 + check_fraction(confidence, "confidence")) / 2))


def t_quantile(confidence: float, degrees_of_freedom: float) -> float:
    """
    Return t with P(-t < T < t) = confidence for Student's T (Student 1908).

    Args:
        confidence: Two-sided level, a fraction in (0, 1).
        degrees_of_freedom: Above 0.

    Raises:
        ValueError: Confidence is not strictly between 0 and 1, or degrees of freedom are not positive.
    """
    check_fraction(confidence, "confidence")
    # Not `<= 0`, which NaN would pass.
    if not degrees_of_freedom > 0:
        raise ValueError(f"degrees of freedom must be positive, got {degrees_of_freedom}")
    return float(special.stdtrit(degrees_of_freedom, (1 + confidence) / 2))


def quantile_of(confidence: float, degrees_of_freedom: float) -> float:
    """
    Return `t_quantile`, or `normal_quantile` where the degrees of freedom are infinite.

    Arguments, and what raises, as in these.
    """
    if degrees_of_freedom == inf:
        return normal_quantile(confidence)
    return t_quantile(confidence, degrees_of_freedom)


def wilson_interval(passed: float, scored: float, *, confidence: float = 0.95) -> Interval:
    """
    Wilson score interval for a pass rate (Wilson 1927; Newcombe 1998, method 3).

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n). Keeps its width at 0 of n and n of n, where the normal,
    t and bootstrap intervals collapse to a point.

    Args:
        passed: Verdicts that met the criterion, 0 <= passed <= scored; fractional after averaging repeats.
        scored: Verdicts with a score. Unscored verdicts are not evidence; leave them out.
        confidence: Two-sided level, a fraction in (0, 1).

    Returns:
        Bounds on the pass rate, fractions in [0, 1].

    Raises:
        NotEnoughData: scored is 0. No data has no interval, not a wide one.
        ValueError: passed lies outside 0..scored, or confidence outside (0, 1).
    """
    return wilson_with_quantile(passed, scored, normal_quantile(confidence))


def wilson_with_quantile(passed: float, scored: float, quantile: float) -> Interval:
    """Wilson's interval for a given quantile; raises as `wilson_interval`."""
    check_counts(passed, scored)
    # Counts of a table are numpy's, and so would the bounds be that are written to JSON.
    passed, scored = float(passed), float(scored)
    rate, z2 = passed / scored, quantile**2
    centre = rate + z2 / (2 * scored)
    margin = quantile * sqrt(rate * (1 - rate) / scored + z2 / (4 * scored**2))
    scale = 1 + z2 / scored
    # The bounds at 0 of n and n of n are exactly 0 and 1; rounding must not move them inside the rate.
    low = 0.0 if passed == 0 else max(0.0, (centre - margin) / scale)
    high = 1.0 if passed == scored else min(1.0, (centre + margin) / scale)
    return Interval(low, high)


def clopper_pearson_interval(passed: float, scored: float, *, confidence: float = 0.95) -> Interval:
    """
    Clopper–Pearson "exact" interval for a pass rate (Clopper & Pearson 1934).

    Quantiles of Beta(k, n-k+1) and Beta(k+1, n-k), for counts with fractions too (Korn & Graubard 1998).
    Never covers less than `confidence`, each end being a one-sided limit at half of what is left: a threshold
    is not passed by luck more often than that. Wider than Wilson's, which covers 92 % of the time for 50
    records of a rate of 0.98. Arguments, and what raises, as in `wilson_interval`.
    """
    check_counts(passed, scored)
    # Counts of a table are numpy's, and so would the bounds be that are written to JSON.
    passed, scored = float(passed), float(scored)
    tail = (1 - check_fraction(confidence, "confidence")) / 2
    failed = scored - passed
    # The Beta quantile of 0 successes (or failures) is undefined; its limit is the end of the scale.
    low = float(special.betaincinv(passed, failed + 1, tail)) if passed else 0.0
    high = float(special.betaincinv(passed + 1, failed, 1 - tail)) if failed else 1.0
    return Interval(low, high)


def t_interval(
    mean: float, standard_error: float, *, degrees_of_freedom: float, confidence: float = 0.95
) -> Interval:
    """
    Student's interval mean ± t · standard_error (Student 1908), in the mean's unit; not clipped to the scale.

    Args:
        mean: In any unit.
        standard_error: Of the mean, in its unit, 0 or more.
        degrees_of_freedom: Above 0: records - 1, or clusters - 1.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        ValueError: standard_error is negative or NaN, degrees of freedom are not positive, or confidence lies
            outside (0, 1).
    """
    # Not `< 0`, which NaN would pass.
    if not standard_error >= 0:
        raise ValueError(f"a standard error is 0 or more, got {standard_error}")
    margin = t_quantile(confidence, degrees_of_freedom) * standard_error
    return Interval(mean - margin, mean + margin)


def mean_estimate(scores: npt.ArrayLike, *, confidence: float = 0.95) -> Estimate:
    """
    Estimate a mean from independent scores, with a t interval on n - 1 degrees of freedom.

    standard_error = sd(ddof 1) / √n (Miller 2024, arXiv 2411.00640, section 2). All scores equal give a
    standard error of 0 and an interval of no width: for pass marks use `wilson_interval`.

    Args:
        scores: One score per record, shape (n,), any unit; repeats averaged first.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: Fewer than two scores; one score says nothing about spread.
        ValueError: NaN or infinite scores, or confidence outside (0, 1).
    """
    vector = as_vector(scores, "scores", at_least=2)
    mean, sd = float(vector.mean()), float(vector.std(ddof=1))
    error = sd / sqrt(vector.size)
    return Estimate(
        n=vector.size,
        clusters=vector.size,
        mean=mean,
        sd=sd,
        standard_error=error,
        interval=t_interval(mean, error, degrees_of_freedom=vector.size - 1, confidence=confidence),
        confidence=confidence,
    )


def check_counts(passed: float, scored: float) -> None:
    """Refuse counts no pass rate can be made of: with NotEnoughData when `scored` is 0, else ValueError."""
    # First, for 0 of 0 is within bounds and would be divided by.
    if scored == 0:
        raise NotEnoughData("no scored verdicts: a pass rate needs at least one")
    if not 0 <= passed <= scored:
        raise ValueError(f"passed must lie in 0..scored, got {passed} of {scored}")
