"""
Whether intervals hold the truth as often as they say: by enumeration, or simulated with fixed seeds.

A nominal 95 % interval should cover 94 % or more. What a whole scorecard says is held by the grid of
tests/benchmarks/test_coverage.py.
"""

import numpy as np
import pytest
from scipy import stats

from evaldrop.statistics.bounded import bounded_mean_interval
from evaldrop.statistics.clusters import (
    clustered_mean_estimate,
    clustered_pass_interval,
    corrected_clustered_standard_error,
)
from evaldrop.statistics.debiasing import JudgeCounts, clustered_ppi_mean, rogan_gladen
from evaldrop.statistics.intervals import (
    clopper_pearson_interval,
    mean_estimate,
    normal_quantile,
    wilson_interval,
)
from evaldrop.statistics.multiplicity import holm
from evaldrop.statistics.paired import paired_difference, sign_flip_exact
from tests.evaldrop.statistics.test_mcnemar import paired_pass_interval

# Oracle coverage_of_95_intervals_for_pass_rate, exact enumeration, to 5e-5:
# records, rate, normal (Wald), t on 0/1, Wilson, Clopper-Pearson.
EXACT = [
    (10, 0.5, 0.8906, 0.9785, 0.9785, 0.9785),
    (10, 0.8, 0.8863, 0.8863, 0.9672, 0.9936),
    (10, 0.9, 0.6497, 0.6497, 0.9298, 0.9872),
    (10, 0.95, 0.4002, 0.4012, 0.9139, 0.9885),
    (10, 0.98, 0.1829, 0.1829, 0.9838, 0.9838),
    (30, 0.5, 0.9572, 0.9572, 0.9572, 0.9572),
    (30, 0.8, 0.9463, 0.9463, 0.9639, 0.98),
    (30, 0.9, 0.8085, 0.9556, 0.9742, 0.9922),
    (30, 0.95, 0.7821, 0.7848, 0.9392, 0.9844),
    (30, 0.98, 0.4542, 0.4542, 0.9783, 0.9783),
    (50, 0.5, 0.9351, 0.9351, 0.9351, 0.9672),
    (50, 0.8, 0.9375, 0.9375, 0.9507, 0.9671),
    (50, 0.9, 0.8789, 0.8789, 0.9703, 0.9703),
    (50, 0.95, 0.9199, 0.9199, 0.9622, 0.9882),
    (50, 0.98, 0.6354, 0.6354, 0.9216, 0.9822),
    (100, 0.5, 0.9431, 0.9431, 0.9431, 0.9648),
    (100, 0.8, 0.9331, 0.9418, 0.9405, 0.9674),
    (100, 0.9, 0.9324, 0.9324, 0.9364, 0.9557),
    (100, 0.95, 0.8775, 0.8775, 0.9659, 0.9826),
    (100, 0.98, 0.8664, 0.8664, 0.9492, 0.9845),
    (300, 0.5, 0.9434, 0.9434, 0.9434, 0.9569),
    (300, 0.8, 0.947, 0.947, 0.9491, 0.9568),
    (300, 0.9, 0.9376, 0.9376, 0.9575, 0.9662),
    (300, 0.95, 0.9257, 0.9257, 0.9548, 0.9672),
    (300, 0.98, 0.9317, 0.9317, 0.9424, 0.9644),
]

# Verdicts of a lenient judge: most at the top of the scale.
LIKERT = np.array([1.0, 2, 3, 4, 5])
LIKERT_SHARES = np.array([0.04, 0.08, 0.18, 0.40, 0.30])
LIKERT_MEAN = float(LIKERT @ LIKERT_SHARES)

NOMINAL = pytest.approx(0.95, abs=0.02)


def coverage(interval, scored, rate):
    held = [low <= rate <= high for low, high in (interval(passed, scored) for passed in range(scored + 1))]
    return float(stats.binom.pmf(np.arange(scored + 1), scored, rate)[held].sum())


def wald(passed, scored):
    rate = passed / scored
    margin = normal_quantile(0.95) * np.sqrt(rate * (1 - rate) / scored)
    return rate - margin, rate + margin


def t_of_pass_marks(passed, scored):
    return mean_estimate(np.repeat([1, 0], [passed, scored - passed])).interval


def share(hits):
    return float(np.mean(list(hits)))


def clusters(random, *, groups, size, between, within):
    """Scores around 0 of `groups` clusters of `size`, flattened."""
    centres = random.normal(0, between, size=(groups, 1))
    return (centres + random.normal(0, within, size=(groups, size))).ravel()


@pytest.mark.parametrize(("scored", "rate", "normal", "t", "wilson", "clopper_pearson"), EXACT)
def test_coverage_of_pass_rate_intervals_is_that_of_the_table(
    scored, rate, normal, t, wilson, clopper_pearson
):
    assert coverage(wilson_interval, scored, rate) == pytest.approx(wilson, abs=6e-5)
    assert coverage(clopper_pearson_interval, scored, rate) == pytest.approx(clopper_pearson, abs=6e-5)
    assert coverage(t_of_pass_marks, scored, rate) == pytest.approx(t, abs=6e-5)
    assert coverage(wald, scored, rate) == pytest.approx(normal, abs=6e-5)


