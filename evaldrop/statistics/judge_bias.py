"""What a judge gives to a place, a length or a maker: sizes, intervals and tests; records are the units."""

from collections.abc import Hashable, Iterable
from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.bounded import bounded_mean_interval
from evaldrop.statistics.clusters import several, totals_by_cluster
from evaldrop.statistics.debiasing import JudgeCounts, SelfPreference, self_preference
from evaldrop.statistics.intervals import Interval, t_interval, t_quantile
from evaldrop.statistics.paired import sign_flip_test
from evaldrop.statistics.vectors import Floats, as_clusters, as_pairs, as_vector

# Beyond so many rows the causes are many enough for t, and dealing them out would take seconds.
MOST_PERMUTED = 3_000
_MOST_DRAWN = 3_000_000

Groups = npt.ArrayLike | Iterable[Hashable]


class Effect(NamedTuple):
    """A size in the unit of what was measured, its interval (None where there is none) and its p value."""

    n: int
    clusters: int
    size: float
    interval: Interval | None
    p_value: float


class ApartTest(NamedTuple):
    """How often identical texts were scored apart: the share, its interval, p of "no more than tolerated"."""

    n: int
    share: float
    interval: Interval
    p_value: float


class SelfPreferenceIntervals(NamedTuple):
    """`self_preference` and the intervals of its two numbers."""

    measured: SelfPreference
    bias: Interval
    false_positive_gap: Interval


def first_shown_effect(shares: npt.ArrayLike, groups: Groups, *, confidence: float = 0.95) -> Effect:
    """
    Measure the share of preferences that went to the response shown first; 0.5 is fair.

    With both orders a pair's share is 1 where the first one shown won twice, 0.5 where the order changed
    nothing, 0 where the second won twice. A judge that minds no order answers both alike by chance, so that
    shares lie evenly about 0.5: the exact sign-flip test (Fisher 1935), clusters flipped as a whole. One
    order drawn at random for each record gives the same. The interval is that of `bounded_mean_interval`.

    Args:
        shares: Of each pair, fractions in [0, 1], shape (n,).
        groups: What is independent: the pair's record, or the record's group; shape (n,).
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: Fewer than two clusters.
        ValueError: A share outside [0, 1], NaN, or another number of groups.
    """
    vector = as_vector(shares, "shares", at_least=2)
    if vector.min() < 0 or vector.max() > 1:
        raise ValueError("shares lie in [0, 1]: 1 where the response shown first was preferred")
    clusters = several(as_clusters(groups, rows=vector.size))
    p_value = sign_flip_test(vector - 0.5, seed=0, groups=clusters.codes).p_value
    interval = bounded_mean_interval(vector, low=0.0, high=1.0, groups=clusters.codes, confidence=confidence)
    return Effect(vector.size, clusters.number, float(vector.mean()), interval, p_value)


def effect_of(
    outcome: npt.ArrayLike,
    cause: npt.ArrayLike,
    strata: npt.ArrayLike,
    groups: Groups,
    *,
    given: npt.ArrayLike | None = None,
    confidence: float = 0.95,
) -> Effect:
    """
    Estimate how much of an outcome goes with a cause, within strata: the slope of least squares.

    outcome = intercept of the stratum + size · cause (+ slope · given). Strata are pairs of candidates: a
    taste for one of them is in its intercept, and is not taken for a taste for length. Standard errors are
    clustered (Liang & Zeger 1986) with residuals divided by one minus their leverage, which errs on the wide
    side in small samples (HC3, MacKinnon & White 1985; Bell & McCaffrey 2002); t on clusters minus
    coefficients. Where one of the causes is rare that is not enough, so that up to `MOST_PERMUTED` rows p is
    no less than that of a permutation test, which deals the causes out anew within strata (Fisher 1935;
    Phipson & Smyth 2010). Where the cause explains everything there is no spread to make an interval of.

    Args:
        outcome: Shape (n,), any unit.
        cause: Shape (n,): 1 where the first response is the longer, -1 where the second is, 0 where neither.
        strata: The stratum of each row, shape (n,).
        groups: What is independent, shape (n,).
        given: What is held equal, shape (n,); None for nothing.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: Fewer clusters than coefficients and three more, or the cause does not vary in any
            stratum.
        ValueError: Lengths differ, or NaN.
    """
    y, x = as_vector(outcome, "outcome", at_least=2), as_vector(cause, "cause", at_least=2)
    layers = as_clusters(strata if isinstance(strata, np.ndarray) else np.asarray(strata), rows=y.size)
    clusters = several(as_clusters(groups, rows=y.size))
    sizes = np.bincount(layers.codes, minlength=layers.number)
    y, x = (_centred(values, layers.codes, sizes) for values in (y, x))
    coefficients = layers.number + 1
    leverage = 1 / sizes[layers.codes]
    if given is not None:
        held = _centred(as_vector(given, "given"), layers.codes, sizes)
        spread = float(held @ held)
        if spread > 0:
            y, x = y - held * float(held @ y) / spread, x - held * float(held @ x) / spread
            leverage = leverage + held**2 / spread
            coefficients += 1
    spread = float(x @ x)
    if spread <= 1e-9 * x.size:
        raise NotEnoughData(
            "the cause does not vary: whatever goes with it cannot be told from anything else"
        )
    freedom = clusters.number - coefficients
    if freedom < 3:
        raise NotEnoughData(f"{clusters.number} records are too few for {coefficients} coefficients")
    size = float(x @ y) / spread
    residuals = y - size * x
    scaled = residuals / np.maximum(1 - leverage - x**2 / spread, 0.05)
    parts = totals_by_cluster(x * scaled, clusters).sums
    error = sqrt(float(parts @ parts)) / spread
    permuted = _permutation_p(y, x, layers.codes) if y.size <= MOST_PERMUTED else 0.0
    if error <= 1e-12 * max(1.0, abs(size)):
        return Effect(y.size, clusters.number, size, None, permuted if size else 1.0)
    p_value = max(permuted, float(2 * special.stdtr(freedom, -abs(size) / error)))
    interval = t_interval(size, error, degrees_of_freedom=freedom, confidence=confidence)
    return Effect(y.size, clusters.number, size, interval, p_value)


