"""One paired test and many decided together: formulas by hand, what is missing, groups, families."""

from itertools import product
from math import inf

import numpy as np
import pytest
from scipy import stats

from evaldrop.statistics.clusters import corrected_clustered_standard_error
from evaldrop.statistics.mcnemar import mcnemar_p_value
from evaldrop.statistics.paired import paired_difference, sign_flip_exact
from evaldrop.statistics.paired_test import (
    PairedScores,
    Spread,
    decide,
    paired_test,
    shared_scores,
)
from tests.evaldrop.statistics.test_mcnemar import paired_pass_interval


def scores(differences, *, missing=(), least=(), greatest=(), reach=4.0, **more):
    """Return paired scores; records of `missing` come after those that both sides have, or among them."""
    values = np.array(differences, float)
    return PairedScores(
        np.arange(values.size, dtype=np.int32),
        values,
        np.array(missing, np.int32),
        np.array(least, float),
        np.array(greatest, float),
        reach=reach,
        **more,
    )


def result_of(differences, *, groups=None, confidence=0.95, **more):
    return paired_test(scores(differences, **more), groups, confidence=confidence)


def symmetric(n, size=1.0, shift=0.0):
    """Return differences without skew."""
    return shift + size * np.tile([1.0, -1.0], n // 2)


def test_symmetric_differences_of_many_records_have_students_test_and_interval():
    differences = symmetric(400, shift=0.3)
    found, expected = result_of(differences), paired_difference(differences, np.zeros(400))
    assert found.p_value == expected.p_value
    assert found.interval == pytest.approx(tuple(expected.interval))
    assert (found.n, found.difference) == (400, pytest.approx(0.3))


def test_fewer_than_thirty_changes_have_the_exact_sign_flip_test():
    differences = [-1.0] * 5 + [0.0] * 995
    assert result_of(differences).p_value == 0.0625 == sign_flip_exact(differences)
    thirty = [1.0] * 20 + [-1.0] * 10 + [0.0] * 970
    assert result_of(thirty).p_value == paired_difference(thirty, np.zeros(1000)).p_value
    assert result_of(thirty[1:]).p_value == sign_flip_exact(thirty[1:])


def test_yes_and_no_of_independent_records_are_mcnemars():
    differences = [1.0] * 9 + [-1.0] * 2 + [0.0] * 89
    found = result_of(differences, reach=1.0, is_binary=True)
    assert found.p_value == mcnemar_p_value(9, 2)
    assert found.interval == pytest.approx(tuple(paired_pass_interval(9, 2, records=100)))
    # Shares of repeats are no counts.
    assert result_of([0.5, *differences[1:]], reach=1.0, is_binary=True).p_value != found.p_value
    in_groups = result_of(differences, reach=1.0, is_binary=True, groups=np.arange(100, dtype=np.int32))
    assert in_groups.p_value == sign_flip_exact(differences)


def test_groups_of_one_record_change_nothing_and_groups_that_agree_count_once():
    differences = np.random.default_rng(1).normal(0.2, 1, 60)
    alone = result_of(differences, groups=np.arange(60, dtype=np.int32))
    assert alone.interval == pytest.approx(result_of(differences).interval)
    assert alone.p_value == pytest.approx(result_of(differences).p_value)
    groups = np.repeat(np.arange(12, dtype=np.int32), 5)
    repeated = result_of(np.repeat(differences[:12], 5), groups=groups)
    # Twelve groups: fewer than thirty, whose signs are flipped.
    assert repeated.p_value == pytest.approx(sign_flip_exact(differences[:12]))
    assert repeated.spread.error == pytest.approx(
        corrected_clustered_standard_error(np.repeat(differences[:12], 5), groups)
    )
    assert (repeated.spread.freedom, repeated.spread.units) == (11, 12)


def test_a_change_that_was_not_seen_is_reckoned_with():
    """Ten records better by 0.1: that 1 - 0.05^(1/10) = 0.258866 of all fall by 4 is not excluded."""
    found = result_of([0.1] * 10)
    assert found.interval == pytest.approx((0.1 - 4 * 0.2588656, 0.1 + 4 * 0.2588656), abs=1e-6)
    assert found.p_value == 2**-9
    assert decide([found], confidence=0.95)[0].open == "few_changed"


def test_no_difference_is_no_certainty_either():
    found = result_of([0.0] * 300)
    assert found.p_value == 1.0
    assert found.interval == pytest.approx((-4 * (1 - 0.05 ** (1 / 300)), 4 * (1 - 0.05 ** (1 / 300))))


def test_rounding_is_no_change():
    assert result_of([1e-16] * 50 + [0.0] * 50).p_value == 1.0


def test_skew_widens_the_side_of_the_rare_changes_only():
    """Hall's transformation brings the limit's t back to the quantile: t + γt²/3 + γ²t³/27 + γ/6."""
    differences = np.array([0.5] * 39 + [-3.0])
    # Without what was not seen, which is the wider one on the other side.
    spread = result_of(differences).spread._replace(unseen=0.0)
    residuals = differences - differences.mean()
    gamma = (residuals**3).sum() / (residuals**2).sum() ** 1.5
    assert spread.skewness == pytest.approx(gamma)
    assert gamma == pytest.approx(stats.skew(differences) / np.sqrt(40))
    low, high = spread.interval(0.95)
    quantile = stats.t.ppf(0.975, 39)
    t = (spread.centre - low) / spread.error
    assert t + gamma * t**2 / 3 + gamma**2 * t**3 / 27 + gamma / 6 == pytest.approx(quantile)
    assert t > 1.5 * quantile
    assert high - spread.centre == pytest.approx(quantile * spread.error)
    mirrored = result_of(-differences).spread._replace(unseen=0.0).interval(0.95)
    assert mirrored == pytest.approx((-high, -low))


def test_no_interval_reaches_beyond_what_a_record_can_differ_by():
    assert Spread(0.9, 0.3, inf, 20, 0.0, 1.0).interval(0.99).high == 1.0


@pytest.mark.parametrize("confidence", [0.8, 0.99])
def test_the_level_is_the_evaluations(confidence):
    differences = symmetric(100, shift=0.2)
    expected = paired_difference(differences, np.zeros(100), confidence=confidence).interval
    assert result_of(differences, confidence=confidence).interval == pytest.approx(tuple(expected))
    (decided,) = decide([result_of(differences, confidence=confidence)], confidence=confidence)
    assert (decided.family.confidence, decided.sign) == (pytest.approx(confidence), int(confidence == 0.8))


def test_what_is_missing_bounds_the_difference():
    """Eight records of 0.5, and two of which all that is known is that they lie between -4 and 4."""
    found = result_of([0.5] * 8, missing=[8, 9], least=[-4, -4], greatest=[4, 4])
    assert (found.n, found.n_missing, found.difference) == (8, 2, 0.5)
    assert found.bounds == pytest.approx(((4 - 8) / 10, (4 + 8) / 10))
    low, high = found.widest(0.95)
    assert low <= found.bounds[0] < found.bounds[1] <= high


def test_a_record_with_some_scores_missing_counts_once_in_the_bounds():
    found = result_of([0.5, 0.5, 0.1], missing=[2], least=[-0.3], greatest=[0.4], reach=1.0)
    assert found.bounds == pytest.approx((0.7 / 3, 1.4 / 3))
    assert found.n == 3


def test_nothing_left_is_not_tested_and_not_decided():
    found = result_of([], missing=[0, 1], least=[-4, -4], greatest=[4, 4])
    assert found.reason == "no interval: no record has a score from both"
    assert (found.n_missing, found.bounds, found.p_value) == (2, (-4.0, 4.0), None)
    one = result_of([1.0])
    assert one.difference == 1.0
    assert one.reason.startswith("no interval")
    assert decide([found, one], confidence=0.95) == [(None, 0, None, None, None, None)] * 2


def test_one_record_is_not_tested_and_no_argument_is_named_as_if_it_were_a_candidate():
    """It said "a: 1 values, at least 2 are needed" of whomever it compared."""
    for more in ({}, {"is_binary": True, "reach": 1.0}):
        found = paired_test(scores([1], **more), None, confidence=0.95)
        assert (found.interval, found.p_value) == (None, None)
        assert found.reason == "no interval: one record says nothing about spread"


def test_one_group_is_not_tested():
    assert "one cluster" in result_of([1.0, 2.0], groups=np.zeros(2, np.int32)).reason


def test_a_difference_that_missing_scores_could_undo_is_open():
    sure = symmetric(200, size=0.5, shift=1.0)
    missing = np.arange(200, 320)
    some = result_of(sure, missing=missing, least=np.full(120, -4), greatest=np.full(120, 4))
    few = result_of(sure, missing=missing[:5], least=np.full(5, -4), greatest=np.full(5, 4))
    decided = decide([some, few, result_of(sure)], confidence=0.95)
    assert [one.open for one in decided] == ["missing", None, None]
    assert [one.sign for one in decided] == [0, 1, 1]


def test_among_is_the_part_on_some_records():
    whole = scores([1, 2, 3], missing=[3, 4], least=[-4, -3], greatest=[4, 3])
    part = whole.among(np.array([True, False, True, False, True]))
    assert part.ordinals.tolist() == [0, 2]
    assert part.differences.tolist() == [1, 3]
    assert (part.missing.tolist(), part.least.tolist(), part.greatest.tolist()) == ([4], [-3], [3])
    assert part.reach == whole.reach


def test_shared_scores_are_those_of_both_columns():
    first = (np.array([0, 2, 5], np.int32), np.array([1.0, 2, 3]))
    second = (np.array([2, 3, 5], np.int32), np.array([4.0, 5, 6]))
    shared = shared_scores(first, second)
    assert shared.ordinals.tolist() == [2, 5]
    assert (shared.first.tolist(), shared.second.tolist()) == ([2, 3], [4, 6])


def family_of(*shifts, n=200):
    return [result_of(symmetric(n, shift=shift)) for shift in shifts]


def test_intervals_of_the_decided_are_at_their_share_of_the_family():
    """Two decided of five: 1 - 2 · 0.05 / 5; the others at 1 - 0.05 / 5."""
    decided = decide(family_of(1.0, 0.0, -0.8, 0.01, 0.02), confidence=0.95)
    assert [one.sign for one in decided] == [1, 0, -1, 0, 0]
    assert [one.family.confidence for one in decided] == pytest.approx([0.98, 0.99, 0.98, 0.99, 0.99])
    assert {one.family.n for one in decided} == {5}
    expected = paired_difference(symmetric(200, shift=1.0), np.zeros(200), confidence=0.98).interval
    assert decided[0].family_interval == pytest.approx(tuple(expected))


def test_all_decided_have_the_evaluations_own_level():
    decided = decide(family_of(1.0, 0.9, 1.1), confidence=0.95)
    assert [one.family.confidence for one in decided] == pytest.approx([0.95] * 3)


def test_the_order_of_a_family_decides_nothing():
    family = family_of(1.0, 0.0, -0.8, 0.14, 0.2)
    decided = decide(family, confidence=0.95)
    order = [3, 1, 4, 0, 2]
    assert decide([family[place] for place in order], confidence=0.95) == [decided[place] for place in order]


def test_what_was_not_tested_is_not_in_the_family():
    family = family_of(1.0, 0.0, 0.12)
    decided = decide([family[0], result_of([1.0]), *family[1:], result_of([])], confidence=0.95)
    assert [decided[0], *decided[2:4]] == decide(family, confidence=0.95)
    assert decided[1].p_adjusted is None
    assert decided[1].family_interval is None


def test_an_interval_that_is_lost_makes_the_others_wider():
    """Where one of two decided by p is open by its interval, the other's is at 1 - 0.05 / 2."""
    rare = result_of([0.02] * 300 + [-0.5] * 0)
    decided = decide([rare, *family_of(1.0)], confidence=0.95)
    assert (decided[0].open, decided[0].p_adjusted < 0.05) == ("few_changed", True)
    assert decided[1].family.confidence == pytest.approx(0.975)


def test_a_decision_is_never_against_its_interval():
    random = np.random.default_rng(5)
    for _ in range(60):
        family = [result_of(random.integers(-2, 3, 40) + random.choice([0, 0, 1])) for _ in range(4)]
        for one in decide(family, confidence=0.95):
            low, high = one.family_interval
            assert (one.sign != 0) == (one.open is None)
            if one.sign:
                assert (low > 0) == (one.sign > 0)
                assert not low <= 0 <= high


@pytest.mark.parametrize("size", [1, 2, 6])
def test_an_empty_family_and_equal_ones_are_decided_alike(size):
    assert decide([], confidence=0.95) == []
    decided = decide(family_of(*[0.5] * size), confidence=0.95)
    assert len(set(decided)) == 1


def test_nan_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        result_of([1.0, float("nan")])


def test_what_could_have_been_seen_grows_with_the_family_and_with_what_is_missing():
    alone, among = (decide(family_of(*[0.0] * size), confidence=0.95)[0] for size in (1, 15))
    assert alone.minimum_detectable < among.minimum_detectable
    lossy = result_of(symmetric(200), missing=range(200, 220), least=[-4] * 20, greatest=[4] * 20)
    assert decide([lossy], confidence=0.95)[0].minimum_detectable > alone.minimum_detectable
    # Without any change nothing is known of spread.
    assert decide([result_of([0.0] * 50)], confidence=0.95)[0].minimum_detectable is None


@pytest.mark.parametrize(("n", "shift"), list(product([20, 200], [0.0, 0.4])))
def test_turning_the_sides_turns_everything(n, shift):
    differences = np.random.default_rng(n).normal(shift, 1, n).clip(-4, 4)
    first, second = (decide([result_of(sign * differences)], confidence=0.95)[0] for sign in (1, -1))
    assert second.sign == -first.sign
    assert second.family_interval == pytest.approx((-first.family_interval[1], -first.family_interval[0]))
    assert second.minimum_detectable == pytest.approx(first.minimum_detectable)
