"""Strengths of candidates from pairwise preferences (Bradley–Terry), ties counting half for each side."""

from dataclasses import dataclass
from math import log

import numpy as np
import numpy.typing as npt
from scipy import special

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.bootstrap import percentile_interval, resample_counts
from evaldrop.statistics.clusters import Groups, several
from evaldrop.statistics.intervals import Interval
from evaldrop.statistics.vectors import Floats, as_clusters

# A likelihood that is concave is climbed in about ten steps; the rest is room for extreme records.
_NEWTON_STEPS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedStrengths:
    """
    Strengths of candidates 0..k-1.

    `log_strengths` have mean 0; `elo` is `elo_scale` of them; the intervals are percentile bootstrap
    intervals over records, one per candidate. `prior` is the pseudo-wins they were made with, to be said
    beside them.
    """

    log_strengths: Floats
    intervals: list[Interval]
    elo: Floats
    elo_intervals: list[Interval]
    prior: float
    confidence: float


def bradley_terry(wins: npt.ArrayLike, *, prior: float = 0.0) -> Floats:
    """
    Return the maximum-likelihood log strengths, centred on 0.

    P(i beats j) = 1/(1 + e^(t_j - t_i)) (Bradley & Terry 1952), by Newton's method with step halving.

    Args:
        wins: wins[i, j] is how often i beat j, a tie being half a win for each; shape (k, k), diagonal
            ignored.
        prior: Pseudo-wins given to each side of every pair. A candidate that wins or loses everything has an
            infinite strength without; 0.01 keeps it finite and moves the others little. Say so where it is
            shown.

    Raises:
        NotEnoughData: Fewer than two candidates, or, with prior 0, some candidates never lose to the others
            or never meet them, so that no finite strengths fit.
        ValueError: Not a square table, negative or NaN wins, or a negative prior.
    """
    table = _checked_wins(wins, prior)
    # Checked first: where no finite maximum exists, strengths grow with every step and look like a result.
    if not _is_strongly_connected(table):
        raise NotEnoughData(
            "some candidates won all their comparisons with the others, or had none: their strength is "
            "infinite or unknown. Give a small prior (0.01) and say so"
        )
    strengths = np.zeros(len(table))
    games = table + table.T
    for _ in range(_NEWTON_STEPS):
        step, gain = _newton_step(table, games, strengths)
        height = _log_likelihood(table, strengths)
        # A full step overshoots on lopsided, sparse games.
        # The slack: at the top rounding alone would halve the step for ever.
        while _log_likelihood(table, strengths + step) < height - 1e-9 * abs(height):
            step = step / 2
        strengths = strengths + step
        # Steps square their error: the next one would move nothing that can be seen.
        if gain < 1e-12 * (1 - height):
            break
    return np.asarray(strengths - strengths.mean(), dtype=np.float64)


def bradley_terry_intervals(
    wins: npt.ArrayLike,
    records: Groups,
    *,
    seed: int,
    prior: float = 0.01,
    resamples: int = 1_000,
    confidence: float = 0.95,
) -> FittedStrengths:
    """
    Estimate strengths with percentile bootstrap intervals that resample whole records (Efron & Tibshirani
    1993, chapter 13).

    Args:
        wins: One win table per comparison or group of comparisons, shape (rows, k, k).
        records: The record (or group) each row belongs to, shape (rows,).
        seed: Of the resampling.
        prior: As in `bradley_terry`; above 0, since a resample may lack a candidate's only loss.
        resamples: How many.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: Fewer than two records or candidates.
        ValueError: Shapes do not fit, negative or NaN wins, prior not positive, or confidence outside (0, 1).
    """
    # Not `prior <= 0`, which NaN would pass.
    if not prior > 0:
        raise ValueError("the bootstrap needs a prior above 0: a resample may lack a candidate's only loss")
    tables = _wins_by_record(wins, records)
    candidates = tables.shape[1]
    observed = bradley_terry(tables.sum(axis=0), prior=prior)
    flat = tables.reshape(len(tables), -1)
    # Records with the same outcome are drawn together: with few candidates there are only a few dozen kinds.
    kinds, copies = np.unique(flat, axis=0, return_counts=True)
    draws = [
        bradley_terry(total.reshape(candidates, candidates), prior=prior)
        for counts in resample_counts(copies, resamples=resamples, seed=seed)
        for total in counts @ kinds
    ]
    columns = np.stack(draws, axis=1)
    return FittedStrengths(
        log_strengths=observed,
        intervals=[percentile_interval(column, confidence=confidence) for column in columns],
        elo=elo_scale(observed),
        elo_intervals=[percentile_interval(elo_scale(row), confidence=confidence) for row in columns],
        prior=prior,
        confidence=confidence,
    )


def elo_scale(log_strengths: npt.ArrayLike) -> Floats:
    """
    Return 1000 + 400/ln 10 · t: a gap of 400 is odds of 10 to 1 (Elo 1978; not online Elo, where order
    matters).

    Args:
        log_strengths: Natural log strengths, shape (candidates,). Raises nothing; NaN stays NaN.
    """
    return np.asarray(1000 + 400 / log(10) * np.asarray(log_strengths, dtype=np.float64), dtype=np.float64)


def _checked_wins(wins: npt.ArrayLike, prior: float) -> Floats:
    # A copy, since the prior is added in place: asarray would change the caller's wins.
    table = np.array(wins, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(f"wins must be a square table, got shape {table.shape}")
    if not (np.isfinite(table).all() and (table >= 0).all() and prior >= 0):
        raise ValueError("wins and prior are 0 or more, and finite")
    if len(table) < 2:
        raise NotEnoughData("strengths need at least two candidates")
    table += prior
    np.fill_diagonal(table, 0.0)
    return table


def _is_strongly_connected(table: Floats) -> bool:
    # Less than this is no comparison but rounding, and would make the curvature singular.
    reach = (table > 1e-9) | np.eye(len(table), dtype=bool)
    for through in range(len(table)):
        reach |= np.outer(reach[:, through], reach[through])
    return bool(reach.all())


def _newton_step(table: Floats, games: Floats, strengths: Floats) -> tuple[Floats, float]:
    chances = special.expit(np.subtract.outer(strengths, strengths))
    gradient = (table - games * chances).sum(axis=1)
    weights = games * chances * (1 - chances)
    curvature = np.diag(weights.sum(axis=1)) - weights
    # Strengths are free up to a constant; adding 1/k fixes it at 0 and leaves the rest as it is.
    step = np.linalg.solve(curvature + 1 / len(table), gradient)
    return step, float(gradient @ step)


def _log_likelihood(table: Floats, strengths: Floats) -> float:
    # The log of expit would be -inf where strengths are far apart, and 0 · -inf NaN.
    return float((table * special.log_expit(np.subtract.outer(strengths, strengths))).sum())


def _wins_by_record(wins: npt.ArrayLike, records: Groups) -> Floats:
    rows = np.asarray(wins, dtype=np.float64)
    if rows.ndim != 3 or rows.shape[1] != rows.shape[2]:
        raise ValueError(f"wins must be one square table per row, got shape {rows.shape}")
    clusters = several(as_clusters(records, rows=len(rows)))
    tables = np.zeros((clusters.number, *rows.shape[1:]))
    # `tables[codes] += rows` would add only one row of each record.
    np.add.at(tables, clusters.codes, rows)
    return tables
