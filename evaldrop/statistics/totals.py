"""
Ratios of totals over records, and what a table of labels says, with intervals clustered by record or group.

A record may hold many values, so records, and not values, are what is drawn. Errors are those of the delta
method, which is the infinitesimal jackknife (Efron 1982, The Jackknife, the Bootstrap and Other Resampling
Plans, 6): what each record adds to an estimate, summed by cluster. As for means, a pseudo-record at each end,
one all right and one all wrong, keeps the interval of what is all right from being a point; of clusters it
counts as the geometric mean of one record and of the largest design effect there can be, Σm²/n.
"""

from math import sqrt
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.statistics.intervals import Interval, t_quantile
from evaldrop.statistics.vectors import Floats, Ordinals, as_clusters

Counts = npt.NDArray[np.int64]

# Fewer clusters show no spread.
_FEWEST: Final = 2


class TotalEstimate(NamedTuple):
    """An estimate, None where nothing is counted, and its interval, None where there are too few records."""

    value: float | None
    interval: Interval | None


NOTHING: Final = TotalEstimate(None, None)


def ratio_of_totals(
    parts: Floats, wholes: Floats, groups: Ordinals | None = None, *, confidence: float = 0.95
) -> TotalEstimate:
    """
    Estimate Σ parts / Σ wholes, as precision, recall and F1 of many values in each record are.

    A ratio of totals by linearisation (Cochran 1977, Sampling Techniques, section 6.3).

    Args:
        parts: Of each record, from 0 to its whole; shape (records,).
        wholes: Of each record, 0 or more; one with 0 says nothing. Shape (records,).
        groups: The cluster of each; None where they are independent.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises nothing.
    """
    has_any = wholes > 0
    above, below = parts[has_any], wholes[has_any]
    if not below.size:
        return NOTHING
    value = float(above.sum() / below.sum())
    clusters = None if groups is None else groups[has_any]
    size = float(below.mean()) * _weight(clusters)
    total = float(below.sum()) + 2 * size
    drawn = (float(above.sum()) + size) / total
    ends = size * (1 - drawn) / total, -size * drawn / total
    added = (above - drawn * below) / total
    return TotalEstimate(value, _interval(value, drawn, added, ends, clusters, 0.0, confidence))


class LabelScores(NamedTuple):
    """What a table of labels says: F1 averaged over labels, and Matthews correlation."""

    macro_f1: TotalEstimate
    matthews: TotalEstimate


def label_scores(
    wanted: Ordinals, said: Ordinals, labels: int, groups: Ordinals | None = None, *, confidence: float = 0.95
) -> LabelScores:
    """
    Estimate macro-F1 and the Matthews correlation of several classes.

    The latter as Gorodkin (2004, Comput. Biol. Chem. 28:367) has it.

    An answer that says no label is a class of its own, which no reference has: it counts against its label's
    recall and lowers the correlation, and is no label of which F1 is averaged.

    Args:
        wanted: The reference's label of each record, in [0, labels); shape (records,).
        said: The answer's, in [0, labels]; `labels` where it says none. Shape (records,).
        labels: How many there are.
        groups: The cluster of each; None where they are independent.
        confidence: Two-sided level, a fraction in (0, 1).

    Returns:
        The macro-F1 of labels that a reference or an answer has. The correlation is None where all references
        or all answers are one label.

    Raises nothing.
    """
    if not wanted.size:
        return LabelScores(NOTHING, NOTHING)
    table = confusion(wanted, said, labels).astype(np.float64)
    right, wrong = (_weight(groups) * end for end in _ends(table))
    drawn_table = table + right + wrong

    def estimate(value: float, drawn: float, slopes: Floats, low: float) -> TotalEstimate:
        ends = float((right * slopes).sum()), float((wrong * slopes).sum())
        bounds = _interval(value, drawn, slopes[wanted, said], ends, groups, low, confidence)
        return TotalEstimate(value, bounds)

    is_there = (table.sum(axis=0) + table.sum(axis=1)) > 0
    is_there[-1] = False
    macro = estimate(_macro_f1(table, is_there)[0], *_macro_f1(drawn_table, is_there), 0.0)
    found = _matthews(table)
    drawn = _matthews(drawn_table)
    matthews = NOTHING if found is None or drawn is None else estimate(found[0], *drawn, -1.0)
    return LabelScores(macro, matthews)


