"""Adjusts p values for having looked at many comparisons."""

import numpy as np
import numpy.typing as npt

from evaldrop.statistics.vectors import Floats, as_vector


def holm(p_values: npt.ArrayLike) -> Floats:
    """
    Adjust p values so that the chance of any false alarm among them stays below the level (Holm 1979).

    Sorted p_(i) · (m - i + 1), running maximum, at most 1. Valid whatever the dependence between comparisons,
    so also for pairs that share a candidate.

    Args:
        p_values: Shape (m,), each in [0, 1]; the family decided together. None at all are fine.

    Returns:
        Adjusted p values in the order given; compare each with the level itself.

    Raises:
        ValueError: NaN, or a value outside [0, 1].
    """
    values, order = _sorted_order(p_values)
    stepped = values[order] * np.arange(values.size, 0, -1)
    return _restore(np.maximum.accumulate(stepped), order)


def benjamini_hochberg(p_values: npt.ArrayLike) -> Floats:
    """
    Adjust p values so that the expected share of false alarms among alarms stays below the level.

    Sorted p_(i) · m / i, running minimum from the largest (Benjamini & Hochberg 1995). For tables one
    explores, not for decisions: single alarms may be false.

    Args:
        p_values: Shape (m,), each in [0, 1], independent or positively dependent.

    Returns:
        Adjusted p values in the order given.

    Raises:
        ValueError: NaN, or a value outside [0, 1].
    """
    values, order = _sorted_order(p_values)
    stepped = values[order] * values.size / np.arange(1, values.size + 1)
    return _restore(np.minimum.accumulate(stepped[::-1])[::-1], order)


def _sorted_order(p_values: npt.ArrayLike) -> tuple[Floats, npt.NDArray[np.intp]]:
    values = as_vector(p_values, "p values", at_least=0)
    if values.size and (values.min() < 0 or values.max() > 1):
        raise ValueError("p values must lie in [0, 1]")
    return values, np.argsort(values, kind="stable")


def _restore(adjusted: Floats, order: npt.NDArray[np.intp]) -> Floats:
    restored = np.empty_like(adjusted)
    restored[order] = np.minimum(adjusted, 1.0)
    return restored
