"""Hostile texts in the files that are not HTML: Markdown, CSV, workbooks and queries."""

import csv
import io
import re
import zipfile
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt

from evaldrop.report.escape import markdown, visible
from evaldrop.report.junit import junit_report
from evaldrop.report.markdown import markdown_report
from evaldrop.report.page import read_asset
from evaldrop.report.sentences import again
from evaldrop.report.spreadsheet import csv_report
from evaldrop.report.writing import queries
from evaldrop.scorecard.read import read_run
from tests.browser.pages import write_hostile, write_varied
from tests.browser.test_hostile_names import renamed
from tests.evaldrop.report.hostile_texts import ALL, FORMULAS, HTML, MARKDOWN

ALLOWED = {
    "h2", "p", "strong", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "br", "sub", "blockquote",
    "details", "summary",
}  # fmt: skip


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text, self.links = set(), set(), "", []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {
            name for name, value in attrs if (name, tag) != ("style", "td") and name != "style"
        }

        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data):
        self.text += data


def shown(source):
    return Tags(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(source))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return read_run(write_varied(tmp_path_factory.mktemp("runs") / "support" / "run-1"))


@pytest.fixture(scope="module", params=range(0, len(ALL), 12))
def hostile(request, run):
    return renamed(run.scorecard, request.param)


def test_there_are_enough_of_them():
    assert len(set(HTML)) >= 60
    assert len(set(ALL)) == len(ALL) >= 100


def test_markdown_shows_hostile_names_as_they_are(hostile):
    page = shown(markdown_report(hostile))
    assert page.tags <= {*ALLOWED, "a"}
    assert page.attributes == {"href"}
    assert page.links == ["report.html"]


@pytest.mark.parametrize("text", [*MARKDOWN, *HTML])
def test_a_text_in_markdown_is_the_text(text):
    page = shown(f"before {markdown(text)} after")
    assert page.tags == {"p"}
    assert " ".join(page.text.split()) == f"before {visible(' '.join(text.split()))} after"


def is_formula(cell):
    return re.match(
        "[\\s\u200b\u00a0\ufeff\x00]*[=+@\\-\uff1d\uff0b\uff0d\uff20\t\r\n]", cell
    ) and not re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell)


def test_no_cell_of_the_csv_is_a_formula(hostile):
    cells = [cell for line in csv.reader(io.StringIO(csv_report(hostile))) for cell in line]
    assert cells
    assert not [cell for cell in cells if is_formula(cell)]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_no_formula_in_a_cell(run, text):
    scorecard = run.scorecard.model_copy(update={"evaluation": text, "run_id": text})
    cells = [cell for line in csv.reader(io.StringIO(csv_report(scorecard))) for cell in line]
    assert not [cell for cell in cells if is_formula(cell)]


def test_junit_is_well_formed(hostile):
    assert ET.fromstring(junit_report(hostile)).tag == "testsuites"


def test_queries_end_no_comment(hostile):
    first, _, rest = queries(hostile).partition("\n")
    assert first.startswith("-- ")
    assert rest == read_asset("queries.sql")


def test_the_command_to_run_again_is_one_command(run):
    import shlex

    uri = "data/x.jsonl; rm -rf ~ $(id) `id` '"
    scorecard = run.scorecard.model_copy(
        update={"dataset": run.scorecard.dataset.model_copy(update={"uri": uri})}
    )
    assert shlex.split(again(scorecard, run.run))[:3] == ["evaldrop", "run", uri]


def test_a_workbook_of_hostile_texts_holds_them_as_text(tmp_path):
    from evaldrop.report.workbook import xlsx_report

    folder = write_hostile(tmp_path / "support" / "run-1", ALL)
    book = zipfile.ZipFile(io.BytesIO(xlsx_report(read_run(folder).scorecard, folder)))
    sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
    assert len(sheets) == 6
    text = ""
    for name in book.namelist():
        tree = ET.fromstring(book.read(name))
        assert not [found for found in tree.iter() if found.tag.endswith(("}f", "}hyperlink"))]
        text += "".join(tree.itertext())
    assert "=HYPERLINK" in text
    assert "externalLink" not in " ".join(book.namelist())
