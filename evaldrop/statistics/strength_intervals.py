"""Intervals of Bradley–Terry strengths that hold with few records, and where somebody wins everything."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy import special

from evaldrop.statistics.bradley_terry import bradley_terry, elo_scale
from evaldrop.statistics.clusters import Groups, several
from evaldrop.statistics.intervals import Interval, t_quantile
from evaldrop.statistics.vectors import Floats, Ints, as_clusters

# Steps of Newton's method at one place, of the search for a bracket, and of halving it.
_NEWTON_STEPS, _WIDENINGS, _HALVINGS = 60, 60, 24


class Games(NamedTuple):
    """
    Comparisons of two candidates, 0..k-1, all of shape (games,).

    `scores` are what the first was given, 1, ½ or 0; `records` tell which games are not independent.
    """

    first: Ints
    second: Ints
    scores: Floats
    records: Groups


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedStrengths:
    """
    Strengths of candidates 0..k-1.

    `log_strengths` have mean 0; `elo` is `elo_scale` of them. `prior` is the pseudo-wins they were made with,
    to be said beside them.
    """

    log_strengths: Floats
    intervals: list[Interval]
    elo: Floats
    elo_intervals: list[Interval]
    prior: float
    confidence: float


class _Fit(NamedTuple):
    """A fit: its win table with the prior, how often each pair met, strengths, and its log likelihood."""

    wins: Floats
    games: Floats
    strengths: Floats
    height: float


def strength_estimates(games: Games, candidates: int, *, confidence: float = 0.95) -> FittedStrengths:
    """
    Estimate strengths with profile penalised likelihood intervals (Heinze & Schemper 2002, Statistics in
    Medicine 21:2409).

    The penalty is 1/k pseudo-wins for each side of every pair that met: with two candidates Firth's half a
    win (Firth 1993, Biometrika 80:27), with more what his penalty gives a pair on average. It keeps the
    strength of one that wins everything finite, and the likelihood keeps its upper end far away. An interval
    is where twice the loss of log likelihood is below φ · t², t of records - 1 degrees of freedom; φ is how
    much more a strength varies than independent games without ties would let it (the adjustment of Rotnitzky
    & Jewell 1990): the larger of what records show and of what single games do.

    Args:
        games: The comparisons.
        candidates: k, two or more.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: Fewer than two records or candidates, or some that never met the others.
        ValueError: Shapes do not fit, or confidence outside (0, 1).
    """
    units = several(as_clusters(games.records, rows=len(games.scores)))
    prior = 1 / candidates
    fit = _fitted(games, candidates, prior)
    errors, excess = _spread(games, units.codes, units.number, fit, prior)
    quantile = t_quantile(confidence, units.number - 1)
    half_widths = _half_widths(fit, excess * quantile**2 / 2, errors * quantile)
    found = [
        Interval(float(at - below), float(at + above))
        for at, below, above in zip(fit.strengths, *half_widths, strict=True)
    ]
    return FittedStrengths(
        log_strengths=fit.strengths,
        intervals=found,
        elo=elo_scale(fit.strengths),
        elo_intervals=[Interval(*elo_scale(one).tolist()) for one in found],
        prior=prior,
        confidence=confidence,
    )


def _fitted(games: Games, candidates: int, prior: float) -> _Fit:
    wins = np.zeros((candidates, candidates))
    # Not `+=`, which counts a place once however often it is indexed.
    np.add.at(wins, (games.first, games.second), games.scores)
    np.add.at(wins, (games.second, games.first), 1 - games.scores)
    # Two that never met have no pseudo-wins either: with one baseline most pairs are such.
    wins += prior * (wins + wins.T > 0)
    strengths = bradley_terry(wins)
    return _Fit(wins, wins + wins.T, strengths, float(_heights(wins, strengths[None])[0]))


def _spread(games: Games, codes: Ints, number: int, fit: _Fit, prior: float) -> tuple[Floats, Floats]:
    """Return each strength's standard error, and φ: its variance over that of independent games."""
    k = len(fit.strengths)
    chances = special.expit(np.subtract.outer(fit.strengths, fit.strengths))
    contrasts = np.eye(k) - 1 / k
    # Adding 1/k fixes the constant to which strengths are free, and leaves the contrasts as they are.
    inverse = contrasts @ np.linalg.inv(_laplacian(fit.games * chances * (1 - chances)) + 1 / k)
    residuals = games.scores - chances[games.first, games.second]
    by_record = np.zeros((number, k))
    np.add.at(by_record, (codes, games.first), residuals)
    np.add.at(by_record, (codes, games.second), -residuals)
    by_game = np.zeros((k, k))
    np.add.at(by_game, (games.first, games.second), residuals**2)
    # A pseudo-win is a game as others: where all games agree, they alone show a spread.
    pseudo = _laplacian(prior * (fit.games > 0) * (chances**2 + (1 - chances) ** 2))
    records = by_record.T @ by_record * (number / (number - 1)) + pseudo
    single = _laplacian(by_game + by_game.T) + pseudo
    model = np.diag(inverse)
    seen = [np.einsum("ij,jk,ik->i", inverse, score, inverse) for score in (records, single)]
    variance = np.maximum(*seen)
    return np.sqrt(variance), variance / model


