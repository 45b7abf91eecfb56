"""What is wrong with a file is said with its place and a remedy, all at once, never as a traceback."""

import json

import pytest

from evaldrop.datasets import Record, Rejected
from evaldrop.errors import DatasetError
from tests.evaldrop.datasets.reading_of import problems_in, problems_of, read_bytes, record_of

GOOD = b'{"prompt": "Why?"}'


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({}, 'no prompt. Give every record a "prompt" or "messages".'),
        ({"prompt": None}, 'no prompt. Give every record a "prompt" or "messages".'),
        ({"promt": "x"}, 'no prompt. Rename "promt" to "prompt".'),
        ({"message": [{"role": "user", "content": "x"}]}, 'no prompt. Rename "message" to "messages".'),
        ({"message": []}, 'no prompt; the row has message. Give every record a "prompt" or "messages".'),
        ({"prompt": " \n"}, '"prompt" is empty. Write the prompt, or remove the row.'),
        ({"prompt": 5}, '"prompt" is a number, not a string. Make "prompt" a string.'),
        (
            {"prompt": "x", "messages": [{"role": "user", "content": "y"}]},
            'both "prompt" and "messages" are given. Keep one of them.',
        ),
        ({"messages": []}, '"messages" is an empty list. Give messages, or a "prompt".'),
        (
            {"messages": "Hi"},
            '"messages" is a string, not a list of messages. Make "messages" a list of messages.',
        ),
        (
            {"messages": ["Hi"]},
            (
                '"messages[0]" is a string, not an object with "role" and "content". '
                'Make "messages[0]" an object with "role" and "content".'
            ),
        ),
        (
            {"messages": [{"role": "narrator", "content": "x"}]},
            '"messages[0].role" is "narrator". Use user, assistant or system.',
        ),
        ({"messages": [{"content": "x"}]}, '"messages[0].role" is null. Use user, assistant or system.'),
        (
            {"messages": [{"role": "user", "content": " "}]},
            '"messages[0].content" is empty. Write the message, or remove it.',
        ),
        (
            {"messages": [{"role": "user", "content": 3}]},
            (
                '"messages[0].content" is a number, not a string or a list of text blocks. '
                'Make "messages[0].content" a string or a list of text blocks.'
            ),
        ),
        (
            {
                "messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}],
                "reference": "z",
            },
            (
                '"messages" ends with an assistant message. '
                'Remove it, or the "reference": alone it is read as the ideal answer.'
            ),
        ),
        (
            {"messages": [{"role": "system", "content": "x"}]},
            '"messages" holds no user message. Give at least one message the role user.',
        ),
        (
            {"prompt": "x", "id": 1.5},
            '"id" is a number, not a string or a whole number. Make "id" a string or a whole number.',
        ),
        (
            {"prompt": "x", "id": True},
            '"id" is a boolean, not a string or a whole number. Make "id" a string or a whole number.',
        ),
        ({"prompt": "x", "id": " "}, '"id" is empty. Give every record its own id, or none at all.'),
        ({"prompt": "x", "id": "i" * 201}, '"id" has 201 characters. Shorten it to 200 at most.'),
        (
            {"prompt": "x", "system": [{"image": {}}]},
            (
                '"system" is a list, not a string or a list of text blocks. '
                'Make "system" a string or a list of text blocks.'
            ),
        ),
        (
            {"prompt": {"text": "Why?", "lang": "en"}},
            (
                '"prompt" is an object, not a string. '
                "If it is prompt.text, write fields: {prompt: prompt.text} in the evaluation."
            ),
        ),
        (
            {"prompt": "x", "category": ["a"]},
            '"category" is a list, not a string or a number. Make "category" a string or a number.',
        ),
        (
            {"prompt": "x", "context": ["a", {}]},
            '"context[1]" is an object, not a string or a number. Make "context[1]" a string or a number.',
        ),
        (
            {"prompt": "x", "referenceResponse": {"a": 1}},
            (
                '"referenceResponse" is an object, not a string, a number or a list of them. '
                'Make "referenceResponse" a string, a number or a list of them.'
            ),
        ),
        (
            {"prompt": "x", "responses": ["a"]},
            (
                '"responses" is a list, not an object of candidate names and texts. '
                'Make "responses" an object of candidate names and texts.'
            ),
        ),
        (
            {"prompt": "x", "responses": {"m": ["a"]}},
            '"responses.m" is a list, not a string. Make "responses.m" a string.',
        ),
        (
            {"prompt": "x", "responses": {"": "a"}},
            (
                '"responses" holds a candidate name that is empty or too long. '
                "Name candidates with 1 to 100 characters."
            ),
        ),
        (
            {"prompt": "x", "criteria": 3},
            (
                '"criteria" is a number, not a name, a list or an object. '
                'Make "criteria" a name, a list or an object.'
            ),
        ),
        (
            {"prompt": "x", "criteria": ["tone", {}]},
            (
                '"criteria" is an object, not a name, a list or an object. '
                'Make "criteria" a name, a list or an object.'
            ),
        ),
        (
            {"prompt": "x", "criteria": {"tone": 3}},
            '"criteria.tone" is a number, not a question. Make "criteria.tone" a question.',
        ),
        (
            {"prompt": "x", "criteria": {" ": "Is it?"}},
            '"criteria" holds a name that is empty or too long. Name criteria with 1 to 100 characters.',
        ),
        ({"prompt": "x", "metadata": []}, '"metadata" is a list, not an object. Make "metadata" an object.'),
        (["x"], 'the row is a list, not an object. Write it as {"prompt": …}.'),
        ("x", 'the row is a string, not an object. Write it as {"prompt": …}.'),
        (None, 'the row is null, not an object. Write it as {"prompt": …}.'),
        (True, 'the row is a boolean, not an object. Write it as {"prompt": …}.'),
    ],
)
def test_a_wrong_row_is_told_what_and_what_to_do(row, problem):
    # A good row before it: a list alone would be an array of rows.
    said = problems_in(GOOD + b"\n" + json.dumps(row).encode())
    assert said == [f"faq.jsonl line 2: {problem}"]


