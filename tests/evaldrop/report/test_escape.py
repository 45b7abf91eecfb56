# ruff: noqa: E501 - cases stand on one line each
"""Text of unknown origin is inert in Markdown, CSV, XML and scripts."""

import csv
import io
import json
import re
import time
from itertools import chain
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evaldrop.report.escape import csv_cell, csv_original, csv_text, markdown, script_json, xml

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "**bold** _it_ `code` ~~gone~~",
    "[click](javascript:alert(1))",
    "![image](https://evil.example/x.png)",
    "| a | b |",
    "# heading",
    "- list",
    "1. list",
    "> quote",
    "```\nfence",
    "a\n\n<b>second paragraph</b>",
    "https://evil.example and www.evil.example",
    "@everyone #1 &lt;b&gt;",
    "=cmd|' /C calc'!A0",
    "    indented code",
    "<!-- comment",
    "$\\alpha$",
    "---",
    "+ list",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_shows_the_text_and_makes_nothing_of_it(text):
    # html on, links found: as GitHub does
    parser = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    html = parser.render(f"{markdown(text)}\n")
    assert html.startswith("<p>")
    assert html.endswith("</p>\n")
    inner = html.removeprefix("<p>").removesuffix("</p>\n")
    assert "<" not in inner
    assert "https://" not in markdown(text)
    assert "www." not in markdown(text)
    assert "@" not in markdown(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_markdown_table_keeps_its_cells(text):
    parser = MarkdownIt("gfm-like", {"linkify": False, "html": True})
    html = parser.render(f"| a | b |\n|---|---|\n| {markdown(text)} | x |\n")
    assert html.count("<td>") == 2


def test_names_stay_readable_in_markdown():
    assert markdown("us.amazon.nova-lite-v1:0 (2 - 3)") == "us.amazon.nova-lite-v1:0 (2 - 3)"


FORMULAS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "\uff1d1+1", "\u200b=1", "'=1", "\"=1", "''=1",
    "a;=cmd|' /C calc'!A0", "a\t=1", "a\n=1", "a\r\n=1", "a; =1", "a;\"=1\"", "a;\"\"\"=1", "a;'=1", "a\n\n-1", "a;;=1",
    "a,\"b\";=1,c", "a;\u202e=1", "\"a\";\"=1\"", "a\n\t=1",
]  # fmt: skip


def _cells_anyhow(text):
    """Yield every cell that a spreadsheet could find: by each separator, with quotes or without."""
    for separator in ",;\t":
        yield from chain(*csv.reader(io.StringIO(text, newline=""), delimiter=separator))
        plain = csv.reader(io.StringIO(text, newline=""), delimiter=separator, quoting=csv.QUOTE_NONE)
        yield from chain(*plain)


def _is_formula(cell):
    return re.match(r"[-=+@\uff1d\uff0b\uff0d\uff20]", cell.lstrip(' \t\r\n"\u200b\u202e\ufeff')) is not None


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("columns", [1, 3])
def test_a_cell_is_never_a_formula_under_any_separator(text, columns):
    written = csv_text(
        [["first", "second", "third"][:columns], [text] * columns, ["x", text, text][:columns]]
    )
    # Commas are read right: the file is written with them, so that only the others cut texts apart.
    right = list(chain(*csv.reader(io.StringIO(written, newline=""))))
    assert not any(cell.startswith(("\t", "\r")) for cell in right)
    other = (cell for cell in _cells_anyhow(written.replace(",", "\uff0c")))
    assert not [cell for cell in (*right, *other) if _is_formula(cell)]


@pytest.mark.parametrize("text", [*FORMULAS, *HOSTILE, "", "'", "plain", "a\r\nb", "two\n\nlines", "a;b"])
def test_a_cell_is_read_back_as_it_was(text):
    (row,) = csv.reader(io.StringIO(csv_text([[text, "x"]]), newline=""))
    assert csv_original(row[0]) == text


@pytest.mark.fuzz
@given(st.text(st.sampled_from("=+-@'\";,\t\r\n a\u200b\uff1d1"), max_size=12))
def test_any_text_is_no_formula_and_is_read_back(text):
    written = csv_text([[text, "x", text]])
    (row,) = csv.reader(io.StringIO(written, newline=""))
    assert [csv_original(cell) for cell in row] == [text, "x", text]
    assert not any(_is_formula(cell) or cell.startswith(("\t", "\r")) for cell in row)
    assert not any(map(_is_formula, _cells_anyhow(written.replace(",", "\uff0c"))))


def test_a_long_run_of_blanks_takes_no_time():
    began = time.monotonic()
    for text in (" " * 200_000, "\n" * 200_000, ";" * 200_000, "'" * 200_000, "; " * 100_000):
        assert csv_original(str(csv_cell(text))) == text
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("value", [-1.5, 3, None, "plain", "a=b"])
def test_numbers_and_plain_words_stay_as_they_are(value):
    assert csv_cell(value) == value


def test_xml_holds_no_character_it_cannot():
    text = "".join(map(chr, range(0x20))) + "\ufffe\ud800<&>"
    element = ET.Element("x", {"y": xml(text)})
    assert ET.fromstring(ET.tostring(element)).get("y", "").endswith("<&>")


@pytest.mark.parametrize("text", ["</script><script>alert(1)</script>", "<!--<script>", "]]>", "\u2028"])
def test_json_in_a_script_never_ends_it_and_is_the_same_value(text):
    written = script_json({text: [text]})
    assert "<" not in written
    assert ">" not in written
    assert json.loads(written) == {text: [text]}