def confusion(wanted: Ordinals, said: Ordinals, labels: int) -> Counts:
    """
    Return how often each label, the row, was answered with each, the column; the last is no label.

    The confusion matrix of several classes (Gorodkin 2004, Comput. Biol. Chem. 28:367).

    Args:
        wanted: The reference's label of each record, in [0, labels); shape (records,).
        said: The answer's, in [0, labels]; `labels` where it says none. Shape (records,).
        labels: How many there are.

    Raises nothing.
    """
    cells = wanted.astype(np.int64) * (labels + 1) + said
    size = (labels + 1) ** 2
    return np.bincount(cells, minlength=size).reshape(labels + 1, labels + 1).astype(np.int64)


def _ends(table: Floats) -> tuple[Floats, Floats]:
    """Return a record that is all right and one that is all wrong, each of every label by its share."""
    shares = table.sum(axis=1) / table.sum()
    right = np.diag(shares)
    # Wrong in every way there is; no reference says no label, so its row is 0.
    wrong = np.outer(shares, np.ones(shares.size)) / (shares.size - 1)
    np.fill_diagonal(wrong, 0.0)
    return right, wrong


def _macro_f1(table: Floats, is_there: npt.NDArray[np.bool_]) -> tuple[float, Floats]:
    """Return the mean F1, and what one more in each cell adds to it."""
    both = table.sum(axis=0) + table.sum(axis=1)
    both = np.where(is_there, both, 1.0)
    hits = np.where(is_there, np.diag(table), 0.0)
    number = int(is_there.sum())
    fallen = 2 * hits / both**2
    slopes = -(fallen[:, None] + fallen[None, :])
    slopes[np.diag_indices_from(slopes)] += np.where(is_there, 2 / both, 0.0)
    return float((2 * hits / both).sum() / number), slopes / number


def _matthews(table: Floats) -> tuple[float, Floats] | None:
    """Return the correlation, and what one more in each cell adds to it; None where it is 0 / 0."""
    total, hits = float(table.sum()), float(np.trace(table))
    true, told = table.sum(axis=1), table.sum(axis=0)
    above = hits * total - float(true @ told)
    spread_told, spread_true = total**2 - float(told @ told), total**2 - float(true @ true)
    if min(spread_told, spread_true) <= 1e-12 * total**2:
        return None
    below = sqrt(spread_told * spread_true)
    slopes = hits - (told[:, None] + true[None, :]) + total * np.eye(true.size)
    shrink = (total - told)[None, :] / spread_told + (total - true)[:, None] / spread_true
    return above / below, np.asarray((slopes - above * shrink) / below, np.float64)


def _weight(groups: Ordinals | None) -> float:
    if groups is None or not groups.size:
        return 1.0
    sizes = np.bincount(as_clusters(groups, rows=groups.size).codes).astype(np.float64)
    return sqrt(float(sizes @ sizes) / float(sizes.sum()))


def _interval(
    value: float,
    drawn: float,
    added: Floats,
    ends: tuple[float, float],
    groups: Ordinals | None,
    low: float,
    confidence: float,
) -> Interval | None:
    sizes = np.ones(added.size)
    if groups is not None:
        clusters = as_clusters(groups, rows=added.size)
        added = np.bincount(clusters.codes, weights=added, minlength=clusters.number).astype(np.float64)
        sizes = np.bincount(clusters.codes, minlength=clusters.number).astype(np.float64)
    # As many as of one size would be worth (Kish 1965).
    number = float(sizes.sum() ** 2 / (sizes @ sizes))
    if added.size < _FEWEST:
        return None
    variance = (float(added @ added) + sum(end**2 for end in ends)) * (number + 2) / (number + 1)
    margin = t_quantile(confidence, max(1.0, number - 1)) * sqrt(variance)
    bounds = min(value, drawn) - margin, max(value, drawn) + margin
    return Interval(max(low, bounds[0]), min(1.0, bounds[1]))
