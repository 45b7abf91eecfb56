"""What people write for YAML is read as they mean it, or refused with its place and the missing quote."""

import re

import pytest

from evaldrop.errors import EvaluationError
from evaldrop.evaluation.yaml_text import read_yaml


def refused(text):
    with pytest.raises(EvaluationError) as error:
        read_yaml(text)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith("not YAML. Line ")
    return message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{question: Is it polite?, scale: binary}", {"question": "Is it polite?", "scale": "binary"}),
        ("[Is it?, 'Or not?', a ? b]", ["Is it?", "Or not?", "a ? b"]),
        ("{a: http://x.y/?z=1}", {"a": "http://x.y/?z=1"}),
        ("{? a : b}", {"a": "b"}),
        ("question: Is it 50 %, or more? * & @", {"question": "Is it 50 %, or more? * & @"}),
        ("a: b   # 3 words", {"a": "b"}),
        ('{"name": "json", "n": [1, 2.5, true, null]}', {"name": "json", "n": [1, 2.5, True, None]}),
        ("a: &all {x: 1}\nb: {<<: *all, y: 2}", {"a": {"x": 1}, "b": {"x": 1, "y": 2}}),
        ("a: &all {x: 1}\nb: {<<: *all, x: 2}", {"a": {"x": 1}, "b": {"x": 2}}),
        (b"\xef\xbb\xbfname: caf\xc3\xa9", {"name": "café"}),
        ("name: x".encode("utf-16"), {"name": "x"}),
        ("a: b\r\nc: d\r\n", {"a": "b", "c": "d"}),
        ("", None),
    ],
)
def test_good_yaml_is_read(text, value):
    assert read_yaml(text) == value


@pytest.mark.parametrize(
    ("plain", "value"),
    [
        *((word, word) for word in ("yes", "no", "Yes", "NO", "on", "off", "y", "n", "1:30", "2026-01-05")),
        *((word, word) for word in ("2026-02-30", "1_000", "0b11", "=", "nan", "1.2.3", "0o9", "+", ".")),
        *(("true", True), ("False", False), ("~", None), ("Null", None), ("", None)),
        *(("010", 10), ("-7", -7), ("0x1F", 31), ("0o17", 15), ("1e3", 1000.0), (".5", 0.5), ("5.", 5.0)),
    ],
)
def test_a_word_or_a_number_is_what_yaml_1_2_says(plain, value):
    read = read_yaml(f"a: {plain}")["a"]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("value", "column", "told"),
    [
        ("Tone: warm or cold?", 15, "a colon and a space within a value"),
        ("It's: good", 15, "a colon and a space within a value"),
        ('Is it "good": or bad?', 23, "a colon and a space within a value"),
        ("@team", 11, "@ cannot begin a text"),
        ("`code`", 11, "` cannot begin a text"),
        ("%5 of it", 11, "% cannot begin a text"),
        ("*bold* words", 11, "* cannot begin a text"),
        ("*unknown", 11, "* cannot begin a text"),
        ("& what else?", 11, "& cannot begin a text"),
        ("&c is short for and", 11, "& cannot begin a text"),
        ("!important", 11, "! cannot begin a text"),
        ("! is it good?", 11, "! cannot begin a text"),
        ("> 3 words?", 11, "> cannot begin a text"),
        (">= 3 words?", 11, "> cannot begin a text"),
        ("| is a pipe", 11, "| cannot begin a text"),
        ("- a dash", 11, '"- " within a value begins a list'),
        ("[x] is there?", 15, "more text follows after the closing ]"),
        ("{x} is there?", 15, "more text follows after the closing }"),
        ("{{ prompt }}", 12, "a mapping cannot be a key"),
        ("Is it #1?", 17, "# begins a comment"),
    ],
)
def test_a_text_that_needs_quotes_is_shown_with_them(value, column, told):
    message = refused(f"name: x\nquestion: {value}\nscale: binary\n")

    assert message.startswith(f"not YAML. Line 2, column {column}: ")
    assert told in message
    shown = re.search(r"Put the value in quotes: (.*?)(?:, or a space after the #)?\.$", message)
    assert read_yaml(shown[1]) == {"question": value}


