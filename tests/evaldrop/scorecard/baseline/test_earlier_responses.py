"""What the baseline answered, read from its table some rows at a time."""

import pytest

from evaldrop.run.tables import ResponseRow, open_table, response_schema
from evaldrop.scorecard.baseline import earlier_responses
from evaldrop.scorecard.baseline.earlier_responses import EarlierResponse, EarlierResponses

GROUPS, PER_GROUP = 4, 5


@pytest.fixture
def earlier(tmp_path, monkeypatch):
    """A table of four groups of five rows, and what reads it."""
    monkeypatch.setattr("evaldrop.run.tables.ROWS_PER_GROUP", PER_GROUP)
    with open_table(str(tmp_path / "responses.parquet"), response_schema([]), simulated=False) as table:
        for number in range(GROUPS * PER_GROUP):
            row = ResponseRow(f"r{number}", None, None, "lite", "m", "p", f"text {number}", None,
                              "end_turn", 1, 1, 1.0, 0.0, False)  # fmt: skip
            table.append(row.cells())
    responses = EarlierResponses(str(tmp_path))
    yield responses
    responses.close()


def test_a_response_is_found_by_its_place_in_any_group(earlier):
    for number in (0, 4, 5, 19):
        assert earlier.at(number, f"r{number}", "lite") == EarlierResponse(f"text {number}", None)


def test_a_row_of_another_record_or_past_the_end_is_no_answer(earlier):
    assert earlier.at(3, "r4", "lite") is None
    assert earlier.at(3, "r3", "haiku") is None
    assert earlier.at(20, "r20", "lite") is None


def test_a_table_in_another_order_is_not_read_again_for_every_record(earlier, monkeypatch):
    monkeypatch.setattr(earlier_responses, "_MOST_READS", 1)
    found = [earlier.at(number, f"r{number}", "lite") for number in (0, 5, 10, 15, 0, 5, 16)]
    assert [bool(one) for one in found] == [True, True, True, True, False, False, True]
