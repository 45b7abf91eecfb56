"""A run among others of the same records: could any of them have been this one?"""

from math import exp, pi, sqrt

import numpy as np
import numpy.typing as npt
from scipy import special

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.vectors import Floats

# Records whose scores differ between runs, up to which all ways of exchanging are counted.
MOST_COUNTED = 1_000
_STEPS = 48


def exchange_p_value(
    now: npt.ArrayLike, earlier: npt.ArrayLike, *, groups: npt.ArrayLike | None = None
) -> float:
    """
    Test whether a run is one of several in which nothing changed.

    If nothing did, each record's scores are exchangeable between runs: any of them could have come in this
    one. The distribution of the run's sum over all such exchanges, within each record by itself (Fisher's
    randomisation in blocks; Lehmann 1975, *Nonparametrics*, chapter 6; for yes and no it is Cochran's and
    Mantel–Haenszel's conditional distribution), gives P(sum <= observed) and P(sum >= observed); p is twice
    the smaller, at most 1. Unlike t and sign flips it needs no symmetry: near the end of a scale a run
    without any failure differs from the mean of eight by many small steps in one direction, for nothing.

    With one earlier run this is the sign-flip test. Groups are exchanged as a whole. Counted on a grid of
    1/48 of the largest difference within a record, for at most `MOST_COUNTED` records (groups) whose scores
    differ; beyond that by Edgeworth's expansion to the fourth cumulant (Kolassa 2006, *Series Approximation
    Methods in Statistics*, chapter 3).

    Args:
        now: Scores of this run, shape (n,), no NaN.
        earlier: Of the other runs, shape (runs, n); NaN where there is none. Records without any are no help.
        groups: The cluster of each record, shape (n,); None when they are independent.

    Raises:
        NotEnoughData: No records.
    """
    scores = np.column_stack([np.asarray(now, np.float64), np.asarray(earlier, np.float64).T])
    if not scores.size:
        raise NotEnoughData("no records")
    known = np.isfinite(scores)
    centred = np.where(known, scores, 0.0)
    centred -= (centred.sum(axis=1) / known.sum(axis=1))[:, None]
    # A score that is not there moves nothing, whichever run it would have come in.
    centred[~known] = 0.0
    if groups is not None:
        centred, known = _by_group(centred, known, np.asarray(groups))
    largest = float(np.abs(centred).max())
    # Averages differ in their last bits; that is rounding and no difference.
    varying = np.abs(centred).max(axis=1) > 1e-9 * max(1.0, largest)
    centred, known = centred[varying], known[varying]
    if not centred.size:
        return 1.0
    if centred.shape[0] > MOST_COUNTED:
        return _by_expansion(centred, known)
    return _by_counting(centred, known)


def _by_group(
    centred: Floats, known: npt.NDArray[np.bool_], groups: npt.NDArray[np.generic]
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    _, codes = np.unique(groups, return_inverse=True)
    number = int(codes.max()) + 1
    runs = range(centred.shape[1])
    sums: Floats = np.column_stack(
        [np.bincount(codes, centred[:, run], minlength=number).astype(np.float64) for run in runs]
    )
    # A run that has any record of a group has the group.
    has = np.column_stack([np.bincount(codes, known[:, run], minlength=number) > 0 for run in runs])
    return sums, has


def _in_steps(centred: Floats, known: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], float]:
    """Return how many steps each score is above its record's lowest, and how large a step is."""
    lowest = np.where(known, centred, np.inf).min(axis=1, keepdims=True)
    above = np.where(known, centred - lowest, 0.0)
    largest = float(above.max())
    step = float(above[above > 1e-9 * largest].min())
    # Points of a scale are whole steps apart; averages of several judges need not be.
    if largest / step > _STEPS or np.abs(above / step - np.rint(above / step)).max() > 1e-6:
        step = largest / _STEPS
    return np.rint(above / step).astype(np.int64), step


def _by_counting(centred: Floats, known: npt.NDArray[np.bool_]) -> float:
    steps, _ = _in_steps(centred, known)
    observed = int(steps[:, 0].sum())
    shares = np.ones(1)
    # Short ones first: what is convolved grows.
    for row in np.argsort(steps.max(axis=1), kind="stable").tolist():
        one = np.bincount(steps[row][known[row]])
        shares = np.convolve(shares, one / one.sum())
    low, high = float(shares[: observed + 1].sum()), float(shares[observed:].sum())
    return min(1.0, 2 * min(low, high))


def _by_expansion(centred: Floats, known: npt.NDArray[np.bool_]) -> float:
    runs = known.sum(axis=1)
    mean = centred.sum(axis=1) / runs
    off = np.where(known, centred - mean[:, None], 0.0)
    second, third, fourth = (np.sum(off**power, axis=1) / runs for power in (2, 3, 4))
    spread = sqrt(float(second.sum()))
    skew = float(third.sum()) / spread**3
    excess = float((fourth - 3 * second**2).sum()) / spread**4
    # Half a step nearer: sums lie a step apart, and the observed one belongs to both tails.
    _, step = _in_steps(centred, known)
    total, half = float(off[:, 0].sum()), step / 2
    high, low = (total - half) / spread, (-total - half) / spread
    return min(1.0, 2 * min(_upper(high, skew, excess), _upper(low, -skew, excess)))


def _upper(z: float, skew: float, excess: float) -> float:
    """Return P(Z >= z) of a sum with these cumulants."""
    density = exp(-z * z / 2) / sqrt(2 * pi)
    terms = skew / 6 * (z**2 - 1) + excess / 24 * (z**3 - 3 * z) + skew**2 / 72 * (z**5 - 10 * z**3 + 15 * z)
    return min(1.0, max(0.0, float(special.ndtr(-z)) + density * terms))
