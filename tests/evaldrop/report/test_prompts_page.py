"""prompts.html and the tables of improved prompts: the claim first, dev scores by their name, texts inert."""

import base64
import gzip
import json
import re
from http import HTTPStatus
from pathlib import Path

import pytest

from evaldrop.prompt_search.state import FIRST
from evaldrop.report.columns import MARKDOWN, text_of
from evaldrop.report.markdown import markdown_report
from evaldrop.report.prompts_page import PROMPTS_PAGE
from evaldrop.report.serving import Folder
from evaldrop.report.tables.prompts import DEV, improved_prompts, tuned_on
from tests.evaldrop.improved_runs import TUNED, built, search

BETTER = [(0, 1)] * 24 + [(1, 1)] * 12 + [(0, 0)] * 4 + [(1, 0)]
HOSTILE = "<img src=x onerror=alert(1)></script>\u202e<b>bold</b>"


def page_of(folder):
    return (Path(folder) / "runs/support/run-1" / PROMPTS_PAGE).read_text()


def packed_of(page):
    packed = re.search(r'id="packed">([^<]*)<', page)[1]
    return json.loads(gzip.decompress(base64.b64decode(packed)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("better")


@pytest.fixture(scope="module")
def scorecard(folder):
    return built(folder, BETTER)


@pytest.fixture(scope="module")
def page(folder, scorecard):
    assert scorecard.prompts
    return page_of(folder)


def test_the_claim_of_the_test_part_comes_before_any_dev_score(page):
    body = page.partition("<body>")[2]
    claim = body.index("tuned is better than lite by")
    assert claim < body.index(DEV)
    assert claim < body.index("r1p1")


def test_each_prompt_has_its_parent_its_standing_and_the_proposers_words(page):
    for said in (
        "Two sentences.",
        "Responses were long.",
        "worse than original by 0.50",
        "it addresses the judge",
    ):
        assert said in page
    proposals = re.findall(r'<article class="proposal ([\w-]+)" id="p0-(\w+)"', page)
    assert proposals == [("first", FIRST), ("chosen", "r1p1"), ("dropped", "r1p2"), ("refused", "r1p3")]
    assert page.count('from <a href="#p0-original">original</a>') == 3


def test_what_it_took_and_how_to_adopt_it(page, folder):
    assert "$0.30 <small>$0.10 to write, $0.20 to try</small>" in page
    assert f"evaldrop adopt {folder}/runs/support/run-1 tuned" in page


def test_texts_travel_packed_without_what_is_said_to_people_alone(page):
    (found,) = packed_of(page)
    assert found["prompts"][FIRST].startswith("## system\nAnswer in four sentences.")
    assert set(found["prompts"]) == {FIRST, "r1p1", "r1p2", "r1p3"}
    assert (len(found["better"]), len(found["worse"])) == (20, 1)
    assert "24 test records turned better" in page
    assert "The 20 that turned most." in page


def test_nothing_is_loaded_and_only_its_own_style_and_script_run(page):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert "connect-src" not in policy
    assert 'src="' not in page


def test_what_models_wrote_is_no_markup(tmp_path):
    made = search()
    spoilt = made.proposals[1].model_copy(
        update={"changes": HOSTILE, "why": HOSTILE, "text": f"## user\n{HOSTILE}"}
    )
    refused = made.proposals[3].model_copy(update={"refused": f"it quotes {HOSTILE}"})
    proposals = (made.proposals[0], spoilt, made.proposals[2], refused)
    built(
        tmp_path,
        BETTER,
        found=made.model_copy(update={"proposals": proposals, "ended": HOSTILE, "by": HOSTILE}),
    )
    page = page_of(tmp_path)
    assert "<img src=x" not in page
    assert "<b>bold" not in page
    assert "\u202e" not in page
    assert packed_of(page)[0]["prompts"]["r1p1"].endswith(HOSTILE)


def test_where_nothing_better_was_found_there_is_nothing_to_adopt(tmp_path):
    built(tmp_path, BETTER, found=search(winner=FIRST))
    page = page_of(tmp_path)
    assert "there is nothing to adopt" in page
    assert "evaldrop adopt" not in page


def test_of_a_run_in_which_somebody_answered_nothing_no_claim_is_shown(tmp_path):
    scorecard = built(tmp_path, [(None, 1)] * 20)
    page = page_of(tmp_path)
    assert "nothing is claimed of any prompt" in page
    assert "is better than" not in page
    assert len(improved_prompts(scorecard)) == 0
    assert "Improved prompts" not in markdown_report(scorecard)


def test_who_views_the_runs_gets_it(folder, page):
    answer = Folder(str(folder / "runs"), str).answer(f"/support/run-1/{PROMPTS_PAGE}")
    assert (answer.status, answer.body.decode()) == (HTTPStatus.OK, page)


class TestTheTable:
    def test_it_says_what_is_decided_and_calls_dev_by_its_name(self, scorecard):
        columns = improved_prompts(scorecard).columns_in(MARKDOWN)
        row = {column.heading: text_of(column.cells[0]) for column in columns}
        assert (row["candidate"], row["against"], row["on the test part"]) == (TUNED, "lite", "better")
        assert (row["tokens"], row["USD/1,000"], row["search"]) == ("+20", "+$0.020", "$0.30")
        assert row[DEV] == "0.50 to 1.00"
        assert "no proof" in DEV

    def test_how_many_records_are_in_no_number(self, scorecard):
        assert tuned_on(scorecard) == 14
        assert tuned_on(scorecard.model_copy(update={"parts": None})) == 0
        assert "41 records, 14 tuned on" in markdown_report(scorecard)

    def test_a_summary_leads_to_the_page_only_where_that_is_beside_it(self, scorecard):
        assert "](prompts.html)" in markdown_report(scorecard)
        assert "prompts.html" not in markdown_report(scorecard, "https://ci.example/report")
