"""Text of unknown origin is inert in Markdown, CSV, XML and scripts."""

import csv
import io
import json
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt

from evaldrop.report.escape import csv_cell, markdown, script_json, xml

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


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "\uff1d1+1"])
def test_a_cell_is_never_a_formula(text):
    stream = io.StringIO()
    csv.writer(stream).writerow([csv_cell(text)])
    (cell,) = next(csv.reader(io.StringIO(stream.getvalue(), newline="")))
    assert cell == f"'{text}"


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
