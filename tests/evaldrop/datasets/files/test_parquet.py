"""Parquet: nested values as JSON has them, the same checks, each problem with its row."""

import datetime as dt
import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evaldrop.datasets import Record, survey_dataset
from evaldrop.errors import DatasetError
from tests.evaldrop.datasets.reading_of import problems_in, read_bytes, record_of


def parquet(columns, **more) -> bytes:
    written = io.BytesIO()
    pq.write_table(columns if isinstance(columns, pa.Table) else pa.table(columns), written, **more)
    return written.getvalue()


def read(columns, **more):
    return read_bytes(parquet(columns), source="faq.parquet", **more)


def the_record(**columns) -> Record:
    (record,) = read(
        {name: value if isinstance(value, pa.Array) else [value] for name, value in columns.items()}
    )
    assert isinstance(record, Record), record
    return record


def hints_of(columns):
    data = parquet(columns)
    return [str(hint) for hint in survey_dataset(lambda: io.BytesIO(data), source="faq.parquet").hints]


def test_rows_are_the_records_that_json_gives():
    rows = [
        {
            "id": "007",
            "prompt": "Why? ✓",
            "reference": ["a", "b"],
            "metadata": {"n": 1, "deep": [{"x": 1.5}]},
        },
        {"id": "8", "messages": [{"role": "user", "content": "Hi"}], "responses": {"m": "yes"}},
    ]
    columns = {key: [row.get(key) for row in rows] for key in {**rows[0], **rows[1]}}
    assert [record.model_dump() for record in read(columns)] == [record_of(row).model_dump() for row in rows]


@pytest.mark.parametrize(
    ("array", "value"),
    [
        (pa.array([7]), 7),
        (pa.array([2**64 - 1], pa.uint64()), 2**64 - 1),
        (pa.array([0.5], pa.float32()), 0.5),
        (pa.array([True]), True),
        (pa.array(["x"]).dictionary_encode(), "x"),
        (pa.array(["x"], pa.large_string()), "x"),
        (pa.array([b"text"], pa.binary()), "text"),
        (pa.array([dt.date(2026, 1, 2)]), "2026-01-02"),
        (pa.array([0], pa.timestamp("ns")), "1970-01-01T00:00:00"),
        (pa.array([1], pa.timestamp("ns", tz="Europe/Berlin")), "1970-01-01T00:00:00+00:00"),
        (pa.array([[0]], pa.list_(pa.timestamp("ns"))), ["1970-01-01T00:00:00"]),
        (pa.array([1_500_000_000], pa.duration("ns")), "0:00:01.500000"),
        (pa.array([1_000_001], pa.time64("ns")), "00:00:00.001000"),
        (pa.array([Decimal("122.50")]), "122.50"),
        (pa.array([[("k", "v")]], pa.map_(pa.string(), pa.string())), {"k": "v"}),
        (pa.array([{"a": {"b": [1, None]}, "c": None}]), {"a": {"b": [1, None]}}),
    ],
)
def test_values_become_what_json_has_for_them(array, value):
    assert the_record(prompt="Why?", note=array).metadata == {"note": value}


@pytest.mark.parametrize("array", [pa.array([float("nan")]), pa.array([None], pa.string()), pa.nulls(1)])
def test_no_value_is_no_value(array):
    record = the_record(prompt="Why?", note=array, reference=array)
    assert (record.metadata, record.reference) == ({}, ())


def test_an_empty_text_is_not_no_value():
    assert the_record(prompt="Why?", **{"responses.m": ""}).responses == {"m": ""}


def test_a_criterion_that_only_another_row_has_is_not_asked_of_this_one():
    """A struct has the members of all rows, and null is a criterion by its name alone."""
    first, second = read({"prompt": ["a", "b"], "criteria": [{"tone": "Warm?"}, {"brevity": "Short?"}]})
    assert (first.criteria, second.criteria) == ({"tone": "Warm?"}, {"brevity": "Short?"})


def test_json_in_a_text_and_names_with_dots_are_read_as_in_a_csv():
    messages = '[{"role": "user", "content": "Hi"}]'
    record = the_record(**{"messages": messages, "metadata.topic": "x", "reference": '["a"]'})
    assert (record.messages[0].content, record.metadata, record.reference) == ("Hi", {"topic": "x"}, ("a",))