@pytest.mark.parametrize(
    ("value", "column"),
    [
        ("Tone: warm?", 29),
        ("?", 25),
        ("?what", 25),
        ("@team", 25),
        ("*bold* x", 25),
        ("&c x", 25),
        ("! x", 25),
        ("Is it #1?", 31),
    ],
)
def test_a_text_in_braces_is_shown_with_its_quotes_and_without_what_is_beside_it(value, column):
    message = refused(f"criteria:\n  - {{name: x, question: {value}, scale: binary}}\n")

    assert message.startswith(f"not YAML. Line 2, column {column}: ")
    shown = re.search(r"Put the value in quotes: (.*?)(?:, or a space after the #)?\.$", message)
    assert read_yaml(shown[1])["question"].startswith(value)


@pytest.mark.parametrize(
    ("text", "line", "column", "told"),
    [
        ('question: "Is it good?\nname: x\n', 1, 11, 'the quote " that opens here is never closed'),
        ("question: 'Is it good?\nname: x\n", 1, 11, "the quote ' that opens here is never closed"),
        ('a: 1\nquestion: "Is it good?\nname: "x"\n', 2, 11, 'Add the closing " where the text ends'),
        ('question: "Is it "polite"?"', 1, 19, 'Within the text write \\"'),
        ("question: 'It's polite'", 1, 15, "Within the text write ''"),
        ('{question: "say "hi"", a: b}', 1, 18, 'Within the text write \\"'),
        ('question: "a \\d+ here"', 1, 14, "put the text in single quotes"),
        ("a:\n\t- b", 2, 1, "a tab. YAML is indented by spaces"),
        ("a: b\n\tc: d", 2, 1, "a tab. YAML is indented by spaces"),
        ("name:x\na: b", 1, 6, 'a space is missing after "name:"'),
        ("name x\na: b", 1, 1, "this line has no colon"),
        ("a: 1\n b: 2", 2, 3, "indented neither"),
        ("a:\n  - b\n - c", 3, 2, "indented neither"),
        ("a: [b, c\nd: e", 1, 4, "the [ that opens here is not closed by ]"),
        ("a: {b: c\n", 1, 4, "the { that opens here is not closed by }"),
        ("a: [b}", 1, 4, "the [ that opens here is not closed by ]"),
        ("{a: What is it # really, b: c}\nd: e", 1, 16, "# begins a comment"),
        ("{a: # really, b: c}\n", 1, 5, "# begins a comment"),
        ("---\na: 1\n---\nb: 2", 3, 1, "a second document begins"),
        ("a: 1\nb: 2\na: 3", 3, 1, "'a' is given twice, first in line 1"),
        ("a:\n  {b: 1, b: 2}", 2, 10, "'b' is given twice"),
        ("1: a\n1: b", 2, 1, "1 is given twice"),
        ("a: b\nc: \x00d", 2, 4, "U+0000"),
        ("a: \x1b[31m", 1, 4, "U+001B"),
        (b"a: b\nc: caf\xe9", 2, 7, "not UTF-8: byte 0xE9"),
        ("a: " + "9" * 5000, 1, 4, "too long a number"),
        ("[" * 200_000, 1, 101, "more than 100 levels"),
        ("[" * 5000 + "]" * 5000, 1, 101, "more than 100 levels"),
        ("- " * 5000 + "x", 1, 201, "more than 100 levels"),
    ],
)
def test_what_is_not_yaml_is_told_by_its_place_and_what_to_do(text, line, column, told):
    message = refused(text)
    assert message.startswith(f"not YAML. Line {line}, column {column}: ")
    assert told in message


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "&a" * 20_000,
        "x: " + "{" * 99 + ":" * 20_000,
        "x: 'a" * 20_000,
        "a: b, " * 20_000,
        "a: " * 20_000,
    ],
)
def test_a_long_text_is_refused_at_once_and_shortly(text):
    assert len(refused(text)) < 500


@pytest.mark.parametrize("value", ["!!int x", "!!float x", "!!bool x", "!!timestamp 2026-13-45"])
def test_a_tag_that_does_not_fit_is_refused(value):
    with pytest.raises(EvaluationError, match="not YAML"):
        read_yaml(f"a: {value}")


def test_aliases_that_make_more_than_fits_in_memory_are_refused():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
    )
    for text in (bomb, "a: &a [*a]", "a: &a {b: *a}"):
        with pytest.raises(EvaluationError, match="aliases"):
            read_yaml(text)
