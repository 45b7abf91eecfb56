"""A workbook read back: what to ship comes first, columns fit, headers stay in sight, text is text."""

import io
import re
import zipfile
from xml.etree.ElementTree import fromstring

import pytest

from evaldrop.report.workbook import xlsx_report
from evaldrop.scorecard.read import read_run
from tests.browser.pages import write_baseline, write_varied
from tests.evaldrop.improved_runs import built

SPACE = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


class Sheet:
    def __init__(self, xml):
        self.root = fromstring(xml)
        self.widths = {
            int(column.get("min")) + place: float(column.get("width"))
            for column in self.root.iterfind("s:cols/s:col", SPACE)
            for place in range(int(column.get("max")) - int(column.get("min")) + 1)
        }
        self.rows = [self._cells(row) for row in self.root.iterfind("s:sheetData/s:row", SPACE)]
        self.is_frozen = self.root.find("s:sheetViews/s:sheetView/s:pane", SPACE).get("state") == "frozen"
        self.filter = self.root.find("s:autoFilter", SPACE)

    def _cells(self, row):
        found = {}
        for cell in row.iterfind("s:c", SPACE):
            text = "".join(part.text or "" for part in cell.iter(f"{{{SPACE['s']}}}t"))
            value = cell.find("s:v", SPACE)
            column = re.match("[A-Z]+", cell.get("r"))[0]
            found[column] = text if value is None else float(value.text)
        return found


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    evaluation = tmp_path_factory.mktemp("runs") / "support"
    baseline = write_baseline(evaluation / "run-0")
    return read_run(write_varied(evaluation / "run-1", baseline=baseline))


@pytest.fixture(scope="module")
def book(run):
    return zipfile.ZipFile(io.BytesIO(xlsx_report(run.scorecard, run.uri)))


@pytest.fixture(scope="module")
def sheets(book):
    names = re.findall(r'sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    return {name: Sheet(book.read(f"xl/worksheets/sheet{place}.xml")) for place, name in enumerate(names, 1)}


def test_the_first_sheet_says_what_to_ship_what_fell_the_ranking_and_why(run, sheets):
    assert list(sheets) == ["overview", "scorecard", "pairs", "failures", "responses", "verdicts"]
    rows = sheets["overview"].rows
    first = [row.get("A") for row in rows]
    assert first[0] == run.scorecard.recommendation.reason
    for part in ("Worse than the blessed run", "Gate: no gate", "Why responses failed"):
        assert part in first
    ranked = rows[first.index("candidate", first.index("Candidates, the best first, by overall")) + 1]
    assert ranked["A"] == "haiku"
    assert ranked["B"] == pytest.approx(run.scorecard.recommendation.ranking[0].quality)


def test_tables_keep_their_header_in_sight_can_be_filtered_and_fit(sheets):
    for name in ("scorecard", "pairs", "failures", "responses", "verdicts"):
        sheet = sheets[name]
        assert sheet.is_frozen
        assert sheet.filter is not None
        assert len(sheet.widths) == len(sheet.rows[0])
        assert all(8 <= width <= 62 for width in sheet.widths.values())
        assert all(sheet.widths[place] > len(title) for place, title in enumerate(sheet.rows[0].values(), 1))


def test_verdicts_are_a_row_each_with_their_rationale(sheets):
    header, first, *_ = sheets["verdicts"].rows
    assert list(header.values())[:8] == [
        "record_id", "candidate", "criterion", "judge", "score", "passed", "unscored_reason", "rationale",
    ]  # fmt: skip
    assert first["H"] == "because lite of 0 said so"


def test_numbers_have_formats_and_rationales_are_wrapped(book):
    styles = book.read("xl/styles.xml").decode()
    assert 'formatCode="0.0000##"' in styles
    assert 'formatCode="0.000"' in styles
    assert 'wrapText="1"' in styles


def test_text_stays_text(run):
    name = "=HYPERLINK(1)"
    cards = {name: run.scorecard.candidates["lite"]}
    hostile = run.scorecard.model_copy(
        update={"candidates": cards, "comparisons": (), "evaluation": "http://a.b/c", "recommendation": None}
    )
    book = zipfile.ZipFile(io.BytesIO(xlsx_report(hostile, run.uri)))
    written = [book.read(each).decode() for each in book.namelist() if "worksheets/sheet" in each]
    assert not any("<f>" in sheet or "hyperlink " in sheet for sheet in written)
    assert any(name in sheet for sheet in written)


def test_prompts_that_the_run_made_have_a_sheet_with_what_is_claimed(tmp_path):
    scorecard = built(tmp_path, [(0, 1)] * 30)
    book = zipfile.ZipFile(io.BytesIO(xlsx_report(scorecard, str(tmp_path / "runs/support/run-1"))))
    names = re.findall(r'sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    sheet = Sheet(book.read(f"xl/worksheets/sheet{names.index('prompts') + 1}.xml"))
    heading, row = sheet.rows
    assert heading["L"] == "dev_chosen_no_proof"
    assert (row["A"], row["C"], row["D"], row["K"]) == ("tuned", "better", 30.0, 0.5)
    assert row["N"].startswith("tuned is better than lite by")
