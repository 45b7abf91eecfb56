# ruff: noqa: E501 - cases stand on one line each
"""Whatever bytes a dataset is made of, they are records, rejected rows with their place, or an error in words."""

import csv
import gzip
import io
import json
import tracemalloc

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.datasets import Record, Rejected, read_records, survey_dataset
from evaldrop.datasets.files import formats
from evaldrop.errors import DatasetError
from tests.evaldrop.datasets.reading_of import read_bytes

SOURCES = [
    f"faq.{ending}{packed}" for ending in ("jsonl", "json", "csv", "tsv", "parquet") for packed in ("", ".gz")
]
LIMIT = 64 * 1024


class _Repeated:
    """A stream of one piece again and again, which nobody could hold."""

    def __init__(self, *, before: bytes, piece: bytes, n: int, after: bytes = b"") -> None:
        self._left, self._before, self._after = n, before, after
        self._block, self._n_block = piece * (1 + (1 << 20) // len(piece)), 1 + (1 << 20) // len(piece)

    def read(self, size: int = -1, /) -> bytes:
        if self._before:
            piece, self._before = self._before[:size], self._before[size:]
            return piece
        if self._left > 0:
            each = len(self._block) // self._n_block
            piece = self._block[: min(size, self._left * each)]
            self._left -= max(1, len(piece) // each)
            return piece
        piece, self._after = self._after[:size], self._after[size:]
        return piece


GIANT = {
    "a line": ("faq.jsonl", _Repeated(before=b'{"prompt": "', piece=b"x", n=16_000_000, after=b'"}\n{"prompt": "b"}')),
    "an element": ("faq.json", _Repeated(before=b'[{"prompt": "', piece=b"x", n=16_000_000, after=b'"}, {"prompt": "b"}]')),
    "a cell": ("faq.csv", _Repeated(before=b'prompt,id\n"', piece=b"x", n=16_000_000, after=b'",1\nb,2')),
    "a header": ("faq.csv", _Repeated(before=b"prompt", piece=b",x", n=60_001)),
    "brackets": ("faq.json", _Repeated(before=b"", piece=b"[", n=60_001)),
    "braces": ("faq.json", _Repeated(before=b"[", piece=b'{"a":', n=60_000)),
    "a line of brackets": ("faq.jsonl", _Repeated(before=b'{"prompt": ', piece=b"[", n=16_000_000)),
    "blanks": ("faq.jsonl", _Repeated(before=b'{"prompt": "a"}', piece=b" ", n=16_000_000)),
    "quotes": ("faq.csv", _Repeated(before=b"prompt,id\na,1\n", piece=b'"', n=70_001)),
    "NULs": ("faq.jsonl", _Repeated(before=b'{"prompt": "a"}\n', piece=b"\0", n=16_000_000)),
    "what follows": ("faq.json", _Repeated(before=b'[{"prompt": "a"}]', piece=b"x", n=16_000_000)),
}  # fmt: skip


@pytest.mark.parametrize(("source", "stream"), GIANT.values(), ids=GIANT)
def test_the_giant_is_told_of_in_bounded_memory(source, stream):
    tracemalloc.start()
    try:
        try:
            outcomes = list(read_records(stream, source=source, max_record_bytes=LIMIT))
        except DatasetError as error:
            outcomes = []
            assert str(error).startswith(source)  # noqa: PT017 - the other outcome is as good
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
    assert all(isinstance(each, Record) or str(each.problems[0]).startswith(source) for each in outcomes)


def test_a_small_file_that_unpacks_to_gigabytes_is_refused_in_bounded_memory(monkeypatch):
    """Here to sixteen times of what is trusted: gzip packs blanks a thousandfold, text tenfold."""
    monkeypatch.setattr(formats, "_TRUSTED_BYTES", 1 << 20)
    bomb = gzip.compress(b'{"prompt": "a"}\n', 6) + gzip.compress(b" " * (8 << 20), 9) * 2
    tracemalloc.start()
    try:
        with pytest.raises(DatasetError, match="unpacks to more than 200 times its size"):
            list(read_records(io.BytesIO(bomb), source="faq.jsonl.gz"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20


@pytest.mark.parametrize("depth", [200, 2_000, 20_000])
@pytest.mark.parametrize("source", ["faq.jsonl", "faq.json", "faq.csv"])
def test_what_is_nested_without_end_is_a_row_that_is_refused(source, depth):
    for opening, closing in (("[", "]"), ('{"a": ', "}")):
        deep = opening * depth + "1" + closing * depth
        row = f'{{"prompt": "a", "metadata": {deep}}}'
        if source == "faq.csv":
            text = io.StringIO()
            csv.writer(text).writerows([["prompt", "metadata"], ["a", deep]])
            row = text.getvalue()
        elif source == "faq.json":
            row = f"[{row}]"
        (outcome,) = read_bytes(row.encode(), source=source, limit=1 << 22)
        assert isinstance(outcome, Rejected)
        assert "nested" in str(outcome.problems[0])


def test_parquet_nested_deep_is_refused():
    value, kind = "x", pa.string()
    for _ in range(150):
        value, kind = [value], pa.list_(kind)
    stream = io.BytesIO()
    pq.write_table(pa.table({"prompt": ["a"], "metadata": pa.array([value], kind)}), stream)
    with pytest.raises(DatasetError, match="nested"):
        read_bytes(stream.getvalue(), source="faq.parquet")


_TEXT = st.text(max_size=10) | st.sampled_from(
    [
        "",
        "\ufeff",
        "\0",
        "\ud800",
        "\u2028",
        "a\r\nb",
        '"',
        ";",
        "[",
        "{",
        "[1]",
        '{"a": 1}',
        "['a']",
        "nan",
        "A",
        "1",
        "yes",
        "=1",
        "<OR>",
        "{{x}}",
    ]
)
_VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | _TEXT
    | st.sampled_from([2**63, 2**64, 10**400, 0, 1, -1]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_TURN = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["user", "assistant", "system", "tool", "x"]) | _VALUE,
        "content": _TEXT | _VALUE,
        "from": st.just("human"),
        "value": _TEXT,
        "tool_calls": _VALUE,
    },
)
_TURNS = st.lists(_TURN, max_size=3) | _VALUE
# The keys of every shape there is, with what belongs there and what does not.
_KEYS = st.sampled_from(
    [
        "id",
        "prompt",
        "messages",
        "system",
        "context",
        "reference",
        "category",
        "group",
        "criteria",
        "responses",
        "metadata",
        "question",
        "answer",
        "answers",
        "choices",
        "options",
        "answer_index",
        "label",
        "target",
        "ideal",
        "expected",
        "input",
        "inputs",
        "output",
        "outputs",
        "instruction",
        "conversations",
        "conversationTurns",
        "modelInput",
        "modelOutput",
        "turns",
        "vars",
        "assert",
        "expected_blocked",
        "not_applicable",
        "user_input",
        "retrieved_contexts",
        "ground_truth",
        "mc1_targets",
        "passages",
        "generator",
        "A",
        "B",
        "C",
        "D",
        "doc",
        "resps",
        "problem",
        "solution",
        "chat_history",
        "choice_a",
        "gold",
        "text_prompt",
        "samples",
    ]
)
_ROW = st.dictionaries(_KEYS | _TEXT, _TURNS | _VALUE | _TEXT, max_size=6)
_ROWS = st.lists(_ROW | _VALUE, max_size=5)


def _json(value):
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _lines(rows):
    return b"\n".join(map(_json, rows))


def _table(rows, delimiter):
    text = io.StringIO(newline="")
    rows = [row for row in rows if isinstance(row, dict)]
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    for row in rows:
        writer.writerow(
            [
                value if isinstance(value := row.get(name), str) else _json(value).decode("utf-8", "replace")
                for name in names
            ]
        )
    return text.getvalue().encode("utf-8", "surrogatepass")


_FORMS = [
    ("faq.jsonl", _lines), ("faq.json", _json), ("faq.json", lambda rows: _json({"data": rows})),
    ("faq.json", lambda rows: b"\n".join(json.dumps(row, indent=1).encode() for row in rows)),
    ("faq.csv", lambda rows: _table(rows, ",")), ("faq.csv", lambda rows: _table(rows, ";")), ("faq.tsv", lambda rows: _table(rows, "\t")),
]  # fmt: skip


def _may_be_read(data, source, fields=None):
    """Read a dataset as `validate` does and as a run does; both end in words."""
    try:
        outcomes = read_bytes(data, source=source, fields=fields)
    except DatasetError as error:
        # `fields` are the evaluation's.
        assert str(error).startswith((source, "fields"))  # noqa: PT017 - the other outcome is as good
    else:
        assert outcomes
        for outcome in outcomes:
            if isinstance(outcome, Record):
                # What is kept can be written, and read again.
                again = Record.model_validate_json(outcome.model_dump_json())
                assert again.model_copy(update={"line": outcome.line}) == outcome
            else:
                assert all(str(problem).startswith(f"{source} ") for problem in outcome.problems)
                assert outcome.problems
    try:
        survey_dataset(lambda: io.BytesIO(data), source=source, fields=fields)
    except DatasetError as error:
        assert str(error).startswith((source, "fields"))  # noqa: PT017


@pytest.mark.fuzz
@given(st.binary(max_size=200), st.sampled_from(SOURCES), st.sampled_from([
    b"", b"\xef\xbb\xbf", b"\xff\xfe", b"PK\x03\x04", b"PAR1", b"\x1f\x8b\x08\x00", b"[", b'{"prompt": "a"}\n', b"prompt,id\na,1\n", b"sep=;\n",
]), st.booleans())  # fmt: skip
def test_any_bytes_are_rows_or_an_error_with_its_place(data, source, before, is_packed):
    data = before + data
    _may_be_read(gzip.compress(data, 1) if is_packed else data, source)


@pytest.mark.fuzz
@given(
    st.text(st.sampled_from('{}[]",:;\\ \t\n\r\0prompt1eN-.|\'é\ufeff'), max_size=120), st.sampled_from(SOURCES),
    st.sampled_from(["", "prompt,reference\n", '{"prompt": "a"}\n', '{"data": [', '[{"prompt": "a"},']),
)  # fmt: skip
def test_any_text_is_rows_or_an_error_with_its_place(text, source, before):
    _may_be_read((before + text).encode(), source)


@pytest.mark.fuzz
@given(
    _ROWS,
    st.sampled_from(_FORMS),
    st.booleans(),
    st.none() | st.dictionaries(_KEYS, _KEYS | _TEXT, max_size=2),
)
def test_any_rows_are_records_or_rejected_with_their_place(rows, form, is_packed, fields):
    source, written = form
    data = written(rows)
    _may_be_read(gzip.compress(data, 1) if is_packed else data, source, fields)


@pytest.mark.fuzz
@given(st.data())
def test_any_parquet_is_rows_or_an_error_with_its_place(data):
    names = data.draw(st.lists(_KEYS, min_size=1, max_size=4))
    kinds = st.recursive(
        st.sampled_from(
            [
                pa.string(),
                pa.binary(),
                pa.int64(),
                pa.float64(),
                pa.bool_(),
                pa.timestamp("ns"),
                pa.date32(),
                pa.null(),
                pa.decimal128(5, 2),
                pa.large_string(),
                pa.duration("s"),
                pa.time64("ns"),
                pa.uint64(),
                pa.float16(),
            ]
        ),
        lambda inner: st.one_of(
            inner.map(pa.list_),
            inner.map(lambda kind: pa.struct([("role", pa.string()), ("content", kind)])),
            inner.map(lambda kind: pa.map_(pa.string(), kind)),
        ),
        max_leaves=3,
    )
    columns = []
    for _ in names:
        kind = data.draw(kinds)
        rows = data.draw(st.lists(_parquet_value(kind), min_size=2, max_size=2))
        columns.append(pa.array(rows, kind))
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(columns, names=names), stream)
    content = stream.getvalue()
    # Now and then a byte is another.
    if data.draw(st.booleans()):
        place = data.draw(st.integers(0, len(content) - 1))
        content = content[:place] + bytes([data.draw(st.integers(0, 255))]) + content[place + 1 :]
    _may_be_read(content, "faq.parquet")


def _parquet_value(kind):
    if pa.types.is_list(kind):
        return st.none() | st.lists(_parquet_value(kind.value_type), max_size=2)
    if pa.types.is_map(kind):
        return st.lists(st.tuples(st.text("ab", max_size=2), _parquet_value(kind.item_type)), max_size=2)
    if pa.types.is_struct(kind):
        return st.none() | st.fixed_dictionaries(
            {"role": st.sampled_from(["user", "assistant"]), "content": _parquet_value(kind.field(1).type)}
        )
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return st.none() | _TEXT.map(lambda text: text.encode("utf-8", "replace").decode())
    if pa.types.is_binary(kind):
        return st.none() | st.binary(max_size=4)
    if pa.types.is_boolean(kind):
        return st.none() | st.booleans()
    if pa.types.is_floating(kind):
        return st.sampled_from([None, 0.5, float("nan"), float("inf")])
    return (
        st.none()
        if pa.types.is_null(kind) or pa.types.is_decimal(kind)
        else st.sampled_from([None, *([1] if pa.types.is_integer(kind) else [])])
    )