def test_all_problems_of_a_row_are_said_together():
    said = problems_of({"id": [], "prompt": 1, "category": {}, "criteria": 2})
    assert len(said) == 4


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            b'{"prompt": "x"',
            "broken JSON at column 15: expected a comma or a closing bracket; the text ends there",
        ),
        (b'{"prompt" "x"}', 'broken JSON at column 11: expected a colon; found "\\""'),
        (b'{"prompt": x}', 'broken JSON at column 12: expected a value; found "x"'),
        (b"{'prompt': 1}", 'broken JSON at column 2: expected a key in double quotes; found "\'"'),
        (b'{"prompt": "x}', 'broken JSON at column 12: expected a closing " for the text that starts here'),
        (b'{"prompt": "x"} {', 'broken JSON at column 17: expected the end of the row; found "{"'),
        (b'{"prompt": "\\q"}', "broken JSON at column 13: expected a valid escape after \\"),
        (b"Why?", 'broken JSON at column 1: expected a value; found "W"'),
        (
            b'{"prompt": "caf\xe9"}',
            "not UTF-8: 0xE9 at byte 16 of the row, byte 35 of the file. Save the file as UTF-8.",
        ),
        (b'{"prompt": "x", "id": NaN}', "NaN is not JSON. Use null or a number."),
        (b'{"prompt": "x", "id": -Infinity}', "-Infinity is not JSON. Use null or a number."),
        (
            b'{"prompt": "x", "metadata": {"n": 1e999}}',
            "a number is too large for 64 bits. Write it as a string.",
        ),
        (b'{"prompt": "x", "id": ' + b"9" * 5000 + b"}", "a number is too large for 64 bits"),
        (b'{"prompt": "x", "id": 99999999999999999999}', "a number is too large for 64 bits"),
        (b'{"prompt": "x", "prompt": "y"}', 'the key "prompt" stands twice in one object. Keep one of them.'),
        (b'{"prompt": "x", "metadata": {"a": 1, "a": 2}}', 'the key "a" stands twice in one object'),
        (b'{"prompt": "\\ud83d"}', "text holds \\ud83d, half of a character. Write the whole character."),
        (b'{"prompt": "x", "m": [{"\\udc00": 1}]}', "text holds \\udc00, half of a character"),
        (b'{"prompt": "x", "m": ' + b"[" * 150 + b"]" * 150 + b"}", "nested more than 100 levels deep"),
        (b'{"prompt": "x", "m": ' + b"[" * 90_000 + b"]" * 90_000 + b"}", "nested more than 100 levels deep"),
    ],
)
def test_broken_text_is_placed_and_the_other_rows_are_read(text, problem):
    before, bad, after = read_bytes(GOOD + b"\n" + text + b"\n" + GOOD)
    assert isinstance(before, Record)
    assert isinstance(after, Record)
    assert isinstance(bad, Rejected)
    assert str(bad.problems[0]).startswith(f"faq.jsonl line 2: {problem}")
    assert bad.row.startswith(text[:10].decode("utf-8", errors="replace"))


@pytest.mark.parametrize(
    "value", ["\\ud83d\\ude00", "9223372036854775807 characters 1e400", "\\u0000\\u001b[0m", "a\tb"]
)
def test_what_only_looks_wrong_is_accepted(value):
    (record,) = read_bytes(
        b'{"prompt": "' + value.encode() + b'", "metadata": {"n": 1234567890123456789, "f": 1e100}}'
    )
    assert isinstance(record, Record)
    record.model_dump_json().encode()


def test_a_line_of_5_mb_is_refused_with_its_size_and_the_limit():
    long = b'{"prompt": "' + b"x" * 5_000_000 + b'"}'
    first, bad, last = read_bytes(GOOD + b"\n" + long + b"\r\n" + GOOD)
    assert isinstance(first, Record)
    assert isinstance(last, Record)
    assert [str(problem) for problem in bad.problems] == [
        (
            "faq.jsonl line 2: the row has 5,000,015 bytes, more than the 204,800 a record may have. "
            "Shorten or split it."
        )
    ]
    assert len(bad.row) == 10_002


