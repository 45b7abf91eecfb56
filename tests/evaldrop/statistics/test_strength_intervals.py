"""Strengths' intervals hold the truth with few records, ties, and candidates that win everything."""

from itertools import combinations

import numpy as np
import pytest

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.bradley_terry import bradley_terry, elo_scale
from evaldrop.statistics.strength_intervals import Games, strength_estimates


def games(scores, records=None):
    """Turn scores of all pairs, shape (records, pairs), into games."""
    rows, pairs = scores.shape
    candidates = next(k for k in range(2, 20) if k * (k - 1) // 2 == pairs)
    first, second = np.array(list(combinations(range(candidates), 2))).T
    units = np.arange(rows) if records is None else records
    return Games(np.tile(first, rows), np.tile(second, rows), scores.ravel(), np.repeat(units, pairs))


def drawn(random, strengths, rows, *, ties=0.0, noise=0.0):
    """Draw games; each record moves strengths by `noise`; `ties` are their share of an even pair."""
    first, second = np.array(list(combinations(range(len(strengths)), 2))).T
    moved = strengths + noise * random.standard_normal((rows, len(strengths)))
    chance = 1 / (1 + np.exp(moved[:, second] - moved[:, first]))
    even = ties * 2 * np.minimum(chance, 1 - chance)
    draw = random.random(chance.shape)
    return games(np.where(draw < even, 0.5, np.where(draw < chance + even / 2, 1.0, 0.0)))


def log_odds(rate):
    return np.log(rate / (1 - rate))


@pytest.mark.parametrize(("strengths", "rows", "ties"), [
    (np.zeros(3), 10, 0.3),
    (np.arange(4) * log_odds(0.7), 20, 0.0),
    (np.array([0, 0, log_odds(0.98)]), 10, 0.0),
    (np.array([0, 0, log_odds(0.98)]), 50, 0.3),
    (np.r_[np.zeros(5), log_odds(0.9)], 20, 0.3),
])  # fmt: skip
def test_intervals_hold_true_strengths(strengths, rows, ties):
    random = np.random.default_rng(rows)
    truth, repeats = strengths - strengths.mean(), 100
    held = np.zeros(len(truth))
    for _ in range(repeats):
        found = strength_estimates(drawn(random, strengths, rows, ties=ties), len(truth))
        low, high = np.array(found.intervals).T
        held += (low <= truth) & (truth <= high)
    # Candidates are not independent: as if there were one, two simulation errors below 94 %.
    assert held.mean() / repeats > 0.94 - 2 * np.sqrt(0.94 * 0.06 / repeats)


def test_records_that_move_all_pairs_of_a_candidate_widen_its_interval():
    random = np.random.default_rng(1)
    found = drawn(random, np.zeros(6), 200, noise=3.0)
    wide = strength_estimates(found, 6)
    narrow = strength_estimates(found._replace(records=np.arange(found.scores.size)), 6)
    assert wide.log_strengths == pytest.approx(narrow.log_strengths)
    assert wide.intervals[0].width > 1.3 * narrow.intervals[0].width


def test_an_interval_has_the_width_of_the_information():
    """120 : 80 games: the log-odds error is √(1/120 + 1/80) and each of two strengths has half of it."""
    found = strength_estimates(games(np.repeat([1.0, 0.0], [120, 80])[:, None]), 2)
    assert found.intervals[0].width == pytest.approx(1.97 * np.sqrt(1 / 120 + 1 / 80), rel=0.02)
    # Firth's half a win for each side.
    assert found.prior == 0.5
    assert found.log_strengths == pytest.approx(bradley_terry([[0, 120.5], [80.5, 0]]))
    assert [elo_scale(low) for low, _ in found.intervals] == pytest.approx(
        [one.low for one in found.elo_intervals]
    )


def test_one_that_wins_everything_has_an_upper_end_far_away():
    found = strength_estimates(games(np.ones((10, 3))), 3)
    low, high = found.intervals[0]
    # Of ten pairs won 95 in 100 are at least 69 % (Clopper–Pearson); its upper end is open.
    assert 0.5 < low < found.log_strengths[0] < high
    assert high > log_odds(0.99)
    assert found.elo_intervals[0].high < 3_000


def test_ties_make_it_narrower():
    random = np.random.default_rng(2)
    widths = [
        strength_estimates(drawn(random, np.zeros(3), 200, ties=share), 3).intervals[0].width
        for share in (0.0, 0.8)
    ]
    assert widths[1] < 0.6 * widths[0]


def test_copies_of_a_record_add_no_knowledge():
    outcomes = np.where(np.random.default_rng(3).random((60, 3)) < 0.6, 1.0, 0.0)
    once = strength_estimates(games(outcomes), 3)
    fourfold = strength_estimates(games(np.repeat(outcomes, 4, axis=0), np.repeat(np.arange(60), 4)), 3)
    assert fourfold.intervals[0].width == pytest.approx(once.intervals[0].width, rel=0.08)


def test_with_one_baseline_only_pairs_that_met_get_a_prior():
    star = Games(
        np.array([1, 2] * 20), np.zeros(40, int), np.tile([1.0, 1, 0, 1], 10), np.repeat(range(20), 2)
    )
    found = strength_estimates(star, 3)
    assert found.log_strengths[1] == pytest.approx(found.log_strengths[0])
    third = log_odds((20 + 1 / 3) / (20 + 2 / 3))
    assert found.log_strengths[2] - found.log_strengths[0] == pytest.approx(third)


def test_twelve_candidates_are_all_estimated():
    found = strength_estimates(drawn(np.random.default_rng(4), np.linspace(0, 3, 12), 30), 12)
    assert all(low < at < high for at, (low, high) in zip(found.log_strengths, found.intervals, strict=True))


def test_too_little_is_refused():
    with pytest.raises(NotEnoughData, match="one cluster"):
        strength_estimates(games(np.ones((1, 3))), 3)
    apart = Games(np.array([0, 2, 0]), np.array([1, 3, 1]), np.array([1.0, 1, 0]), np.arange(3))
    with pytest.raises(NotEnoughData, match="infinite or unknown"):
        strength_estimates(apart, 4)
