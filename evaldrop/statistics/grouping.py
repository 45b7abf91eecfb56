"""
Groups of texts by the words they share: as many as the words show, and one where they show none.

Pure functions on a sparse matrix of texts by parts. What is drawn is drawn with a fixed seed, so the same
rows give the same groups. Import it where it is called: scipy's clustering takes a fifth of a second, and few
runs need it.
"""

from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.cluster import hierarchy

from evaldrop.statistics.vectors import Floats

Labels: TypeAlias = npt.NDArray[np.int64]
Rows: TypeAlias = sparse.csr_array

MOST_GROUPS: Final = 8
FEWEST_ROWS: Final = 10
"""With fewer rows chance alone makes groups as good as any."""

_MOST_FITTED: Final = 800
"""Rows by which groups are found: the distances between all of them are held at once."""
_DIRECTIONS: Final = 8
_ABOVE_CHANCE: Final = 0.15
_SEED: Final = 20_261_130


def weighted(presence: Rows) -> Rows:
    """
    Return rows of length 1 in which a part weighs the more the fewer rows have it (TF-IDF).

    Args:
        presence: 1 where a row has a part; shape (rows, parts).

    Raises nothing. The method is of Spärck Jones (1972), its smoothing that of Salton and Buckley (1988).
    """
    n = presence.shape[0]
    # What all rows have says next to nothing; but a row with nothing else must not be empty.
    weights = np.log((1 + n) / (1 + presence.sum(axis=0))) + 0.05
    return _unit_rows(presence.multiply(weights[None, :]).tocsr())


def grouped(rows: Rows) -> Labels:
    """
    Return each row's group, 0 …; shape (rows,).

    Rows are joined by Ward's method in the few directions in which they differ most, and then moved to the
    group whose centre is nearest (spherical k-means). Of all numbers of groups that one counts whose rows are
    nearest to their own group and furthest from the next (silhouettes, Rousseeuw 1987), beyond what the same
    columns show when each is shuffled (as the gap statistic has it: Tibshirani, Walther and Hastie 2001).

    Args:
        rows: As of `weighted`, in an order that does not depend on the run's; shape (rows, parts).

    Raises nothing: fewer rows than can be told apart are one group.
    """
    n = rows.shape[0]
    alone = np.zeros(n, np.int64)
    if n < FEWEST_ROWS:
        return alone
    fitted = rows if n <= _MOST_FITTED else rows[np.linspace(0, n - 1, _MOST_FITTED).astype(np.int64)]
    source = np.random.default_rng(_SEED)
    cuts = {len(centres): (value, centres) for value, centres in _cuts(fitted, source)}
    if not cuts:
        return alone
    by_chance = _by_chance(fitted, source)
    beyond = {
        k: value - by_chance.get(k, max(by_chance.values(), default=0)) for k, (value, _) in cuts.items()
    }
    k = max(beyond, key=lambda k: beyond[k])
    return nearest(rows, cuts[k][1]) if beyond[k] >= _ABOVE_CHANCE else alone


def nearest(rows: Rows | Floats, centres: Floats) -> Labels:
    """
    Return for each row which centre is nearest, 0 …; shape (rows,).

    The assigning step of spherical k-means (Dhillon and Modha 2001).

    Args:
        rows: Of length 1; shape (rows, parts).
        centres: Of length 1, one or more; shape (groups, parts).

    Raises nothing.
    """
    return np.asarray(np.argmax(rows @ centres.T, axis=1), np.int64)


def centres_of(rows: Rows | Floats, labels: Labels) -> Floats:
    """
    Return the direction of each group, 0 …; shape (groups, parts).

    The other step of spherical k-means (Dhillon and Modha 2001).

    Args:
        rows: Of length 1; shape (rows, parts).
        labels: Each row's group, every number from 0 on at least once; shape (rows,).

    Raises nothing.
    """
    return _unit(_sums(rows, labels))


