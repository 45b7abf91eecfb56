"""What a search claims is true where the truth is known; `benchmarks` prints more worlds."""

import numpy as np
import pytest

from benchmarks.prompt_search import World, outcomes

SEARCHES = 200


@pytest.fixture(scope="module")
def without_any_gain():
    return outcomes(World("no prompt is better", records=120), searches=SEARCHES)


@pytest.fixture(scope="module")
def with_features():
    return outcomes(World("features help", records=160, features=(0.1, 0.06, 0.0, -0.06)), searches=SEARCHES)


def share(found):
    return np.mean(list(found))


def test_where_no_prompt_is_better_better_is_claimed_in_one_search_of_twenty_at_most(without_any_gain):
    """Half of that is what the test's level allows, since the other half would be claims of worse."""
    assert share(each.is_claimed for each in without_any_gain) <= 0.05
    assert share(each.is_changed for each in without_any_gain) > 0.8


def test_where_no_prompt_is_better_dev_rises_all_the_same(without_any_gain):
    """By a twelfth of the scale, with nothing on test: what a gain on dev is worth as proof."""
    assert share(each.dev_gain for each in without_any_gain) > 0.05
    assert all(each.dev_gain >= 0 for each in without_any_gain)
    assert share(each.test_gain for each in without_any_gain) == pytest.approx(0, abs=0.01)


def test_where_features_help_most_searches_find_them_and_show_it(with_features):
    assert share(each.true_gain >= 0.1 for each in with_features) > 0.8
    assert share(each.is_claimed for each in with_features) > 0.6
    assert share(each.is_claimed and each.true_gain <= 0 for each in with_features) <= 0.025


def test_the_interval_of_test_has_the_true_gain_and_dev_overstates_it(with_features):
    covered = share(each.interval[0] <= each.true_gain <= each.interval[1] for each in with_features)

    assert covered == pytest.approx(0.95, abs=0.04)
    assert share(each.dev_gain - each.true_gain for each in with_features) > 0.02
    assert share(each.test_gain - each.true_gain for each in with_features) == pytest.approx(0, abs=0.01)


def test_a_race_takes_no_more_calls_than_the_plan_says_at_most(without_any_gain, with_features):
    assert all(each.tries <= each.most_tries for each in [*without_any_gain, *with_features])
