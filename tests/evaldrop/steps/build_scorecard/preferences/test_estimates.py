"""Win rates of a run: what is tested together, what is missing, and what is said falsely how often."""

from itertools import combinations

import numpy as np
import pytest

from evaldrop.evaluation import Pairwise
from evaldrop.scorecard.model.pairwise import pairs_of
from evaldrop.steps.build_scorecard.preferences.estimates import PairsAsked, pairwise_estimates
from evaldrop.steps.build_scorecard.preferences.win_rates import EVEN, LOSS, UNREAD, WIN, JudgeColumn

CODES = {"w": WIN, "l": LOSS, "t": EVEN, "?": UNREAD}


def column(codes, ordinals=None):
    """Both orders say the same."""
    codes = np.array([CODES[each] for each in codes] if isinstance(codes, str) else codes, np.int8)
    at = np.arange(codes.size) if ordinals is None else np.asarray(ordinals)
    nothing = np.full(codes.size, np.nan)
    return JudgeColumn(at.astype(np.int32), codes, codes, np.zeros(codes.size, bool), nothing, nothing)


def estimated(columns, *, records=None, groups=None, baseline=None, **pairwise):
    names = list(dict.fromkeys(name for pair in columns for name in pair))
    found = {
        pair: one if isinstance(one, dict) else {"j": one if isinstance(one, JudgeColumn) else column(one)}
        for pair, one in columns.items()
    }
    settings = Pairwise(baseline=baseline, all_pairs=baseline is None, **pairwise)
    n = records or max(one.ordinals.size for judges in found.values() for one in judges.values())
    return pairwise_estimates(found, names, PairsAsked(list(columns), settings, n, groups, 0.95))


def test_a_clear_preference_is_decided_by_the_sign_test_over_those_that_are_no_ties():
    found = estimated({("a", "b"): "w" * 30 + "l" * 10 + "t" * 20}, baseline="b")
    assert list(found) == ["a"]
    pair = found["a"].by_baseline["b"]
    assert pair.p_value == pair.p_adjusted == pytest.approx(0.00222, abs=1e-5)
    assert (pair.decisive, pair.open, pair.win_rate) == (True, None, pytest.approx(40 / 60))
    assert pair.family_interval == pair.interval
    assert 0.5 < pair.interval[0] < pair.win_rate < pair.interval[1]
    assert found["a"].p_value == pair.p_value


def test_both_sides_of_a_pair_are_one_test():
    found = estimated({("a", "b"): "w" * 30 + "l" * 10, ("a", "c"): "wl" * 20, ("b", "c"): "wl" * 20})
    ours, theirs = found["a"].by_baseline["b"], found["b"].by_baseline["a"]
    assert ours.family.n == 3
    assert ours.p_adjusted == theirs.p_adjusted == pytest.approx(3 * ours.p_value)
    assert (ours.wins, ours.losses) == (theirs.losses, theirs.wins) == (30, 10)
    assert ours.decisive
    assert theirs.decisive
    assert theirs.family_interval == pytest.approx(tuple(1 - end for end in reversed(ours.family_interval)))
    # One of three is decided, so its interval is at 1 - 0.05/3.
    assert ours.family.confidence == pytest.approx(1 - 0.05 / 3)
    assert ours.family_interval[0] < ours.interval[0]
    assert list(pairs_of(found)) == [("a", "b"), ("a", "c"), ("b", "c")]


@pytest.mark.parametrize("unscored", ["drop", "tie"])
def test_unread_pairs_that_could_undo_a_preference_leave_it_open(unscored):
    found = estimated({("a", "b"): "w" * 40 + "l" * 12 + "?" * 48}, baseline="b", unscored=unscored)
    pair = found["a"].by_baseline["b"]
    assert pair.p_value < 0.001
    assert (pair.decisive, pair.open) == (False, "missing")
    assert (pair.n_lost, pair.coverage, pair.bounds) == (48, 0.52, (0.4, 0.88))
    assert pair.n + pair.n_unscored == 100


