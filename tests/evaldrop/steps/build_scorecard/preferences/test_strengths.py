"""Bradley-Terry strengths over many records, groups of them, and none."""

import numpy as np
import pytest

from evaldrop.evaluation import Pairwise
from evaldrop.steps.build_scorecard.preferences.strengths import strengths
from evaldrop.steps.build_scorecard.preferences.win_rates import LOSS, UNREAD, WIN, JudgeColumn

NAMES = ["a", "b", "c"]
ALL = Pairwise(all_pairs=True)


def column(codes):
    """Pairs of records 0, 1, …, the same in both orders."""
    codes = np.asarray(codes, np.int8)
    nothing = np.full(codes.size, np.nan)
    return {
        "j": JudgeColumn(np.arange(codes.size, dtype=np.int32), codes, codes, codes < 0, nothing, nothing)
    }


def columns(n, seed=1):
    random = np.random.default_rng(seed)
    chances = {("b", "a"): 0.6, ("c", "a"): 0.75, ("c", "b"): 0.6}
    return {pair: column(np.where(random.random(n) < chance, WIN, LOSS)) for pair, chance in chances.items()}


def width(found):
    low, high = found.candidates["c"].interval
    return high - low


def test_four_times_the_records_halve_the_width():
    few = strengths(columns(5_000), NAMES, ALL, None, 0.95)
    many = strengths(columns(20_000), NAMES, ALL, None, 0.95)
    assert width(few) / width(many) == pytest.approx(2, rel=0.15)
    assert list(many.candidates) == NAMES
    assert many.candidates["a"].elo < many.candidates["b"].elo < many.candidates["c"].elo


def test_groups_are_no_more_certain_than_as_many_records():
    alone = strengths(columns(400), NAMES, ALL, None, 0.95)
    # Each record ten times over, one group each: ten times the rows, and no more knowledge.
    tenfold = {pair: column(np.repeat(judges["j"].straight, 10)) for pair, judges in columns(400).items()}
    groups = np.repeat(np.arange(400, dtype=np.int32), 10)
    assert width(strengths(tenfold, NAMES, ALL, groups, 0.95)) == pytest.approx(width(alone), rel=0.05)


def test_without_a_preference_there_are_no_strengths():
    unread = {pair: column(np.full(5, UNREAD)) for pair in columns(5)}
    assert strengths(unread, NAMES, ALL, None, 0.95) is None


@pytest.mark.parametrize(("names", "pairwise"), [(["a", "b"], ALL), (NAMES, None)])
def test_two_candidates_or_no_pairs_have_none(names, pairwise):
    only = {pair: judges for pair, judges in columns(5).items() if set(pair) <= set(names)}
    assert strengths(only, names, pairwise, None, 0.95) is None


def test_one_of_whom_nothing_was_read_has_no_strength():
    names = [*NAMES, "d"]
    unread = {("d", name): column(np.full(40, UNREAD)) for name in NAMES}
    found = strengths(columns(40) | unread, names, ALL, None, 0.95)
    assert list(found.candidates) == NAMES
    assert found == strengths(columns(40), NAMES, ALL, None, 0.95)


def test_one_that_wins_everything_has_a_finite_strength_and_a_wide_interval():
    won = {pair: column(np.full(10, WIN)) for pair in columns(10)}
    found = strengths(won, NAMES, ALL, None, 0.95).candidates
    assert found["c"].elo < found["c"].elo_interval[1] < 2_500
    assert found["c"].elo_interval[0] > 1_000 > found["a"].elo_interval[1]
