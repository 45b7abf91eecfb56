"""Clustered errors against statsmodels, repeats averaged, and clusters at their limits."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.clusters import (
    clustered_mean_estimate,
    clustered_pass_interval,
    corrected_clustered_standard_error,
    ended_mean,
)
from evaldrop.statistics.intervals import clopper_pearson_interval, mean_estimate, wilson_interval
from evaldrop.statistics.vectors import as_clusters

# Oracle clustered_se: by hand, and statsmodels 0.15.0 OLS cov_type="cluster".
SCORES = [1, 1, 0, 1, 1, 1, 0, 0, 1, 0, 1, 1]
GROUPS = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]

ROWS = st.lists(st.tuples(st.integers(1, 5), st.sampled_from("abcd")), min_size=4, max_size=40)


def test_clustered_standard_error_matches_miller_and_statsmodels():
    assert np.mean(SCORES) == pytest.approx(0.6666666666666666)
    # Miller's error is without the correction for four clusters.
    plain = corrected_clustered_standard_error(SCORES, GROUPS) * np.sqrt(3 / 4)
    assert plain == pytest.approx(0.1178511301977579, abs=1e-9)
    assert corrected_clustered_standard_error(SCORES, GROUPS) == pytest.approx(0.1360827634879544, abs=1e-9)
    assert mean_estimate(SCORES).standard_error == pytest.approx(0.1421338109037403, abs=1e-9)


def test_clustered_mean_estimate_uses_the_corrected_error_and_g_minus_1_degrees_of_freedom():
    estimate = clustered_mean_estimate(SCORES, GROUPS)
    margin = 3.182446305284263 * 0.1360827634879544  # t(3), 0.975: any printed table gives 3.182
    assert estimate.interval == pytest.approx((2 / 3 - margin, 2 / 3 + margin), abs=1e-9)
    assert (estimate.n, estimate.clusters) == (12, 4)


def test_every_score_its_own_cluster_is_the_plain_estimate():
    assert clustered_mean_estimate(SCORES, range(12)).interval == pytest.approx(
        mean_estimate(SCORES).interval
    )


def test_a_score_repeated_whole_adds_no_information():
    """Three copies of each record leave the clustered error as it was; pooling would shrink it by √3."""
    scores = np.array([1.0, 4, 2, 5, 3])
    tripled = clustered_mean_estimate(np.repeat(scores, 3), np.repeat(range(5), 3))
    assert tripled.standard_error == pytest.approx(mean_estimate(scores).standard_error)


def test_clustered_pass_interval_of_singletons_is_clopper_pearsons_but_for_t():
    low, high = clustered_pass_interval([1] * 80 + [0] * 20, range(100))
    exact = clopper_pearson_interval(80, 100)
    assert (low, high) == pytest.approx(tuple(exact), abs=7e-3)
    assert low < exact.low < exact.high < high


def test_clustered_pass_interval_is_as_wide_as_the_clusters_are_few():
    """Clusters that pass or fail as a whole: 12 clusters of 10 are worth 12 records, not 120."""
    low, high = clustered_pass_interval(np.repeat([1] * 9 + [0] * 3, 10), np.repeat(range(12), 10))
    assert high - low > wilson_interval(9, 12).width
    assert high - low > 2.5 * wilson_interval(90, 120).width


def test_clustered_pass_interval_is_clopper_pearsons_of_the_effective_records():
    """SCORES: .13608² = .01852 is the binomial 2/9/12: design effect 1; then (1.95996/3.18245)² for t(3)."""
    effective = 12 * (1.959963984540054 / 3.182446305284263) ** 2
    exact = clopper_pearson_interval(8 / 12 * effective, effective)
    student = ended_mean(np.array(SCORES, float), as_clusters(GROUPS, rows=12)).interval(0.95)
    low, high = clustered_pass_interval(SCORES, GROUPS)
    assert (low, high) == pytest.approx((min(exact.low, student.low), max(exact.high, student.high)))
    # Two groups of alike: CR1 error² = 2 · (1 + 1)/4² = 1/4, binomial 1/16: four records are worth one, and
    # by t(1) next to nothing.
    assert clustered_pass_interval([1, 1, 0, 0], [1, 1, 2, 2]) == (0.0, 1.0)


def test_few_groups_that_fail_as_a_whole_may_be_more_than_are_seen():
    """Seven groups of forty pass and one fails half: seen is 94 %, and it may be 80 %."""
    passes, groups = [1] * 300 + [0] * 20, np.repeat(range(8), 40)
    low, _ = clustered_pass_interval(passes, groups)
    assert low < 0.8
    assert low < clopper_pearson_interval(300, 320).low - 0.1


def test_clustered_pass_interval_of_all_passes_counts_clusters_and_keeps_its_width():
    low, high = clustered_pass_interval([1] * 40, np.repeat(range(8), 5))
    assert high == 1.0
    assert low < wilson_interval(8, 8).low < wilson_interval(40, 40).low


@settings(max_examples=50, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_clustered_estimates_mind_neither_order_nor_names(rows, random):
    if len({group for _, group in rows}) < 2:
        rows = [*rows, (3, "e")]
    before = clustered_mean_estimate([s for s, _ in rows], [g for _, g in rows])
    assert before.interval.low <= before.mean <= before.interval.high
    random.shuffle(rows)
    after = clustered_mean_estimate([s for s, _ in rows], [ord(g) * 7 for _, g in rows])
    assert after.interval == pytest.approx(before.interval, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_clustered_pass_interval_holds_the_rate_within_0_to_1(rows):
    passes, groups = [float(s >= 3) for s, _ in rows], [g for _, g in rows]
    if len(set(groups)) < 2:
        return
    low, high = clustered_pass_interval(passes, groups)
    assert 0.0 <= low <= np.mean(passes) <= high <= 1.0


@pytest.mark.parametrize(
    "statistic",
    [
        corrected_clustered_standard_error,
        clustered_mean_estimate,
        clustered_pass_interval,
    ],
)
def test_one_cluster_is_not_enough(statistic):
    with pytest.raises(NotEnoughData, match="one cluster"):
        statistic([0, 1, 1], ["a", "a", "a"])


def test_passes_outside_0_to_1_are_refused():
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        clustered_pass_interval([2, 0], [1, 2])


def test_a_million_rows_take_bounded_memory():
    random = np.random.default_rng(0)
    scores, groups = random.integers(1, 6, 1_000_000), random.integers(0, 200_000, 1_000_000)
    tracemalloc.start()
    clustered_mean_estimate(scores, groups)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 150e6
