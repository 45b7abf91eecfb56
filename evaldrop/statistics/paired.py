"""Two candidates on the same records: difference, interval, and tests by flipping signs."""

from dataclasses import dataclass
from math import log, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from evaldrop.statistics.clusters import Groups, several, totals_by_cluster
from evaldrop.statistics.intervals import Interval, t_interval
from evaldrop.statistics.vectors import Clusters, Floats, Ints, as_clusters, as_pairs, as_vector

# The sign patterns an exact test may look at: twice the root of it are held, some megabytes and hundredths of
# a second.
EXACT_PATTERNS = 2**36

# Random signs held at once, so that memory does not grow with the number of resamples.
_CHUNK = 2_000_000

_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedDifference:
    """
    Mean of a - b over records both candidates have, in the unit of the scores.

    `n` counts records and `clusters` what is independent; `interval` is difference ± t(clusters - 1) ·
    standard_error at `confidence`; `p_value` is two-sided.
    """

    n: int
    clusters: int
    difference: float
    sd: float
    standard_error: float
    interval: Interval
    p_value: float
    confidence: float


class SignFlipTest(NamedTuple):
    """A two-sided p value, and whether every sign pattern was counted or only a seeded draw of them."""

    p_value: float
    is_exact: bool


class _Steps(NamedTuple):
    """The different sizes of difference and how many clusters have each."""

    sizes: Floats
    counts: Ints
    observed: float


def paired_difference(
    a: npt.ArrayLike, b: npt.ArrayLike, *, groups: Groups | None = None, confidence: float = 0.95
) -> PairedDifference:
    """
    Compare two candidates on the records both answered.

    SE = sd(d)/√n, d = a - b, equal to √(SE_a² + SE_b² - 2 r SE_a SE_b) (Miller 2024, arXiv 2411.00640,
    section 4): pairing takes out how hard each record is. With groups the CR1 clustered SE. p from Student's
    t on n - 1 (groups: G - 1) degrees of freedom.

    Where the differences do not vary at all, the standard error is 0 and t means nothing: the interval is the
    difference itself and p that of the exact sign-flip test, 2^(1-G), or 1 when the difference is 0. Two
    records that agree are thus no proof. For pass marks of fewer than about 50 records the t interval is too
    narrow: `paired_pass_standard_error`.

    Args:
        a: Scores of one candidate, shape (n,); row i of both is record i.
        b: Scores of the other.
        groups: The cluster of each record, shape (n,); None when records are independent.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: Fewer than two records, or fewer than two clusters.
        ValueError: Lengths differ, NaN scores, or confidence outside (0, 1).
    """
    first, second = as_pairs(a, b, at_least=2)
    vector = first - second
    if groups is None:
        clusters = Clusters(np.arange(vector.size, dtype=np.intp), vector.size)
    else:
        clusters = several(as_clusters(groups, rows=vector.size))
    difference = float(vector.mean())
    sums, _ = totals_by_cluster(vector - difference, clusters)
    correction = sqrt(clusters.number / (clusters.number - 1))
    error = correction * float(np.sqrt(sums @ sums)) / vector.size
    # Averaged repeats differ in their last bits; that is rounding and not a difference.
    rounding = _ROUNDING * max(float(np.abs(first).max()), float(np.abs(second).max()))
    difference = difference if abs(difference) > rounding else 0.0
    error = error if error > rounding else 0.0
    freedom = clusters.number - 1
    if error:
        p_value = float(2 * special.stdtr(freedom, -abs(difference) / error))
    else:
        # Two of the 2^G sign patterns are as extreme; t would be infinite and p 0, after two records even.
        p_value = 2.0**-freedom if difference else 1.0
    return PairedDifference(
        n=vector.size,
        clusters=clusters.number,
        difference=difference,
        sd=float(vector.std(ddof=1)),
        standard_error=error,
        interval=t_interval(difference, error, degrees_of_freedom=freedom, confidence=confidence),
        p_value=p_value,
        confidence=confidence,
    )


def sign_flip_exact(differences: npt.ArrayLike, *, groups: Groups | None = None) -> float:
    """
    Return the exact two-sided p of the sign-flip permutation test.

    The share of all 2^n sign patterns whose |mean| is at least the observed one (Fisher 1935; zeros keep both
    signs). Differences below 1e-12 are rounding and count as 0. Clusters flip as a whole. Equal sizes of
    difference are counted together, binomially, so that Likert and pass/fail differences of hundreds of
    records are still exact.

    Args:
        differences: a - b per record, shape (n,).
        groups: The cluster of each record, shape (n,); None when records are independent.

    Raises:
        NotEnoughData: No differences.
        ValueError: NaN, another number of groups, or more than `EXACT_PATTERNS` patterns to count: use
            `sign_flip_test`, which then draws.
    """
    steps = _steps(differences, groups)
    patterns = _pattern_count(steps)
    if patterns > EXACT_PATTERNS:
        raise ValueError(f"{patterns:.3g} sign patterns are too many to count; use sign_flip_test")
    threshold = _threshold(steps)
    if threshold <= 0:
        return 1.0
    # Two halves, each counted out, and of the second for each sum of the first those that reach the rest:
    # 2^29 patterns of 29 sizes are 2^15 and 2^14.
    (sums, shares), (others, weights) = (_half(steps, half) for half in _halves(steps))
    order = np.argsort(others)
    others, above = others[order], np.append(np.cumsum(weights[order][::-1])[::-1], 0.0)
    # Turning every sign turns the sum, so the lower tail is as large as the upper one.
    upper = float(shares @ above[np.searchsorted(others, threshold - sums, side="left")])
    # Shares are rounded, and where every pattern counts they may add up to more than 1.
    return min(1.0, 2 * upper)


