"""Strengths of candidates from pairwise preferences (Bradley–Terry), ties counting half for each side."""

from math import log

import numpy as np
import numpy.typing as npt
from scipy import special

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.vectors import Floats

# A likelihood that is concave is climbed in about ten steps; the rest is room for extreme records.
_NEWTON_STEPS = 200


def bradley_terry(wins: npt.ArrayLike, *, prior: float = 0.0) -> Floats:
    """
    Return the maximum-likelihood log strengths, centred on 0.

    P(i beats j) = 1/(1 + e^(t_j - t_i)) (Bradley & Terry 1952), by Newton's method with step halving.

    Args:
        wins: wins[i, j] is how often i beat j, a tie being half a win for each; shape (k, k), diagonal
            ignored.
        prior: Pseudo-wins given to each side of every pair. A candidate that wins or loses everything has an
            infinite strength without. Say so where it is shown.

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
