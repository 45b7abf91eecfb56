"""CSV and TSV: the same records and the same checks as JSON, each problem with the line it is on."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaldrop.datasets import Record, Rejected, read_records, survey_dataset
from evaldrop.datasets.files.delimited import MAX_COLUMNS
from evaldrop.errors import DatasetError
from tests.evaldrop.datasets.reading_of import problems_in, read_bytes, record_of

ROWS = [
    {"id": "007", "prompt": 'Why, "so"?\nAnd how?', "reference": "So; because.", "category": "a|b"},
    {"id": "008", "prompt": "What\tis it?", "reference": "é ✓", "category": "=1+1"},
]
TABLE = (
    'id,prompt,reference,category\n007,"Why, ""so""?\nAnd how?",So; because.,a|b\n'
    '008,"What\tis it?",é ✓,"=1+1"\n'
)
QUOTED = "".join(
    ";".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n"
    for row in [list(ROWS[0]), *(list(row.values()) for row in ROWS)]
)

FORMS = {
    "lines": TABLE,
    "byte order mark": "\ufeff" + TABLE,
    "no newline at the end": TABLE[:-1],
    "blank lines": TABLE.replace("\n007", "\n\n  \n007") + "\n\n,,,\n",
    "spare cells at the end": TABLE.replace("category\n", "category,,\n").replace("a|b\n", "a|b,,\n"),
    "blanks around names": TABLE.replace("id,prompt", " id ,\ufeffprompt\u00a0"),
    "semicolons": QUOTED,
    "Excel says what parts its cells": "sep=;\r\n" + QUOTED,
    "tabs": QUOTED.replace('";"', '"\t"'),
    "vertical bars": QUOTED.replace('";"', '"|"'),
    "classic Mac": TABLE.replace("\nAnd", " And").replace("\n", "\r"),
}


def table(text: str, name: str = "faq.csv", **more):
    return read_bytes(text.encode(), source=name, **more)


def row(text: str, name: str = "faq.csv") -> Record:
    (record,) = table(text, name)
    assert isinstance(record, Record), record
    return record


def survey_of(text: str, name: str = "faq.csv", fields=None):
    return survey_dataset(lambda: io.BytesIO(text.encode()), source=name, fields=fields)


def file_problem(data: bytes, name: str = "faq.csv") -> str:
    with pytest.raises(DatasetError) as caught:
        read_bytes(data, source=name)
    return str(caught.value)


@pytest.mark.parametrize("name", ["faq.csv", "faq.tsv", "FAQ.CSV"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_table_gives_the_records_that_json_gives(form, name):
    wanted = [record_of(each).model_dump() for each in ROWS]
    if form == "classic Mac":
        wanted[0]["prompt"] = wanted[0]["prompt"].replace("\n", " ")
    assert [record.model_dump() for record in table(FORMS[form], name)] == wanted


class Drip(io.RawIOBase):
    """A stream that gives a few bytes at a time, as a network may."""

    def __init__(self, data, size):
        self._inner, self._size = io.BytesIO(data), size

    def read(self, size=-1):
        return self._inner.read(min(size, self._size))


def test_a_table_longer_than_any_buffer_is_split_the_same_at_every_boundary():
    cells = [f'{n} "quoted"\n, and; more\t' * (n % 7) + "." for n in range(5_000)]
    lines = ['"' + cell.replace('"', '""') + f'",{n}' for n, cell in enumerate(cells)]
    data = ("prompt,reference\n" + "\n".join(lines)).encode()
    assert len(data) > 200_000
    for stream in (io.BytesIO(data), Drip(data, 4_093)):
        records = list(read_records(stream, source="faq.csv"))
        assert [record.prompt for record in records] == cells
        assert [record.reference for record in records] == [(str(n),) for n in range(5_000)]


def test_a_record_has_the_line_it_begins_on_and_an_id_made_of_it():
    records = table('prompt\n"a\nb\n"\n\nc\n')
    assert [(record.line, record.id) for record in records] == [(2, "row-000002"), (6, "row-000006")]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("lines", "read as a table with commas between its cells (4 columns); recognised as evaldrop rows"),
        ("semicolons", "read as a table with semicolons between its cells (4 columns)"),
        ("tabs", "read as a table with tabs between its cells"),
        ("Excel says what parts its cells", "read as a table with semicolons between its cells"),
    ],
)
def test_what_parts_the_cells_is_told(form, told):
    assert "; ".join(survey_of(FORMS[form]).recognised).startswith(told)


def test_commas_in_most_cells_do_not_outweigh_the_semicolons_of_every_row():
    text = "prompt;reference, ideal\nWhy, oh why?;So\nWho, me?;You\nWhat;\n"
    assert [record.prompt for record in table(text)] == ["Why, oh why?", "Who, me?", "What"]


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        ({"id": "007"}, {"id": "007"}),
        ({"id": "1e5"}, {"id": "1e5"}),
        ({"reference": ""}, {"reference": ()}),
        ({"reference": " "}, {"reference": ()}),
        ({"reference": "007"}, {"reference": ("007",)}),
        ({"reference": "1,5"}, {"reference": ("1,5",)}),
        ({"reference": '["a", "b"]'}, {"reference": ("a", "b")}),
        ({"reference": "['a', 'it''s']"}, {"reference": ("a", "its")}),
        ({"reference": '[{"a": 1}]'}, {"reference": ('[{"a": 1}]',)}),
        ({"reference": '{"a": 1}'}, {"reference": ('{"a": 1}',)}),
        ({"reference": "[sic] as said"}, {"reference": ("[sic] as said",)}),
        ({"context": '["one", "two"]'}, {"context": "one\n\ntwo"}),
        ({"context": "[1] Returns"}, {"context": "[1] Returns"}),
        ({"metadata": '{"a": [1]}'}, {"metadata": {"a": [1]}}),
        ({"metadata.topic": "x", "metadata": '{"a": 1}'}, {"metadata": {"topic": "x", "a": 1}}),
        ({"metadata.topic.sub": "x"}, {"metadata": {"topic.sub": "x"}}),
        ({"note.of": "x"}, {"metadata": {"note.of": "x"}}),
        ({"responses.m": '{"a": 1}'}, {"responses": {"m": '{"a": 1}'}}),
        ({"responses.us.nova-lite-v1:0": "yes"}, {"responses": {"us.nova-lite-v1:0": "yes"}}),
        ({"responses.m": "", "responses.n": "no"}, {"responses": {"n": "no"}}),
        ({"responses": '{"m": "yes"}'}, {"responses": {"m": "yes"}}),
        ({"criteria": "tone, brevity"}, {"criteria": {"tone": None, "brevity": None}}),
        ({"criteria.tone": "Is it warm?"}, {"criteria": {"tone": "Is it warm?"}}),
        ({"criteria": '{"tone": "Is it warm?"}'}, {"criteria": {"tone": "Is it warm?"}}),
        ({"expected_blocked": "TRUE"}, {"expected_blocked": True}),
        ({"expected_blocked": "false"}, {"expected_blocked": False}),
        ({"category": "[a]"}, {"category": "[a]"}),
        ({"prompt": '{"messages": []}'}, {"prompt": '{"messages": []}'}),
    ],
)
def test_what_a_cell_means(cells, wanted):
    given = {"prompt": "Why?", **cells}
    line = ",".join('"' + cell.replace('"', '""') + '"' for cell in given.values())
    record = row(",".join(f'"{name}"' for name in given) + f"\n{line}\n")
    assert {name: getattr(record, name) for name in wanted} == wanted


def test_messages_are_json_in_their_cell():
    record = row('messages\n"[{""role"": ""user"", ""content"": ""Hi""}]"\n')
    assert record.messages[0].content == "Hi"


def test_other_tools_rows_are_recognised_in_a_table():
    record = row("input,expected_output,retrieval_context\nWhy?,So.,\"['one', 'two']\"\n")
    assert (record.prompt, record.reference, record.context) == ("Why?", ("So.",), "one\n\ntwo")


def test_a_mapping_names_columns_and_members_of_their_objects():
    fields = {"prompt": "Frage", "reference": "gold.text", "responses.old": "inputs.answer"}
    text = 'Frage;gold;inputs.answer\nWarum?;"{""text"": ""Darum""}";weil\n'
    (record,) = table(text, fields=fields)
    assert (record.prompt, record.reference, record.responses) == ("Warum?", ("Darum",), {"old": "weil"})


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (
            b"a,b,c",
            'the row has 3 cells, and the header 2 columns. Put a cell that holds a comma in quotes ("…").',
        ),
        (b"a", "the row has 1 cell, and the header 2 columns. Put a cell that holds a line break in quotes"),
        (
            b'a, "b, c"',
            "the row has 3 cells, and the header 2 columns. Remove the space before an opening quote",
        ),
        (b'"a" b,c', "text follows a cell's closing quote. Put the whole cell in quotes, and double each"),
        (b"a\rb,c", "a carriage return stands outside quotes. Put the cell that holds it in quotes."),
        (b"a\0,b", "a NUL character (U+0000) at character 2 of the row."),
        (b"caf\xe9,b", "not UTF-8: 0xE9 at byte 4 of the row, byte 31 of the file. Save the file as UTF-8."),
        (b",b", 'no prompt. Give every record a "prompt" or "messages".'),
        (
            b"a," + b"x" * 200,
            "the row has 202 bytes, more than the 100 a record may have. Shorten or split it.",
        ),
    ],
)
def test_a_wrong_row_is_named_by_its_line_and_the_others_are_read(lines, problem):
    data = b"prompt,reference\n" + b'"one\r\nx",\n'[:10] + lines + b"\nlast,\n"
    first, bad, last = read_bytes(data, source="faq.csv", limit=100)
    assert isinstance(first, Record)
    assert isinstance(last, Record)
    assert last.prompt == "last"
    assert isinstance(bad, Rejected)
    assert str(bad.problems[0]).startswith(f"faq.csv line 4: {problem}")


@pytest.mark.parametrize(
    ("header", "cells", "problem"),
    [
        ("messages", '"[{""role"" ""user""}]"', '"messages": broken JSON at character 10: expected a colon'),
        ("messages", "Hi", '"messages" is a string, not a list of messages.'),
        ("prompt,metadata", 'a,"{""n"": NaN}"', '"metadata": NaN is not JSON. Use null or a number.'),
        ("prompt,metadata", "a,b", '"metadata" is a string, not an object.'),
        ("prompt,responses", 'a,"[1]"', '"responses" is a list, not an object of candidate names and texts.'),
        ("prompt,expected_blocked", "a,yes", '"expected_blocked" is a string, not true or false.'),
        ("prompt,metadata,metadata.a", 'a,"{""a"": 1}",2', '"metadata.a" is given by two columns.'),
        ("prompt,metadata.a,metadata", 'a,2,"{""a"": 1}"', '"metadata.a" is given by two columns.'),
        ("prompt,metadata,metadata.a", "a,text,2", '"metadata" is given by two columns.'),
        ("prompt,metadata.a,metadata", "a,2,text", '"metadata" is given by two columns.'),
        ("prompt,id", f"a,{'i' * 201}", '"id" has 201 characters.'),
    ],
)
def test_a_cell_that_is_no_value_of_its_field_is_named(header, cells, problem):
    (said,) = problems_in(f"{header}\n{cells}\n".encode(), source="faq.csv")
    assert said.startswith(f"faq.csv line 2: {problem}")


def test_duplicate_ids_name_both_lines():
    said = problems_in(b'id,prompt\n7,"a\nb"\n8,c\n7,d\n', source="faq.csv")
    assert said == ['faq.csv line 5: the id "7" was already used on line 2. Make ids unique.']


def test_a_quote_that_is_never_closed_is_named_by_the_line_it_opens_on():
    outcomes = table('prompt,reference\na,b\nc,"d\ne,f\ng,h\n')
    assert isinstance(outcomes[0], Record)
    (problem,) = outcomes[1].problems
    assert str(problem).startswith("faq.csv line 3: the quote that opens on line 3 is never closed")


def test_a_quote_that_swallows_more_than_a_record_may_have_is_suspected():
    text = 'prompt,reference\na,b\n"c\n' + "d,e\n" * 100 + 'f"\ng,h\n'
    first, bad, last = table(text, limit=100)
    assert (first.prompt, last.prompt) == ("a", "g")
    assert "a quote that opens on line 3 may not be closed where it should be" in str(bad.problems[0])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (
            b"prompt,id, prompt \na,b,c",
            '2 columns are named "prompt" (columns 1 and 3). Rename or remove one.',
        ),
        (b'"prompt,reference\na,b', "the quote that opens on line 1 is never closed"),
        (b'"prompt" x,reference\na,b', "text follows a cell's closing quote"),
        (b"prompt,caf\xe9\na,b", "not UTF-8: 0xE9 at byte 11 of the row"),
        (
            b"," * MAX_COLUMNS + b"prompt\n",
            "the header has 10,001 columns, more than the 10,000 that are read",
        ),
    ],
)
def test_a_header_that_cannot_be_read_is_the_files_fault(data, problem):
    assert file_problem(data).startswith(f"faq.csv line 1: {problem}")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b"prompt,reference\n", "holds no records"),
        (b",,\n;;\n", "holds no records"),
        (
            "prompt,reference\n".encode("utf-16"),
            "is encoded as UTF-16, not UTF-8. Save it as UTF-8 (in Excel: CSV",
        ),
        ("prompt,reference\n".encode("utf-16-le"), "is encoded as UTF-16"),
        (b"PK\x03\x04....xl/workbook.xml", "is an Excel workbook. Save the sheet as"),
    ],
)
def test_a_file_that_is_no_table_is_named(data, problem):
    assert file_problem(data).startswith(f"faq.csv {problem}")


def test_json_in_a_csv_is_read_as_json():
    assert table('{"prompt": "a"}\n{"prompt": "b"}\n') == read_bytes(b'{"prompt": "a"}\n{"prompt": "b"}\n')
    assert len(table('[{"prompt": "a"}, {"prompt": "b"}]', "faq.tsv")) == 2


def test_columns_without_a_name_and_what_is_read_as_a_list_are_told():
    survey = survey_of(',prompt,reference\n0,a,"[""x""]"\n1,b,NaN\n2,c,#N/A\n')
    assert survey.n_accepted == 3
    hints = [str(hint) for hint in survey.hints]
    assert any("column 1 has no name, and is left aside (3 rows)" in hint for hint in hints)
    assert any(
        '"reference" is read as a list, not as the text of its cells (1 row)' in hint for hint in hints
    )
    assert any('"reference" says "NaN", which is taken for text' in hint for hint in hints)
    assert any('"reference" says "#N/A"' in hint for hint in hints)


def test_ten_thousand_columns_and_a_cell_of_megabytes_are_read():
    names = ["prompt", *(f"c{n}" for n in range(MAX_COLUMNS - 1))]
    (record,) = table(",".join(names) + "\n" + ",".join("x" * MAX_COLUMNS) + "\n", limit=1 << 20)
    assert len(record.metadata) == MAX_COLUMNS - 1
    (record,) = table('prompt\n"' + "x,\n" * 1_000_000 + '"\n', limit=4 << 20)
    assert len(record.prompt) == 3_000_000


@pytest.mark.parametrize(
    "cell", ["[" * 50_000, '["' * 50_000, "{'a': " * 50_000, "['" + "-" * 900_000, "[" + "9" * 500_000 + "]"]
)
def test_a_hostile_cell_is_text(cell):
    quoted = cell.replace('"', '""')
    (record,) = table(f'prompt,note\nWhy?,"{quoted}"\n', limit=1 << 20)
    assert record.metadata["note"] == cell


@given(data=st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing_but_a_dataset_error(data):
    for name in ("faq.csv", "faq.tsv.gz"):
        for head in (b"", b"prompt;x\n", b"prompt,reference\n\x22"):
            try:
                outcomes = read_bytes(head + data, source=name)
            except DatasetError:
                continue
            for outcome in outcomes:
                json.dumps(outcome.model_dump() if isinstance(outcome, Record) else outcome.row)


CELLS = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6), delimiter=st.sampled_from(",;\t|"))
def test_what_is_written_in_quotes_is_read(rows, delimiter):
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}x"' for cell in each] for each in rows]
    text = "\n".join(delimiter.join(each) for each in [['"prompt"', '"category"'], *quoted])
    records = table(text)
    assert [(record.prompt, record.category) for record in records] == [(f"{a}x", f"{b}x") for a, b in rows]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ('["Is it moral?"]', "holds a list, and is sent as its text"),
        ('[{"role": "user", "content": "Hi"}]', 'call the column "messages"'),
    ],
)
def test_a_prompt_that_holds_a_list_is_sent_as_it_stands_and_told(cell, said):
    quoted = cell.replace('"', '""')
    data = f'id,prompt\n1,"{quoted}"\n'.encode()
    (hint,) = survey_dataset(lambda: io.BytesIO(data), source="faq.csv").hints
    assert said in str(hint)