@pytest.mark.parametrize("scored", [10, 20, 50, 100, 300])
def test_a_mean_of_scores_at_the_ends_is_held_and_passes_no_gate_by_luck(scored):
    """By enumeration: a Likert scale of which only both ends are given is a pass rate, and as hard as one."""
    bounds = [
        bounded_mean_interval([5] * top + [1] * (scored - top), low=1, high=5) for top in range(scored + 1)
    ]
    lows, highs = np.transpose(bounds)
    for rate in (0.5, 0.6, 0.778, 0.85, 0.9, 0.95, 0.98, 0.99):
        chances, truth = stats.binom.pmf(np.arange(scored + 1), scored, rate), 1 + 4 * rate
        assert chances[(lows <= truth) & (truth <= highs)].sum() >= 0.95
        # Gates `>=` and `<=` at the truth.
        assert chances[lows > truth + 1e-9].sum() <= 0.025
        assert chances[highs < truth - 1e-9].sum() <= 0.025


@pytest.mark.parametrize("scored", [20, 100, 300])
def test_students_interval_alone_does_not_hold_a_mean_near_an_end(scored):
    held = [t_of_pass_marks(passed, scored) for passed in range(scored + 1)]
    lows, highs = np.transpose(held)
    chances = stats.binom.pmf(np.arange(scored + 1), scored, 0.98)
    assert chances[(lows <= 0.98) & (highs >= 0.98)].sum() < 0.94
    assert chances[lows > 0.98].sum() + chances[highs < 0.98].sum() > 0.05


@pytest.mark.parametrize("scored", [10, 30, 100])
def test_wilson_covers_95_percent_over_rates_where_wald_falls_far_below(scored):
    rates = np.linspace(0.02, 0.98, 49)
    wilson = [coverage(wilson_interval, scored, rate) for rate in rates]
    assert share(wilson) == NOMINAL
    assert min(wilson) > 0.92
    assert min(coverage(wald, scored, rate) for rate in rates) < 0.87
    assert share(coverage(wald, scored, rate) for rate in rates) < share(wilson) - 0.01


@pytest.mark.parametrize("scored", [10, 30, 100])
def test_clopper_pearson_never_covers_less_than_it_says(scored):
    assert (
        min(coverage(clopper_pearson_interval, scored, rate) for rate in np.linspace(0.01, 0.99, 99)) >= 0.95
    )


@pytest.mark.parametrize("n", [10, 20, 50, 100])
def test_t_interval_covers_the_mean_of_likert_scores(n):
    rows = np.random.default_rng(n).choice(LIKERT, p=LIKERT_SHARES, size=(3000, n))
    intervals = [mean_estimate(row).interval for row in rows]
    assert share(low <= LIKERT_MEAN <= high for low, high in intervals) == NOMINAL


def test_normal_interval_covers_too_little_of_ten_likert_scores():
    rows = np.random.default_rng(10).choice(LIKERT, p=LIKERT_SHARES, size=(3000, 10))
    z = normal_quantile(0.95)
    hits = [abs(e.mean - LIKERT_MEAN) <= z * e.standard_error for e in map(mean_estimate, rows)]
    assert share(hits) < 0.93


def test_clustered_t_interval_covers_where_pooling_and_plain_clustering_do_not():
    random, groups = np.random.default_rng(1), np.repeat(range(12), 6)
    z, hits = normal_quantile(0.95), {"clustered": 0, "pooled": 0, "plain": 0}
    for _ in range(2000):
        scores = clusters(random, groups=12, size=6, between=1, within=1)
        low, high = clustered_mean_estimate(scores, groups).interval
        hits["clustered"] += low <= 0 <= high
        low, high = mean_estimate(scores).interval
        hits["pooled"] += low <= 0 <= high
        plain = corrected_clustered_standard_error(scores, groups) * np.sqrt(11 / 12)
        hits["plain"] += abs(scores.mean()) <= z * plain
    assert hits["clustered"] / 2000 == NOMINAL
    assert hits["pooled"] / 2000 < 0.75
    assert hits["plain"] / 2000 < 0.93


@pytest.mark.parametrize(("rate", "concentration"), [(0.5, 2), (0.8, 2), (0.9, 5), (0.8, 1000)])
def test_clustered_pass_interval_covers_passes_that_come_in_clusters(rate, concentration):
    random, groups, hits = np.random.default_rng(2), np.repeat(range(30), 5), 0
    for _ in range(2000):
        chances = random.beta(rate * concentration, (1 - rate) * concentration, size=30)
        low, high = clustered_pass_interval(random.random(150) < np.repeat(chances, 5), groups)
        hits += low <= rate <= high
    assert 0.94 <= hits / 2000 <= 0.995


def test_wilson_covers_too_little_of_passes_that_come_in_clusters():
    random, hits = np.random.default_rng(2), 0
    for _ in range(1000):
        passed = (random.random((30, 5)) < random.beta(1.6, 0.4, size=(30, 1))).sum()
        low, high = wilson_interval(int(passed), 150)
        hits += low <= 0.8 <= high
    assert hits / 1000 < 0.85