def sign_flip_permutation(
    differences: npt.ArrayLike, *, seed: int, groups: Groups | None = None, resamples: int = 9_999
) -> float:
    """
    Return the two-sided p of the sign-flip test from randomly drawn sign patterns.

    (hits + 1) / (resamples + 1), the observed pattern counting as one (Phipson & Smyth 2010), so p is never
    0, and no finer than 1 / (resamples + 1). Memory is bounded; time grows with resamples (1 or more) times
    the number of different sizes of difference. Arguments, and what raises, as in `sign_flip_exact`.
    """
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")
    steps = _steps(differences, groups)
    random = np.random.default_rng(seed)
    hits, threshold = 0, _threshold(steps)
    rows = max(1, _CHUNK // max(1, steps.sizes.size))
    for start in range(0, resamples, rows):
        shape = (min(rows, resamples - start), steps.sizes.size)
        # Per size of difference and not per record: a draw is then as dear as there are sizes.
        ups = random.binomial(steps.counts, 0.5, size=shape)
        hits += int(np.count_nonzero(np.abs((2 * ups - steps.counts) @ steps.sizes) >= threshold))
    return (hits + 1) / (resamples + 1)


def sign_flip_test(
    differences: npt.ArrayLike, *, seed: int, groups: Groups | None = None, resamples: int = 9_999
) -> SignFlipTest:
    """
    Test by sign flips (Fisher 1935): exactly where the patterns can be counted, else from a seeded draw.

    Arguments, and what raises, as in `sign_flip_exact` and `sign_flip_permutation`, but nothing is raised for
    too many patterns.
    """
    if _pattern_count(_steps(differences, groups)) <= EXACT_PATTERNS:
        return SignFlipTest(sign_flip_exact(differences, groups=groups), is_exact=True)
    p_value = sign_flip_permutation(differences, seed=seed, groups=groups, resamples=resamples)
    return SignFlipTest(p_value, is_exact=False)


def changed_clusters(differences: npt.ArrayLike, groups: Groups | None) -> int:
    """
    Return how many records, or groups, have differences that do not add up to 0.

    Arguments, and what raises, as in `sign_flip_exact`; but nothing is raised for too many patterns.
    """
    return int(_steps(differences, groups).counts.sum())


def _halves(steps: _Steps) -> tuple[list[int], list[int]]:
    """Return the places of the sizes in two halves of about as many patterns."""
    halves: tuple[list[int], list[int]] = ([], [])
    patterns = [1.0, 1.0]
    for place in np.argsort(-steps.counts, kind="stable").tolist():
        half = int(patterns[1] < patterns[0])
        halves[half].append(place)
        patterns[half] *= steps.counts[place] + 1.0
    return halves


def _half(steps: _Steps, places: list[int]) -> tuple[Floats, Floats]:
    """Return every sum that some of the sizes can have, and its share of their sign patterns."""
    sums, shares = np.zeros(1), np.ones(1)
    for place in places:
        count = int(steps.counts[place])
        ups = np.arange(count + 1)
        sums = np.add.outer(sums, steps.sizes[place] * (2 * ups - count)).ravel()
        shares = np.multiply.outer(shares, _binomial_shares(count)).ravel()
    return sums, shares


def _steps(differences: npt.ArrayLike, groups: Groups | None) -> _Steps:
    vector = as_vector(differences, "differences")
    if groups is not None:
        vector, _ = totals_by_cluster(vector, as_clusters(groups, rows=vector.size))
    largest = float(np.abs(vector).max())
    # 0.3 - 0.2 and 0.2 - 0.1 are one size: differences in the last bits are rounding, not data.
    scaled = np.round(vector / largest, 12) if largest > _ROUNDING else np.zeros_like(vector)
    sizes, counts = np.unique(np.abs(scaled[scaled != 0]), return_counts=True)
    return _Steps(sizes, counts, float(scaled.sum()))


def _threshold(steps: _Steps) -> float:
    # Patterns as extreme as the data count; summed in another order they may come out a bit lower.
    return abs(steps.observed) - 1e-9


def _pattern_count(steps: _Steps) -> float:
    # In floats: the product of integers overflows, and a wrapped one would pass as few enough to count.
    return float(np.prod(steps.counts + 1.0))


def _binomial_shares(count: int) -> Floats:
    ups = np.arange(count + 1)
    # In logs: of a thousand records the coefficients overflow and 2^-n is almost 0.
    logs = special.gammaln(count + 1) - special.gammaln(ups + 1) - special.gammaln(count - ups + 1)
    return np.asarray(np.exp(logs - count * log(2)), dtype=np.float64)
