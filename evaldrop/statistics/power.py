"""What difference a dataset can show, and how many records a difference needs."""

from functools import cache
from math import log2, sqrt

import numpy as np
from scipy import special

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.vectors import Floats, check_fraction


def detectable_difference(
    standard_error: float,
    *,
    records: int,
    step: float = 0.0,
    level: float = 0.05,
    power: float = 0.8,
    least: float = 0.0,
    reach: float = 0.0,
    widened: float = 1.0,
) -> float:
    """
    Return the smallest true difference that a comparison as uncertain as this one would have decided.

    A difference X is decided when it is beyond max(t(1 - level/2) · SE(X), least) and what is missing, with
    chance `power`: X = max(t(1 - level/2) · SE(X), least) + t(power) · SE(X) + reach, solved for X, after
    Miller 2024, section 5. A difference makes scores vary more: changes by `step` in some records add up to
    X · step - X² to the variance of a record, SE(X)² = SE² + (X · step - X²)/n where that is above 0 (for
    yes/no scores McNemar's own variance; Connor 1987, Biometrics 43:207). And it takes changes to decide: of
    k records that change alike the sign-flip test's p is 2^(1 - k), so a share q = X/step of them must be at
    least k/n + z(power) · √(q(1 - q)/n), with the k of the level.

    Args:
        standard_error: Of the difference, in the scores' unit.
        records: n, independent records or clusters, 2 or more.
        step: How large a change of a record is, where there is one; 0 where all change a little.
        level: Two-sided chance of a false alarm, after any correction: level/m for m comparisons.
        power: A fraction in (0, 1).
        least: What a difference must be beyond besides.
        reach: What missing scores may take from it.
        widened: How many times t the test's interval has, for skewed differences.

    Raises:
        ValueError: standard_error is negative or NaN, or level or power lies outside (0, 1).
    """
    if not standard_error >= 0:
        raise ValueError(f"a standard error is 0 or more, got {standard_error}")
    freedom = max(1, records - 1)
    to_decide = float(special.stdtrit(freedom, 1 - check_fraction(level, "level") / 2))
    to_reach = float(special.stdtrit(freedom, check_fraction(power, "power")))
    least_share = (1 + log2(1 / level)) / records
    share = least_share
    found, quantile = 0.0, float(special.ndtri(power))
    # Each round's variance is that of the round before: it rises by ever less.
    for _ in range(50):
        before = (found, share)
        error = sqrt(standard_error**2 + max(0.0, found * step - found**2) / records)
        share = least_share + quantile * sqrt(max(0.0, share - share**2) / records)
        found = max(max(widened * to_decide * error, least) + to_reach * error, step * share)
        if (found, share) == before:
            break
    return found + reach


def minimum_detectable_difference(
    records: int,
    *,
    between: float,
    within_a: float = 0.0,
    within_b: float = 0.0,
    repeats_a: int = 1,
    repeats_b: int = 1,
    level: float = 0.05,
    power: float = 0.8,
) -> float:
    """
    Return the smallest paired difference `records` records can show (Miller 2024, arXiv 2411.00640, section
    5).

    (z(1 - level/2) + z(power)) √((ω² + σ_a²/K_a + σ_b²/K_b)/n); in the scores' unit.

    Args:
        records: n, independent records (clusters, where records are clustered).
        between: ω², variance over records of the difference of the two candidates' expected scores.
        within_a: σ_a², variance of one candidate's score on a record, from response to response.
        within_b: σ_b², the same for the other.
        repeats_a: K_a, responses to each record.
        repeats_b: K_b.
        level: Two-sided chance of a false alarm, a fraction in (0, 1).
        power: Chance of seeing a difference of that size, a fraction in (0, 1).

    Raises:
        NotEnoughData: No records.
        ValueError: A variance is negative, repeats are below 1, or level or power lies outside (0, 1).
    """
    if records < 1:
        raise NotEnoughData(f"{records} records can show no difference; at least 1 is needed")
    variance = _variance(between, within_a, within_b, repeats_a, repeats_b)
    return _z_sum(level, power) * sqrt(variance / records)


