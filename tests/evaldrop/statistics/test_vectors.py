"""What the statistics take in and what they refuse."""

import numpy as np
import pytest

from evaldrop.errors import NotEnoughData
from evaldrop.statistics.vectors import as_clusters, as_pairs, as_vector


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
