"""Turns what callers hold into checked numpy vectors; no statistics here."""

from collections.abc import Hashable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData

Floats = npt.NDArray[np.float64]
Ordinals = npt.NDArray[np.int32]
Ints = npt.NDArray[np.intp]

_NO_GROUP = "groups hold None or NaN; a row without a group is a cluster of its own: give it its record id"


class Clusters(NamedTuple):
    """Rows numbered by the cluster they belong to."""

    codes: Ints
    number: int


def as_vector(values: npt.ArrayLike, name: str, *, at_least: int = 1) -> Floats:
    """
    Return `values` as a one-dimensional float array.

    Args:
        values: Numbers or booleans, shape (n,).
        name: What the numbers are, for messages.
        at_least: The smallest n the caller's statistic is defined for.

    Raises:
        ValueError: Not one-dimensional, or a value is NaN or infinite. An unscored value is not a number: the
            caller leaves it out.
        NotEnoughData: Fewer than `at_least` values.
    """
    vector = np.asarray(values, dtype=np.float64)
    if vector.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, got shape {vector.shape}")
    # A NaN let through would make every mean NaN, or leave a record out that nobody decided to leave out.
    if not np.isfinite(vector).all():
        raise ValueError(f"{name} hold NaN or infinity; leave unscored values out before calling")
    if vector.size < at_least:
        raise NotEnoughData(f"{name}: {vector.size} values, at least {at_least} are needed")
    return vector


def as_pairs(a: npt.ArrayLike, b: npt.ArrayLike, *, at_least: int = 1) -> tuple[Floats, Floats]:
    """Return two vectors of one length, row i of each belonging to one record; raises as `as_vector`."""
    first, second = as_vector(a, "a", at_least=at_least), as_vector(b, "b", at_least=at_least)
    if first.size != second.size:
        raise ValueError(f"a holds {first.size} values and b {second.size}; give only records both have")
    return first, second


def as_clusters(groups: npt.ArrayLike | Iterable[Hashable], *, rows: int) -> Clusters:
    """
    Number the clusters of `rows` rows 0..number-1, by their labels, integers or strings.

    Raises:
        ValueError: Another number of labels, or labels that are None or NaN.
    """
    labels = groups if isinstance(groups, np.ndarray) else np.asarray(groups)
    if labels.shape != (rows,):
        raise ValueError(f"groups must give one label for each of {rows} rows, got shape {labels.shape}")
    # Objects, str, bytes and numpy's StringDType; None among them cannot be sorted.
    if labels.dtype.kind in "OUST":
        return _number_labels(labels.tolist())
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise ValueError(_NO_GROUP)
    # As a run's own are: thousands of slices ask, and counting takes a fraction of the time sorting does.
    if labels.dtype.kind == "i" and rows and labels.min() >= 0 and labels.max() < 20 * rows:
        is_label = np.bincount(labels) > 0
        codes = np.cumsum(is_label)[labels] - 1
        return Clusters(codes.astype(np.intp), int(is_label.sum()))
    unique, codes = np.unique(labels, return_inverse=True)
    return Clusters(codes.astype(np.intp), int(unique.size))


def are_among(values: Ordinals, others: Ordinals) -> npt.NDArray[np.bool_]:
    """
    Tell of each ordinal whether it is among others, which ascend.

    `np.isin` sorts or looks for the range of both each time: for thousands of slices that adds up to seconds.
    """
    if not others.size or not values.size:
        return np.zeros(values.size, bool)
    size = int(max(values.max(), others[-1])) + 1
    if size < 20 * values.size:
        is_other = np.zeros(size, bool)
        is_other[others] = True
        return is_other[values]
    places = np.minimum(np.searchsorted(others, values), others.size - 1)
    return np.asarray(others[places] == values)


def places_by_code(codes: Ordinals, wanted: Iterable[int]) -> dict[int, Ints]:
    """
    Return where each of some codes is, in order.

    One stable sort for all: a mask per code would go through a million rows sixty times.
    """
    order = np.argsort(codes, kind="stable")
    in_order = codes[order]
    return {
        code: order[np.searchsorted(in_order, code) : np.searchsorted(in_order, code, side="right")]
        for code in wanted
    }


def check_fraction(value: float, name: str) -> float:
    """Return `value` when it lies strictly between 0 and 1; else raise ValueError."""
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {value}")
    return value


def _number_labels(labels: list[Hashable]) -> Clusters:
    # A dictionary takes 0.1 s for a million strings; sorting them in np.unique takes several.
    numbers: dict[Hashable, int] = {}
    codes = np.fromiter((numbers.setdefault(label, len(numbers)) for label in labels), np.intp, len(labels))
    # Only NaN differs from itself.
    if any(label is None or label != label for label in numbers):
        raise ValueError(_NO_GROUP)
    return Clusters(codes, len(numbers))
