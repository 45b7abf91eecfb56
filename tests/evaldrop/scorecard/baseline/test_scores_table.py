"""scores.parquet keeps what a later comparison needs, and nothing that an evaluation's options changed."""

import numpy as np
import pytest

from evaldrop.errors import StorageError
from evaldrop.scorecard.baseline.scores_table import MOST_CRITERIA, kept_criteria, places_of, read_scores
from tests.evaldrop.scorecard.baseline.runs import write

SCORES = {"lite": [(1, 5), (0, None), None], "haiku": [(1, 4), (1, 3), (0, 2)]}


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "support" / "run-1")


@pytest.mark.parametrize("unscored", ["drop", "worst"])
def test_a_verdict_that_is_not_there_is_no_score_whatever_it_counts_as(folder, unscored):
    write(folder, SCORES, evaluation={"unscored": unscored}, categories=["a", None, "a"])
    kept = read_scores(folder)
    assert kept.record_ids.to_pylist() == ["r0", "r1", "r2"]
    assert kept.candidates == ["lite", "haiku"]
    np.testing.assert_array_equal(kept.scores["tone"], [[5, 4], [np.nan, 3], [np.nan, 2]])
    np.testing.assert_array_equal(kept.lost["tone"], [[False, False], [True, False], [True, False]])
    np.testing.assert_array_equal(kept.answered, [[True, True], [True, True], [False, True]])
    assert kept.categories.tolist() == [0, -1, 0]
    assert kept.category_names == ["a"]
    assert kept.groups is None


def test_a_record_without_a_group_is_a_cluster_of_its_own(folder):
    write(folder, SCORES, groups=["g", None, "g"])
    assert read_scores(folder).groups.tolist() == [0, -2, 0]


def test_records_are_found_by_their_ids(folder, tmp_path):
    write(folder, SCORES)
    other = str(tmp_path / "support" / "run-2")
    write(other, {name: said[:2] for name, said in SCORES.items()})
    assert places_of(read_scores(folder), read_scores(other)).tolist() == [0, 1, -1]


def test_a_run_with_thousands_of_criteria_keeps_the_first():
    assert len(kept_criteria([f"c{n}" for n in range(5_000)])) == MOST_CRITERIA


def test_rows_that_are_not_a_row_per_candidate_are_refused(folder):
    import pyarrow.parquet as pq

    write(folder, SCORES)
    path = f"{folder}/scores.parquet"
    pq.write_table(pq.read_table(path).slice(0, 5), path)
    with pytest.raises(StorageError, match="5 rows are not the same number for each of 2 candidates"):
        read_scores(folder)
