"""Paired comparisons against scipy's values, sign flips by enumeration, and differences that do not vary."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.clusters import clustered_mean_estimate
from evaldrop.statistics.intervals import Interval, mean_estimate
from evaldrop.statistics.mcnemar import mcnemar_p_value
from evaldrop.statistics.paired import (
    paired_difference,
    sign_flip_exact,
    sign_flip_permutation,
    sign_flip_test,
)

# Oracle paired_difference: scipy 1.17.1 ttest_rel, ttest_ind, permutation_test(permutation_type="samples").
A = [4, 5, 3, 4, 2, 5, 4, 4, 3, 5, 4, 2]
B = [3, 5, 3, 3, 2, 4, 4, 3, 2, 5, 3, 3]
DIFFERENCES = np.subtract(A, B)


def test_paired_difference_matches_scipy():
    result = paired_difference(A, B)
    assert result.difference == pytest.approx(0.4166666666666667, abs=1e-9)
    assert result.standard_error == pytest.approx(0.19299604852813632, abs=1e-9)
    assert result.difference / result.standard_error == pytest.approx(2.1589388479418643, abs=1e-9)
    assert result.p_value == pytest.approx(0.05380358204027798, abs=1e-9)
    assert result.interval == pytest.approx((-0.008114772100087042, 0.8414481054334204), abs=1e-9)
    assert (result.n, result.clusters) == (12, 12)


def test_pairing_takes_out_what_the_candidates_share():
    """Oracle: SE_paired² = SE_A² + SE_B² - 2 r SE_A SE_B, r .787; unpaired it is .417 and p .33."""
    error_a, error_b = mean_estimate(A).standard_error, mean_estimate(B).standard_error
    r = np.corrcoef(A, B)[0, 1]
    assert r == pytest.approx(0.7873359887517358, abs=1e-9)
    assert np.hypot(error_a, error_b) == pytest.approx(0.41666666666666663, abs=1e-9)
    from_r = np.sqrt(error_a**2 + error_b**2 - 2 * r * error_a * error_b)
    assert paired_difference(A, B).standard_error == pytest.approx(from_r, abs=1e-9)


def test_paired_difference_of_clusters_is_the_clustered_estimate_of_the_differences():
    groups = [i // 3 for i in range(12)]
    result, expected = paired_difference(A, B, groups=groups), clustered_mean_estimate(DIFFERENCES, groups)
    assert result.interval == pytest.approx(expected.interval)
    assert result.clusters == 4
    t = expected.mean / expected.standard_error
    assert result.p_value == pytest.approx(2 * stats.t.sf(t, 3))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=25))
def test_paired_difference_decides_by_interval_as_by_p_and_mirrors(rows):
    a, b = zip(*rows, strict=True)
    result, mirrored = paired_difference(a, b), paired_difference(b, a)
    assert mirrored.interval == pytest.approx((-result.interval.high, -result.interval.low), abs=1e-9)
    assert mirrored.p_value == pytest.approx(result.p_value)
    assert result.interval.low <= result.difference <= result.interval.high
    if result.standard_error:
        excludes_zero = not result.interval.low <= 0 <= result.interval.high
        assert excludes_zero == (result.p_value < 0.05)


def test_candidates_that_never_differ_have_no_difference_to_find():
    result = paired_difference([0.1, 0.2, 0.3], [0.1, 0.2, 0.3])
    assert (result.interval, result.p_value) == (Interval(0.0, 0.0), 1.0)


def test_rounding_is_no_difference():
    """0.1 + 0.2 is not 0.3 in its last bit, nor are averaged repeats; ten such records would be p = 2^-9."""
    a, b = [0.1 + 0.2] * 10, [0.3] * 10
    result = paired_difference(a, b)
    assert (result.difference, result.interval, result.p_value) == (0.0, Interval(0.0, 0.0), 1.0)
    assert sign_flip_exact(np.subtract(a, b)) == 1.0


def test_a_constant_difference_is_no_proof_in_few_records():
    """t would divide by zero and say p = 0; flipping signs says 2 of the 2^n patterns are as extreme."""
    assert paired_difference([0.3, 0.4, 0.5], [0.2, 0.3, 0.4]).p_value == 0.25
    assert paired_difference([2, 3], [1, 2]).p_value == sign_flip_exact([1, 1]) == 0.5
    assert paired_difference([1] * 10, [0] * 10).p_value == sign_flip_exact([1] * 10) == 2**-9


def test_paired_difference_refuses_too_little():
    with pytest.raises(NotEnoughData):
        paired_difference([1], [2])
    with pytest.raises(NotEnoughData, match="one cluster"):
        paired_difference([1, 2], [2, 1], groups=["a", "a"])
    with pytest.raises(ValueError, match="only records both have"):
        paired_difference([1, 2, 3], [1, 2])


@pytest.mark.parametrize(
    ("differences", "p_value"),
    [
        (
            [1, 0, 2, 1, -1, 1, 1, 0],
            0.1875,
        ),  # oracle sign_flip_exact_n8: scipy permutation_test, 256 patterns
        (DIFFERENCES, 0.125),  # oracle paired_difference: sign_flip_exact_p, and by enumeration
        ([0, 0], 1.0),
        ([3], 1.0),
    ],
)
def test_sign_flip_exact_matches_scipy(differences, p_value):
    assert sign_flip_exact(differences) == pytest.approx(p_value, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(-3, 3).map(lambda n: n / 10), min_size=1, max_size=9))
def test_sign_flip_exact_is_the_share_of_all_patterns(differences):
    signs = np.array(list(itertools.product([1, -1], repeat=len(differences))))
    flipped = np.abs(signs @ np.array(differences))
    assert sign_flip_exact(differences) == pytest.approx(np.mean(flipped >= abs(sum(differences)) - 1e-9))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.one_of(st.floats(-1, 1), st.sampled_from([-0.5, 0.0, 0.25, 0.5])), min_size=1, max_size=14),
    st.integers(1, 3),
)
def test_two_halves_of_many_sizes_count_as_all_patterns_do(differences, repeated):
    """As many sizes as records, and sizes that some records share: the halves' patterns are those of all."""
    values = np.array(differences + differences[:1] * (repeated - 1))
    signs = 1 - 2 * (np.arange(2**values.size)[:, None] >> np.arange(values.size) & 1)
    # Scaled and rounded as the test does, so that what it takes for equal is equal here.
    largest = np.abs(values).max()
    scaled = np.round(values / largest, 12) if largest > 1e-12 else np.zeros_like(values)
    expected = np.mean(np.abs(signs @ scaled) >= abs(scaled.sum()) - 1e-9)
    assert sign_flip_exact(values) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("number", [20, 29])