def _by_chance(rows: Rows, source: np.random.Generator) -> dict[int, float]:
    """Return by number of groups how good groups of shuffled rows are, now and then."""
    values: dict[int, list[float]] = {}
    # The fewer the rows, the more chance varies; of many a single shuffle says what it does.
    for _ in range(min(4, max(1, 1_200 // rows.shape[0]))):
        for value, centres in _cuts(_shuffled(rows, source), source):
            values.setdefault(len(centres), []).append(value)
    return {k: float(np.mean(found) + np.std(found)) for k, found in values.items()}


def _shuffled(rows: Rows, source: np.random.Generator) -> Rows:
    columns = rows.tocsc()
    n = rows.shape[0]
    places = [source.permutation(n)[:size] for size in np.diff(columns.indptr).tolist()]
    moved = sparse.csc_array((columns.data, np.concatenate(places), columns.indptr), shape=columns.shape)
    return _unit_rows(moved.tocsr())


def _unit_rows(rows: Rows) -> Rows:
    lengths = np.sqrt(rows.multiply(rows).sum(axis=1))
    return rows.multiply((1 / np.where(lengths > 0, lengths, 1))[:, None]).tocsr()


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1), np.float64)


def _sums(rows: Rows | Floats, labels: Labels) -> Floats:
    groups = int(labels.max()) + 1
    if isinstance(rows, np.ndarray):
        return np.asarray(np.eye(groups)[labels].T @ rows, np.float64)
    # Counted and not multiplied: a matrix of memberships takes longer to make than all sums.
    parts = rows.shape[1]
    places = np.repeat(labels, np.diff(rows.indptr)) * parts + rows.indices
    sums = np.bincount(places, rows.data, groups * parts).reshape(groups, parts)
    return np.asarray(sums, np.float64)


def _cuts(rows: Rows, source: np.random.Generator) -> Iterator[tuple[float, Floats]]:
    """Yield for 2 … MOST_GROUPS groups how good they are and their centres."""
    points = _in_main_directions(rows, source)
    tree = hierarchy.linkage(points, "ward")
    for k in range(2, min(MOST_GROUPS, len(points) - 1) + 1):
        labels = hierarchy.fcluster(tree, k, "maxclust").astype(np.int64) - 1
        labels = _moved(rows, _moved(points, labels))
        if labels.max() > 0:
            yield float(_silhouettes(rows, labels).mean()), centres_of(rows, labels)


def _moved(rows: Rows | Floats, labels: Labels) -> Labels:
    """Move rows to the nearest centre until none moves; a group that loses all of them is gone."""
    for _ in range(10):
        found = nearest(rows, centres_of(rows, labels))
        if np.array_equal(found, labels):
            break
        labels = found
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _in_main_directions(rows: Rows, source: np.random.Generator) -> Floats:
    """Return rows seen from their middle in the directions in which they differ most, at length 1."""
    # A randomized decomposition (Halko, Martinsson and Tropp 2011): all of it would take seconds.
    middle = np.asarray(rows.mean(axis=0))
    found = source.standard_normal((rows.shape[1], min(_DIRECTIONS + 8, *rows.shape)))
    for _ in range(5):
        seen = rows @ found - middle @ found
        found = rows.T @ seen - np.outer(middle, seen.sum(axis=0))
        found /= np.maximum(np.linalg.norm(found, axis=0), 1e-12)
    basis = np.linalg.qr(found)[0]
    seen = rows @ basis - middle @ basis
    turned = np.linalg.eigh(seen.T @ seen)[1][:, ::-1][:, :_DIRECTIONS]
    return _unit(seen @ turned)


def _silhouettes(rows: Rows, labels: Labels) -> Floats:
    """Return how much nearer rows are to the rest of their group than to the next one, -1 … 1."""
    sums = _sums(rows, labels)
    lengths = np.linalg.norm(sums, axis=1)
    products = np.asarray(rows @ sums.T)
    at = np.arange(len(labels))
    mine = products[at, labels]
    # Without the row itself, whose length is 1: it would be nearest to a group of its own.
    rest = np.sqrt(np.maximum(lengths[labels] ** 2 - 2 * mine + 1, 1e-12))
    # A row of parts that no other has is like nothing: not less than that.
    own = np.maximum((mine - 1) / rest, 0)
    likeness = products / np.maximum(lengths, 1e-12)
    likeness[at, labels] = -1
    other = likeness.max(axis=1)
    return np.asarray((own - other) / np.maximum(np.maximum(own, other), 1e-9), np.float64)
