"""A run among others of the same records: an exact test that needs no symmetry."""

import numpy as np
import pytest

from evaldrop.errors import NotEnoughData
from evaldrop.statistics import exchange
from evaldrop.statistics.exchange import exchange_p_value
from evaldrop.statistics.paired import sign_flip_exact


def test_with_one_earlier_run_it_is_the_sign_flip_test():
    draw = np.random.default_rng(5)
    for _ in range(20):
        now, then = draw.integers(1, 6, (2, 12)).astype(float)
        assert exchange_p_value(now, then[None]) == pytest.approx(sign_flip_exact(now - then))


def test_by_hand():
    """Two records pass in both earlier runs and fail now: each is the one of three in 1/3, both in 1/9."""
    assert exchange_p_value([0, 0, 1], [[1, 1, 1], [1, 1, 1]]) == pytest.approx(2 / 9)
    # A score that is not there is no run to exchange with: 1/2 · 1/3.
    assert exchange_p_value([0, 0], [[1, 1], [np.nan, 1]]) == pytest.approx(2 / 6)


def test_a_group_is_exchanged_as_a_whole():
    now, earlier = [0.0, 0, 0, 0], [[1.0, 1, 1, 1]]
    assert exchange_p_value(now, earlier) == pytest.approx(2 / 16)
    assert exchange_p_value(now, earlier, groups=["a", "a", "b", "b"]) == pytest.approx(2 / 4)


def test_where_nothing_varies_nothing_speaks_against_it():
    assert exchange_p_value([1.0, 5.0], [[1.0, 5.0]] * 8) == 1
    # Averages of three judges differ in their last bits.
    assert exchange_p_value([0.1 + 0.2], [[0.3]]) == 1


def test_scales_of_any_step_are_counted():
    draw = np.random.default_rng(2)
    now, earlier = draw.integers(0, 11, 30) / 10, draw.integers(0, 11, (7, 30)) / 10
    whole = exchange_p_value(now * 10, earlier * 10)
    assert exchange_p_value(now, earlier) == pytest.approx(whole)
    # Averages of three: no common step of tenths.
    assert exchange_p_value(now / 3, earlier / 3) == pytest.approx(whole)
    fine = draw.normal(size=(8, 30))
    assert 0 < exchange_p_value(fine[0], fine[1:]) <= 1


def test_beyond_what_is_counted_the_expansion_says_the_same(monkeypatch):
    draw = np.random.default_rng(4)
    for shift in (0.0, 0.01):
        chances = draw.beta(4.9, 0.1, 2000)
        scores = (draw.random((9, 2000)) < chances).astype(float)
        scores[0] = (draw.random(2000) < chances - shift).astype(float)
        monkeypatch.setattr(exchange, "MOST_COUNTED", 10**6)
        counted = exchange_p_value(scores[0], scores[1:])
        monkeypatch.setattr(exchange, "MOST_COUNTED", 10)
        assert exchange_p_value(scores[0], scores[1:]) == pytest.approx(counted, rel=0.03)


@pytest.mark.parametrize(("passes", "level"), [(0.98, 0.05), (0.9, 0.05), (0.9, 0.005)])
def test_of_runs_in_which_nothing_changed_no_more_than_the_level_are_called_changed(passes, level):
    """
    1,500 runs each of 100 yes/no records, seeded, against eight. Against the mean of eight, t alone calls a
    run without any failure better: at a pass rate of 0.98 that is one run in eight.
    """
    draw = np.random.default_rng(9)
    found = 0
    for _ in range(1500):
        scores = (draw.random((9, 100)) < draw.beta(6 * passes, 6 * (1 - passes), 100)).astype(float)
        found += exchange_p_value(scores[0], scores[1:]) < level
    assert found / 1500 <= level + 2 * np.sqrt(level / 1500)


def test_no_records_are_refused():
    with pytest.raises(NotEnoughData):
        exchange_p_value([], np.zeros((3, 0)))
