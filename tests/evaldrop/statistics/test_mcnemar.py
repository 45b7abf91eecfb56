"""McNemar's exact test against statsmodels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.mcnemar import mcnemar_p_value, paired_pass_standard_error
from evaldrop.statistics.paired_test import Spread

# Oracle mcnemar: statsmodels 0.15.0 contingency_tables.mcnemar.
TABLE = [
    (1, 6, 0.125),
    (5, 15, 0.04138946533203125),
    (10, 25, 0.016673847800120715),
    (0, 5, 0.0625),
    (12, 12, 1.0),
]


def paired_pass_interval(only_a, only_b, *, records):
    """The interval of a difference as the paired test makes it."""
    error = paired_pass_standard_error(only_a, only_b, records=records)
    return Spread((only_a - only_b) / (records + 2), error, np.inf, records, 0.0, 1.0).interval(0.95)


@pytest.mark.parametrize(("b", "c", "p_value"), TABLE)
def test_mcnemar_matches_statsmodels(b, c, p_value):
    assert mcnemar_p_value(b, c) == pytest.approx(p_value, abs=1e-9)


def test_candidates_that_never_differ_are_not_told_apart():
    assert mcnemar_p_value(0, 0) == 1


@given(st.integers(0, 200), st.integers(0, 200))
def test_sides_do_not_matter(b, c):
    assert 0 < mcnemar_p_value(b, c) <= 1
    assert mcnemar_p_value(b, c) == mcnemar_p_value(c, b)


def test_counts_from_a_table_column_give_plain_numbers():
    assert type(mcnemar_p_value(np.int32(7), np.int32(1))) is float
    assert type(paired_pass_standard_error(np.int32(7), np.int32(1), records=60)) is float


def test_negative_counts_are_refused():
    with pytest.raises(ValueError, match="0 or more"):
        mcnemar_p_value(-1, 3)


def test_paired_pass_interval_is_the_adjusted_formula_by_hand():
    """9 and 3 of 40: (10 - 4)/42 ± 1.96 √((14/42 - (6/42)²)/42)."""
    margin = 1.959963984540054 * ((14 / 42 - (6 / 42) ** 2) / 42) ** 0.5
    assert paired_pass_interval(9, 3, records=40) == pytest.approx((6 / 42 - margin, 6 / 42 + margin))


@given(st.integers(0, 30), st.integers(0, 30), st.integers(0, 30))
def test_paired_pass_interval_mirrors_keeps_its_width_and_stays_in_bounds(b, c, concordant):
    if b + c + concordant == 0:
        return
    low, high = paired_pass_interval(b, c, records=b + c + concordant)
    assert -1 <= low < high <= 1
    mirrored = paired_pass_interval(c, b, records=b + c + concordant)
    assert mirrored == pytest.approx((-high, -low))


def test_paired_pass_interval_refuses_no_records_and_impossible_counts():
    with pytest.raises(NotEnoughData):
        paired_pass_interval(0, 0, records=0)
    with pytest.raises(ValueError, match="cannot be discordant"):
        paired_pass_interval(3, 3, records=5)
    with pytest.raises(ValueError, match="0 or more"):
        paired_pass_interval(-1, 3, records=5)


def test_a_decisive_exact_test_never_has_an_interval_that_holds_zero():
    # what lets the scorecard print both side by side
    for records in (6, 10, 20, 50, 300):
        for only_b in range(min(records, 30)):
            for only_a in range(only_b, min(records - only_b, 60) + 1):
                if mcnemar_p_value(only_a, only_b) < 0.05:
                    assert paired_pass_interval(only_a, only_b, records=records).low > 0


def test_the_standard_error_of_passes_is_the_intervals_and_never_zero():
    low, high = paired_pass_interval(9, 4, records=60)
    error = paired_pass_standard_error(9, 4, records=60)
    assert (high - low) / 2 == pytest.approx(1.959964 * error, abs=1e-6)
    # nobody differs: √(2/62 / 62)
    assert paired_pass_standard_error(0, 0, records=60) == pytest.approx(2**0.5 / 62)
    with pytest.raises(NotEnoughData):
        paired_pass_standard_error(0, 0, records=0)