def test_an_element_of_5_mb_is_refused_and_the_next_one_read():
    long = b'{"prompt": "' + b"x" * 5_000_000 + b'"}'
    first, bad, last = read_bytes(b"[" + GOOD + b",\n" + long + b",\n" + GOOD + b"]", source="faq.json")
    assert (type(first), type(last)) == (Record, Record)
    assert str(bad.problems[0]).startswith("faq.json element 2 (line 2): the row has 5,000,014 bytes")


def test_a_row_of_exactly_the_limit_is_accepted():
    assert problems_in(GOOD, limit=len(GOOD)) == []
    assert len(problems_in(GOOD, limit=len(GOOD) - 1)) == 1
    assert problems_in(b"[" + GOOD + b"]", limit=len(GOOD)) == []
    assert len(problems_in(b"[" + GOOD + b"]", limit=len(GOOD) - 1)) == 1


def test_duplicate_ids_name_both_lines():
    said = problems_in(b'{"prompt": "a", "id": 7}\n\n{"prompt": "b", "id": "7"}\n{"prompt": "c", "id": "7"}')
    assert said == [
        'faq.jsonl line 3: the id "7" was already used on line 1. Make ids unique.',
        'faq.jsonl line 4: the id "7" was already used on line 1. Make ids unique.',
    ]


def test_an_id_given_by_line_may_not_be_taken_by_another_row():
    said = problems_in(b'{"prompt": "a"}\n{"prompt": "b", "id": "row-000001"}')
    assert said == ['faq.jsonl line 2: the id "row-000001" was already used on line 1. Make ids unique.']


def test_the_id_of_a_refused_row_counts_too():
    said = problems_in(b'{"id": "a"}\n{"prompt": "b", "id": "a"}')
    assert "already used on line 1" in said[1]


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"PK\x03\x04rest", "is a zip file. Unzip it."),
        (b"PK\x03\x04..[Content_Types].xml", "is an Excel workbook. Save the sheet as"),
        (b"PAR1\x15\x04", "is a Parquet file that cannot be read"),
        (b"\x1f\x8b\x08\x00", "is cut off: its gzip content ends in the middle"),
        (b"BZh91AY", "is compressed with bzip2"),
        (b"dataset/".ljust(257, b"\0") + b"ustar\x0000", "is a tar archive"),
        (b"\xff\xfe{\x00", "is encoded as UTF-16, not UTF-8"),
        ('{"prompt": "x"}'.encode("utf-16-le"), "is encoded as UTF-16, not UTF-8"),
        ('{"prompt": "x"}'.encode("utf-16-be"), "is encoded as UTF-16, not UTF-8"),
        ('{"prompt": "x"}'.encode("utf-32"), "is encoded as UTF-32, not UTF-8"),
        (b"", "is empty. Give at least one record."),
        (b"\xef\xbb\xbf\r\n \n", "is empty. Give at least one record."),
        (b" [ ] ", "holds no records. Give at least one."),
        (b'{"records": []}', "holds no records. Give at least one."),
        (b"\n" * 300_000, "holds no records. Give at least one."),
        (b"prompt,reference\nWhy?,So.", "is a table of text, not JSON. Give it a name that ends in .csv."),
        (b"Question\tAnswer\nWhy?\tSo.", "is a table of text, not JSON. Give it a name that ends in .tsv."),
        (b"Dear all, here is the prompt.", 'is not JSON: it begins with "Dear all, here is the prompt."'),
    ],
)
def test_a_file_that_cannot_be_read_at_all_is_named(head, what):
    with pytest.raises(DatasetError) as caught:
        read_bytes(head, source="faq.json")
    assert str(caught.value).startswith(f"faq.json {what}")


def test_a_table_of_text_in_a_jsonl_is_named_once_and_not_line_by_line():
    with pytest.raises(DatasetError, match=r"faq\.jsonl is a table of text, not JSON\. Give it a name"):
        read_bytes(b"prompt;reference\nWhy?;So.", source="faq.jsonl")


def test_lines_that_are_not_json_in_a_jsonl_are_problems_of_those_lines():
    assert len(problems_in(b"Why?\nSo.")) == 2


def test_a_long_row_is_shown_cut_and_bad_bytes_replaced():
    (bad,) = read_bytes(b'"\xff' + b"x" * 20_000)
    assert bad.row.startswith('"\N{REPLACEMENT CHARACTER}x')
    assert bad.row.endswith("x …")


def test_ids_become_strings_and_missing_ones_come_from_the_line():
    assert record_of({"prompt": "x", "id": 42}).id == "42"
    assert [record.id for record in read_bytes(b"\n" + GOOD + b"\n\n" + GOOD)] == ["row-000002", "row-000004"]