def test_twenty_nine_different_sizes_are_still_exact(number):
    """2^29 patterns, in two halves: near the normal tail, and all of one sign is one pattern of each."""
    random = np.random.default_rng(number)
    sizes = random.uniform(0.5, 1.5, number)
    found = sign_flip_test(sizes * np.where(np.arange(number) < number // 3, -1, 1), seed=1)
    assert found.is_exact
    statistic = sizes[number // 3 :].sum() - sizes[: number // 3].sum()
    assert found.p_value == pytest.approx(2 * stats.norm.sf(statistic / np.sqrt((sizes**2).sum())), rel=0.25)
    assert sign_flip_exact(sizes) == pytest.approx(2.0 ** (1 - number), rel=1e-9)


def test_sign_flip_of_pass_marks_is_mcnemars_exact_test():
    """400 records, 35 discordant: still exact, because equal differences are counted together."""
    differences = [1] * 25 + [-1] * 10 + [0] * 365
    assert sign_flip_exact(differences) == pytest.approx(mcnemar_p_value(25, 10), abs=1e-9)


def test_clusters_flip_as_a_whole():
    differences, groups = [1, 1, 1, 2, 2, 2], [0, 0, 0, 1, 1, 1]
    assert sign_flip_exact(differences, groups=groups) == 0.5
    assert sign_flip_exact(differences) == pytest.approx(2 / 64)


def test_drawn_sign_flips_come_near_the_exact_p_and_repeat_with_their_seed():
    drawn = sign_flip_permutation(DIFFERENCES, seed=4, resamples=20_000)
    assert drawn == pytest.approx(0.125, abs=0.01)
    assert drawn == sign_flip_permutation(DIFFERENCES, seed=4, resamples=20_000)
    assert drawn != sign_flip_permutation(DIFFERENCES, seed=5, resamples=20_000)


def test_drawn_sign_flips_never_give_a_p_of_zero():
    assert sign_flip_permutation(np.ones(200), seed=1, resamples=99) == 0.01


def test_sign_flip_test_draws_only_where_patterns_are_too_many():
    random = np.random.default_rng(2)
    likert, continuous = random.integers(-2, 3, 300), random.normal(size=60)
    assert sign_flip_test(likert, seed=1).is_exact
    drawn = sign_flip_test(continuous, seed=1, resamples=1999)
    assert not drawn.is_exact
    assert drawn.p_value == pytest.approx(stats.ttest_1samp(continuous, 0).pvalue, abs=0.05)
    with pytest.raises(ValueError, match="sign_flip_test"):
        sign_flip_exact(continuous)


def test_drawn_sign_flips_in_several_blocks_are_all_counted():
    continuous = np.random.default_rng(3).normal(0.02, 1, size=5_000)
    p_value = sign_flip_permutation(continuous, seed=1, resamples=999)
    assert p_value == pytest.approx(stats.ttest_1samp(continuous, 0).pvalue, abs=0.06)


def test_sign_flips_refuse_nothing_to_flip():
    with pytest.raises(NotEnoughData):
        sign_flip_exact([])
    with pytest.raises(ValueError, match="resamples"):
        sign_flip_permutation([1, 2], seed=1, resamples=0)
