"""Debiased means against ppi-python, corrected pass rates by hand, and judges no better than guessing."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.clusters import clustered_mean_estimate
from evaldrop.statistics.debiasing import (
    JudgeCounts,
    clustered_ppi_mean,
    labels_mean,
    rogan_gladen,
    self_preference,
)
from evaldrop.statistics.intervals import mean_estimate

# Oracle ppi_mean: ppi-python 0.2.3 (variances with ddof 0).
HUMAN = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0]
JUDGE = [1.0, 0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0]
UNLABELLED = [1.0] * 30 + [0.0] * 10

# Oracle rogan_gladen_judge_correction, by hand: sensitivity .9, specificity .85.
CALIBRATION = JudgeCounts(good_judged_good=54, good_judged_bad=6, bad_judged_good=6, bad_judged_bad=34)


def independent(human, judge, unlabelled, **settings):
    """Every record a cluster of its own."""
    sides = {"labelled_groups": range(len(human)), "unlabelled_groups": range(len(unlabelled))}
    return clustered_ppi_mean(human, judge, unlabelled, **sides, **settings)


def test_ppi_with_full_trust_is_ppi_pythons_but_for_its_ddof():
    """Its variances have ddof 0, ours are CR1 (ddof 1 for single records): .2 of 10 labels, .1875 of 40."""
    result = independent(HUMAN, JUDGE, UNLABELLED, weight=1)
    assert result.mean == pytest.approx(0.55, abs=1e-6)
    labels, judged = 0.16 / 10, 0.1875 / 40
    assert (labels + judged) ** 0.5 == pytest.approx(0.14383149863642528, abs=1e-6)
    assert result.standard_error == pytest.approx((labels * 10 / 9 + judged * 40 / 39) ** 0.5)


def test_the_tuned_weight_is_the_slope_that_the_variances_give():
    """λ = (Cov(human, judge)/n) / (Var(judge)/n + Var(unlabelled)/N), ddof 1."""
    result = independent(HUMAN, JUDGE, UNLABELLED)
    covariance = np.cov(HUMAN, JUDGE)
    weight = covariance[0, 1] / 10 / (covariance[1, 1] / 10 + np.var(UNLABELLED, ddof=1) / 40)
    assert result.weight == pytest.approx(weight)
    assert result.mean == pytest.approx(weight * 0.75 + 0.6 - weight * 0.8)
    assert (result.n_labelled, result.n_unlabelled) == (10, 40)


def test_ppi_without_trust_is_the_human_labels_alone():
    result = independent(HUMAN, JUDGE, UNLABELLED, weight=0)
    assert result.mean == pytest.approx(0.6)
    assert result.standard_error * (9 / 10) ** 0.5 == pytest.approx(0.15491933384829668, abs=1e-6)


def test_a_judge_that_never_varies_is_not_trusted():
    clustered = independent(HUMAN, [1] * 10, [1] * 40)
    assert clustered.weight == 0
    assert clustered.interval == pytest.approx(mean_estimate(HUMAN).interval)


def test_clustered_ppi_without_trust_is_the_clustered_human_mean():
    groups = [i // 2 for i in range(10)]
    result = clustered_ppi_mean(
        HUMAN, JUDGE, UNLABELLED, labelled_groups=groups, unlabelled_groups=range(40), weight=0
    )
    assert result.interval == pytest.approx(clustered_mean_estimate(HUMAN, groups).interval)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=4, max_size=20),
    st.lists(st.integers(1, 5), min_size=4, max_size=30),
    st.floats(0, 1),
)
def test_the_tuned_weight_lies_in_0_to_1_and_no_other_gives_a_smaller_clustered_error(
    rows, unlabelled, other
):
    human, judge = zip(*rows, strict=True)
    sides = {
        "labelled_groups": [i // 2 for i in range(len(rows))],
        "unlabelled_groups": [i // 2 for i in range(len(unlabelled))],
    }
    assume(len(set(human)) > 1)
    try:
        tuned = clustered_ppi_mean(human, judge, unlabelled, **sides)
    except NotEnoughData:
        assume(False)  # every cluster's sum is the same
    assert 0 <= tuned.weight <= 1
    assert tuned.interval.low <= tuned.mean <= tuned.interval.high
    fixed = clustered_ppi_mean(human, judge, unlabelled, weight=other, **sides)
    assert tuned.standard_error <= fixed.standard_error + 1e-9


def test_labels_that_never_vary_do_not_make_a_sure_mean():
    with pytest.raises(NotEnoughData, match="do not vary"):
        independent([1] * 5, [1] * 5, UNLABELLED)


def test_ppi_refuses_too_little_or_an_odd_weight():
    with pytest.raises(NotEnoughData):
        independent([1], [1], UNLABELLED)
    with pytest.raises(NotEnoughData):
        independent(HUMAN, JUDGE, [1])
    with pytest.raises(NotEnoughData, match="one cluster"):
        clustered_ppi_mean(HUMAN, JUDGE, UNLABELLED, labelled_groups=[0] * 10, unlabelled_groups=range(40))
    with pytest.raises(ValueError, match="weight"):
        independent(HUMAN, JUDGE, UNLABELLED, weight=1.5)


def test_rogan_gladen_matches_the_hand_worked_value():
    result = rogan_gladen(390, 500, judge=CALIBRATION)
    assert (CALIBRATION.sensitivity, CALIBRATION.specificity) == pytest.approx((0.9, 0.85), abs=1e-9)
    assert result.rate == pytest.approx(0.84, abs=1e-9)
    assert result.standard_error == pytest.approx(0.05134978091481988, abs=1e-9)
    assert result.interval == pytest.approx((0.7393562787929306, 0.9406437212070691), abs=1e-9)


def test_a_perfect_judge_needs_no_correction():
    result = rogan_gladen(30, 40, judge=JudgeCounts(20, 0, 0, 20))
    assert result.rate == 0.75
    assert result.standard_error == pytest.approx((0.75 * 0.25 / 40) ** 0.5)


@pytest.mark.parametrize("passed", [0, 500])
def test_corrected_rates_stay_in_0_to_1(passed):
    result = rogan_gladen(passed, 500, judge=CALIBRATION)
    assert 0 <= result.interval.low <= result.rate <= result.interval.high <= 1


@pytest.mark.parametrize(
    ("judge", "message"),
    [
        (JudgeCounts(5, 5, 5, 5), "guessing"),
        (JudgeCounts(6, 4, 4, 6), "guessing"),  # 10 labels each cannot tell .6 from a coin
        (JudgeCounts(0, 0, 5, 5), "call good"),
        (JudgeCounts(5, 5, 0, 0), "call bad"),
    ],
)
def test_rogan_gladen_refuses_a_judge_not_told_from_guessing(judge, message):
    with pytest.raises(NotEnoughData, match=message):
        rogan_gladen(390, 500, judge=judge)


def test_negative_judge_counts_are_refused():
    with pytest.raises(ValueError, match="judge counts"):
        rogan_gladen(5, 10, judge=JudgeCounts(-1, 6, 3, 3))


def test_rogan_gladen_of_nothing_is_an_error():
    with pytest.raises(NotEnoughData, match="no scored"):
        rogan_gladen(0, 0, judge=CALIBRATION)


def test_self_preference_matches_the_hand_worked_value():
    """Oracle self_preference (Wataoka et al. 2024, arXiv 2410.21819)."""
    own, other = JudgeCounts(40, 5, 25, 30), JudgeCounts(30, 15, 10, 45)
    assert own.sensitivity == pytest.approx(0.8888888888888888, abs=1e-9)
    assert other.sensitivity == pytest.approx(0.6666666666666666, abs=1e-9)
    result = self_preference(own, other)
    assert result.bias == pytest.approx(0.2222222222222222, abs=1e-9)
    assert result.false_positive_gap == pytest.approx(0.2727272727272727, abs=1e-9)


def test_few_labels_get_a_degree_of_freedom_less_and_a_width_that_is_never_0():
    """Ten labels without spread: at least what two pseudo-records a step away make, √2/12."""
    found = clustered_ppi_mean(
        [1.0] * 10,
        [1.0] * 10,
        [0.0, 1.0] * 20,
        labelled_groups=range(10),
        unlabelled_groups=range(10, 50),
        step=1,
    )
    assert found.weight == 0
    assert found.standard_error == pytest.approx(2**0.5 / 12)
    assert found.freedom == 9
    tuned = [
        clustered_ppi_mean(
            [1, 2, 3, 4, 5, 1, 2, 3, 4, 5],
            [1, 2, 3, 4, 4, 1, 2, 3, 5, 5],
            [3, 2, 4, 5, 1] * 8,
            labelled_groups=range(10),
            unlabelled_groups=range(10, 50),
            step=step,
        )
        for step in (None, 1.0)
    ]
    assert [one.freedom for one in tuned] == [9, 8]
    assert tuned[1].standard_error ** 2 == pytest.approx(tuned[0].standard_error ** 2 * 9 / 8 + 0.5 / 12**2)


def test_labels_alone_are_a_clustered_mean():
    found = labels_mean([1, 2, 3, 4], groups=[0, 0, 1, 1])
    assert (found.mean, found.weight, found.n_unlabelled) == (2.5, 0, 0)
    with pytest.raises(NotEnoughData, match="do not vary"):
        labels_mean([1, 1, 1], groups=range(3))
