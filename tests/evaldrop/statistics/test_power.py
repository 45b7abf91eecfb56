"""Planning against Miller's printed example and statsmodels."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.power import (
    detectable_difference,
    detectable_effect_paired_t,
    minimum_detectable_difference,
    paired_t_power,
    required_records,
)

# Oracle power_miller: scipy 1.17.1 stats.norm; 969 is the number Miller 2024 (arXiv 2411.00640) prints.
OMEGA2 = 1 / 9


def test_required_records_matches_millers_example():
    assert required_records(0.03, between=OMEGA2) == pytest.approx(968.9974980677886, abs=1e-6)


@pytest.mark.parametrize(("repeats", "records"), [(1, 3875.9899922711543), (10, 1259.6967474881253)])
def test_repeats_reduce_only_the_noise_within_records(repeats, records):
    needed = required_records(
        0.03, between=OMEGA2, within_a=1 / 6, within_b=1 / 6, repeats_a=repeats, repeats_b=repeats
    )
    assert needed == pytest.approx(records, abs=1e-6)


@pytest.mark.parametrize(
    ("records", "difference"),
    [
        (50, 0.13206799371997818),
        (100, 0.09338617393709894),
        (300, 0.053916532661173286),
        (1000, 0.029531301160988652),
    ],
)
def test_minimum_detectable_difference_matches_the_oracle(records, difference):
    assert minimum_detectable_difference(records, between=OMEGA2) == pytest.approx(difference, abs=1e-6)
    # With so many records that t is z, and scores that vary no more for a difference, it is the same.
    error = (OMEGA2 / records) ** 0.5
    assert detectable_difference(error, records=10**9) == pytest.approx(difference, abs=1e-6)


@settings(max_examples=40)
@given(st.floats(0.01, 1), st.integers(2, 5000), st.floats(0.001, 0.1), st.floats(0.5, 0.99))
def test_detectable_difference_and_required_records_undo_each_other(between, records, level, power):
    difference = minimum_detectable_difference(records, between=between, level=level, power=power)
    assert required_records(difference, between=between, level=level, power=power) == pytest.approx(records)


# Oracle power_library: statsmodels 0.15.0 TTestPower.
def test_paired_t_planning_matches_statsmodels():
    assert paired_t_power(198.150820955562, effect=0.2) == pytest.approx(0.8, abs=1e-6)
    assert paired_t_power(100, effect=0.2) == pytest.approx(0.508264806621038, abs=1e-4)
    assert detectable_effect_paired_t(100) == pytest.approx(0.2829117119690806, abs=1e-4)


@pytest.mark.parametrize("records", [3, 8, 50, 4000])
@pytest.mark.parametrize("level", [0.05, 1e-6])
def test_the_detectable_effect_has_just_the_power_that_was_wanted(records, level):
    effect = detectable_effect_paired_t(records, level=level, power=0.9)
    assert paired_t_power(records, effect=-effect, level=level) == pytest.approx(0.9, abs=1e-6)


def test_two_records_need_a_very_large_effect():
    assert detectable_effect_paired_t(2) > 10


@pytest.mark.parametrize("difference", [0, float("nan")])
def test_no_difference_can_never_be_seen(difference):
    with pytest.raises(ValueError, match="state the difference"):
        required_records(difference, between=1)


@pytest.mark.parametrize(
    "planned",
    [
        lambda: required_records(0.1, between=-1),
        lambda: required_records(0.1, between=1, repeats_a=0),
        lambda: required_records(0.1, between=1, power=1),
        lambda: required_records(0.1, between=1, level=0),
        lambda: detectable_difference(float("nan"), records=9),
        lambda: detectable_effect_paired_t(10, power=1.5),
    ],
)
def test_impossible_plans_are_refused(planned):
    with pytest.raises(ValueError):  # noqa: PT011 - each names another argument; the class is the claim
        planned()


def test_no_records_show_nothing():
    with pytest.raises(NotEnoughData):
        minimum_detectable_difference(0, between=1)
    with pytest.raises(NotEnoughData):
        paired_t_power(1, effect=1)


def test_a_difference_makes_scores_vary_more():
    """
    Four records, error 0.408248, steps of 1, level 0.025: t(3) is 4.176535 and at 80 % 0.978472. A difference
    above 1 adds nothing to the error. What must be exceeded, 4 (1 - 0.025^(1/4)) = 2.409449, is larger than
    4.176535 errors: 2.409449 + 0.978472 · 0.408248.
    """
    found = detectable_difference(0.408248, records=4, step=1.0, level=0.025, least=4 * (1 - 0.025**0.25))
    assert found == pytest.approx(2.409449 + 0.978472 * 0.408248, abs=1e-3)
    # Yes/no scores: the error is √(0.08² + (X - X²)/100), and X is 2.435339 + 0.845267 of it.
    found = detectable_difference(0.08, records=100, step=1.0, level=0.05 / 3)
    error = (0.08**2 + (found - found**2) / 100) ** 0.5
    assert found == pytest.approx((2.435339 + 0.845267) * error, abs=1e-4)
    # What is missing comes on top.
    assert detectable_difference(0.08, records=100, step=1.0, level=0.05 / 3, reach=0.1) == found + 0.1


def test_a_difference_needs_as_many_changes_as_the_exact_test():
    """2^(1 - k) is 0.05/3 for k = 6.906891 records that change alike; q = k/10 + 0.841621 √(q (1 - q)/10)."""
    found = detectable_difference(0.01, records=10, step=2.0, level=0.05 / 3)
    share = found / 2
    assert share == pytest.approx(0.6906891 + 0.8416212 * (share * (1 - share) / 10) ** 0.5, abs=1e-6)
    # More than there are records: no difference that one record can have is as large.
    assert detectable_difference(0.01, records=5, step=1.0, level=0.05 / 3) > 1


def test_a_wider_interval_needs_a_larger_difference():
    plain, wider = (detectable_difference(0.1, records=1000, widened=times) for times in (1.0, 1.3))
    assert wider == pytest.approx(plain + 0.3 * 1.962341 * 0.1, abs=1e-6)
