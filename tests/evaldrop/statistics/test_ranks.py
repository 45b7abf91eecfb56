"""Rank statistics against scipy, with ties and without an order to compare."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.ranks import average_ranks, kendall_tau_b, spearman

# Oracle cohen_kappa: scipy 1.17.1 stats on the same two raters.
HUMAN = [1, 2, 3, 4, 5, 5, 4, 3, 2, 1, 3, 3, 4, 5, 2]
JUDGE = [1, 2, 3, 5, 5, 4, 4, 3, 3, 1, 2, 3, 4, 4, 2]

VARIED = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=30).filter(
    lambda rows: len({a for a, _ in rows}) > 1 and len({b for _, b in rows}) > 1
)


def test_rank_correlations_match_scipy():
    assert spearman(HUMAN, JUDGE).coefficient == pytest.approx(0.9066328752467797, abs=1e-9)
    assert kendall_tau_b(HUMAN, JUDGE).coefficient == pytest.approx(0.8248719218376629, abs=1e-9)
    assert spearman(HUMAN, JUDGE).n == kendall_tau_b(HUMAN, JUDGE).n == 15


@settings(max_examples=40, deadline=None)
@given(VARIED)
def test_spearman_is_scipys_with_its_p_and_symmetric(rows):
    a, b = zip(*rows, strict=True)
    theirs, ours = stats.spearmanr(a, b), spearman(a, b)
    assert ours.coefficient == pytest.approx(theirs.statistic, abs=1e-9)
    assert ours.p_value == pytest.approx(theirs.pvalue, abs=1e-9)
    assert spearman(b, a).coefficient == pytest.approx(ours.coefficient)


def test_a_perfect_order_has_coefficient_1_and_p_0():
    assert spearman([1, 2, 3], [10, 20, 90]) == (1.0, 0.0, 3)
    assert spearman([1, 2, 3], [9, 4, 1]).coefficient == -1.0


def test_ranks_of_ties_are_shared():
    assert average_ranks([30, 10, 10, 20]).tolist() == [4.0, 1.5, 1.5, 3.0]


@pytest.mark.parametrize("correlation", [spearman, kendall_tau_b])
def test_values_without_an_order_have_no_correlation(correlation):
    with pytest.raises(NotEnoughData, match="no order"):
        correlation([1, 2, 3], [4, 4, 4])
    with pytest.raises(NotEnoughData):
        correlation([1, 2], [1, 2])
