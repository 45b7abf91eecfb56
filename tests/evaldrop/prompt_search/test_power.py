"""What a test part can show, in numbers that a simulation holds, and in words."""

import numpy as np
import pytest

from evaldrop.prompt_search.power import Provable, provable
from evaldrop.statistics.paired_test import PairedScores, decide, paired_test


@pytest.mark.parametrize(
    ("units", "words"),
    [
        (1, "1 independent test record: too few to show any gain, and none will be claimed"),
        (2, "2 independent test records: too few to show any gain, and none will be claimed"),
        (10, "10 independent test records: only a gain of 0.35 or more would show, and none will be claimed"),
        (120, "120 independent test records: a gain of 0.09 or more shows in 80 of 100 runs"),
        (1200, "1,200 independent test records: a gain of 0.03 or more shows in 80 of 100 runs"),
    ],
)
def test_what_a_test_part_shows_is_said_in_a_sentence(units, words):
    assert provable(units).words() == words


def test_the_gain_that_is_named_shows_in_four_of_five_runs():
    rng = np.random.default_rng(18)
    units = 88
    gain = provable(units).gain
    ordinals = np.arange(units, dtype=np.int32)
    drawn = rng.normal(gain, np.sqrt(1 / 9), (300, units))
    shown = [
        decide([paired_test(PairedScores(ordinals, row), None, confidence=0.95)], confidence=0.95)[0].sign > 0
        for row in drawn
    ]

    assert np.mean(shown) == pytest.approx(0.8, abs=0.07)


def test_more_comparisons_and_more_variance_need_larger_gains():
    assert (
        provable(60).gain
        < provable(60, comparisons=6).gain
        < provable(60, comparisons=6, confidence=0.99).gain
    )
    assert provable(60).gain < provable(60, variance=0.3).gain


def test_whether_it_is_enough_is_whether_a_gain_below_a_quarter_shows():
    assert provable(20).is_enough
    assert not provable(20, comparisons=6).is_enough
    assert provable(0) == Provable(0, None, is_enough=False)
