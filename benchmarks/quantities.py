"""
How often intervals of latencies, prices and agreement hold the truth; the tables of docs/method.md.

    python -m benchmarks.quantities
    python -m benchmarks.quantities --repeats 4000

Everything is simulated with fixed seeds, through the functions that a scorecard calls.
"""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.intervals import Interval, mean_estimate
from evaldrop.statistics.quantiles import quantile_estimates
from evaldrop.statistics.resampled import kappa_interval
from evaldrop.statistics.skewed import amount_interval
from evaldrop.statistics.vectors import Floats

SIZES = (20, 87, 300, 1000)
QUANTILES = (0.5, 0.9, 0.99)
Draw = Callable[[np.random.Generator, int], Floats]

LATENCIES: Mapping[str, Draw] = {
    "lognormal": lambda random, n: random.lognormal(size=n),
    "two peaks": lambda random, n: np.where(random.random(n) < 0.12, 50, 10) + random.normal(size=n),
    "Pareto 1.5": lambda random, n: random.pareto(1.5, n),
}
# Costs per record and their mean: a lognormal's standard deviation is of its logarithm.
COSTS: Mapping[str, tuple[Draw, float]] = {
    "lognormal 0.5": (lambda random, n: random.lognormal(sigma=0.5, size=n), float(np.exp(0.125))),
    "lognormal 1": (lambda random, n: random.lognormal(size=n), float(np.exp(0.5))),
    "Pareto 3": (lambda random, n: random.pareto(3, n) + 0.2, 0.7),
    "1 in 20 ten times": (
        lambda random, n: np.where(random.random(n) < 0.05, 10, 1) + random.random(n) / 2, 1.7
    ),
}  # fmt: skip
# People's share of passes, and what share of passes and of fails the judge sees.
JUDGES = ((0.5, 0.8, 0.8), (0.5, 0.975, 0.975), (0.9, 0.98, 0.9), (0.95, 0.97, 0.6))


def latency_rows(repeats: int) -> Iterator[list[str]]:
    """Yield, by shape and size, how often a percentile is beyond its lower and its upper end, in percent."""
    for name, draw in LATENCIES.items():
        random = np.random.default_rng(1)
        truth = np.quantile(draw(random, 4_000_000), QUANTILES)
        for n in SIZES:
            missed = np.zeros((len(QUANTILES), 2))
            for _ in range(repeats):
                for place, one in enumerate(quantile_estimates(draw(random, n), QUANTILES)):
                    missed[place, 0] += one.low is not None and one.low > truth[place]
                    missed[place, 1] += one.high is not None and one.high < truth[place]
            yield [
                name,
                str(n),
                *(" / ".join(f"{share:.1f}" for share in row) for row in 100 * missed / repeats),
            ]


def cost_rows(repeats: int) -> Iterator[list[str]]:
    """Yield, by shape and size, what Student's interval and ours cover, and how often their upper end is low."""
    for name, (draw, truth) in COSTS.items():
        random = np.random.default_rng(2)
        for n in SIZES:
            samples = [draw(random, n) for _ in range(repeats)]
            students = [mean_estimate(sample).interval for sample in samples]
            ours = [amount_interval(sample, np.ones(n)) for sample in samples]
            yield [name, str(n), *_held(students, truth), *_held(ours, truth)]


def kappa_rows(repeats: int) -> Iterator[list[str]]:
    """Yield, by judge and size, kappa and the coverage of its interval, in percent."""
    for passing, sensitivity, specificity in JUDGES:
        table = np.array([
            [(1 - passing) * specificity, (1 - passing) * (1 - specificity)],
            [passing * (1 - sensitivity), passing * sensitivity],
        ])  # fmt: skip
        by_chance = float(table.sum(axis=0) @ table.sum(axis=1))
        truth = (float(np.trace(table)) - by_chance) / (1 - by_chance)
        random, cells = np.random.default_rng(3), []
        for n in (10, 20, 50, 100, 300):
            found = []
            for _ in range(repeats):
                drawn = random.choice(4, size=n, p=table.ravel())
                try:
                    found.append(kappa_interval(drawn // 2, drawn % 2, range(n)))
                except NotEnoughData:
                    continue  # one answer alone: undefined, and told so
            cells.append(_held(found, truth)[0])
        yield [f"{passing:g}, {sensitivity:g}, {specificity:g}", f"{truth:.2f}", *cells]


def _held(found: Sequence[Interval], truth: float) -> tuple[str, str]:
    below = np.mean([one.high < truth - 1e-12 for one in found])
    above = np.mean([one.low > truth + 1e-12 for one in found])
    return f"{100 * (1 - below - above):.1f}", f"{100 * below:.1f}"


def _print(title: str, headings: Sequence[str], rows: Iterator[list[str]]) -> None:
    print(f"\n{title}\n\n| {' | '.join(headings)} |\n|{'---|' * len(headings)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2000)
    repeats: int = parser.parse_args().repeats
    _print(
        "Latency beyond the lower / upper end, %", ["shape", "n", "p50", "p90", "p99"], latency_rows(repeats)
    )
    _print(
        "Price: covers, and upper end below the truth, %",
        ["shape", "n", "Student", "below", "ours", "below"],
        cost_rows(repeats),
    )
    _print("Kappa covers, %", ["judge", "kappa", "10", "20", "50", "100", "300"], kappa_rows(repeats // 10))


if __name__ == "__main__":
    main()
