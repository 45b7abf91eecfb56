"""Bootstrap against full enumeration and scipy, whole clusters, and bounded memory."""

import itertools
import time
import tracemalloc

import numpy as np
import pytest
from scipy import stats

from evaldrop.errors import NotEnoughData
from evaldrop.statistics import (
    Interval,
    bca_interval,
    bootstrap_bca_interval,
    bootstrap_percentile_interval,
    mean_estimate,
    percentile_interval,
    resample_counts,
)
from evaldrop.statistics.bootstrap import means_of_resamples

SCORES = [2, 3, 5, 4, 1]
SKEWED = [1, 1, 1, 2, 1, 1, 3, 1, 2, 9, 1, 4, 1, 1, 2, 15]


def every_resample_mean():
    draws = np.array(list(itertools.product(range(5), repeat=5)))
    counts = np.stack([(draws == unit).sum(axis=1) for unit in range(5)], axis=1)
    return means_of_resamples(counts, np.array(SCORES, dtype=float), np.ones(5))


def test_bootstrap_of_five_scores_matches_full_enumeration():
    """Oracle bootstrap_exact_enumeration_n5: all 5^5 resamples, numpy."""
    means = every_resample_mean()
    assert len(means) == 3125
    assert means.mean() == pytest.approx(3.0, abs=1e-9)
    assert means.std() == pytest.approx(0.6324555320336759, abs=1e-9)
    assert percentile_interval(means) == pytest.approx((1.8, 4.2), abs=1e-9)


@pytest.mark.parametrize("scores", [SCORES, [1, 1, 1, 0, 0, 1, 1, 1]])
def test_drawn_resamples_have_the_spread_of_all_resamples(scores):
    """Oracle formula: the error is √((n-1)/n) · sem, for units drawn singly and drawn together."""
    values, copies = np.unique(scores, return_counts=True)
    blocks = resample_counts(copies, resamples=40_000, seed=3)
    means = np.concatenate(
        [means_of_resamples(block, values * 1.0, np.ones(len(values))) for block in blocks]
    )
    expected = mean_estimate(scores).standard_error * np.sqrt((len(scores) - 1) / len(scores))
    assert means.std() == pytest.approx(expected, rel=0.02)
    assert means.mean() == pytest.approx(np.mean(scores), abs=4 * expected / 200)


def test_percentile_interval_of_drawn_resamples_is_that_of_all():
    assert bootstrap_percentile_interval(SCORES, seed=1) == pytest.approx((1.8, 4.2), abs=0.05)


def test_bca_interval_matches_scipy_on_skewed_scores():
    """scipy 1.17.1 stats.bootstrap, method BCa; both drawn, so they agree to their Monte Carlo error."""
    random = np.random.default_rng(1)
    theirs = stats.bootstrap((SKEWED,), np.mean, method="BCa", n_resamples=40_000, rng=random)
    ours = bootstrap_bca_interval(SKEWED, seed=2, resamples=40_000)
    assert ours == pytest.approx(tuple(theirs.confidence_interval), abs=0.08)
    percentile = bootstrap_percentile_interval(SKEWED, seed=2, resamples=40_000)
    assert ours.low > percentile.low + 0.1
    assert ours.high > percentile.high + 0.3


def test_bca_without_bias_or_acceleration_is_the_percentile_interval():
    distribution = np.linspace(-1, 1, 2001)
    plain = percentile_interval(distribution)
    assert bca_interval(distribution, observed=0.0, jackknife=[-1, 0, 1]) == pytest.approx(plain, abs=1e-3)


def test_bca_with_every_resample_on_one_side_stays_within_the_resamples():
    low, high = bca_interval([1.0, 2.0, 3.0], observed=0.0, jackknife=[0.0, 0.0])
    assert 1.0 <= low <= high <= 3.0
    low, high = bca_interval([1.0, 2.0, 3.0], observed=9.0, jackknife=[0.0, 0.0])
    assert 1.0 <= low <= high <= 3.0


def test_two_scores_can_be_resampled():
    assert bootstrap_percentile_interval([0, 1], seed=1) == Interval(0.0, 1.0)


def test_whole_clusters_are_drawn():
    """Forty scores in four clusters that agree within: as uncertain as four scores, not as forty."""
    scores, groups = np.repeat([1.0, 5, 2, 4], 10), np.repeat(list("abcd"), 10)
    clustered = bootstrap_percentile_interval(scores, seed=1, groups=groups)
    four = bootstrap_percentile_interval([1, 5, 2, 4], seed=1)
    assert clustered == pytest.approx(four, abs=0.1)
    assert clustered.width > 2 * bootstrap_percentile_interval(scores, seed=1).width
    assert bootstrap_bca_interval(scores, seed=1, groups=groups).width > 2


def test_clusters_of_unequal_size_weigh_by_their_rows():
    scores, groups = [0, 0, 0, 1], ["large", "large", "large", "small"]
    assert bootstrap_percentile_interval(scores, seed=1, groups=groups, confidence=0.6) == (0.0, 1.0)
    assert bootstrap_percentile_interval(scores, seed=1, groups=groups, confidence=0.01) == (0.25, 0.25)


@pytest.mark.parametrize("interval", [bootstrap_percentile_interval, bootstrap_bca_interval])
def test_the_same_seed_gives_the_same_interval_and_another_seed_another(interval):
    assert interval(SKEWED, seed=7, resamples=200) == interval(SKEWED, seed=7, resamples=200)
    assert interval(SKEWED, seed=7, resamples=200) != interval(SKEWED, seed=8, resamples=200)


@pytest.mark.parametrize("interval", [bootstrap_percentile_interval, bootstrap_bca_interval])
def test_equal_scores_give_an_interval_of_no_width(interval):
    assert interval([4, 4, 4], seed=1, resamples=99) == Interval(4.0, 4.0)


@pytest.mark.parametrize("interval", [bootstrap_percentile_interval, bootstrap_bca_interval])
def test_one_score_or_one_cluster_cannot_be_resampled(interval):
    with pytest.raises(NotEnoughData):
        interval([4], seed=1)
    with pytest.raises(NotEnoughData):
        interval([4, 5], seed=1, groups=["a", "a"])


def test_no_resamples_are_refused():
    with pytest.raises(ValueError, match="resamples"):
        bootstrap_percentile_interval(SCORES, seed=1, resamples=0)


@pytest.mark.parametrize("copies", [[1, 1, 1, 1], [3, 1]])
def test_every_resample_is_as_large_as_the_data(copies):
    blocks = list(resample_counts(copies, resamples=50, seed=1))
    assert sum(len(block) for block in blocks) == 50
    assert all((block.sum(axis=1) == 4).all() for block in blocks)


def test_resamples_come_in_bounded_blocks():
    blocks = list(resample_counts(np.ones(700_000), resamples=5, seed=1))
    assert [len(block) for block in blocks] == [2, 2, 1]
    assert all((block.sum(axis=1) == 700_000).all() for block in blocks)


def test_a_million_likert_scores_take_seconds_and_bounded_memory():
    scores = np.random.default_rng(0).integers(1, 6, 1_000_000)
    tracemalloc.start()
    began = time.perf_counter()
    interval = bootstrap_percentile_interval(scores, seed=1)
    took, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 3
    assert peak < 150e6
    assert interval == pytest.approx(mean_estimate(scores).interval, abs=1e-4)