def _laplacian(weights: Floats) -> Floats:
    return np.asarray(np.diag(weights.sum(axis=1)) - weights, dtype=np.float64)


def _half_widths(fit: _Fit, allowed: Floats, guess: Floats) -> tuple[Floats, Floats]:
    """Return how far below and above its estimate each strength loses the allowed log likelihood."""
    k = len(fit.strengths)
    places, signs = np.tile(np.arange(k), 2), np.repeat([-1.0, 1.0], k)
    limits, at = np.tile(allowed, 2), np.tile(fit.strengths, (2, 1)).ravel()
    paths = np.tile(fit.strengths, (2 * k, 1))
    near, far = np.zeros(2 * k), np.tile(guess, 2)
    for _ in range(_WIDENINGS):
        paths, heights = _profiles(fit, paths, places, at + signs * far)
        inside = fit.height - heights < limits
        if not inside.any():
            break
        near, far = np.where(inside, far, near), np.where(inside, far * 1.6, far)
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        paths, heights = _profiles(fit, paths, places, at + signs * middle)
        inside = fit.height - heights < limits
        near, far = np.where(inside, middle, near), np.where(inside, far, middle)
    return far[:k], far[k:]


def _profiles(fit: _Fit, starts: Floats, places: Ints, values: Floats) -> tuple[Floats, Floats]:
    """
    Return the likeliest strengths in which one is held at a value, and their log likelihood, for many at
    once.

    Newton's method on the Lagrangian, a row for each; the strength at `places[row]` is less the mean of all.
    """
    rows, k = starts.shape
    contrasts = np.eye(k)[places] - 1 / k
    held = (contrasts * starts).sum(axis=1)
    strengths = starts + contrasts * ((values - held) / (1 - 1 / k))[:, None]
    heights = _heights(fit.wins, strengths)
    system, right = np.zeros((rows, k + 1, k + 1)), np.zeros((rows, k + 1, 1))
    system[:, :k, k] = system[:, k, :k] = contrasts
    diagonal = np.arange(k)
    for _ in range(_NEWTON_STEPS):
        chances = special.expit(strengths[:, :, None] - strengths[:, None, :])
        right[:, :k, 0] = (fit.wins - fit.games * chances).sum(axis=2)
        weights = fit.games * chances * (1 - chances)
        # The tiny part keeps it regular where a chance is 1 to the last bit.
        system[:, :k, :k] = 1 / k - weights
        system[:, diagonal, diagonal] += weights.sum(axis=2) + 1e-10
        steps = np.linalg.solve(system, right)[:, :k, 0]
        gains = (steps * right[:, :k, 0]).sum(axis=1)
        strengths, heights = _climbed(fit.wins, strengths, heights, steps)
        if (gains < 1e-9 * (1 + np.abs(heights))).all():
            break
    return strengths, heights


def _climbed(wins: Floats, starts: Floats, heights: Floats, steps: Floats) -> tuple[Floats, Floats]:
    share = np.ones(len(starts))
    for _ in range(40):
        reached = starts + share[:, None] * steps
        found = _heights(wins, reached)
        # A full step overshoots on lopsided games; the slack is for rounding at the top.
        lower = found < heights - 1e-9 * np.abs(heights)
        if not lower.any():
            break
        share = np.where(lower, share / 2, share)
    return reached, found


def _heights(wins: Floats, strengths: Floats) -> Floats:
    # The log of expit would be -inf where strengths are far apart, and 0 · -inf NaN.
    logs = special.log_expit(strengths[:, :, None] - strengths[:, None, :])
    return np.asarray((wins * logs).sum(axis=(1, 2)), dtype=np.float64)
