"""Intervals for agreement coefficients and for shares, of ratings that come in clusters."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.agreement import Level, Weights, cohen_kappa, gwet_ac1, krippendorff_alpha
from evaldrop.statistics.clusters import Groups, several, totals_by_cluster
from evaldrop.statistics.intervals import (
    Interval,
    clopper_pearson_interval,
    normal_quantile,
    t_quantile,
)
from evaldrop.statistics.vectors import (
    Clusters,
    Floats,
    Ints,
    as_clusters,
    as_pairs,
    as_vector,
    check_fraction,
)

# Clusters beyond these are weighted in blocks: their number no longer matters then.
_MOST_UNITS = 1000
_RESAMPLES, _SEED = 2000, 20261130
# Items added to what was seen: two records' worth, spread over all pairs of answers.
_PSEUDO_ITEMS = 2.0
# Answers that pseudo-items are made of, evenly spaced where there are more.
_MOST_ANSWERS = 7

_Statistic = Callable[[Floats], Floats]


class _Sums(NamedTuple):
    """
    What a coefficient is computed from, in sums: of each unit, and of pseudo-items.

    `units` has shape (units, sums), `pseudo` (answers, answers, sums): an item for each pair of answers. `of`
    takes rows of sums.
    """

    units: Floats
    pseudo: Floats
    of: _Statistic


def kappa_interval(
    a: npt.ArrayLike, b: npt.ArrayLike, groups: Groups, *, weights: Weights = "none", confidence: float = 0.95
) -> Interval:
    """
    Bound Cohen's κ, unweighted or with quadratic weights; see `alpha_interval` for the procedure.

    Args:
        a: One rater's category per item as a number, shape (n,).
        b: The other's.
        groups: What is independent: the record or group of each item, shape (n,).
        weights: "none" or "quadratic", which has a closed form in moments (Fleiss & Cohen 1973, Educational
            and Psychological Measurement 33:613).
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: κ is undefined, or there is one cluster only.
        ValueError: Lengths differ, NaN, or other weights.
    """
    first, second = as_pairs(a, b, at_least=2)
    observed = cohen_kappa(first, second, weights=weights)
    clusters = several(as_clusters(groups, rows=first.size))
    if weights == "quadratic":
        centre = float(np.concatenate([first, second]).mean())
        rows = _pair_moments(first - centre, second - centre)
        answers = _some_answers(np.unique(np.concatenate([first, second])) - centre)
        sums = _Sums(
            _by_unit(rows, clusters),
            _pair_moments(*_all_pairs(answers)).reshape(answers.size, answers.size, -1),
            _quadratic_kappa,
        )
    elif weights == "none":
        sums = _table_sums(first, second, clusters, _plain_kappa)
    else:
        raise ValueError(f'weights must be "none" or "quadratic", got {weights!r}')
    return _bounds(sums, first.size / clusters.number, observed, confidence)


def ac1_interval(
    a: npt.ArrayLike, b: npt.ArrayLike, groups: Groups, *, categories: int, confidence: float = 0.95
) -> Interval:
    """
    Bound Gwet's AC1 (Gwet 2008); see `alpha_interval` for the procedure.

    Args:
        a: One rater's category per item as a number, shape (n,).
        b: The other's.
        groups: What is independent: the record or group of each item, shape (n,).
        categories: How many the scale has, as in `gwet_ac1`.
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: Fewer than two items, or one cluster only.
        ValueError: Lengths differ, NaN, or more categories used than there are.
    """
    first, second = as_pairs(a, b, at_least=2)
    observed = gwet_ac1(first, second, categories=categories)
    clusters = several(as_clusters(groups, rows=first.size))
    sums = _table_sums(first, second, clusters, partial(_ac1, categories))
    return _bounds(sums, first.size / clusters.number, observed, confidence)


def alpha_interval(
    ratings: npt.ArrayLike, groups: Groups, *, level: Level, confidence: float = 0.95
) -> Interval:
    """
    Bound Krippendorff's α by the Bayesian bootstrap, with pseudo-items for what was not seen.

    Every cluster gets an exponential weight (Rubin 1981, Annals of Statistics 9:130), and two records' worth
    of pseudo-items a gamma one: without them an answer that nobody gave yet, or full agreement, would leave
    no width. For the lower end they are spread over all pairs of answers, which is Jeffreys' half a count in
    each cell of a yes/no table; for the upper end over pairs that agree. Distances of the ordinal level stay
    those of the ratings at hand.

    Args:
        ratings: Shape (raters, items); NaN where a rater gave none.
        groups: What is independent: the record or group of each item, shape (items,).
        level: "nominal", "ordinal" or "interval".
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: α is undefined, or there is one cluster only.
        ValueError: Another level, or what `krippendorff_alpha` refuses.
    """
    table = np.asarray(ratings, dtype=np.float64)
    observed = krippendorff_alpha(table, level=level)
    paired = (~np.isnan(table)).sum(axis=0) >= 2
    table, number = table[:, paired], table.shape[1]
    labels = groups if isinstance(groups, np.ndarray) else np.asarray(groups)
    if labels.shape != (number,):
        raise ValueError(f"groups must give one label for each of {number} items")
    clusters = several(as_clusters(labels[paired], rows=int(paired.sum())))
    values, codes = np.unique(table[~np.isnan(table)], return_inverse=True)
    if level == "ordinal":
        # The ordinal distance of two ratings is that of their middle ranks.
        counts = np.bincount(codes).astype(np.float64)
        values = np.cumsum(counts) - counts / 2
    elif level not in ("nominal", "interval"):
        raise ValueError(f'level must be "nominal", "ordinal" or "interval", got {level!r}')
    placed = np.full(table.shape, np.nan)
    placed[~np.isnan(table)] = codes if level == "nominal" else (values - values.mean())[codes]
    if level == "nominal":
        pairs = _all_pairs(np.arange(float(values.size)))
        rows, pseudo = _nominal_sums(placed, values.size), _nominal_sums(pairs, values.size)
        statistic: _Statistic = _nominal_alpha
    else:
        answers = _some_answers(values - values.mean())
        pairs = _all_pairs(answers)
        rows, pseudo, statistic = _item_moments(placed), _item_moments(pairs), _moment_alpha
    # A pseudo-item has two ratings, and stands for as many as a cluster has.
    size = codes.size / clusters.number / 2
    kinds = round(len(pseudo) ** 0.5)
    sums = _Sums(_by_unit(rows, clusters), pseudo.reshape(kinds, kinds, -1), statistic)
    return _bounds(sums, size, observed, confidence)


def share_interval(
    successes: npt.ArrayLike, trials: npt.ArrayLike, groups: Groups, *, confidence: float = 0.95
) -> Interval:
    """
    Bound the share sum(successes) / sum(trials) as Clopper & Pearson 1934 do, clusters by their number.

    Trials are divided by the design effect of the ratio (Cochran 1977, 6.4), never below 1, and by
    (t(G-1)/z)² for having few clusters (Korn & Graubard 1998, Survey Methodology 24:193). Where all or none
    succeed no design effect can be seen, and each cluster counts as one trial. Where every row is one trial
    and a cluster of its own it is the exact interval.

    Args:
        successes: Of each row, 0 to its trials; halves for ties. Shape (n,).
        trials: Of each row, shape (n,); 0 where it says nothing.
        groups: The cluster of each row, shape (n,).
        confidence: Two-sided level, a fraction in (0, 1).

    Returns:
        Bounds on the share, in [0, 1].

    Raises:
        NotEnoughData: No trial, or all in one cluster of several rows.
        ValueError: NaN, or successes outside 0..trials.
    """
    done, tried = as_pairs(successes, trials)
    if done.min() < 0 or (done > tried).any():
        raise ValueError("successes lie between 0 and the trials")
    asked = tried > 0
    if not asked.any():
        raise NotEnoughData("no trials: a share needs at least one")
    labels = groups if isinstance(groups, np.ndarray) else np.asarray(groups)
    clusters = as_clusters(labels[asked], rows=int(asked.sum()))
    done, tried = done[asked], tried[asked]
    total, share = float(tried.sum()), float(done.sum() / tried.sum())
    if clusters.number == tried.size and (tried == 1).all():
        return clopper_pearson_interval(float(done.sum()), total, confidence=confidence)
    effective = float(several(clusters).number)
    if 0 < share < 1:
        residuals, _ = totals_by_cluster(done - share * tried, clusters)
        variance = float(residuals @ residuals) * effective / (effective - 1) / total**2
        effective = total / max(1.0, variance / (share * (1 - share) / total))
    effective *= (normal_quantile(confidence) / t_quantile(confidence, clusters.number - 1)) ** 2
    return clopper_pearson_interval(share * effective, effective, confidence=confidence)


def percentile_interval(distribution: npt.ArrayLike, *, confidence: float = 0.95) -> Interval:
    """
    Return the equal-tailed quantiles of a bootstrap distribution, interpolated linearly (Efron & Tibshirani
    1993, chapter 13).

    Args:
        distribution: The statistic in every resample, shape (resamples,).
        confidence: Two-sided level, a fraction in (0, 1).

    Raises:
        NotEnoughData: An empty distribution.
        ValueError: NaN, or confidence outside (0, 1).
    """
    values = as_vector(distribution, "resampled statistics")
    tail = (1 - check_fraction(confidence, "confidence")) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Interval(float(low), float(high))


def _bounds(sums: _Sums, size: float, observed: float, confidence: float) -> Interval:
    random = np.random.default_rng(_SEED)
    seen = random.standard_exponential((_RESAMPLES, len(sums.units))) @ sums.units
    answers = np.arange(len(sums.pseudo))
    ends = []
    for pseudo in (sums.pseudo.reshape(-1, sums.pseudo.shape[-1]), sums.pseudo[answers, answers]):
        weights = random.standard_gamma(_PSEUDO_ITEMS / len(pseudo), (_RESAMPLES, len(pseudo)))
        ends.append(percentile_interval(sums.of(seen + weights @ pseudo * size), confidence=confidence))
    low, high = min(end.low for end in ends), max(end.high for end in ends)
    return Interval(max(-1.0, min(low, observed)), min(1.0, max(high, observed)))


def _units(clusters: Clusters) -> tuple[Ints, int]:
    """Return each row's unit: its cluster, or the block of clusters that are weighted together."""
    number = min(clusters.number, _MOST_UNITS)
    return clusters.codes * number // clusters.number, number


