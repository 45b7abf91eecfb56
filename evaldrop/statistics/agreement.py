"""Agreement of raters beyond chance, and of a judge with itself in another order."""

from collections.abc import Hashable, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.vectors import Floats, Ints, as_pairs

Weights = Literal["none", "linear", "quadratic"]
Level = Literal["nominal", "ordinal", "interval", "ratio"]
Ratings = npt.ArrayLike | Sequence[Hashable]


class OrderBias(NamedTuple):
    """
    How a judge answers when each pair is shown in both orders; fractions in [0, 1].

    `agreement` is the share of records with one verdict in both orders (1 less the flip rate);
    `first_shown_rate` how often the response shown first was preferred, ½ being fair.
    """

    n: int
    agreement: float
    first_shown_rate: float


def agreement_rate(a: Ratings, b: Ratings) -> float:
    """
    Return the share of items on which two raters say the same, a fraction in [0, 1].

    Arguments, and what raises, as in `cohen_kappa`, but one category is enough.
    """
    first, second, _ = _joint_codes(a, b)
    return float(np.mean(first == second))


def cohen_kappa(a: Ratings, b: Ratings, *, weights: Weights = "none") -> float:
    """
    Return Cohen's κ, agreement beyond what the raters' own rates would give by chance.

    1 - Σ w O / Σ w E over the table of the two ratings; w is 0/1 ("none", Cohen 1960), |i - j| or (i - j)²
    with i and j the places among the categories used (Cohen 1968). With skewed categories κ is low although
    agreement is high: report both (Feinstein & Cicchetti 1990).

    Args:
        a: One rater's category per item, shape (n,); numbers or strings.
        b: The other's.
        weights: "quadratic" for Likert scales.

    Returns:
        At most 1; 0 is chance; below 0 is worse than chance.

    Raises:
        NotEnoughData: No items, or one category only, where chance agreement is certain and κ undefined.
        ValueError: Lengths differ, NaN, or weights of another name.
    """
    first, second, places = _joint_codes(a, b)
    categories = places.size
    if categories < 2:
        raise NotEnoughData("both raters use one and the same category only: kappa is undefined")
    table = np.bincount(first * categories + second, minlength=categories**2).reshape(categories, -1)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / first.size
    penalty = _penalties(places, weights)
    return float(1 - (penalty * table).sum() / (penalty * expected).sum())


def gwet_ac1(a: Ratings, b: Ratings, *, categories: int) -> float:
    """
    Return Gwet's AC1 of two raters, agreement beyond chance that one dominating category does not pull down.

    (p_o - p_e)/(1 - p_e) with p_e = Σ π_k (1 - π_k)/(K - 1), π_k the mean share of category k (Gwet 2008, Br.
    J. Math. Stat. Psychol. 61:29). Unweighted: for answers that are names.

    Args:
        a: One rater's category per item, shape (n,); numbers or strings.
        b: The other's.
        categories: K, how many the scale has, 2 or more; those that nobody used count too.

    Returns:
        At most 1; 0 is chance.

    Raises:
        NotEnoughData: No items.
        ValueError: Lengths differ, NaN, or more categories used than there are.
    """
    first, second, places = _joint_codes(a, b)
    if not 2 <= max(places.size, 2) <= categories:
        raise ValueError(f"{places.size} categories are used, and the scale has {categories}")
    shares = np.bincount(np.concatenate([first, second])) / (2 * first.size)
    by_chance = float((shares * (1 - shares)).sum()) / (categories - 1)
    return (float(np.mean(first == second)) - by_chance) / (1 - by_chance)


