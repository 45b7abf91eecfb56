"""Control charts for a series of runs: has the level moved, and since when."""

from collections.abc import Sequence
from math import isfinite, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.statistics.vectors import Floats, as_vector


class RunNoise(NamedTuple):
    """
    How much estimates of an unchanged model vary from run to run, in their own unit.

    `spread` is that of the runs, `repeat` what asking the same records again explains (0 where that is not
    known), `sigma` the larger of them, and `between` what is left.
    """

    mean: float
    sigma: float
    spread: float
    repeat: float
    between: float


class Cusum(NamedTuple):
    """C+ and C- after each run, in standard deviations, and the first run above the limit (None: none)."""

    up: Floats
    down: Floats
    first_alarm: int | None


class Ewma(NamedTuple):
    """The moving average after each run with its limits, and the first run outside them (None: none)."""

    average: Floats
    low: Floats
    high: Floats
    first_alarm: int | None


def run_noise(estimates: npt.ArrayLike, repeat_errors: Sequence[float | None]) -> RunNoise:
    """
    Measure the noise of baseline runs of the same records, in which nothing was changed.

    sigma² = max(Var(estimates, ddof 1), mean SE²), where SE is a run's error of asking the same records
    again: at least what responses and judge explain, and more where runs differ by more than that. The
    sampling error of the records is no part of it, for every run has the same ones; it would hide falls that
    are many times the noise. `between` is the moment estimate of a variance component (Searle, Casella &
    McCulloch 1992, section 4.2).

    Args:
        estimates: Of each baseline run, shape (runs,).
        repeat_errors: Of each estimate, 0 or more; None where it is not known, and where none is, the
            spread of the runs stands alone.

    Raises:
        NotEnoughData: Fewer than two runs.
        ValueError: Lengths differ, NaN, or a negative error.
    """
    values = as_vector(estimates, "estimates", at_least=2)
    errors = as_vector([each for each in repeat_errors if each is not None], "repeat errors", at_least=0)
    if len(repeat_errors) != values.size or (errors.size and errors.min() < 0):
        raise ValueError("give one repeat error, 0 or more or None, for each estimate")
    total = float(values.var(ddof=1))
    repeat = float(np.mean(errors**2)) if errors.size else 0.0
    return RunNoise(
        mean=float(values.mean()),
        # A few runs may agree by luck: their variance alone would then alarm at ordinary noise.
        sigma=sqrt(max(total, repeat)),
        spread=sqrt(total),
        repeat=sqrt(repeat),
        between=sqrt(max(0.0, total - repeat)),
    )


def cusum(
    estimates: npt.ArrayLike, *, target: float, sigma: float, slack: float = 0.5, limit: float = 4.0
) -> Cusum:
    """
    Chart cumulative sums of deviations from the target (Page 1954).

    C± = max(0, C± ± (x - target)/sigma - slack), alarm above the limit, not set back after it. Slack ½ is
    tuned to a shift of one sigma; limits of 4 and 5 give a false alarm in about 170 and 470 runs
    (Montgomery).

    Args:
        estimates: One per run in order, shape (runs,).
        target: The level to hold, in their unit.
        sigma: Noise of one run, `run_noise`, above 0.
        slack: In sigmas, 0 or more.
        limit: In sigmas, above 0.

    Raises:
        NotEnoughData: No runs.
        ValueError: NaN, sigma or limit not positive, a negative slack, or a target that is no number.
    """
    values = _checked_series(estimates, target, sigma=sigma, limit=limit)
    if not slack >= 0:
        raise ValueError(f"slack is 0 or more, got {slack}")
    deviations = (values - target) / sigma
    up, down = _one_sided(deviations - slack), _one_sided(-deviations - slack)
    return Cusum(up, down, _first((up > limit) | (down > limit)))


def ewma(
    estimates: npt.ArrayLike, *, target: float, sigma: float, weight: float = 0.3, width: float = 2.7
) -> Ewma:
    """
    Chart an exponentially weighted moving average with its exact limits (Roberts 1959; Lucas & Saccucci
    1990).

    E_t = w x_t + (1 - w) E_(t-1), E_0 = target; limits target ± width · sigma √(w/(2 - w) (1 - (1 - w)^2t)).
    `weight` is that of the newest run, in (0, 1], 0.2 to 0.3 for small shifts; `width` is above 0, 2.7 to 3.
    Arguments, and what raises, as in `cusum`.
    """
    values = _checked_series(estimates, target, sigma=sigma, width=width)
    if not 0 < weight <= 1:
        raise ValueError(f"weight must lie in (0, 1], got {weight}")
    # From the target: from the first value, a series that is off at once would take longer to show it.
    average, level = np.empty_like(values), target
    for run, value in enumerate(values):
        average[run] = level = weight * value + (1 - weight) * level
    runs = np.arange(1, values.size + 1)
    # The exact limits: the constant ones are too wide for the first runs, when a move should be seen.
    margin = width * sigma * np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * runs)))
    low, high = target - margin, target + margin
    return Ewma(average, low, high, _first((average < low) | (average > high)))


def _one_sided(increments: Floats) -> Floats:
    totals, total = np.empty_like(increments), 0.0
    for run, increment in enumerate(increments):
        totals[run] = total = max(0.0, total + increment)
    return totals


def _first(alarms: npt.NDArray[np.bool_]) -> int | None:
    # argmax of no alarm is 0, which would read as an alarm in the first run.
    return int(np.argmax(alarms)) if alarms.any() else None


def _checked_series(estimates: npt.ArrayLike, target: float, **positive: float) -> Floats:
    values = as_vector(estimates, "estimates")
    if not isfinite(target):
        raise ValueError(f"target must be a number, got {target}")
    for name, value in positive.items():
        # Not `value <= 0`, which NaN would pass.
        if not value > 0:
            raise ValueError(f"{name} must be above 0, got {value}")
    return values