def effect_beyond(
    outcome: npt.ArrayLike,
    cause: npt.ArrayLike,
    measure: npt.ArrayLike,
    strata: npt.ArrayLike,
    groups: Groups,
    *,
    confidence: float = 0.95,
) -> Effect:
    """
    Estimate how much of an outcome goes with a cause beyond what another measure of the same thing shares.

    The size is that of `effect_of` with the measure held equal. A measure is itself noisy, and then some of
    what the cause truly brings is left over: the size alone would accuse a fair judge. So the p value is the
    largest of three: of the cause alone, of it with the measure held equal, and of the reverse, the measure
    by the cause with the outcome held equal, which for a fair judge has the other sign however noisy both are
    (reverse regression: Conway & Roberts 1983, J. Business & Economic Statistics 1:75; an intersection-union
    test, Berger 1982). Where the three do not point one way, p is 1. Arguments, and what raises, as in
    `effect_of`.
    """
    alone = effect_of(outcome, cause, strata, groups, confidence=confidence)
    held = effect_of(outcome, cause, strata, groups, given=measure, confidence=confidence)
    reverse = effect_of(measure, cause, strata, groups, given=outcome, confidence=confidence)
    agree = alone.size * held.size > 0 and held.size * reverse.size < 0
    return held._replace(p_value=max(alone.p_value, held.p_value, reverse.p_value) if agree else 1.0)


def apart_test(
    apart: npt.ArrayLike, groups: Groups, *, tolerated: float, confidence: float = 0.95
) -> ApartTest:
    """
    Test whether more than a tolerated share of identical texts is scored apart.

    Clopper & Pearson 1934: the interval, and the exact one-sided binomial p. Where texts share clusters n is
    the effective one, n over the design effect, never above n (Korn & Graubard 1998).

    Args:
        apart: 1 where the scores differ, 0 where they are equal; shape (n,).
        groups: What is independent, shape (n,).
        tolerated: The share that is nothing to speak of, a fraction in (0, 1).
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: Fewer than two clusters.
    """
    vector = as_vector(apart, "apart", at_least=2)
    clusters = several(as_clusters(groups, rows=vector.size))
    share = float(vector.mean())
    n = _effective(vector, totals_by_cluster(vector - share, clusters).sums, clusters.number)
    passed, failed, tail = share * n, (1 - share) * n, (1 - confidence) / 2
    low = float(special.betaincinv(passed, failed + 1, tail)) if passed > 0 else 0.0
    high = float(special.betaincinv(passed + 1, failed, 1 - tail)) if failed > 0 else 1.0
    # P(X >= passed) for X of n at the tolerated share, which the beta function extends to a fractional n.
    p_value = float(special.betainc(passed, failed + 1, tolerated)) if passed > 0 else 1.0
    return ApartTest(vector.size, share, Interval(low, high), p_value)


