"""Parquet tables: bounded row groups, nulls, and files that appear whole or not at all."""

import pyarrow.parquet as pq
import pytest

from evaldrop.run import tables
from evaldrop.run.tables import VerdictRow, comparison_schema, open_table, response_schema, verdict_schema

ROW = VerdictRow("r1", "lite", "tone", "pro", 4.5, True, None, "wärm \U0001f600", "{}", 3, 4, 0.5, 1, None)
EMPTY = VerdictRow(
    "r2", "lite", "tone", "pro", None, None, "no_verdict", None, None, None, None, None, 0, "{}"
)


def test_values_and_nulls_come_back_as_they_were(tmp_path):
    path = str(tmp_path / "verdicts.parquet")
    with open_table(path, verdict_schema(), simulated=False) as table:
        table.append(ROW)
        table.append(EMPTY)
    rows = pq.read_table(path).to_pylist()
    assert [VerdictRow(**row) for row in rows] == [ROW, EMPTY]


def test_row_groups_are_bounded_by_rows_and_by_text(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "ROWS_PER_GROUP", 10)
    monkeypatch.setattr(tables, "TEXT_PER_GROUP", 100)
    path = str(tmp_path / "verdicts.parquet")
    with open_table(path, verdict_schema(), simulated=False) as table:
        for _ in range(20):
            table.append(ROW)
        for _ in range(4):
            table.append(ROW, text=60)
    groups = pq.ParquetFile(path).metadata
    assert [groups.row_group(number).num_rows for number in range(groups.num_row_groups)] == [10, 10, 2, 2]


def test_a_table_without_rows_still_has_its_columns(tmp_path):
    path = str(tmp_path / "comparisons.parquet")
    with open_table(path, comparison_schema(), simulated=True):
        pass
    assert pq.read_table(path).num_rows == 0
    assert "preferred" in pq.read_schema(path).names


def test_a_table_whose_writing_fails_does_not_appear(tmp_path):
    path = tmp_path / "verdicts.parquet"
    with pytest.raises(RuntimeError), open_table(str(path), verdict_schema(), simulated=False) as table:  # noqa: PT012
        table.append(ROW)
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_every_metric_has_its_own_column():
    assert response_schema(["exact_match", "rouge_l"]).names[-2:] == ["metric_exact_match", "metric_rouge_l"]