@pytest.mark.parametrize("n", [15, 60])
def test_paired_difference_covers_and_raises_false_alarms_at_its_level(n):
    random = np.random.default_rng(n)
    hard = random.normal(size=(2000, n))
    a, b = (np.clip(np.round(3.5 + hard + random.normal(0, 0.7, size=hard.shape)), 1, 5) for _ in range(2))
    results = [paired_difference(*row) for row in zip(a, b, strict=True)]
    assert share(r.interval.low <= 0 <= r.interval.high for r in results) == NOMINAL
    assert share(r.p_value < 0.05 for r in results) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize("n", [20, 60])
@pytest.mark.parametrize(("only_a", "only_b"), [(0.12, 0.05), (0.1, 0.1), (0.3, 0.1)])
def test_paired_pass_interval_covers(n, only_a, only_b):
    shares = [only_a, only_b, 1 - only_a - only_b]
    tables = [(b, c) for b in range(n + 1) for c in range(n + 1 - b)]
    chances = stats.multinomial.pmf([(b, c, n - b - c) for b, c in tables], n, shares)
    bounds = [paired_pass_interval(b, c, records=n) for b, c in tables]
    held = sum(p for p, (low, high) in zip(chances, bounds, strict=True) if low <= only_a - only_b <= high)
    assert 0.93 <= held <= 0.99


def test_paired_t_interval_covers_too_little_of_few_discordant_pass_marks():
    random, hits = np.random.default_rng(20), 0
    for draws in random.random((2000, 20)):
        low, high = paired_difference(draws < 0.12, (draws >= 0.12) & (draws < 0.17)).interval
        hits += low <= 0.07 <= high
    assert hits / 2000 < 0.92


def test_paired_difference_of_clusters_covers():
    random, groups = np.random.default_rng(4), np.repeat(range(15), 4)
    hits = []
    for _ in range(2000):
        a, b = (clusters(random, groups=15, size=4, between=1, within=0.5) for _ in range(2))
        hits.append(paired_difference(a, b, groups=groups).p_value >= 0.05)
    assert share(hits) == NOMINAL


def test_exact_sign_flips_never_raise_more_false_alarms_than_they_say():
    random = np.random.default_rng(6)
    p_values = [sign_flip_exact(row) for row in random.integers(-2, 3, size=(1500, 14))]
    assert share(p < 0.05 for p in p_values) <= 0.06
    assert share(p < 0.05 for p in p_values) > 0.02


def test_holm_raises_a_false_alarm_in_one_family_of_twenty():
    """Six pairs among four candidates that are all alike, dependent as they share candidates."""
    random, families = np.random.default_rng(7), []
    for _ in range(800):
        scores = random.normal(size=(4, 40))
        pairs = [(a, b) for a in range(4) for b in range(a)]
        families.append([paired_difference(scores[a], scores[b]).p_value for a, b in pairs])
    assert share(min(family) < 0.05 for family in families) > 0.12
    assert share(holm(family).min() < 0.05 for family in families) <= 0.06


def test_debiased_mean_covers_the_human_mean_that_the_judge_alone_never_does():
    random, hits, judged, narrower = np.random.default_rng(13), 0, 0, 0
    each_alone = {"labelled_groups": range(100), "unlabelled_groups": range(500)}
    for _ in range(1000):
        human = random.choice(LIKERT, p=LIKERT_SHARES, size=600)
        judge = np.clip(np.round(0.7 * human + 1.8 + random.normal(0, 0.6, size=600)), 1, 5)
        result = clustered_ppi_mean(human[:100], judge[:100], judge[100:], **each_alone)
        hits += result.interval.low <= LIKERT_MEAN <= result.interval.high
        low, high = mean_estimate(judge).interval
        judged += low <= LIKERT_MEAN <= high
        narrower += result.interval.width < mean_estimate(human[:100]).interval.width
    assert hits / 1000 == NOMINAL
    assert judged == 0
    assert narrower > 950


def test_clustered_debiased_mean_covers_with_twenty_labelled_clusters():
    random, hits = np.random.default_rng(14), 0
    groups = np.repeat(range(60), 5)
    sides = {"labelled_groups": groups[:100], "unlabelled_groups": groups[100:]}
    for _ in range(1500):
        human = clusters(random, groups=60, size=5, between=1, within=1)
        judge = 0.5 * human + 0.8 + random.normal(0, 0.7, size=300)
        low, high = clustered_ppi_mean(human[:100], judge[:100], judge[100:], **sides).interval
        hits += low <= 0 <= high
    assert hits / 1500 == NOMINAL


def test_corrected_pass_rate_covers_the_true_one():
    random, hits = np.random.default_rng(15), 0
    for _ in range(2000):
        good, bad = random.binomial(80, 0.9), random.binomial(80, 0.85)
        passed = random.binomial(500, 0.7 * 0.9 + 0.3 * 0.15)
        low, high = rogan_gladen(passed, 500, judge=JudgeCounts(good, 80 - good, 80 - bad, bad)).interval
        hits += low <= 0.7 <= high
    assert hits / 2000 == NOMINAL
