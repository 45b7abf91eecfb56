"""Bootstrap against full enumeration and scipy, whole clusters, and bounded memory."""

import itertools
import time
import tracemalloc

import numpy as np
import pytest

from evaldrop.statistics.bootstrap import percentile_interval, resample_counts
from evaldrop.statistics.intervals import Interval, mean_estimate

SCORES = [2, 3, 5, 4, 1]
SKEWED = [1, 1, 1, 2, 1, 1, 3, 1, 2, 9, 1, 4, 1, 1, 2, 15]


def every_resample_mean():
    draws = np.array(list(itertools.product(range(5), repeat=5)))
    counts = np.stack([(draws == unit).sum(axis=1) for unit in range(5)], axis=1)
    return counts @ np.array(SCORES) / 5


def resampled_means(scores, *, seed, resamples=9_999):
    values, copies = np.unique(scores, return_counts=True)
    blocks = resample_counts(copies, resamples=resamples, seed=seed)
    return np.concatenate([block @ values / len(scores) for block in blocks])


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
    means = resampled_means(scores, seed=3, resamples=40_000)
    expected = mean_estimate(scores).standard_error * np.sqrt((len(scores) - 1) / len(scores))
    assert means.std() == pytest.approx(expected, rel=0.02)
    assert means.mean() == pytest.approx(np.mean(scores), abs=4 * expected / 200)


def test_percentile_interval_of_drawn_resamples_is_that_of_all():
    assert percentile_interval(resampled_means(SCORES, seed=1)) == pytest.approx((1.8, 4.2), abs=0.05)


def test_the_same_seed_draws_the_same_resamples_and_another_seed_others():
    first, again, other = (resampled_means(SKEWED, seed=seed, resamples=200) for seed in (7, 7, 8))
    assert (first == again).all()
    assert (first != other).any()


def test_a_distribution_without_spread_gives_an_interval_of_no_width():
    assert percentile_interval([4, 4, 4]) == Interval(4.0, 4.0)


def test_no_resamples_are_refused():
    with pytest.raises(ValueError, match="resamples"):
        next(resample_counts([1, 1], resamples=0, seed=1))


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
    interval = percentile_interval(resampled_means(scores, seed=1))
    took, (_, peak) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert took < 3
    assert peak < 150e6
    assert interval == pytest.approx(mean_estimate(scores).interval, abs=1e-4)