def test_every_problem_names_its_row():
    columns = {
        "id": ["1", "1", "3", "4"],
        "prompt": ["a", "b", None, "d"],
        "x": [0.0, 0.0, 0.0, float("inf")],
    }
    assert problems_in(parquet(columns), source="faq.parquet") == [
        'faq.parquet row 2: the id "1" was already used on row 1. Make ids unique.',
        'faq.parquet row 3: no prompt; the row has x. Give every record a "prompt" or "messages".',
        "faq.parquet row 4: Infinity is not JSON. Use null or a number.",
    ]


def test_a_row_longer_than_the_limit_is_refused_with_its_size_and_the_others_are_read():
    first, bad, last = read({"prompt": ["a", "b" * 300, "c"]}, limit=200)
    assert (first.prompt, last.prompt) == ("a", "c")
    assert str(bad.problems[0]).startswith("faq.parquet row 2: the row has 314 bytes, more than the 200")


def test_a_value_that_cannot_be_read_costs_its_row_only():
    texts = pa.Array.from_buffers(pa.string(), 3, pa.array([b"ok", b"\xff", b"so"]).buffers())
    twice = pa.array([[], [], [("m", "1"), ("m", "2")]], pa.map_(pa.string(), pa.string()))
    good, bad, worse = read({"prompt": texts, "responses": twice})
    assert good.prompt == "ok"
    assert str(bad.problems[0]) == (
        "faq.parquet row 2: a text is not UTF-8: it holds 0xFF. Write the column as UTF-8."
    )
    assert str(worse.problems[0]).startswith("faq.parquet row 3: a value cannot be read: ")


def test_bytes_that_are_no_text_and_an_index_of_pandas_are_left_aside_and_told():
    hints = hints_of(
        {"prompt": ["a"], "image": [{"bytes": b"\x89PNG\xff", "path": "x.png"}], "__index_level_0__": [5]}
    )
    assert any('"image.bytes" holds bytes that are no text, and is left aside' in hint for hint in hints)
    assert any("column 3 has no name, and is left aside" in hint for hint in hints)


def test_a_hint_names_the_row_of_an_unknown_key():
    hints = hints_of({"prompt": ["a", "b"], "refrence": [None, "x"]})
    assert any(hint.startswith('faq.parquet row 2: unknown key "refrence"') for hint in hints)


@pytest.mark.parametrize("name", ["faq.parquet", "faq.jsonl", "faq.csv", "data"])
def test_what_is_parquet_is_read_as_parquet_whatever_its_name(name):
    data = parquet({"prompt": ["a"]})
    assert [record.prompt for record in read_bytes(data, source=name)] == ["a"]
    told = survey_dataset(lambda: io.BytesIO(data), source=name).recognised
    assert told[0] == "read as Parquet (1 column)"


def test_many_row_groups_are_one_series_of_rows():
    data = parquet({"prompt": [f"p{n}" for n in range(3_000)]}, row_group_size=7)
    records = read_bytes(data, source="faq.parquet")
    assert [record.id for record in records] == [f"row-{n:06d}" for n in range(1, 3_001)]


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "brotli", "lz4", "none"])
def test_every_usual_compression_is_read(compression):
    (record,) = read_bytes(parquet({"prompt": ["a"]}, compression=compression), source="faq.parquet")
    assert record.prompt == "a"


GOOD = parquet({"prompt": [f"p{n}" for n in range(100)]})


@pytest.mark.parametrize(
    "data", [GOOD[:-1], GOOD[: len(GOOD) // 2], GOOD[:4], GOOD[:4] + b"\xff" * 100 + GOOD[104:], GOOD + b"x"]
)
def test_a_damaged_file_is_told_in_words(data):
    with pytest.raises(
        DatasetError, match=r"^faq\.parquet is a Parquet file that cannot be read: .+ Write it again\.$"
    ):
        read_bytes(data, source="faq.parquet")


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"prompt": pa.array([], pa.string())}, "faq.parquet holds no records. Give at least one."),
        (
            pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["prompt", "prompt"]),
            'faq.parquet: 2 columns are named "prompt". Rename or remove one.',
        ),
    ],
)
def test_a_file_without_rows_or_with_a_column_twice_is_refused(columns, problem):
    with pytest.raises(DatasetError) as caught:
        read(columns)
    assert str(caught.value) == problem


def test_a_text_in_a_parquets_name_is_told():
    with pytest.raises(DatasetError, match=r"faq\.parquet is no Parquet file"):
        read_bytes(b"Dear all,\nhello", source="faq.parquet")