def test_records_without_a_result_are_lost_pairs_too():
    """Survivors: of 100 records 60 came to something, and 40 of those were won."""
    found = estimated({("a", "b"): "w" * 40 + "l" * 20}, records=100, baseline="b")
    assert found["a"].bounds == (0.4, 0.8)
    assert (found["a"].n, found["a"].n_unscored, found["a"].coverage) == (60, 40, 0.6)
    assert not found["a"].decisive


@pytest.mark.parametrize(("unscored", "n"), [("drop", 0), ("tie", 20), ("worst", 20)])
def test_where_nothing_was_read_nothing_is_decided_however_it_counts(unscored, n):
    found = estimated({("a", "b"): "?" * 20}, baseline="b", unscored=unscored)["a"]
    assert (found.n, found.coverage, found.bounds, found.p_value, found.decisive) == (
        n,
        0,
        (0, 1),
        None,
        False,
    )


def test_a_candidate_that_was_never_compared_has_an_estimate_of_nothing():
    nothing = PairsAsked([("a", "b")], Pairwise(baseline="b"), 12, None, 0.95)
    found = pairwise_estimates({}, ["a", "b"], nothing)
    assert list(found) == ["a"]
    assert (found["a"].n, found["a"].n_lost, found["a"].coverage) == (0, 12, 0)
    assert list(found["a"].by_baseline) == ["b"]


def test_groups_make_it_less_certain():
    won = ("w" * 8 + "l" * 2) * 6
    alone = estimated({("a", "b"): won}, baseline="b")["a"]
    # A group of ten has all of its pairs alike.
    alike = "".join(letter * 10 for letter in "wwwwwl")
    grouped = estimated(
        {("a", "b"): alike}, baseline="b", groups=np.repeat(np.arange(6), 10).astype(np.int32)
    )
    assert alone.decisive
    assert not grouped["a"].decisive
    # Of 2^6 patterns 14 are as far from even.
    assert grouped["a"].p_value == pytest.approx(14 / 64)


def test_over_several_opponents_a_records_pairs_flip_together():
    found = estimated({("a", "b"): "w" * 6, ("a", "c"): "w" * 6, ("b", "c"): "wl" * 3})
    assert found["a"].n == 12
    assert found["a"].p_value == pytest.approx(2 / 2**6)
    # Three candidates over their opponents are a family of their own.
    assert found["a"].family.n == 3


def test_a_false_preference_is_said_in_at_most_one_of_twenty_runs():
    """Four candidates alike, 40 records each: six pairs are decided together."""
    random, runs = np.random.default_rng(5), 80
    said = 0
    for _ in range(runs):
        draws = {
            pair: random.choice([WIN, LOSS, EVEN], 40, p=[0.4, 0.4, 0.2]) for pair in combinations("abcd", 2)
        }
        found = estimated(draws)
        said += any(pair.decisive for pair in pairs_of(found).values())
    assert said / runs < 0.05 + 2 * np.sqrt(0.05 * 0.95 / runs)


def test_intervals_that_are_printed_because_they_are_decided_hold():
    """One candidate is somewhat better than three others: of what is said, 5 % is false."""
    random, false, said = np.random.default_rng(6), 0, 0
    truth = {pair: 0.68 if "a" in pair else 0.5 for pair in combinations("abcd", 2)}
    for _ in range(80):
        found = estimated(
            {pair: np.where(random.random(50) < rate, WIN, LOSS) for pair, rate in truth.items()}
        )
        for pair, one in pairs_of(found).items():
            if one.decisive:
                said += 1
                false += not one.family_interval[0] <= truth[pair] <= one.family_interval[1]
    assert said > 50
    assert false / said < 0.05 + 2 * np.sqrt(0.05 * 0.95 / said)


def test_the_majority_of_judges_is_read_where_one_of_them_is_not():
    judges = {"one": column("w" * 20 + "l" * 4), "other": column("?" * 24)}
    found = estimated({("a", "b"): judges}, baseline="b")["a"]
    assert (found.wins, found.losses, found.coverage, found.n_lost) == (20, 4, 1, 0)
    assert found.by_judge["other"].coverage == 0
