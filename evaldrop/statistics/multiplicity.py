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
    values = as_vector(p_values, "p values", at_least=0)
    if values.size and (values.min() < 0 or values.max() > 1):
        raise ValueError("p values must lie in [0, 1]")
    order = np.argsort(values, kind="stable")
    # The running maximum, since a larger p times a smaller factor may fall below the one before it.
    stepped = np.maximum.accumulate(values[order] * np.arange(values.size, 0, -1))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
