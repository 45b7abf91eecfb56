"""Datasets of evaluation jobs: as many rows as one takes, and nothing left behind by what failed."""

import pytest

from evaldrop.job_formats.rows import AskedPrompt
from evaldrop.steps.prepare_evaluation_jobs.row_keys import ResponseKey, known_rows
from evaldrop.steps.prepare_evaluation_jobs.writing import RoundWriter

SERIES = ("lite", ("tone",))


def add(writer, number, series=SERIES):
    key = ResponseKey(f"r{number}", series[0], "p", "q")
    row = AskedPrompt(record_id=key.record_id, text="Why?", responses={series[0]: "So."})
    writer.add(series, key, row)


def test_a_full_dataset_is_followed_by_another_and_each_series_has_its_own(tmp_path):
    other = ("haiku", ("tone",))
    with RoundWriter(str(tmp_path), "1", most=2) as writer:
        for number in range(5):
            add(writer, number)
        add(writer, 0, other)
        writer.leave_out(ResponseKey("gone", "lite", "p", "q"), "too long")
    assert writer.datasets == {
        SERIES: ["series-1-1", "series-1-2", "series-1-3"],
        other: ["series-2-1"],
    }
    known = list(known_rows(str(tmp_path), "1"))
    assert [row.dataset for row in known] == [
        *["series-1-1"] * 2, *["series-1-2"] * 2, "series-1-3", "series-2-1", None,
    ]  # fmt: skip
    assert known[-1].left_out == "too long"


def test_what_fails_leaves_no_index(tmp_path):
    def fail():
        with RoundWriter(str(tmp_path), "1") as writer:
            add(writer, 1)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert not list(tmp_path.rglob("rows.jsonl"))
