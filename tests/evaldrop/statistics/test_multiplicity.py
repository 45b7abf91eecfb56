"""Adjusted p values against statsmodels and by their definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.statistics.multiplicity import holm

# Oracle multiplicity: statsmodels 0.15.0 multipletests.
P_VALUES = [0.001, 0.011, 0.02, 0.04, 0.3]
MANY = st.lists(st.floats(0, 1), min_size=1, max_size=20)


def test_holm_matches_statsmodels():
    assert holm(P_VALUES) == pytest.approx([0.005, 0.044, 0.06, 0.08, 0.3], abs=1e-9)
    assert (holm(P_VALUES) < 0.05).tolist() == [True, True, False, False, False]


@given(MANY, st.randoms(use_true_random=False))
def test_adjusted_p_values_follow_theirs_in_any_order(p_values, random):
    adjusted = holm(p_values)
    assert ((adjusted >= np.array(p_values) - 1e-15) & (adjusted <= 1)).all()
    assert (np.diff(adjusted[np.argsort(p_values)]) >= 0).all()
    order = list(range(len(p_values)))
    random.shuffle(order)
    assert holm(np.array(p_values)[order]) == pytest.approx(adjusted[order])


@given(MANY)
def test_holm_is_at_most_bonferroni(p_values):
    bonferroni = np.minimum(1, np.array(p_values) * len(p_values))
    assert (holm(p_values) <= bonferroni + 1e-12).all()


def test_no_comparison_needs_no_adjustment_and_one_keeps_its_p():
    assert holm([]).tolist() == []
    assert holm([0.03]).tolist() == [0.03]


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused(bad):
    with pytest.raises(ValueError, match="p values"):
        holm([0.5, bad])
