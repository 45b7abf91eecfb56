"""The page of a run's records: all of it reached by its links, nothing of it trusted."""

import html
import re
from html.parser import HTMLParser

import pytest

from evaldrop import storage
from evaldrop.report import records_page
from evaldrop.report.browsing import MOST_CHARACTERS
from evaldrop.report.records_page import RECORDS, PageAsked, records_of
from evaldrop.report.serving import Folder
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.report.hostile_texts import HTML
from tests.evaldrop.run_folders import failed_response, judgement, record, response, row, run_json, write_run

NAMES = [f"r{number}" for number in range(7)]


def answer(candidate, number):
    said = [judgement({"correctness": number % 2, "tone": 5}, rationale=f"reason {number}")]
    return response(candidate, f"answer {number} of {candidate}", judgements=said)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    rows = [row(name, *(answer(each, n) for each in ("lite", "haiku"))) for n, name in enumerate(NAMES)]
    rows[3] = row("r3", failed_response("lite"), answer("haiku", 3))
    write_run(
        str(folder / "support" / "run-1"),
        run=run_json(),
        records=[record(name, category="a&b") for name in NAMES],
        succeeded=rows,
    )
    build_scorecard(str(folder / "support" / "run-1"))
    return folder


@pytest.fixture
def folder(out):
    return Folder(str(out), lambda: "", run_routes={RECORDS: records_of})


def page_at(folder, address, run="support/run-1"):
    found = folder.answer(f"/{run}/{address}")
    assert found.status == 200, found.body
    return found, b"".join(found.stream).decode()


def shown(page):
    return re.findall(r'<article class="pair" id="record-\d+"><h3><bdi>(.*?)</bdi>', page)


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attrs):
        self.found.add((tag, *sorted(name for name, _ in attrs)))


def elements_of(page):
    """The kinds of elements on a page, with their attributes' names."""
    parser = Elements()
    parser.feed(page)
    assert not any(name.startswith("on") for _, *names in parser.found for name in names)
    assert not {"script", "iframe", "img", "object"} & {tag for tag, *_ in parser.found}
    return parser.found


def next_of(page):
    found = re.search(r'<a rel="next" href="([^"]*)"', page)
    return html.unescape(found[1]) if found else None


def test_its_links_lead_through_all_records_once(folder):
    address, seen = "records?limit=3", []
    while address:
        _, page = page_at(folder, address)
        seen.append(shown(page))
        address = next_of(page)
    assert seen == [["r0", "r1", "r2"], ["r3", "r4", "r5"], ["r6"]]
    assert "This is the end of the run." in page


def test_what_is_asked_for_stays_in_the_form_and_in_the_links(folder):
    _, page = page_at(folder, "records?failed=on&criterion=correctness&category=a%26b&text=ANSWER&limit=2")
    assert shown(page) == ["r0", "r2"]
    assert '<input type="checkbox" name="failed" checked>' in page
    assert '<option value="correctness" selected>' in page
    assert 'name="category" value="a&amp;b"' in page
    _, page = page_at(folder, next_of(page))
    assert shown(page) == ["r4", "r6"]


def test_a_record_shows_what_was_asked_answered_and_said(folder):
    _, page = page_at(folder, "records?from=4&limit=1")
    assert shown(page) == ["r3"]
    assert "answer 3 of haiku" in page
    assert '<p class="text bad">ThrottlingException: slow down</p>' in page
    assert '<b>correctness</b> <span class="pill pass">1</span>' in page
    assert "reason 3" in page
    assert '<b>correctness</b> <span class="pill none">no_response</span>' in page


def test_nothing_that_fits_is_said(folder):
    _, page = page_at(folder, "records?text=none+of+this")
    assert shown(page) == []
    assert "No record fits." in page


@pytest.mark.parametrize(
    "address", ["records?from=x&limit=-1", "records?from=99999999999999999999", "records?limit=0"]
)
def test_numbers_that_are_none_do_no_harm(folder, address):
    page_at(folder, address)


def test_a_candidate_that_is_not_there_is_refused_before_anything_is_sent(folder):
    found = folder.answer("/support/run-1/records?candidate=lit")
    assert (found.status, found.body) == (409, b"lit: not in this run. Did you mean lite?\n")


@pytest.mark.parametrize("run", ["support", "support/run-2", "..", "support/run-1/records"])
def test_there_is_a_page_in_a_runs_folder_only(folder, run):
    assert folder.answer(f"/{run}/records").status == 404


def test_a_run_that_is_viewed_by_itself_has_the_page_too(out):
    folder = Folder(str(out / "support" / "run-1"), str, run_routes={RECORDS: records_of})
    found = folder.answer("/records?limit=1")
    assert b"r0" in b"".join(found.stream)


def test_hostile_texts_are_shown_and_nothing_runs(tmp_path):
    texts = list(HTML)
    rows = [row(f"r{n}", *(response(each, text, {"correctness": 1, "tone": 5}) for each in ("lite", "haiku")))
            for n, text in enumerate(texts)]  # fmt: skip
    records = [record(f"r{n}", category=text[:50], prompt=text) for n, text in enumerate(texts)]
    write_run(str(tmp_path / "run"), run=run_json(), records=records, succeeded=rows)
    build_scorecard(str(tmp_path / "run"))
    folder = Folder(str(tmp_path), lambda: "", run_routes={RECORDS: records_of})
    found, page = page_at(folder, "records?limit=200", run="run")
    assert len(shown(page)) == len(texts)
    # What one record has, and no element more.
    assert elements_of(page) <= elements_of(page_at(folder, "records?limit=1", run="run")[1])
    assert "script-src 'none'" in found.policy
    assert "form-action 'self'" in found.policy
    # What is in the address is as little trusted.
    for text in texts:
        query = html.unescape(PageAsked.read({"text": text}).address(0))
        assert elements_of(page_at(folder, query, run="run")[1]) <= elements_of(page) | {("a", "href", "rel")}


def test_a_very_long_text_is_cut_and_that_is_said(tmp_path):
    long = "x" * (MOST_CHARACTERS + 1234)
    rows = [row("r", *(response(each, long, {"correctness": 1, "tone": 5}) for each in ("lite", "haiku")))]
    write_run(str(tmp_path / "run"), run=run_json(), records=[record("r")], succeeded=rows)
    build_scorecard(str(tmp_path / "run"))
    folder = Folder(str(tmp_path), lambda: "", run_routes={RECORDS: records_of})
    _, page = page_at(folder, "records", run="run")
    assert page.count("… 1,234 more characters") == 2
    assert len(page) < 2 * len(long) + 40_000


def test_how_far_a_long_search_has_come_is_said(folder, monkeypatch):
    monkeypatch.setattr(records_page, "_SAID_EVERY_S", -1.0)
    _, page = page_at(folder, "records?text=none+of+this")
    assert "Looked through 7 of 7." in page


def test_a_table_that_cannot_be_read_any_more_ends_the_page_in_words(folder, out):
    uri = str(out / "support" / "run-1" / "verdicts.parquet")
    kept = storage.read_bytes(uri)
    storage.write_bytes(uri, b"gone")
    try:
        _, page = page_at(folder, "records")
    finally:
        storage.write_bytes(uri, kept)
    assert "The rest cannot be read: " in page
    assert page.rstrip().endswith("</html>")
