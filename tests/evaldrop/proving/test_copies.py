"""Copies of responses for a test of the instrument: hidden columns, faults where there is a hold, samples."""

from collections import Counter
from io import BytesIO

import orjson
import pytest

from evaldrop.datasets.reading import read_records
from evaldrop.proving.copies import AGAIN, AS_IT_IS, AnsweredRecord, HiddenCopies, hidden_copies, stratified
from evaldrop.proving.edits import FAULT_KINDS
from evaldrop.run.records import PreparedRecord


def _answered(name: str, response: str, category: str | None = None) -> AnsweredRecord:
    record = PreparedRecord(
        name,
        "How long?",
        None,
        None,
        ("Within 14 days.",),
        category,
        None,
        {},
        (),
        {},
        checks=({"icontains": "14"},),
    )
    return AnsweredRecord(record, response)


ANSWERED = (
    _answered("number", "It takes 14 days. Send the form to Berlin."),
    _answered("word", "Yes"),
)


@pytest.fixture(scope="module")
def copies() -> HiddenCopies:
    return hidden_copies(ANSWERED, FAULT_KINDS, seed=3)


def _response(copies: HiddenCopies, row: int, content: str) -> str | None:
    columns = [column for column, holds in copies.key.items() if holds == content]
    found: str | None = copies.rows[row]["responses"].get(columns[0])
    return found


def test_the_response_is_there_twice_as_it_is(copies: HiddenCopies) -> None:
    for place, each in enumerate(ANSWERED):
        assert _response(copies, place, AS_IT_IS) == _response(copies, place, AGAIN) == each.response


def test_a_record_without_a_hold_for_a_kind_takes_no_part_in_it(copies: HiddenCopies) -> None:
    assert _response(copies, 0, "wrong_number") not in (None, ANSWERED[0].response)
    assert _response(copies, 1, "wrong_number") is None
    assert set(copies.planted["wrong_number"]) == {"number"}


def test_a_kind_that_is_planted_nowhere_has_no_column() -> None:
    assert set(hidden_copies(ANSWERED[1:], ("wrong_number",), seed=3).key.values()) == {AS_IT_IS, AGAIN}


def test_neither_names_nor_their_order_tell_what_a_column_holds(copies: HiddenCopies) -> None:
    assert list(copies.key) == [f"c{n:02}" for n in range(1, len(copies.key) + 1)]
    first = Counter(hidden_copies(ANSWERED, FAULT_KINDS, seed=seed).key["c01"] for seed in range(60))
    assert len(first) >= 6


def test_the_same_seed_gives_the_same_copies(copies: HiddenCopies) -> None:
    assert hidden_copies(ANSWERED, FAULT_KINDS, seed=3) == copies


def test_a_sample_has_each_category_with_its_share() -> None:
    answered = [_answered(str(n), "x", "rare" if n == 0 else "ab"[n % 2]) for n in range(201)]
    taken = stratified(answered, 21, seed=1)
    assert Counter(each.record.category for each in taken) == {"a": 10, "b": 10, "rare": 1}
    places = [int(each.record.record_id) for each in taken]
    assert places == sorted(places)


def test_a_sample_is_never_larger_than_asked_for() -> None:
    answered = [_answered(str(n), "x", str(n)) for n in range(9)]
    assert len(stratified(answered, 4, seed=1)) == 4
    assert stratified(answered, 9, seed=1) == answered


def test_the_copies_are_a_dataset_that_is_read_whole(copies: HiddenCopies) -> None:
    stream = BytesIO(b"".join(orjson.dumps(row) + b"\n" for row in copies.rows))
    read = list(read_records(stream, source="copies.jsonl"))
    assert [getattr(each, "responses", each) for each in read] == [row["responses"] for row in copies.rows]