def required_records(
    difference: float,
    *,
    between: float,
    within_a: float = 0.0,
    within_b: float = 0.0,
    repeats_a: int = 1,
    repeats_b: int = 1,
    level: float = 0.05,
    power: float = 0.8,
) -> float:
    """
    Return how many records a paired difference needs to be seen; round up (Miller 2024, section 5).

    (z(1 - level/2) + z(power))² (ω² + σ_a²/K_a + σ_b²/K_b)/δ², δ in the scores' unit; a ValueError when it is
    0 or NaN, since no number of records shows it. Arguments, and what raises, as in
    `minimum_detectable_difference`.
    """
    variance = _variance(between, within_a, within_b, repeats_a, repeats_b)
    # Not `== 0`, which NaN would pass.
    if not abs(difference) > 0:
        raise ValueError("no number of records shows a difference of 0; state the difference that matters")
    return _z_sum(level, power) ** 2 * variance / difference**2


def paired_t_power(records: float, *, effect: float, level: float = 0.05) -> float:
    """
    Return the chance that a two-sided paired t test sees a standardised effect.

    From the noncentral t distribution with n - 1 degrees of freedom and noncentrality effect · √n (Cohen
    1988, chapter 2).

    Args:
        records: n, more than 1; not necessarily whole.
        effect: Mean difference over its standard deviation; no unit.
        level: Two-sided, a fraction in (0, 1).

    Raises:
        NotEnoughData: One record or fewer.
        ValueError: level outside (0, 1).
    """
    if not records > 1:
        raise NotEnoughData(f"{records} records have no t test; more than 1 is needed")
    freedom, shift = records - 1, abs(effect) * sqrt(records)
    critical = special.stdtrit(freedom, 1 - check_fraction(level, "level") / 2)
    # special.nctdtr gives NaN for few records and large effects, so the noncentral t is integrated here: over
    # the sample's spread s/sigma, whose quantiles are taken at evenly spaced normal ones.
    grid, weights = _normal_grid()
    spreads = np.sqrt(special.gammaincinv(freedom / 2, special.ndtr(grid)) * 2 / freedom)
    seen = special.ndtr(shift - critical * spreads) + special.ndtr(-shift - critical * spreads)
    return float(weights @ seen)


def detectable_effect_paired_t(records: int, *, level: float = 0.05, power: float = 0.8) -> float:
    """
    Return the smallest standardised effect mean(d)/sd(d) a paired t test sees (Cohen 1988, chapter 2).

    Solves `paired_t_power` for the effect, `power` being its result, a fraction in (0, 1).
    Arguments, and what raises, as in `paired_t_power`.
    """
    # Bisection, because scipy.optimize costs more to import than these evaluations take.
    check_fraction(power, "power")
    low, high = 0.0, 2.0
    # Two records need an effect far above any fixed bound, so the bound is looked for.
    while paired_t_power(records, effect=high, level=level) < power:
        low, high = high, 2 * high
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        is_seen = paired_t_power(records, effect=middle, level=level) >= power
        low, high = (low, middle) if is_seen else (middle, high)
    return high


@cache
def _normal_grid() -> tuple[Floats, Floats]:
    # Beyond 8 a normal has about 1e-15: nothing that a power could show.
    grid = np.linspace(-8.0, 8.0, 321)
    density = np.exp(-(grid**2) / 2)
    return grid, np.asarray(density / density.sum(), dtype=np.float64)


def _z_sum(level: float, power: float) -> float:
    tail = 1 - check_fraction(level, "level") / 2
    return float(special.ndtri(tail)) + float(special.ndtri(check_fraction(power, "power")))


def _variance(between: float, within_a: float, within_b: float, repeats_a: int, repeats_b: int) -> float:
    if not min(between, within_a, within_b) >= 0:
        raise ValueError(f"variances are 0 or more, got {between}, {within_a} and {within_b}")
    if min(repeats_a, repeats_b) < 1:
        raise ValueError(f"repeats are 1 or more, got {repeats_a} and {repeats_b}")
    return between + within_a / repeats_a + within_b / repeats_b