def _by_unit(rows: Floats, clusters: Clusters) -> Floats:
    units, number = _units(clusters)
    return np.stack([np.bincount(units, column, number) for column in rows.T], axis=1)


def _table_sums(first: Floats, second: Floats, clusters: Clusters, of: _Statistic) -> _Sums:
    values, codes = np.unique(np.concatenate([first, second]), return_inverse=True)
    # One answer alone leaves no room for disagreement: a second one, which nobody gave, does.
    size = max(2, values.size)
    cells = codes[: first.size] * size + codes[first.size :]
    units = _table_by_unit(cells, size**2, clusters)
    return _Sums(units, np.eye(size**2).reshape(size, size, -1), of)


def _table_by_unit(cells: Ints, size: int, clusters: Clusters) -> Floats:
    units, number = _units(clusters)
    return np.bincount(units * size + cells, minlength=number * size).reshape(number, size).astype(np.float64)


def _some_answers(answers: Floats) -> Floats:
    if answers.size <= _MOST_ANSWERS:
        return answers
    return answers[np.linspace(0, answers.size - 1, _MOST_ANSWERS).round().astype(np.intp)]


def _all_pairs(answers: Floats) -> Floats:
    return np.stack(np.meshgrid(answers, answers, indexing="ij")).reshape(2, -1)


