"""
How often intervals of win rates and of Bradley–Terry strengths hold the truth; the tables of docs/method.md.

    python -m benchmarks.preferences
    python -m benchmarks.preferences --repeats 2000

Win rates are exact: every count of wins, losses and ties is gone through. Strengths are simulated.
"""

import argparse
from collections.abc import Iterator, Sequence
from itertools import combinations
from math import log

import numpy as np
import numpy.typing as npt
from scipy import special

from evaldrop.statistics.preferences import win_rate
from evaldrop.statistics.strength_intervals import Games, strength_estimates

SIZES = (10, 20, 50, 100, 300)
RATES = (0.5, 0.7, 0.9, 0.98)
TIES = (0.0, 0.1, 0.3, 0.6)


def rate_rows(sizes: Sequence[int] = SIZES) -> Iterator[list[str]]:
    """Yield, by size, the least coverage over all shares of ties, and the most false passes of a gate."""
    for n in sizes:
        counts = [(wins, losses) for wins in range(n + 1) for losses in range(n + 1 - wins)]
        bounds = np.array([_interval(n, *count) for count in counts])
        cells = []
        for rate in RATES:
            chances = [
                _chances(n, np.array(counts), rate, ties) for ties in TIES if ties <= 2 * (1 - rate) + 1e-9
            ]
            above, below = bounds[:, 0] > rate + 1e-12, bounds[:, 1] < rate - 1e-12
            least = min(1 - chance[above | below].sum() for chance in chances)
            passed = max(chance[above].sum() for chance in chances)
            cells.append(f"{100 * least:.1f}, {100 * passed:.1f}")
        yield [str(n), *cells]


def strength_rows(repeats: int) -> Iterator[list[str]]:
    """Yield, by world and number of candidates, the coverage for each number of records."""
    for name, world in WORLDS.items():
        for candidates in (3, 6):
            covered = [_coverage(world(candidates), n, repeats) for n in SIZES]
            yield [name, str(candidates), *(f"{100 * each:.1f}" for each in covered)]


def _ladder(candidates: int) -> npt.NDArray[np.float64]:
    return np.arange(candidates) * _log_odds(0.7)


def _one_at(rate: float, candidates: int) -> npt.NDArray[np.float64]:
    return np.r_[np.zeros(candidates - 1), _log_odds(rate)]


def _log_odds(rate: float) -> float:
    return log(rate / (1 - rate))


WORLDS = {
    "all alike": np.zeros,
    "each beats the next in 70 %": _ladder,
    "one beats all others in 90 %": lambda candidates: _one_at(0.9, candidates),
    "one beats all others in 98 %": lambda candidates: _one_at(0.98, candidates),
}


def _interval(n: int, wins: int, losses: int) -> tuple[float, float]:
    return tuple(win_rate(np.repeat([1.0, 0.0, 0.5], [wins, losses, n - wins - losses])).interval())


def _chances(n: int, counts: npt.NDArray[np.int_], rate: float, ties: float) -> npt.NDArray[np.float64]:
    wins, losses = counts.T
    logs = special.gammaln(n + 1)
    for number, chance in ((wins, rate - ties / 2), (losses, 1 - rate - ties / 2), (n - wins - losses, ties)):
        logs = logs - special.gammaln(number + 1) + special.xlogy(number, max(chance, 0.0))
    return np.asarray(np.exp(logs))


def _coverage(strengths: npt.NDArray[np.float64], n: int, repeats: int) -> float:
    """Return how often intervals hold, over worlds with and without ties and noise of records."""
    held = []
    for ties in (0.0, 0.3):
        random = np.random.default_rng(n)
        truth = strengths - strengths.mean()
        for _ in range(repeats // 2):
            low, high = np.array(
                strength_estimates(_games(random, strengths, n, ties), len(truth)).intervals
            ).T
            held.append(((low <= truth) & (truth <= high)).mean())
    return float(np.mean(held))


def _games(random: np.random.Generator, strengths: npt.NDArray[np.float64], n: int, ties: float) -> Games:
    first, second = np.array(list(combinations(range(len(strengths)), 2))).T
    chance = special.expit(strengths[first] - strengths[second])
    even = ties * 2 * np.minimum(chance, 1 - chance)
    draw = random.random((n, first.size))
    scores = np.where(draw < even, 0.5, np.where(draw < chance + even / 2, 1.0, 0.0))
    return Games(np.tile(first, n), np.tile(second, n), scores.ravel(), np.repeat(np.arange(n), first.size))


def main() -> None:
    """Print both tables as Markdown."""
    parser = argparse.ArgumentParser(description="How often intervals of preferences hold the truth")
    parser.add_argument("--repeats", type=int, default=400, help="simulated runs per cell")
    repeats = parser.parse_args().repeats
    print("| pairs |" + "".join(f" {100 * rate:.0f} % |" for rate in RATES))
    print("|---|" + "---|" * len(RATES))
    for row in rate_rows():
        print("| " + " | ".join(row) + " |", flush=True)
    print("\n| strengths | candidates |" + "".join(f" {n} records |" for n in SIZES))
    print("|---|---|" + "---|" * len(SIZES))
    for row in strength_rows(repeats):
        print("| " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    main()