def krippendorff_alpha(ratings: npt.ArrayLike, *, level: Level) -> float:
    """
    Return Krippendorff's α for any number of raters, with gaps.

    1 - D_o/D_e over the coincidence matrix (Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability").
    Squared differences: nominal 0/1; ordinal (Σ_{g=c..k} n_g - (n_c + n_k)/2)²; interval (c - k)²; ratio ((c
    - k)/(c + k))².

    Args:
        ratings: Shape (raters, items); NaN where a rater gave none (the one place where NaN has a meaning).
        level: How the numbers may be compared.

    Returns:
        At most 1; 0 is chance.

    Raises:
        NotEnoughData: No item has two ratings, or all such ratings are equal, where α is undefined.
        ValueError: Not two-dimensional, infinite ratings, negative ratings at level "ratio", or another
            level.
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2 or np.isinf(table).any():
        raise ValueError("ratings must be a table of raters by items, finite or NaN")
    values, counts = _counts_per_item(table)
    if level == "ratio" and values.size and values[0] < 0:
        raise ValueError("ratio level needs ratings of 0 or more")
    if values.size == 0:
        raise NotEnoughData("no item was rated by two raters")
    if values.size == 1:
        raise NotEnoughData("all ratings are equal: alpha is undefined")
    coincidences = _coincidences(counts)
    totals = coincidences.sum(axis=0)
    distance = _distances(values, totals, level)
    # n - 1: chance pairs two different ratings, drawn without putting the first one back.
    expected = (np.outer(totals, totals) * distance).sum() / (totals.sum() - 1)
    return float(1 - (coincidences * distance).sum() / expected)


def order_bias(a_shown_first: npt.ArrayLike, b_shown_first: npt.ArrayLike) -> OrderBias:
    """
    Measure how the order of two responses sways a judge (Wang et al. 2023, arXiv 2305.17926).

    Args:
        a_shown_first: 1 where a was preferred, 0 where b, ½ for a tie, when a was shown first; shape (n,).
        b_shown_first: The same records, coded the same, when b was. Records unscored in either order
            are left out.

    Raises:
        NotEnoughData: No records.
        ValueError: Lengths differ, NaN, or a preference outside [0, 1].
    """
    first, second = as_pairs(a_shown_first, b_shown_first)
    if min(first.min(), second.min()) < 0 or max(first.max(), second.max()) > 1:
        raise ValueError("preferences lie in [0, 1]: 1 for a, 0 for b, 0.5 for a tie")
    return OrderBias(
        n=first.size,
        agreement=float(np.mean(first == second)),
        first_shown_rate=float((first + 1 - second).mean() / 2),
    )


def _joint_codes(a: Ratings, b: Ratings) -> tuple[Ints, Ints, Floats]:
    first, second = np.asarray(a), np.asarray(b)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"both raters must rate the same items, got shapes {first.shape} and {second.shape}")
    if first.size == 0:
        raise NotEnoughData("no items were rated by both")
    # Numbered together: a category that one rater never used must not shift the other's numbers.
    both = np.concatenate([first, second])
    if both.dtype.kind == "f" and np.isnan(both).any():
        raise ValueError("ratings hold NaN; leave out items one rater did not rate")
    categories, codes = np.unique(both, return_inverse=True)
    # Ratings 1, 2 and 5 are 1 and 3 apart: places in the sorted list would make every step equal.
    is_number = categories.dtype.kind in "biuf"
    places = categories.astype(np.float64) if is_number else np.arange(categories.size, dtype=np.float64)
    return codes[: first.size], codes[first.size :], places


def _penalties(places: Floats, weights: Weights) -> Floats:
    gaps = np.abs(np.subtract.outer(places, places))
    match weights:
        case "none":
            return (gaps > 0).astype(np.float64)
        case "linear":
            return gaps
        case "quadratic":
            return gaps**2
    raise ValueError(f'weights must be "none", "linear" or "quadratic", got {weights!r}')


def _counts_per_item(table: Floats) -> tuple[Floats, Floats]:
    given = ~np.isnan(table)
    # An item with one rating has nothing to agree with; counted, it would still change what chance gives.
    pairable = given & (given.sum(axis=0) >= 2)
    values, codes = np.unique(table[pairable], return_inverse=True)
    items = np.nonzero(pairable)[1]
    flat = np.bincount(items * values.size + codes, minlength=table.shape[1] * values.size)
    return values, flat.reshape(table.shape[1], values.size).astype(np.float64)


def _coincidences(counts: Floats) -> Floats:
    raters = counts.sum(axis=1)
    kept = counts[raters >= 2]
    weighted = kept / (raters[raters >= 2] - 1)[:, None]
    # A rating is not paired with itself, so the diagonal loses one pair per rating.
    return np.asarray(kept.T @ weighted - np.diag(weighted.sum(axis=0)), dtype=np.float64)


def _distances(values: Floats, totals: Floats, level: Level) -> Floats:
    gaps = np.subtract.outer(values, values)
    match level:
        case "nominal":
            return np.asarray(gaps != 0, dtype=np.float64)
        case "ordinal":
            return np.square(np.subtract.outer(*[np.cumsum(totals) - totals / 2] * 2))
        case "interval":
            return np.square(gaps)
        case "ratio":
            sums = np.add.outer(values, values)
            # 0 against 0 is no difference, not 0/0.
            return np.square(gaps / np.where(sums == 0, 1, sums))
    raise ValueError(f"level must be one of {', '.join(get_args(Level))}, got {level!r}")