def _plain_kappa(tables: Floats) -> Floats:
    size = round(tables.shape[1] ** 0.5)
    cells = tables.reshape(-1, size, size)
    total = cells.sum(axis=(1, 2))
    agreed = np.trace(cells, axis1=1, axis2=2) / total
    by_chance = (cells.sum(axis=1) * cells.sum(axis=2)).sum(axis=1) / total**2
    return np.asarray((agreed - by_chance) / (1 - by_chance), dtype=np.float64)


def _ac1(categories: int, tables: Floats) -> Floats:
    size = round(tables.shape[1] ** 0.5)
    cells = tables.reshape(-1, size, size)
    total = cells.sum(axis=(1, 2))
    agreed = np.trace(cells, axis1=1, axis2=2) / total
    shares = (cells.sum(axis=1) + cells.sum(axis=2)) / (2 * total[:, None])
    by_chance = (shares * (1 - shares)).sum(axis=1) / (categories - 1)
    return np.asarray((agreed - by_chance) / (1 - by_chance), dtype=np.float64)


def _pair_moments(x: Floats, y: Floats) -> Floats:
    return np.stack([np.ones_like(x), x, y, x * x + y * y, x * y], axis=1)


def _quadratic_kappa(moments: Floats) -> Floats:
    n, x, y, squares, products = moments.T
    penalty, expected = squares - 2 * products, squares - 2 * x * y / n
    return np.asarray(1 - penalty / expected, dtype=np.float64)


def _item_moments(table: Floats) -> Floats:
    """Return per item its ratings, their sum and squares, and the sum of squared differences of its pairs."""
    given = (~np.isnan(table)).sum(axis=0).astype(np.float64)
    values = np.nan_to_num(table)
    first, squares = values.sum(axis=0), (values**2).sum(axis=0)
    return np.stack([given, first, squares, 2 * (given * squares - first**2) / (given - 1)], axis=1)


def _moment_alpha(moments: Floats) -> Floats:
    n, first, squares, within = moments.T
    # Over n² and not n (n - 1): weights have no number of ratings.
    return np.asarray(1 - within / n / (2 * (n * squares - first**2) / n**2), dtype=np.float64)


def _nominal_sums(table: Floats, size: int) -> Floats:
    """Return per item how often each answer was given, and its differing pairs over its ratings less one."""
    counts = np.stack([(table == answer).sum(axis=0) for answer in range(size)], axis=1).astype(np.float64)
    given = counts.sum(axis=1)
    differing = (given**2 - (counts**2).sum(axis=1)) / (given - 1)
    return np.concatenate([counts, differing[:, None]], axis=1)


def _nominal_alpha(sums: Floats) -> Floats:
    counts, differing = sums[:, :-1], sums[:, -1]
    n = counts.sum(axis=1)
    expected = (n**2 - (counts**2).sum(axis=1)) / n**2
    return np.asarray(1 - differing / n / expected, dtype=np.float64)
