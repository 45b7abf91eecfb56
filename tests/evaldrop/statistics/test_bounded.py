"""Intervals of means that have ends: by hand, at the ends, of groups, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.bounded import bounded_mean_interval
from evaldrop.statistics.clusters import ended_mean
from evaldrop.statistics.intervals import clopper_pearson_interval, mean_estimate
from evaldrop.statistics.vectors import as_clusters

LIKERT = {"low": 1, "high": 5}


def test_ten_records_at_the_top_are_bounded_as_ten_passes_are():
    """0.025^(1/10) = 0.69150: Clopper and Pearson's lower limit of ten out of ten."""
    low, high = bounded_mean_interval([5] * 10, **LIKERT)
    assert (low, high) == (pytest.approx(1 + 4 * 0.025**0.1), 5.0)


def test_ten_records_in_the_middle_are_worth_as_many_as_they_vary_little():
    """
    All at 3 of 1 to 5, in shares: the ends' ½² + ½² over 12² is the variance. ¼ · 144/½ · 10/12 = 60 records
    would have it, times (1.959964/2.262157)² for t(9).
    """
    worth = 60 * (1.959963984540054 / 2.2621571628540993) ** 2
    low, high = clopper_pearson_interval(worth / 2, worth)
    assert bounded_mean_interval([3] * 10, **LIKERT) == pytest.approx((1 + 4 * low, 1 + 4 * high))
    # Student's, here the narrower one: the variance is corrected by 12/11.
    margin = 2.2621571628540993 * np.sqrt(0.5 / 12**2 * 12 / 11)
    ended = ended_mean(np.full(10, 0.5), as_clusters(range(10), rows=10))
    assert ended.interval(0.95) == pytest.approx((0.5 - margin, 0.5 + margin))
    assert margin < 0.5 - low


def test_yes_and_no_have_no_narrower_interval_than_clopper_and_pearsons():
    """No scores with ends vary more than those that are all at an end, so they are worth their number."""
    for passed in range(21):
        exact = clopper_pearson_interval(passed, 20)
        low, high = bounded_mean_interval([1] * passed + [0] * (20 - passed), low=0, high=1)
        assert low <= exact.low + 1e-12
        assert high >= exact.high - 1e-12


def test_with_many_records_inside_the_scale_it_is_students():
    scores = np.random.default_rng(1).normal(3, 0.4, 20_000).clip(1, 5)
    bounded, student = bounded_mean_interval(scores, **LIKERT), mean_estimate(scores).interval
    assert bounded == pytest.approx(student, abs=3e-4)


def test_clusters_of_one_record_are_independent_records():
    scores = [5, 5, 4, 5, 1, 3, 5, 5]
    alone = bounded_mean_interval(scores, **LIKERT, groups=range(8))
    assert alone == pytest.approx(bounded_mean_interval(scores, **LIKERT))


def test_clusters_that_all_say_the_same_count_as_one_record_each():
    low, high = bounded_mean_interval([5] * 40, **LIKERT, groups=np.repeat(range(8), 5))
    assert high == 5.0
    assert low <= 1 + 4 * clopper_pearson_interval(8, 8).low


def test_unequal_clusters_count_as_fewer():
    """Of sizes 1, 1, 1, 1 and 16: 20² / 260 = 1.54 clusters."""
    sizes = [1, 1, 1, 1, 16]
    groups = np.repeat(range(5), sizes)
    found = ended_mean(np.ones(20), as_clusters(groups, rows=20))
    assert found.clusters == pytest.approx(400 / 260)
    equal = bounded_mean_interval([5] * 20, **LIKERT, groups=np.repeat(range(5), 4))
    assert bounded_mean_interval([5] * 20, **LIKERT, groups=groups).low < equal.low


def test_a_pseudo_cluster_is_as_large_as_clusters_vary_together():
    """Drawn to the middle by a record at each end, or by a whole cluster where clusters are of one mind."""
    groups = as_clusters(np.repeat(range(4), 5), rows=20)
    apart = ended_mean(np.tile([1.0, 1, 1, 1, 0], 4), groups)
    together = ended_mean(np.repeat([1.0, 1, 1, 0], 5), groups)
    # Design effect 1, size √(5 · 1); and 5 · 4/3, so the largest.
    assert apart.evidence == pytest.approx(20 / (20 + 2 * np.sqrt(5)))
    assert together.evidence == pytest.approx(20 / 30)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=30),
    st.floats(-10, 10),
    st.floats(0.1, 10),
    st.sampled_from([0.8, 0.95, 0.99]),
)
def test_it_holds_the_mean_within_the_scale_and_moves_with_it(shares, low, width, confidence):
    scale = {"low": low, "high": low + width}
    scores = [min(low + width, low + width * share) for share in shares]
    found = bounded_mean_interval(scores, **scale, confidence=confidence)
    assert low <= found.low <= np.mean(scores) + 1e-9
    assert np.mean(scores) - 1e-9 <= found.high <= low + width
    assert found.width > 0
    turned = bounded_mean_interval(1 - np.array(shares), low=0, high=1, confidence=confidence)
    plain = bounded_mean_interval(shares, low=0, high=1, confidence=confidence)
    assert (turned.low, turned.high) == pytest.approx((1 - plain.high, 1 - plain.low), abs=1e-9)


def test_a_higher_level_is_wider():
    widths = [
        bounded_mean_interval([5, 4, 5, 5, 3], **LIKERT, confidence=level).width
        for level in (0.8, 0.95, 0.99)
    ]
    assert widths == sorted(widths)
    assert widths[0] < widths[2]


def test_rounding_beyond_the_scale_is_the_scales_end():
    assert bounded_mean_interval([1.0000000000000002, 1, 1], low=0, high=1).high == 1.0


@pytest.mark.parametrize(
    ("scores", "groups", "error", "match"),
    [
        ([5], None, NotEnoughData, "at least 2"),
        ([5, 5, 5], ["a", "a", "a"], NotEnoughData, "one cluster"),
        ([5, 6], None, ValueError, "between 1 and 5"),
        ([5, 0], None, ValueError, "between 1 and 5"),
        ([5, float("nan")], None, ValueError, "NaN"),
        ([5, 4], [1, 2, 3], ValueError, "one label for each"),
    ],
)
def test_what_has_no_interval_is_refused(scores, groups, error, match):
    with pytest.raises(error, match=match):
        bounded_mean_interval(scores, **LIKERT, groups=groups)


def test_a_level_is_a_fraction():
    with pytest.raises(ValueError, match="confidence"):
        bounded_mean_interval([5, 4], **LIKERT, confidence=1.0)
