"""Bootstrap intervals by resampling whole clusters, with memory that does not grow with the resamples."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from evaldrop.statistics.intervals import Interval
from evaldrop.statistics.vectors import Ints, as_vector, check_fraction

# Counts held at once, 8 bytes each and a few copies of them.
_CHUNK = 2_000_000


def resample_counts(copies: npt.ArrayLike, *, resamples: int, seed: int) -> Iterator[Ints]:
    """
    Draw how often each unit occurs in each bootstrap resample, a bounded block of resamples at a time.

    Multinomial counts: what drawing with replacement gives (Efron & Tibshirani 1993, chapter 6).

    Args:
        copies: How many equal units each entry stands for, shape (units,); ones when all differ.
        resamples: How many in all.
        seed: Of the draw.

    Yields:
        Blocks of shape (some resamples, units); every row sums to the sum of `copies`.

    Raises:
        ValueError: resamples is below 1.
    """
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")
    weights = np.asarray(copies, dtype=np.intp)
    total, random = int(weights.sum()), np.random.default_rng(seed)
    # At least 1, for a single resample of very many units is larger than a block.
    rows = max(1, _CHUNK // weights.size)
    for start in range(0, resamples, rows):
        block = min(rows, resamples - start)
        if weights.size < total:
            yield random.multinomial(total, weights / total, size=block).astype(np.intp)
        else:
            yield _count_draws(random, units=total, block=block)


def percentile_interval(distribution: npt.ArrayLike, *, confidence: float = 0.95) -> Interval:
    """
    Return the equal-tailed quantiles of a bootstrap distribution, interpolated linearly (Efron & Tibshirani
    1993, chapter 13).

    Args:
        distribution: The statistic in every resample, shape (resamples,).
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: An empty distribution.
        ValueError: NaN, or confidence outside (0, 1).
    """
    values = as_vector(distribution, "resampled statistics")
    tail = (1 - check_fraction(confidence, "confidence")) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(float(low), float(high))


def _count_draws(random: np.random.Generator, *, units: int, block: int) -> Ints:
    draws = random.integers(units, size=(block, units))
    # Each resample gets numbers of its own, so that one bincount serves the whole block.
    draws += np.arange(block)[:, None] * units
    return np.bincount(draws.ravel(), minlength=block * units).reshape(block, units)
