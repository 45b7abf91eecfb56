"""What the statistics take in and what they refuse."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.vectors import are_among, as_clusters, as_pairs, as_vector, places_by_code


def test_booleans_become_zeros_and_ones():
    assert as_vector([True, False], "passes").tolist() == [1.0, 0.0]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_no_number_are_refused(value):
    with pytest.raises(ValueError, match="NaN or infinity"):
        as_vector([1.0, value], "scores")


def test_a_table_is_not_a_vector():
    with pytest.raises(ValueError, match=r"shape \(1, 2\)"):
        as_vector([[1, 2]], "scores")


def test_too_few_values_name_what_is_missing():
    with pytest.raises(NotEnoughData, match="scores: 1 values, at least 2"):
        as_vector([1], "scores", at_least=2)


def test_pairs_of_different_length_are_refused():
    with pytest.raises(ValueError, match="only records both have"):
        as_pairs([1, 2], [1])


@pytest.mark.parametrize(
    "groups",
    [
        ["b", "a", "b"],
        np.array(["b", "a", "b"]),
        np.array(["b", "a", "b"], dtype=object),
        [7, 3, 7],
        ("b", "a", "b"),
    ],
)
def test_any_labels_are_numbered_from_zero(groups):
    clusters = as_clusters(groups, rows=3)
    assert clusters.number == 2
    assert clusters.codes[0] == clusters.codes[2] != clusters.codes[1]
    assert set(clusters.codes.tolist()) == {0, 1}


def test_labels_must_be_one_per_row_and_no_nan():
    with pytest.raises(ValueError, match="each of 3 rows"):
        as_clusters([1, 2], rows=3)


@pytest.mark.parametrize(
    "groups", [[1.0, float("nan")], ["a", None], np.array(["a", float("nan")], dtype=object)]
)
def test_rows_without_a_group_are_not_lumped_into_one(groups):
    with pytest.raises(ValueError, match="record id"):
        as_clusters(groups, rows=2)


@given(st.lists(st.integers(0, 400), max_size=60), st.lists(st.integers(0, 400), max_size=60))
def test_ordinals_among_others_are_those_numpy_finds(values, others):
    values, others = (np.unique(np.array(each, np.int32)) for each in (values, others))
    assert are_among(values, others).tolist() == np.isin(values, others).tolist()


@given(st.lists(st.integers(-1, 9), max_size=60))
def test_places_by_code_are_those_of_a_mask_per_code(codes):
    codes = np.array(codes, np.int32)
    found = places_by_code(codes, range(9))
    assert {code: places.tolist() for code, places in found.items()} == {
        code: np.flatnonzero(codes == code).tolist() for code in range(9)
    }


@given(st.lists(st.integers(-2, 3000), min_size=1, max_size=60))
def test_whole_numbers_are_numbered_as_sorting_them_does(labels):
    labels = np.array(labels, np.int32)
    found = as_clusters(labels, rows=labels.size)
    unique, codes = np.unique(labels, return_inverse=True)
    assert (found.number, found.codes.tolist()) == (unique.size, codes.tolist())
