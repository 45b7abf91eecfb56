"""
Alarms for a series of runs made the same way: CUSUM and EWMA against a level and a noise that the first of
them set.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from scipy import special

from evaldrop.statistics.drift import RunNoise, cusum, ewma, run_noise
from evaldrop.statistics.vectors import Floats

Direction = Literal["up", "down"]

BASELINE_RUNS = 8
"""Runs that set level and noise. With fewer, the level itself is too uncertain to hold later runs to."""

# A limit of 4 alarms for nothing in about 170 runs, one of 5 in 470; and here two charts run side by side.
CUSUM_SLACK, CUSUM_LIMIT = 0.5, 5.0
EWMA_WEIGHT, EWMA_WIDTH = 0.2, 3.0

# The tail that 3 sigma would leave on one side is 0.00135; a little less of it, so that two charts together
# hold their peace in 19 of 20 series of 20 runs.
_TAIL = 0.9991
# What records explain is measured on all of them, and far surer than a spread of eight runs; yet it is only a
# part of what runs may differ by.
_REPEAT_WIDENING = 1.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """
    A chart's first run beyond its limit. `run` and `since` count from the first run after the baseline.

    `since` is where the move most likely began; `size` is the mean from there on minus the level.
    """

    chart: Literal["CUSUM", "EWMA"]
    direction: Direction
    run: int
    since: int
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Charts:
    """
    A stretch of runs, charted.

    Attributes:
        values: Estimates of all its runs, those of the baseline first.
        baseline_runs: How many of them set level and noise.
        level: What is held, in the unit of the estimates.
        noise: As measured in the baseline.
        sigma: What charts use: the noise, widened for how few runs it was measured in.
        cusum_up: C+ of each run after the baseline, in sigmas; limit `CUSUM_LIMIT`.
        cusum_down: C-, likewise.
        average: EWMA of each run after the baseline, with its limits `low` and `high`.
    """

    values: tuple[float, ...]
    baseline_runs: int
    level: float
    noise: RunNoise
    sigma: float
    cusum_up: tuple[float, ...]
    cusum_down: tuple[float, ...]
    average: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    alarms: tuple[Alarm, ...]


def chart_drift(
    estimates: Sequence[float], repeat_errors: Sequence[float | None], *, baseline_runs: int = BASELINE_RUNS
) -> Charts:
    """
    Chart the runs after a baseline.

    Level and noise are themselves estimates from few runs: sigma is √(1 + 1/m) times the larger of spread ·
    t(m - 1; 0.9991)/3, which keeps the tails of a 3-sigma limit where they belong, and 1.2 · repeat error. In
    simulation (8 baseline runs, noise between runs of 0 to 3 times that of asking again, with and without
    repeat errors) at most 1 series in 20 has a false alarm within 20 runs, and a move of 2 standard
    deviations is found in 9 of 10, after 5 runs (median).

    Args:
        estimates: One per run in order, shape (runs,).
        repeat_errors: Of each estimate, how far it lies off when the same records are asked again; None
            where that is not known.
        baseline_runs: How many of them set level and noise, 2 or more.

    Raises:
        NotEnoughData: No run after the baseline, or a baseline of fewer than two.
        ValueError: Lengths differ, or NaN.
    """
    noise = run_noise(estimates[:baseline_runs], repeat_errors[:baseline_runs])
    charted = list(estimates[baseline_runs:])
    widening = float(special.stdtrit(baseline_runs - 1, _TAIL)) / 3
    # Where the baseline did not vary at all, any other value is a move: sigma only has to be above 0.
    wide = max(noise.spread * widening, noise.repeat * _REPEAT_WIDENING, 1e-9)
    sigma = sqrt(1 + 1 / baseline_runs) * wide
    sums = cusum(charted, target=noise.mean, sigma=sigma, slack=CUSUM_SLACK, limit=CUSUM_LIMIT)
    average = ewma(charted, target=noise.mean, sigma=sigma, weight=EWMA_WEIGHT, width=EWMA_WIDTH)
    alarms = []

    def alarm(chart: Literal["CUSUM", "EWMA"], run: int, up: Floats, down: Floats, *, is_up: bool) -> None:
        # A climb begins after the statistic was last 0.
        zeros = np.flatnonzero((up if is_up else down)[:run] == 0)
        since = int(zeros[-1]) + 1 if zeros.size else 0
        size = float(np.mean(charted[since:])) - noise.mean
        direction: Direction = "up" if is_up else "down"
        alarms.append(Alarm(chart=chart, direction=direction, run=run, since=since, size=size))

    if (run := sums.first_alarm) is not None:
        alarm("CUSUM", run, sums.up, sums.down, is_up=bool(sums.up[run] > CUSUM_LIMIT))
    if (run := average.first_alarm) is not None:
        off = average.average - noise.mean
        is_up = bool(average.average[run] > average.high[run])
        alarm("EWMA", run, np.maximum(off, 0), np.maximum(-off, 0), is_up=is_up)
    return Charts(
        values=tuple(map(float, estimates)), baseline_runs=baseline_runs, level=noise.mean, noise=noise,
        sigma=sigma, cusum_up=tuple(sums.up.tolist()), cusum_down=tuple(sums.down.tolist()),
        average=tuple(average.average.tolist()), low=tuple(average.low.tolist()),
        high=tuple(average.high.tolist()), alarms=tuple(alarms),
    )  # fmt: skip


def holds(charts: Charts, direction: Direction, values: Sequence[float]) -> bool:
    """
    Tell whether a chart gives an alarm in a direction for other values of the runs after the baseline.

    Args:
        charts: The series, for its level and noise.
        direction: That of the alarm.
        values: What each run after the baseline would have shown, shape (charted runs,).
    """
    sums = cusum(values, target=charts.level, sigma=charts.sigma, slack=CUSUM_SLACK, limit=CUSUM_LIMIT)
    average = ewma(values, target=charts.level, sigma=charts.sigma, weight=EWMA_WEIGHT, width=EWMA_WIDTH)
    if direction == "up":
        return bool((sums.up > CUSUM_LIMIT).any() or (average.average > average.high).any())
    return bool((sums.down > CUSUM_LIMIT).any() or (average.average < average.low).any())


def shift_since(charts: Charts, *, since: int, level: float) -> float | None:
    """
    Return how far a series is off its level from a run on, or None where that may be chance.

    Two-sided t test of the mean since then, of k runs, against the level of m: t = shift / (sigma √(1/k +
    1/m)) with m - 1 degrees of freedom, for that many runs measured sigma. Far sharper than a chart, which
    has to hold its peace run after run: a small set of anchors is not held to a chart's limit before it may
    excuse a model.

    Args:
        charts: The series.
        since: Counts all its runs, those of the baseline included.
        level: Share of series that stayed and are said to have moved, in (0, 1).
    """
    # Not before the baseline's end: its runs made the level, and would be held against themselves.
    later = charts.values[max(since, charts.baseline_runs) :]
    if not later:
        return None
    shift = float(np.mean(later)) - charts.level
    # Not the widened sigma: t with few degrees of freedom has that uncertainty in it already.
    noise = charts.noise.sigma or charts.sigma
    error = noise * sqrt(1 / len(later) + 1 / charts.baseline_runs)
    least = float(special.stdtrit(charts.baseline_runs - 1, 1 - level / 2))
    return shift if abs(shift) > least * error else None
