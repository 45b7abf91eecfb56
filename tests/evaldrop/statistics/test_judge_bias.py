"""Biases of judges: sizes that were put in come out, and fair judges are rarely accused."""

import numpy as np
import pytest

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.intervals import clopper_pearson_interval
from evaldrop.statistics.judge_bias import (
    apart_test,
    effect_beyond,
    effect_of,
    first_shown_effect,
    self_preference_intervals,
    slope_bounds,
)


def accused(p_of, worlds, seed=20261130):
    """Return the share of worlds in which a test at 5 % rejects."""
    rng = np.random.default_rng(seed)
    return np.mean([p_of(rng) < 0.05 for _ in range(worlds)])


# Position


def test_ten_pairs_that_all_go_to_the_first_have_the_p_value_of_ten_tosses_of_a_coin():
    found = first_shown_effect(np.ones(10), np.arange(10))
    assert found.size == 1
    assert found.p_value == pytest.approx(2 / 2**10)
    assert 0.5 < found.interval.low < found.interval.high == 1


def test_pairs_of_one_record_are_one_toss():
    assert first_shown_effect(np.ones(12), np.arange(12) // 3).p_value == pytest.approx(2 / 2**4)


def test_a_judge_that_minds_no_order_is_accused_no_more_often_than_stated():
    def p_value(rng):
        taste = rng.beta(2, 2, 30)
        first, second = (rng.random((2, 30)) < taste).astype(float)
        return first_shown_effect((first + 1 - second) / 2, np.arange(30)).p_value

    assert accused(p_value, 300) <= 0.07


# Length


def test_what_the_longer_one_gains_is_found_whatever_the_taste_for_a_candidate():
    rng = np.random.default_rng(1)
    strata, longer = np.arange(300) % 3, rng.choice([-1.0, 1.0], 300, p=[0.3, 0.7])
    outcome = np.array([2.0, -1.0, 0.0])[strata] + 0.4 * longer + rng.normal(0, 0.5, 300)
    found = effect_of(outcome, longer, strata, np.arange(300) // 3)
    assert found.interval.low < 0.4 < found.interval.high
    assert found.size == pytest.approx(0.4, abs=0.08)
    assert found.p_value < 0.001


def test_a_taste_for_one_candidate_that_mostly_writes_more_is_no_taste_for_length():
    """With few responses of the rarer kind Student's t alone accused such a judge in 22 of 100 runs."""

    def p_value(rng):
        longer = np.where(rng.random(20) < 0.8, 1.0, -1.0)
        favoured = (rng.random(20) < 0.4).astype(float)
        try:
            return effect_of(favoured, longer, np.zeros(20), np.arange(20)).p_value
        except NotEnoughData:
            return 1.0

    assert accused(p_value, 150) <= 0.08


def test_a_length_that_explains_everything_has_a_p_value_and_no_interval_of_no_width():
    longer = np.array([1.0, -1.0] * 8)
    found = effect_of(longer, longer, np.zeros(16), np.arange(16))
    assert (found.size, found.interval) == (1, None)
    assert found.p_value < 0.01
    assert effect_of(np.zeros(16), longer, np.zeros(16), np.arange(16)).p_value == 1


def test_a_candidate_that_always_writes_more_cannot_be_told_from_length():
    with pytest.raises(NotEnoughData, match="does not vary"):
        effect_of(np.arange(9.0), np.ones(9), np.zeros(9), np.arange(9))


@pytest.mark.parametrize(
    ("gain", "noise", "stretch"), [(0.0, 1.0, 1.0), (0.3, 2.0, 1.0), (0.3, 0.5, 3.0), (-0.3, 1.0, 0.5)]
)
def test_a_fair_judge_is_not_accused_of_length_because_the_metric_is_noisy(gain, noise, stretch):
    """Longer responses may truly be better, and the metric sees only a part of it."""

    def p_value(rng):
        longer = rng.choice([-1.0, 1.0], 60)
        quality = gain * longer + rng.normal(size=60)
        judged, measured = quality + rng.normal(0, 0.5, 60), quality + rng.normal(0, noise, 60)
        return effect_beyond(stretch * judged, longer, measured, np.zeros(60), np.arange(60)).p_value

    assert accused(p_value, 20) <= 0.07


def test_a_length_that_only_the_judge_rewards_is_found_by_a_metric():
    rng = np.random.default_rng(2)
    longer, quality = rng.choice([-1.0, 1.0], 200), rng.normal(size=200)
    judged, measured = quality + 0.6 * longer, quality + rng.normal(0, 0.7, 200)
    found = effect_beyond(judged, longer, measured, np.zeros(200), np.arange(200))
    assert found.p_value < 0.01
    assert found.size == pytest.approx(0.6, abs=0.15)


# Identical texts


def test_without_clusters_the_share_apart_has_clopper_pearsons_interval_and_the_binomial_p_value():
    apart = np.array([1.0] * 6 + [0.0] * 34)
    found = apart_test(apart, np.arange(40), tolerated=0.05)
    assert found.share == 0.15
    assert found.interval == pytest.approx(clopper_pearson_interval(6, 40))
    # P(X >= 6), X binomial of 40 at 0.05: 1 - scipy.stats.binom.cdf(5, 40, 0.05)
    assert found.p_value == pytest.approx(0.013883, abs=1e-5)
    assert apart_test(np.zeros(40), np.arange(40), tolerated=0.05).p_value == 1


def test_texts_of_one_group_count_as_fewer():
    apart = np.repeat([1.0, 0.0, 0.0, 0.0, 0.0], 8)
    alone = apart_test(apart, np.arange(40), tolerated=0.05)
    grouped = apart_test(apart, np.arange(40) // 8, tolerated=0.05)
    assert grouped.interval.low < alone.interval.low
    assert grouped.p_value > 0.05 > alone.p_value


# Self-preference


def test_self_preference_is_the_published_difference_and_its_intervals_cover():
    rng = np.random.default_rng(3)
    covered = np.zeros(2)
    for _ in range(200):
        good = np.repeat(np.concatenate([[True, False], rng.random(48) < 0.6]), 2)
        own = np.tile([True, False], 50)
        passed = rng.random(100) < np.where(good, np.where(own, 0.95, 0.8), np.where(own, 0.4, 0.2))
        found = self_preference_intervals(passed, good, own, np.repeat(np.arange(50), 2))
        covered += [
            found.bias.low <= 0.15 <= found.bias.high,
            found.false_positive_gap.low <= 0.2 <= found.false_positive_gap.high,
        ]
    assert found.measured.bias == pytest.approx(passed[good & own].mean() - passed[good & ~own].mean())
    assert found.measured.false_positive_gap == pytest.approx(
        passed[~good & own].mean() - passed[~good & ~own].mean()
    )
    assert (covered / 200 >= 0.93).all()


def test_a_judge_that_passes_everything_good_has_an_interval_with_width():
    good, own = np.repeat([True, False], 20), np.tile([True, False], 20)
    found = self_preference_intervals(good, good, own, np.arange(40))
    assert found.measured == (0, 0)
    assert found.bias.low < 0 < found.bias.high


def test_labels_of_one_kind_alone_measure_no_self_preference():
    with pytest.raises(NotEnoughData):
        self_preference_intervals([True] * 4, [True] * 4, [True, False] * 2, np.arange(4))


def test_the_slope_between_two_judges_lies_within_its_bounds_however_noisy_they_are():
    rng = np.random.default_rng(4)
    quality = rng.normal(size=500)
    mine, theirs = quality + rng.normal(0, 0.5, 500), 0.7 * quality + rng.normal(0, 0.8, 500)
    low, high = slope_bounds(mine, theirs)
    assert low < 1 / 0.7 < high
    assert slope_bounds(quality, quality) == pytest.approx((1, 1))
    assert slope_bounds(np.ones(3), [1, 2, 3]) is None
    assert slope_bounds([3, 2, 1], [1, 2, 3]) is None
