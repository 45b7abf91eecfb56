"""Every form of a file gives the same records; arbitrary bytes never raise anything but DatasetError."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaldrop.datasets import Message, Record, Rejected, read_records
from evaldrop.datasets.shapes.known import BEDROCK_EVALUATION, CANONICAL, FOREIGN_SHAPES
from evaldrop.errors import DatasetError
from tests.evaldrop.datasets.reading_of import problems_in, read_bytes, record_of

ROW = {"id": "a", "prompt": "Why? – \u2028 ✓", "reference": ["So."], "category": "c"}
TEXT = json.dumps(ROW, ensure_ascii=False)
OTHER = TEXT.replace('"a"', '"b"')
PRETTY = json.dumps([ROW, {**ROW, "id": "b"}], indent=2, ensure_ascii=False)

FORMS = {
    "lines": f"{TEXT}\n{OTHER}\n",
    "no newline at the end": f"{TEXT}\n{OTHER}",
    "CRLF": f"{TEXT}\r\n{OTHER}\r\n",
    "blank lines": f"\n\n{TEXT}\n \t\n{OTHER}\n\n",
    "byte order mark": f"\ufeff{TEXT}\n{OTHER}",
    "two files with marks joined": f"\ufeff{TEXT}\n\ufeff{OTHER}",
    "array": f"[{TEXT},{OTHER}]",
    "array in lines": f"\ufeff[\n{TEXT},\n{OTHER}\n]\n",
    "indented array": PRETTY,
    "records": f'{{"records": [{TEXT}, {OTHER}]}}',
    "data after other members": f'{{"version": null, "by": {{"x": [1]}}, "data": {PRETTY}, "n": 2}}',
    "indented objects": f"{json.dumps(ROW, indent=1)}\n{json.dumps({**ROW, 'id': 'b'}, indent=1)}",
}


@pytest.mark.parametrize("name", ["faq.jsonl", "faq.json"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_file_gives_the_same_records(form, name):
    records = read_bytes(FORMS[form].encode(), source=name)
    assert [record.model_dump() for record in records] == [
        record_of(row).model_dump() for row in (ROW, {**ROW, "id": "b"})
    ]


def test_a_lone_object_over_several_lines_is_one_record():
    (record,) = read_bytes(json.dumps(ROW, indent=2).encode(), source="faq.json")
    assert record.id == "a"


def test_a_row_that_holds_a_list_called_data_is_a_row():
    (record,) = read_bytes(b'{"data": [{"a": 1}], "prompt": "x"}')
    assert record.metadata == {"data": [{"a": 1}]}


def test_lines_whose_rows_hold_only_data_are_lines():
    assert len(read_bytes(b'{"data": [{"a": 1}]}\n{"data": [{"a": 2}]}')) == 2


def test_an_object_without_records_is_a_row():
    assert problems_in(b'{"faq": 3}', source="faq.json")[0].startswith("faq.json line 1: no prompt")


class Drip(io.RawIOBase):
    """A stream that gives one byte at a time, as a network may."""

    def __init__(self, data):
        self._inner = io.BytesIO(data)

    def read(self, size=-1):
        return self._inner.read(min(size, 1))


@pytest.mark.parametrize("form", ["blank lines", "indented array", "records", "indented objects"])
def test_how_the_bytes_arrive_changes_nothing(form):
    data = FORMS[form].encode()
    assert list(read_records(Drip(data), source="faq.json")) == read_bytes(data, source="faq.json")


def test_an_array_larger_than_any_buffer_is_split_the_same_at_every_boundary():
    rows = [{"prompt": f'quote " brace }} bracket ] back\\slash {n}', "id": n} for n in range(20_000)]
    data = json.dumps({"records": rows}).encode()
    assert len(data) > 1_000_000
    records = read_bytes(data, source="faq.json")
    assert [record.prompt for record in records] == [row["prompt"] for row in rows]


def test_elements_are_counted_and_their_line_is_told():
    (problem,) = problems_in(b'[\n{"prompt": "a"},\n\n  {"prompt":\n 1}\n]', source="faq.json")
    assert problem.startswith('faq.json element 2 (line 4): "prompt" is a number')


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (b'[{"prompt": "a"},]', ["element 2 (line 1): nothing between two commas. Remove the spare comma."]),
        (b'[{"prompt": "a"},,{"prompt": "b"}]', ["element 2 (line 1): nothing between two commas"]),
        (
            b'[{"prompt": "a"} {"prompt": "b"}]',
            ["element 1 (line 1): broken JSON at character 17 of the element"],
        ),
        (b'[{"prompt": "a"}', ["element 2 (line 1): the file ends before the array's closing ]"]),
        (
            b'[\n{"prompt": "a"},\n{"prompt":\n "b"',
            ["element 2 (line 3): broken JSON at line 4 column 5: expected a comma or a closing bracket"],
        ),
        (
            b'[{"prompt": "a\nb"},\n{"prompt": "c"}]',
            ["element 1 (line 1): text on line 1 has no closing quote on that line"],
        ),
        (b'[{"prompt": "a"}] [', ["element 2 (line 1): the text after the array's closing ] is not JSON"]),
        (
            b'{"records": [{"prompt": "a"}]',
            ["element 2 (line 1): the text after the array's closing ] is not JSON"],
        ),
        (
            b'[{"prompt": "a"}, 3, {"prompt": }}]',
            ["element 2 (line 1): the row is a number", "element 3 (line 1): bro"],
        ),
    ],
)
def test_a_broken_array_tells_where(text, problems):
    said = problems_in(text, source="faq.json")
    assert len(said) == len(problems)
    for one, start in zip(said, problems, strict=True):
        assert one.startswith(f"faq.json {start}")


def test_long_text_after_an_array_is_let_be():
    assert problems_in(b'{"records": [{"prompt": "a"}], "more": "' + b"x" * 100 + b'"}', limit=50) == []


def test_a_list_on_the_first_of_several_lines_is_a_row():
    assert len(read_bytes(b'[1]\n{"prompt": "x"}')) == 2


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ("tone", {"tone": None}),
        ("tone, brevity", {"tone": None, "brevity": None}),
        ("tone: Is it warm?", {"tone": "Is it warm?"}),
        ("Is it warm?", {"is_it_warm": "Is it warm?"}),
        (["tone", "Is it: warm?"], {"tone": None, "is_it_warm": "Is it: warm?"}),
        (
            {"tone": None, "warm": "Is it warm?", "cold": ""},
            {"tone": None, "warm": "Is it warm?", "cold": None},
        ),
        ("¿?", {"criterion_e2ec2e": "¿?"}),
        ([], {}),
        ("", {}),
    ],
)
def test_criteria_are_names_questions_or_both(criteria, expected):
    read = record_of({"prompt": "x", "criteria": criteria}).criteria
    assert {name.split("_")[0]: value for name, value in read.items()} == {
        name.split("_")[0]: value for name, value in expected.items()
    }


def test_long_questions_that_begin_alike_get_different_names():
    read = record_of(
        {"prompt": "x", "criteria": ["Does it say a b c d e?", "Does it say a b c d f?"]}
    ).criteria
    assert len(read) == 2


def test_a_conversation_reads_as_its_turns():
    several = record_of(
        {"messages": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "Hi"}]}
    )
    assert several.prompt_text == "system: Be brief.\n\nuser: Hi"
    assert record_of({"prompt": "Hi"}).prompt_text == "Hi"
    assert record_of({"messages": [{"role": "user", "content": "Hi"}]}).prompt_text == "Hi"


def test_null_and_empty_values_are_as_if_absent():
    row = dict.fromkeys(
        ("system", "context", "reference", "category", "criteria", "responses", "group", "metadata")
    )
    assert record_of({"prompt": "x", **row}) == record_of({"prompt": "x"})
    empty = {"system": "", "context": [], "reference": ["", None], "category": "", "responses": {"m": None}}
    assert record_of({"prompt": "x", **empty}) == record_of({"prompt": "x"})


def test_an_empty_given_response_is_a_response():
    assert record_of({"prompt": "x", "responses": {"m": ""}}).responses == {"m": ""}


def test_a_record_needs_exactly_one_prompt():
    for wrong in ({}, {"prompt": "x", "messages": (Message(role="user", content="x"),)}):
        with pytest.raises(ValueError, match='exactly one of "prompt" and "messages"'):
            Record(id="a", **wrong)


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
texts = words.filter(str.strip)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20).filter(str.strip)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
)
json_values = st.recursive(
    scalars | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
user = texts.map(lambda text: Message(role="user", content=text))
messages = st.builds(
    lambda turns, last: (*turns, last),
    st.lists(
        st.builds(Message, role=st.sampled_from(["user", "assistant", "system"]), content=texts), max_size=3
    ),
    user,
)
prompts = st.one_of(texts.map(lambda text: {"prompt": text}), messages.map(lambda turns: {"messages": turns}))
some_text = st.none() | texts
records = st.builds(
    lambda prompt, **rest: Record(**prompt, **rest, line=1),
    prompts,
    id=names,
    system=some_text,
    context=some_text,
    reference=st.lists(texts, max_size=3).map(tuple),
    category=some_text,
    criteria=st.dictionaries(names, some_text, max_size=3),
    responses=st.dictionaries(names, words, max_size=3),
    group=some_text,
    metadata=st.dictionaries(words, json_values, max_size=3),
)


@given(record=records)
@settings(max_examples=150, deadline=None)
def test_a_record_written_and_read_is_the_same_record(record):
    line = record.model_dump_json().encode()
    for form in (
        line,
        b"\xef\xbb\xbf" + line + b"\r\n",
        b"[" + line + b"]",
        b'{"data": [\r\n' + line + b"]}",
    ):
        assert read_bytes(form) == [record]
    (after_blanks,) = read_bytes(b"\r\n\n  \n" + line + b"\n\n")
    assert after_blanks == record.model_copy(update={"line": 4})


@given(data=st.binary(max_size=200) | st.text('{}[]",:\\ \nptdarecoms1eN').map(str.encode))
@settings(max_examples=100, deadline=None)
def test_arbitrary_bytes_give_rows_or_a_dataset_error(data):
    for source in ("faq.json", "faq.jsonl"):
        try:
            outcomes = read_bytes(data, source=source)
        except DatasetError:
            outcomes = None
        if outcomes is not None:
            assert outcomes
            assert all(isinstance(outcome, Record) or str(outcome.problems[0]) for outcome in outcomes)


shaped = st.dictionaries(
    st.sampled_from(
        sorted({key for shape in (CANONICAL, BEDROCK_EVALUATION, *FOREIGN_SHAPES) for key in shape.keys})
    ),
    st.recursive(
        scalars | words,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["role", "content", "text", "type", "value", "prompt", "output", "messages", "category"]
                ),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    ),
    min_size=1,
)


@given(row=shaped)
@settings(max_examples=100, deadline=None)
def test_no_value_under_a_known_key_escapes_as_an_exception(row):
    (outcome,) = read_bytes(json.dumps(row).encode())
    assert isinstance(outcome, Record | Rejected)


@given(rows=st.lists(st.one_of(json_values, prompts.map(lambda _: {"prompt": "x"})), min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_as_many_outcomes_as_rows(rows):
    lines = [json.dumps(row).encode() for row in rows]
    first = b'{"prompt": "first"}'
    assert len(read_bytes(b"\n".join([first, *lines]))) == 1 + len(rows)
    assert len(read_bytes(b"[" + b",\n".join([first, *lines]) + b"]")) == 1 + len(rows)
