"""Intervals against published and independently computed values, and what they promise of any counts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.intervals import (
    Interval,
    clopper_pearson_interval,
    mean_estimate,
    normal_quantile,
    t_interval,
    t_quantile,
    wilson_interval,
)

# Newcombe (1998), Statistics in Medicine 17:857-872, Table I: method 3 (Wilson), 5 (Clopper-Pearson).
NEWCOMBE_WILSON = [
    (81, 263, 0.2553, 0.3662),
    (15, 148, 0.0624, 0.1605),
    (0, 20, 0.0000, 0.1611),
    (1, 29, 0.0061, 0.1718),
]
NEWCOMBE_CLOPPER_PEARSON = [
    (81, 263, 0.2527, 0.3676),
    (15, 148, 0.0578, 0.1617),
    (0, 20, 0.0000, 0.1684),
    (1, 29, 0.0009, 0.1776),
]

# Oracle proportion_intervals_95: statsmodels 0.15.0 proportion_confint, scipy 1.17.1 binomtest.
# passed, scored, Wilson, Clopper-Pearson.
PROPORTIONS = [
    (0, 10, (0.0, 0.27753279986288926), (0.0, 0.30849710781876083)),
    (1, 10, (0.017876213095072924, 0.40415002679523854), (0.0025285785444617848, 0.4450161170281953)),
    (5, 10, (0.23659309051256394, 0.7634069094874361), (0.18708602844739855, 0.8129139715526015)),
    (8, 10, (0.49016247153664183, 0.9433178485456247), (0.4439045376923585, 0.9747892736731666)),
    (10, 10, (0.7224672001371106, 1.0), (0.6915028921812392, 1.0)),
    (27, 30, (0.7437891742081592, 0.9654001112526659), (0.7347115495257919, 0.9788828629702774)),
    (30, 30, (0.8864866068260311, 1.0), (0.8842966917779722, 1.0)),
    (45, 50, (0.7863976856252034, 0.9565242350681095), (0.7818646335657977, 0.9667249064109775)),
    (95, 100, (0.8882495307680808, 0.9784563208456319), (0.8871650888945373, 0.9835681208179479)),
    (644, 805, (0.7709722357785984, 0.8261781633913736), (0.7706698817620525, 0.8271133494173363)),
]

COUNTS = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
CONFIDENCES = st.floats(0.5, 0.999)
PASS_INTERVALS = [wilson_interval, clopper_pearson_interval]


@pytest.mark.parametrize(("passed", "scored", "low", "high"), NEWCOMBE_WILSON)
def test_wilson_interval_matches_newcombe(passed, scored, low, high):
    assert wilson_interval(passed, scored) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("passed", "scored", "low", "high"), NEWCOMBE_CLOPPER_PEARSON)
def test_clopper_pearson_interval_matches_newcombe(passed, scored, low, high):
    assert clopper_pearson_interval(passed, scored) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("passed", "scored", "wilson", "clopper_pearson"), PROPORTIONS)
def test_pass_rate_intervals_match_statsmodels(passed, scored, wilson, clopper_pearson):
    assert wilson_interval(passed, scored) == pytest.approx(wilson, abs=1e-9)
    assert clopper_pearson_interval(passed, scored) == pytest.approx(clopper_pearson, abs=1e-9)


def test_bounds_are_plain_numbers_whatever_the_counts_are():
    assert [type(bound) for bound in wilson_interval(np.int32(3), np.int64(5))] == [float, float]


def test_mean_estimate_matches_scipy_on_likert_scores():
    """Oracle mean_sem_likert: scipy 1.17.1 stats.sem and t.interval."""
    estimate = mean_estimate([4, 5, 3, 4, 2, 5, 4, 4, 3, 5])
    assert estimate.mean == pytest.approx(3.9, abs=1e-9)
    assert estimate.sd == pytest.approx(0.9944289260117533, abs=1e-9)
    assert estimate.standard_error == pytest.approx(0.31446603773522014, abs=1e-9)
    assert estimate.interval == pytest.approx((3.188628400280501, 4.611371599719499), abs=1e-9)
    assert (estimate.n, estimate.clusters, estimate.confidence) == (10, 10, 0.95)


def test_normal_interval_of_the_same_scores_is_narrower():
    """Oracle mean_sem_likert, z95: why t is used for means."""
    margin = normal_quantile(0.95) * 0.31446603773522014
    assert (3.9 - margin, 3.9 + margin) == pytest.approx((3.283657891677955, 4.5163421083220445), abs=1e-9)


def test_mean_estimate_of_pass_marks_has_ddof_1():
    """Oracle mean_sem_binary: larger than √(p(1-p)/n) by √(n/(n-1))."""
    estimate = mean_estimate([1, 1, 0, 1, 1, 1, 0, 1, 1, 1])
    assert estimate.mean == pytest.approx(0.8)
    assert estimate.standard_error == pytest.approx(0.13333333333333333, abs=1e-9)
    assert estimate.standard_error * np.sqrt(9 / 10) == pytest.approx(0.12649110640673517, abs=1e-9)


def test_mean_estimate_of_equal_scores_has_no_width():
    assert mean_estimate([3, 3, 3]).interval == Interval(3.0, 3.0)


@settings(max_examples=60, deadline=None)
@given(COUNTS, CONFIDENCES)
def test_pass_rate_intervals_hold_the_rate_and_stay_in_0_to_1(counts, confidence):
    passed, scored = counts
    for interval in (wilson_interval, clopper_pearson_interval):
        low, high = interval(passed, scored, confidence=confidence)
        assert 0.0 <= low <= passed / scored <= high <= 1.0
        assert high > low


@settings(max_examples=60, deadline=None)
@given(COUNTS)
def test_pass_rate_intervals_mirror_when_passes_become_failures(counts):
    passed, scored = counts
    for interval in PASS_INTERVALS:
        low, high = interval(passed, scored)
        assert interval(scored - passed, scored) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30), st.randoms(use_true_random=False))
def test_mean_estimate_holds_its_mean_and_minds_no_order(scores, random):
    estimate = mean_estimate(scores)
    assert estimate.interval.low <= estimate.mean <= estimate.interval.high
    assert estimate.interval.width >= 0
    random.shuffle(scores)
    assert mean_estimate(scores).interval == pytest.approx(estimate.interval, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(COUNTS, st.floats(0.5, 0.9), st.floats(0.01, 0.09))
def test_more_confidence_is_a_wider_interval(counts, confidence, more):
    for interval in PASS_INTERVALS:
        assert (
            interval(*counts, confidence=confidence + more).width
            > interval(*counts, confidence=confidence).width
        )


@pytest.mark.parametrize("interval", PASS_INTERVALS)
def test_pass_rate_interval_of_nothing_is_an_error(interval):
    with pytest.raises(NotEnoughData, match="no scored verdicts"):
        interval(0, 0)


@pytest.mark.parametrize("interval", PASS_INTERVALS)
@pytest.mark.parametrize(("passed", "scored"), [(-1, 5), (6, 5), (float("nan"), 5), (0, -2)])
def test_pass_rate_interval_refuses_counts_that_cannot_be(interval, passed, scored):
    with pytest.raises(ValueError, match="passed must lie"):
        interval(passed, scored)


@pytest.mark.parametrize("interval", PASS_INTERVALS)
@pytest.mark.parametrize("confidence", [0.0, 1.0, 95])
def test_pass_rate_interval_refuses_confidence_outside_0_to_1(interval, confidence):
    with pytest.raises(ValueError, match="confidence"):
        interval(3, 5, confidence=confidence)


@pytest.mark.parametrize("scores", [[], [4]])
def test_mean_estimate_of_fewer_than_two_scores_is_an_error(scores):
    with pytest.raises(NotEnoughData):
        mean_estimate(scores)


def test_mean_estimate_refuses_nan_because_unscored_is_not_a_number():
    with pytest.raises(ValueError, match="unscored"):
        mean_estimate([1, float("nan"), 2])


def test_t_interval_refuses_an_impossible_error_or_freedom():
    with pytest.raises(ValueError, match="standard error"):
        t_interval(0, -1, degrees_of_freedom=3)
    with pytest.raises(ValueError, match="degrees of freedom"):
        t_quantile(0.95, 0)
