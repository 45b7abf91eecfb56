"""Win rates: intervals hold the truth with few pairs, ties and clusters; the test is exact."""

import numpy as np
import pytest
from scipy import special, stats

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.preferences import preference_p_value, win_rate


def shares(wins, losses, ties=0):
    return np.repeat([1.0, 0.0, 0.5], [wins, losses, ties])


def tables(n):
    """Every count of wins and losses of n pairs, and the interval of each; shape (counts,)."""
    counts = [(wins, losses) for wins in range(n + 1) for losses in range(n + 1 - wins)]
    bounds = [win_rate(shares(wins, losses, n - wins - losses)).interval() for wins, losses in counts]
    return np.array(counts), np.array(bounds)


def chances(n, counts, rate, ties):
    wins, losses = counts.T
    each = (rate - ties / 2, 1 - rate - ties / 2, ties)
    logs = special.gammaln(n + 1)
    for number, chance in zip((wins, losses, n - wins - losses), each, strict=True):
        logs = logs - special.gammaln(number + 1) + special.xlogy(number, max(chance, 0.0))
    return np.exp(logs)


@pytest.mark.parametrize("n", [10, 20, 50])
def test_an_interval_holds_the_true_rate_whatever_share_are_ties(n):
    """Exactly, by going through every count: at least 95 %, and above it at most 2.8 %."""
    counts, bounds = tables(n)
    for rate in (0.5, 0.7, 0.9, 0.98):
        for ties in (0, 0.05, 0.1, 0.3, 0.6, 0.9):
            if ties > 2 * (1 - rate) + 1e-9:
                continue
            chance = chances(n, counts, rate, ties)
            above = chance[bounds[:, 0] > rate + 1e-12].sum()
            below = chance[bounds[:, 1] < rate - 1e-12].sum()
            assert 1 - above - below > 0.95, (rate, ties)
            # A gate `win_rate >= rate` passes falsely where the whole interval is above.
            assert above < 0.026, (rate, ties)
            assert below < 0.0285, (rate, ties)


def test_ties_make_it_narrower_than_a_half_each_would():
    with_ties, without = win_rate(shares(12, 8, 80)), win_rate(shares(52, 48))
    assert with_ties.rate == without.rate == 0.52
    assert with_ties.interval().width < without.interval().width / 2


@pytest.mark.parametrize("all_alike", [shares(10, 0), shares(0, 10), shares(0, 0, 10)])
def test_it_has_a_width_where_all_pairs_agree(all_alike):
    assert win_rate(all_alike).interval().width > 0.25
    assert win_rate(all_alike, np.repeat(range(5), 2)).interval().width > 0.4


def test_without_ties_it_is_clopper_and_pearsons():
    found = win_rate(shares(42, 18)).interval()
    assert found == pytest.approx(stats.binomtest(42, 60).proportion_ci(0.95, "exact"), abs=1e-9)


@pytest.mark.parametrize(("groups", "rate", "alike"), [
    (5, 0.7, 0.5), (10, 0.5, 0.0), (10, 0.9, 0.95), (50, 0.7, 0.95), (50, 0.98, 0.5),
])  # fmt: skip
def test_an_interval_of_clusters_holds_the_true_rate(groups, rate, alike):
    """Clusters of 1 to 11 pairs that share their chance, from not at all to nearly wholly."""
    random = np.random.default_rng(groups)
    held = 0
    for _ in range(600):
        sizes = random.integers(1, 12, groups)
        spread = (1 - alike) / max(alike, 1e-9)
        own = random.beta(rate * spread, (1 - rate) * spread, groups) if alike else np.full(groups, rate)
        clusters = np.repeat(np.arange(groups), sizes)
        values = (random.random(clusters.size) < own[clusters]).astype(float)
        low, high = win_rate(values, clusters).interval()
        held += low <= rate <= high
    # Two simulation errors below 95 %.
    assert held / 600 > 0.95 - 2 * np.sqrt(0.95 * 0.05 / 600)


def test_copies_of_a_pair_in_its_cluster_add_no_knowledge():
    once = win_rate(shares(30, 20)).interval()
    tenfold = win_rate(np.repeat(shares(30, 20), 10), np.repeat(np.arange(50), 10)).interval()
    assert tenfold == pytest.approx(once, abs=0.01)


def test_the_test_is_the_exact_sign_test_and_ties_say_nothing():
    expected = stats.binomtest(15, 20).pvalue
    for ties in (0, 7):
        assert preference_p_value(shares(15, 5, ties), seed=1) == pytest.approx(expected)
    assert preference_p_value(shares(0, 0, 9), seed=1) == 1


def test_clusters_flip_their_signs_as_a_whole():
    """Eight clusters of three alike: 2 of 256 patterns are as extreme."""
    values, clusters = np.repeat(shares(8, 0), 3), np.repeat(np.arange(8), 3)
    assert preference_p_value(values, clusters, seed=1) == pytest.approx(2 / 256)
    assert preference_p_value(values, seed=1) < 1e-6


def test_an_interval_excludes_one_half_where_the_test_decides():
    """Of all counts of 50 pairs they disagree on ten."""
    counts, bounds = tables(50)
    tests = np.array([preference_p_value(shares(*count, 50 - sum(count)), seed=1) for count in counts])
    excluded = (bounds[:, 0] > 0.5) | (bounds[:, 1] < 0.5)
    assert (excluded != (tests < 0.05)).sum() <= 10


def test_missing_pairs_take_an_interval_as_far_as_they_could():
    found = win_rate(shares(60, 30))
    low, high = found.reach(60 / 100, 70 / 100)
    assert low < found.interval().low
    assert high > found.interval().high
    # Nearly what all hundred would give, were the ten lost, or won.
    assert low == pytest.approx(win_rate(shares(60, 40)).interval().low, abs=0.01)
    assert high == pytest.approx(win_rate(shares(70, 30)).interval().high, abs=0.01)


def test_too_little_is_no_interval():
    with pytest.raises(NotEnoughData):
        win_rate(shares(1, 0))
    with pytest.raises(NotEnoughData, match="one cluster"):
        win_rate(shares(5, 5), np.zeros(10, int))
    with pytest.raises(ValueError, match="0, 1"):
        win_rate(np.array([0.5, 1.5]))
    with pytest.raises(NotEnoughData):
        preference_p_value(np.empty(0), seed=1)
