"""Agreement coefficients against scikit-learn, statsmodels and the published examples."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.errors import NotEnoughData
from evaldrop.statistics import agreement_rate, cohen_kappa, fleiss_kappa, krippendorff_alpha

# Oracle cohen_kappa: scikit-learn 1.9.1 cohen_kappa_score.
HUMAN = [1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 3, 3, 4, 5, 2]
JUDGE = [1, 2, 3, 5, 5, 4, 4, 3, 3, 1, 2, 3, 4, 4, 2]

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", example E (nominal .743, ordinal .815,
# interval .849, ratio .797); further digits from oracle krippendorff_canonical, krippendorff 0.9.0.
GAP = float("nan")
CANONICAL = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, GAP, GAP, GAP],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GAP, 3],
    [GAP, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GAP],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GAP],
]

# Fleiss 1971, Psychological Bulletin 76:378-382, Table 1, published as .210; digits from oracle
# fleiss_kappa_canonical, statsmodels 0.15.0.
FLEISS = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip

LEVELS = ["nominal", "ordinal", "interval", "ratio"]
RATINGS = st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=2, max_size=30).filter(
    lambda rows: len({value for row in rows for value in row}) > 1
)


@pytest.mark.parametrize(
    ("weights", "kappa"),
    [("none", 0.5786516853932584), ("linear", 0.7678018575851393), ("quadratic", 0.8974008207934336)],
)
def test_cohen_kappa_matches_scikit_learn(weights, kappa):
    assert cohen_kappa(HUMAN, JUDGE, weights=weights) == pytest.approx(kappa, abs=1e-9)


def test_agreement_rate_is_the_share_of_equal_ratings():
    assert agreement_rate(HUMAN, JUDGE) == pytest.approx(0.6666666666666666, abs=1e-9)


def test_kappa_is_low_where_agreement_is_high_and_categories_are_skewed():
    """Feinstein & Cicchetti 1990: 46 of 50 agree, yet chance explains most of it."""
    a = ["pass"] * 46 + ["fail"] * 4
    b = ["pass"] * 44 + ["fail"] * 2 + ["pass"] * 2 + ["fail"] * 2
    assert agreement_rate(a, b) == pytest.approx(0.92)
    expected = (0.92 - (0.92 * 0.92 + 0.08 * 0.08)) / (1 - (0.92 * 0.92 + 0.08 * 0.08))
    assert cohen_kappa(a, b) == pytest.approx(expected)
    assert expected < 0.5


def test_weighted_kappa_knows_how_far_ratings_are_apart():
    """1 against 5 is worse than 1 against 2, also when nobody used 3 and 4."""
    near = cohen_kappa([1, 1, 2, 5, 5, 2], [1, 2, 1, 5, 5, 2], weights="quadratic")
    far = cohen_kappa([1, 1, 5, 5, 5, 2], [1, 5, 1, 5, 5, 2], weights="quadratic")
    assert near > far
    assert cohen_kappa(["a", "b", "c"], ["a", "b", "b"], weights="linear") == pytest.approx(
        cohen_kappa([0, 1, 2], [0, 1, 1], weights="linear")
    )


@settings(max_examples=50, deadline=None)
@given(RATINGS)
def test_kappa_is_at_most_1_symmetric_and_1_for_a_rater_with_itself(rows):
    a, b = zip(*rows, strict=True)
    for weights in ("none", "linear", "quadratic"):
        kappa = cohen_kappa(a, b, weights=weights)
        assert kappa <= 1
        assert cohen_kappa(b, a, weights=weights) == pytest.approx(kappa)
    both = a + b
    assert cohen_kappa(both, both) == pytest.approx(1)


@pytest.mark.parametrize(
    ("level", "alpha"),
    [
        ("nominal", 0.743421052631579),
        ("ordinal", 0.8153875037548814),
        ("interval", 0.8491071428571428),
        ("ratio", 0.7974027747116121),
    ],
)
def test_krippendorff_alpha_matches_the_canonical_example(level, alpha):
    assert krippendorff_alpha(CANONICAL, level=level) == pytest.approx(alpha, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(RATINGS, st.randoms(use_true_random=False))
def test_alpha_is_at_most_1_and_minds_neither_raters_nor_items_order(rows, random):
    table = np.array(rows, dtype=float).T
    shuffled = rows.copy()
    random.shuffle(shuffled)
    for level in LEVELS:
        alpha = krippendorff_alpha(table, level=level)
        assert alpha <= 1 + 1e-12
        assert krippendorff_alpha(np.array(shuffled, dtype=float).T[::-1], level=level) == pytest.approx(
            alpha
        )


@pytest.mark.parametrize("level", LEVELS)
def test_alpha_of_raters_who_agree_is_1_and_zeros_do_not_divide(level):
    assert krippendorff_alpha([[0, 1, 2], [0, 1, 2]], level=level) == pytest.approx(1.0)


def test_alpha_ignores_an_item_that_only_one_rater_saw():
    with_lone = [[*row, value] for row, value in zip(CANONICAL, [7, GAP, GAP, GAP], strict=True)]
    assert krippendorff_alpha(with_lone, level="interval") == pytest.approx(0.8491071428571428, abs=1e-9)


@pytest.mark.parametrize("ratings", [[[1, GAP], [GAP, 2]], [[], []], [[3, 3], [3, 3]]])
def test_alpha_is_undefined_without_pairs_or_without_differences(ratings):
    with pytest.raises(NotEnoughData):
        krippendorff_alpha(ratings, level="interval")


def test_alpha_refuses_what_its_level_cannot_compare():
    with pytest.raises(ValueError, match="ratio"):
        krippendorff_alpha([[-1, 2], [1, 2]], level="ratio")
    with pytest.raises(ValueError, match="level must be"):
        krippendorff_alpha([[1, 2], [1, 2]], level="cardinal")
    with pytest.raises(ValueError, match="table"):
        krippendorff_alpha([1, 2], level="nominal")


def test_fleiss_kappa_matches_the_canonical_example():
    assert fleiss_kappa(FLEISS) == pytest.approx(0.20993070442195522, abs=1e-9)


@pytest.mark.parametrize("counts", [np.zeros((0, 2)), [[1, 0], [0, 1]], [[2, 0], [2, 0]]])
def test_fleiss_kappa_is_undefined_without_items_raters_or_categories(counts):
    with pytest.raises(NotEnoughData):
        fleiss_kappa(counts)


def test_fleiss_kappa_refuses_tables_that_are_none():
    with pytest.raises(ValueError, match="same number of raters"):
        fleiss_kappa([[2, 0], [1, 0]])
    with pytest.raises(ValueError, match="table"):
        fleiss_kappa([[-1, 3]])


def test_kappa_is_undefined_for_nothing_or_one_category():
    with pytest.raises(NotEnoughData, match="one and the same category"):
        cohen_kappa([1, 1], [1, 1])
    with pytest.raises(NotEnoughData, match="no items"):
        cohen_kappa([], [])


def test_kappa_refuses_unequal_gappy_or_oddly_weighted_ratings():
    with pytest.raises(ValueError, match="same items"):
        cohen_kappa([1, 2], [1])
    with pytest.raises(ValueError, match="NaN"):
        cohen_kappa([1.0, GAP], [1.0, 2.0])
    with pytest.raises(ValueError, match="weights"):
        cohen_kappa([1, 2], [1, 2], weights="cubic")
