"""A row's ID says all that the row is of, in eleven letters and digits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.steps.prepare_jobs.row_ids import RowKey, packed, row_id

KEYS = st.builds(RowKey, st.integers(0, 36**5 - 1), st.integers(0, 36**2 - 1), st.integers(0, 36**4 - 1))


@given(KEYS, KEYS)
def test_two_rows_share_an_id_only_if_they_are_one(one, other):
    assert (row_id(one) == row_id(other)) == (one == other)
    assert (packed(row_id(one)) == packed(row_id(other))) == (one == other)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (RowKey(0), "00000000000"),
        (RowKey(37, 39, 36), "00011130010"),
        (RowKey(36**5 - 1, 0, 35), "ZZZZZ00000Z"),
    ],
)
def test_an_id_is_written_in_letters_and_digits(key, expected):
    assert row_id(key) == expected


@pytest.mark.parametrize("key", [RowKey(36**5), RowKey(0, 36**2), RowKey(0, 0, 36**4), RowKey(-1)])
def test_a_number_without_room_is_refused(key):
    with pytest.raises(ValueError, match="no room"):
        row_id(key)


@pytest.mark.parametrize("text", [None, 7, "", "0000000000", "000000000000", "0000000000a", "0000000000-"])
def test_an_id_of_somebody_else_is_none(text):
    assert packed(text) is None