def self_preference_intervals(
    judged_good: npt.ArrayLike,
    is_good: npt.ArrayLike,
    is_own: npt.ArrayLike,
    groups: Groups,
    *,
    confidence: float = 0.95,
) -> SelfPreferenceIntervals:
    """
    Return `self_preference` (Wataoka et al. 2024, arXiv 2410.21819) of labelled responses with intervals.

    Each is a difference of two shares. One success and one failure are added to either share (Agresti & Caffo
    2000), so that shares of 0 and 1 have an interval; the variance is clustered by linearisation, for a
    record's own and other responses are not independent; t on clusters minus one.

    Args:
        judged_good: Whether the judge passes each response, shape (n,).
        is_good: Whether people pass it.
        is_own: Whether it is of the judge's own maker.
        groups: What is independent, shape (n,).
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: No good or no bad responses on one side, or fewer than two clusters.
    """
    said, good, own = (np.asarray(each, bool) for each in (judged_good, is_good, is_own))
    clusters = several(as_clusters(groups, rows=said.size))
    counts = [
        JudgeCounts(
            *(int((side & (good == g) & (said == s)).sum()) for g in (True, False) for s in (True, False))
        )
        for side in (own, ~own)
    ]
    measured = self_preference(*counts)
    intervals = []
    for kind in (good, ~good):
        sides = [kind & own, kind & ~own]
        shares = [(said[side].sum() + 1) / (side.sum() + 2) for side in sides]
        parts = np.zeros(clusters.number)
        variance = 0.0
        for sign, side, share in zip((1, -1), sides, shares, strict=True):
            n = int(side.sum()) + 2
            parts += sign * np.bincount(
                clusters.codes[side], weights=(said[side] - share) / n, minlength=clusters.number
            )
            # The two that were added are records of their own.
            variance += (share**2 + (1 - share) ** 2) / n**2
        correction = clusters.number / (clusters.number - 1)
        error = sqrt(correction * float(parts @ parts) + variance)
        margin = t_quantile(confidence, clusters.number - 1) * error
        middle = float(shares[0] - shares[1])
        intervals.append(Interval(max(-1.0, middle - margin), min(1.0, middle + margin)))
    return SelfPreferenceIntervals(measured, *intervals)


def slope_bounds(mine: npt.ArrayLike, theirs: npt.ArrayLike) -> tuple[float, float] | None:
    """
    Return between which slopes one judge's scores follow another's, whatever the noise of either.

    Both judges see the same quality, each with noise and with its own use of the scale. The regression of
    mine on theirs is too flat, the reverse one too steep: the true slope is between cov/var(theirs) and
    var(mine)/cov (Frisch 1934; Klepper & Leamer 1984, Econometrica 52:163). None where they do not vary
    together, and anything is possible.

    Args:
        mine: Scores of some responses, shape (n,).
        theirs: The other judge's scores of the same ones.

    Raises:
        NotEnoughData: Fewer than two responses.
        ValueError: Lengths differ, or NaN.
    """
    first, second = as_pairs(mine, theirs, at_least=2)
    first, second = first - first.mean(), second - second.mean()
    shared = float(first @ second)
    if shared <= 1e-9 * first.size:
        return None
    return shared / float(second @ second), float(first @ first) / shared


def _centred(values: Floats, codes: npt.NDArray[np.intp], sizes: npt.NDArray[np.intp]) -> Floats:
    centred: Floats = values - (np.bincount(codes, weights=values, minlength=sizes.size) / sizes)[codes]
    # What is left of equal values is rounding, and would pass for a spread.
    centred[np.abs(centred) < 1e-12 * max(1.0, float(np.abs(values).max()))] = 0.0
    return centred


def _effective(vector: Floats, residual_sums: Floats, clusters: int) -> float:
    share = float(vector.mean())
    binomial = share * (1 - share) / vector.size
    if binomial == 0 or clusters == vector.size:
        return float(clusters)
    variance = clusters / (clusters - 1) * float(residual_sums @ residual_sums) / vector.size**2
    return vector.size / max(1.0, variance / binomial)


def _permutation_p(y: Floats, x: Floats, codes: npt.NDArray[np.intp]) -> float:
    random = np.random.default_rng(0)
    draws = max(999, min(4_999, _MOST_DRAWN // y.size))
    sums = np.zeros(draws)
    for code in range(int(codes.max()) + 1):
        inside = codes == code
        causes = x[inside]
        for start in range(0, draws, 500):
            dealt = np.broadcast_to(causes, (min(500, draws - start), causes.size))
            sums[start : start + 500] += random.permuted(dealt, axis=1) @ y[inside]
    observed = abs(float(x @ y))
    hits = int(np.count_nonzero(np.abs(sums) >= observed * (1 - 1e-9) - 1e-12))
    return (hits + 1) / (draws + 1)
