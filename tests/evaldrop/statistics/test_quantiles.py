"""Order-statistic intervals: their ranks, what they cover, groups, and what few calls cannot tell."""

import numpy as np
import pytest
from scipy import stats

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.quantiles import quantile_estimates, quantile_ranks, values_needed

QUANTILES = (0.5, 0.9, 0.99)


@pytest.mark.parametrize(("n", "quantile", "ranks"), [
    # The median of 16 is the textbooks' (4, 13).
    (16, 0.5, (4, 13)), (10, 0.5, (2, 9)), (6, 0.5, (1, 6)), (5, 0.5, (None, None)),
    (87, 0.9, (72, 84)), (36, 0.9, (29, 36)), (35, 0.9, (28, None)), (20, 0.1, (None, 6)),
    (368, 0.99, (360, 368)), (367, 0.99, (359, None)), (1, 0.99, (1, None)), (0, 0.5, (None, None)),
])  # fmt: skip
def test_ranks_of_small_samples(n, quantile, ranks):
    assert quantile_ranks(n, quantile) == ranks


@pytest.mark.parametrize("n", [7, 40, 87, 400, 1000])
@pytest.mark.parametrize("quantile", QUANTILES)
def test_each_end_is_missed_at_most_half_of_the_rest_and_no_closer_rank_would_do(n, quantile):
    low, high = quantile_ranks(n, quantile)
    count = stats.binom(n, quantile)
    if low is not None:
        assert count.cdf(low - 1) <= 0.025 < count.cdf(low)
    if high is not None:
        assert count.sf(high - 1) <= 0.025 < count.sf(high - 2)


def test_p99_needs_hundreds_of_calls_and_says_how_many():
    assert [values_needed(quantile) for quantile in QUANTILES] == [6, 36, 368]
    assert values_needed(0.1) == values_needed(0.9)
    assert values_needed(0.99, confidence=0.99) == 528
    few, enough = (quantile_estimates(range(1, n + 1), [0.99])[0] for n in (87, 368))
    assert (few.low, few.high, few.needed) == (84.0, None, 368)
    assert (enough.low, enough.high) == (360.0, 368.0)


@pytest.mark.parametrize("confidence", [0.5, 0.8, 0.95, 0.99])
def test_the_interval_holds_the_percentile_that_numpy_gives(confidence):
    random = np.random.default_rng(1)
    for n in (*range(1, 60), 99, 100, 101, 369, 501, 1000):
        values = random.exponential(size=n)
        for quantile, found in zip(
            QUANTILES, quantile_estimates(values, QUANTILES, confidence=confidence), strict=True
        ):
            assert found.value == np.percentile(values, 100 * quantile)
            assert (found.low or 0.0) <= found.value <= (found.high or np.inf)


DRAWN = {
    "lognormal": lambda random, n: random.lognormal(size=n),
    # Every eighth call goes the slow way: p90 lies where there are hardly any calls.
    "bimodal": lambda random, n: (
        np.where(random.random(n) < 0.12, random.normal(50, 2, n), random.normal(10, 1, n))
    ),
    "heavy-tailed": lambda random, n: random.pareto(1.5, n),
}  # fmt: skip


@pytest.mark.parametrize("drawn", DRAWN)
@pytest.mark.parametrize(("n", "times"), [(20, 1500), (87, 1500), (300, 1000), (1000, 500)])
def test_either_end_is_missed_in_at_most_2_5_percent(drawn, n, times):
    random, sample = np.random.default_rng(7), DRAWN[drawn]
    truth = np.quantile(sample(random, 1_000_000), QUANTILES)
    above, below = np.zeros(3), np.zeros(3)
    for _ in range(times):
        found = quantile_estimates(sample(random, n), QUANTILES)
        above += [one.low is not None and one.low > true for one, true in zip(found, truth, strict=True)]
        below += [one.high is not None and one.high < true for one, true in zip(found, truth, strict=True)]
    # 2.5 % and what 99 of 100 simulations of it stay within.
    allowed = stats.binom.ppf(0.998, times, 0.025)
    assert max(above.max(), below.max()) <= allowed


@pytest.mark.parametrize("shared", [0.2, 0.5, 0.9])
def test_calls_of_one_conversation_are_not_counted_as_independent(shared):
    """Without groups the same intervals miss the truth in up to 30 %."""
    random = np.random.default_rng(3)

    def drawn(groups):
        codes = np.repeat(np.arange(groups), 1 + random.poisson(4, groups))
        of_group, own = random.standard_normal(groups)[codes], random.standard_normal(codes.size)
        return np.exp(np.sqrt(shared) * of_group + np.sqrt(1 - shared) * own), codes

    truth = np.exp(stats.norm.ppf([0.5, 0.9]))
    missed, plain = np.zeros((2, 2)), np.zeros((2, 2))
    for _ in range(400):
        values, codes = drawn(40)
        for groups, tally in ((codes, missed), (None, plain)):
            found = quantile_estimates(values, [0.5, 0.9], groups=groups)
            tally[0] += [one.low > true for one, true in zip(found, truth, strict=True)]
            tally[1] += [(one.high or np.inf) < true for one, true in zip(found, truth, strict=True)]
    assert missed.max() <= stats.binom.ppf(0.998, 400, 0.025)
    assert plain.sum() > missed.sum()


def test_groups_of_one_value_each_change_nothing_and_one_group_bounds_nothing():
    values = np.random.default_rng(2).exponential(size=80)
    assert quantile_estimates(values, QUANTILES, groups=range(80)) == quantile_estimates(values, QUANTILES)
    with pytest.raises(NotEnoughData, match="one cluster"):
        quantile_estimates(values, QUANTILES, groups=[1] * 80)


def test_groups_raise_how_many_calls_are_needed():
    values, groups = np.repeat(np.arange(50.0), 4), np.repeat(range(50), 4)
    found = quantile_estimates(values, [0.9, 0.99], groups=groups)
    assert found[0].needed > 4 * 36
    assert found[1].needed > 4 * 368
    assert found[1].high is None


@pytest.mark.parametrize(("values", "quantile", "why"), [
    ([1.0, np.nan], 0.5, "NaN"), ([1.0], 1.0, "strictly between"), ([1.0], 0.0, "strictly between"),
])  # fmt: skip
def test_what_is_no_number_or_no_quantile_is_refused(values, quantile, why):
    with pytest.raises(ValueError, match=why):
        quantile_estimates(values, [quantile])
