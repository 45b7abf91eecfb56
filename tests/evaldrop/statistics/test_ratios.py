"""The interval of a ratio: Fieller's closed form, what it covers, and when it has no end."""

import numpy as np
import pytest

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.intervals import t_quantile
from evaldrop.statistics.ratios import ratio_interval


def of_means(above, below, **options):
    """The ratio of the means of two columns of the same records."""
    n = above.size
    parts = (above - above.mean()) / n, (below - below.mean()) / n
    return ratio_interval(above.mean(), below.mean(), *parts, **options)


def test_its_ends_are_where_the_test_of_the_difference_turns():
    random = np.random.default_rng(1)
    above, below = random.normal(3, 1, 30), random.normal(2, 1, 30)
    for end in of_means(above, below):
        gap = above - end * below
        t = gap.mean() / (gap.std(ddof=1) / np.sqrt(30))
        assert abs(t) == pytest.approx(t_quantile(0.95, 29))


@pytest.mark.parametrize("n", [30, 100, 300])
def test_the_price_of_a_point_is_held_in_95_percent_counting_those_without_an_end(n):
    """Costs lognormal, quality better by a fifth of a step on a scale of five, both dearer where harder."""
    random, missed, unbounded, times = np.random.default_rng(2), 0, 0, 1500
    cost = np.exp(0.5**2 / 2)
    for _ in range(times):
        hard = random.standard_normal(n)
        dearer = np.exp(0.5 * hard) + random.exponential(0.3, n) - 0.3
        better = (random.random(n) < 0.3) * 1.0 - (random.random(n) < 0.1 + 0.05 * np.sign(hard))
        found = of_means(dearer, better)
        unbounded += found is None
        missed += found is not None and not found.low <= cost / 0.2 <= found.high
    assert missed / times <= 0.06
    # With few records nothing tells that the second is better at all.
    assert (unbounded / times > 0.3) == (n == 30)


def test_where_the_denominator_may_be_nothing_there_is_no_end():
    assert of_means(np.array([1.0, 2, 3]), np.array([1.0, -1, 0.5])) is None


def test_records_of_a_group_count_once():
    random = np.random.default_rng(3)
    above, below = random.normal(3, 1, 20), random.normal(2, 0.5, 20)
    alone = of_means(above, below)
    twice = of_means(np.repeat(above, 2), np.repeat(below, 2), groups=np.repeat(range(20), 2))
    assert twice == pytest.approx(alone)
    with pytest.raises(NotEnoughData, match="one cluster"):
        of_means(above, below, groups=[0] * 20)
