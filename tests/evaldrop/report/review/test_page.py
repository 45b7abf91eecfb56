"""The review page: blind, inert, offline, and usable by keyboard alone."""

import base64
import csv
import hashlib
import io
import json
import re
from pathlib import Path

import pytest

from evaldrop.errors import InputError
from evaldrop.evaluation.criteria import Criterion, criterion_from_config
from evaldrop.evaluation.criteria.scales import Scale
from evaldrop.report.review.exporting import export_review
from evaldrop.report.review.page import ShownItem, ShownReview, answers_in_words, review_page
from evaldrop.scorecard.calibration.label import Population, Sampling
from tests.evaldrop.report.review.chromium import browser, needs_chromium
from tests.evaldrop.report.review.reviewed_runs import FIRST, HOSTILE, JUDGE, SECOND, write_reviewed_run
from tests.evaldrop.run_folders import HAIKU, LITE, PRO
from tests.evaldrop.scorecard.calibration.test_agreement import BINARY, MENU, SHARE, TONE

NAMES = (FIRST, SECOND, JUDGE, LITE, HAIKU, PRO, "haiku", "nova")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    folder = write_reviewed_run(out)
    # All records, so that the hostile one is among them.
    return export_review(folder, sample=24, seed=1, to=str(out / "sent"))


@pytest.fixture(scope="module")
def page(exported):
    return Path(exported.page).read_text()


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page)[1])


def test_no_name_and_no_score_of_the_judge_is_in_what_is_sent(exported, page):
    for text in (page, Path(exported.sheet).read_text()):
        assert not [name for name in NAMES if name in text]
        assert '"r1"' not in text
    asked = data_of(page)
    assert {key for item in asked["items"] for key in item} == {
        "item", "criteria", "prompt", "system", "context", "reference", "response",
    }  # fmt: skip


def test_the_key_stays_with_the_run_and_knows_the_names(exported):
    assert "/run-1/review/keys/" in exported.key
    key = json.loads(Path(exported.key).read_text())
    assert {item["candidate"] for item in key["items"]} == {FIRST, SECOND}
    assert {path.suffix for path in Path(exported.page).parent.iterdir()} == {".html", ".csv"}


def test_page_and_sheet_say_how_they_were_drawn(exported, page):
    assert data_of(page)["sampling"]["method"] == "simple_random"
    assert data_of(page)["sampling"]["population"] == {"records": 12, "responses": 24}
    assert "simple_random, seed 1: 12 of 12 records" in Path(exported.sheet).read_text()


def test_the_policy_lets_only_this_style_and_script_run(page):
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1].replace(
        "&#39;", "'"
    )
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)[1]
    for kind, text in (("style", style), ("script", script)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy


def test_the_page_names_no_other_place(page):
    assert not re.search(r"https?://|@import|\burl\(|<link|\bsrc=(?!x onerror)", page.replace(HOSTILE, ""))
    assert "innerHTML" not in page
    assert "<img" not in page


def test_a_sheet_has_a_row_per_question_and_no_formula(exported):
    rows = list(csv.DictReader(io.StringIO(Path(exported.sheet).read_text(encoding="utf-8-sig"), newline="")))
    assert len(rows) == 48
    assert {row["score"] for row in rows} == {""}
    assert all(row["response"].startswith(("'=1+1", "</script>")) for row in rows)
    assert {row["answers"] for row in rows if row["criterion"] == "correctness"} == {"no; yes; ? to pass"}


@pytest.mark.parametrize(("criterion", "words"), [
    (BINARY, "no; yes; ? to pass"), (TONE, "1 = rude; 2 = flat; 3 = polite; ? to pass"),
    (MENU, "B; A; C; ? to pass"), (SHARE, "a number from 0 to 1; ? to pass"),
])  # fmt: skip
def test_a_sheet_says_what_may_be_written(criterion, words):
    assert answers_in_words(criterion) == words


def test_only_the_criteria_asked_for(tmp_path):
    folder = write_reviewed_run(tmp_path, records=3)
    only = export_review(folder, sample=6, seed=1, criteria=["tone"])
    assert [one["name"] for one in data_of(Path(only.page).read_text())["criteria"]] == ["tone"]
    with pytest.raises(InputError, match="--criterion warmth: not in this run"):
        export_review(folder, sample=6, seed=1, criteria=["warmth"])


def test_a_simulated_review_says_so_everywhere(tmp_path):
    folder = Path(write_reviewed_run(tmp_path, records=3))
    run = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**run, "simulated": True}))
    done = export_review(str(folder), sample=6, seed=1)
    assert Path(done.page).read_text().count("SIMULATED") >= 3
    assert "SIMULATED" in Path(done.sheet).read_text()
    assert json.loads(Path(done.key).read_text())["simulated"] is True


# In a browser


@pytest.fixture(scope="module")
def tab(exported, tmp_path_factory):
    downloads = tmp_path_factory.mktemp("downloads")
    with browser(tmp_path_factory.mktemp("profile"), downloads) as opened:
        opened.open(Path(exported.page).as_uri())
        opened.downloads = downloads
        yield opened


@pytest.fixture
def fresh(tab, exported):
    """The page as somebody sees it who has answered nothing, and goes on by hand."""
    tab.value("localStorage.clear()")
    tab.value("localStorage.setItem('evaldrop-review-goes-on', 'no')")
    tab.open("about:blank")
    tab.open(Path(exported.page).as_uri())
    return tab


def text(tab, selector):
    return tab.value(f"document.querySelector({json.dumps(selector)}).textContent")


def pressed(tab):
    return tab.value("[...document.querySelectorAll('[aria-pressed=true]')].map((one) => one.textContent)")


@needs_chromium
def test_what_a_model_wrote_is_text(fresh, page):
    place = next(n for n, item in enumerate(data_of(page)["items"]) if item["response"] == HOSTILE)
    fresh.press(*"j" * place)
    assert text(fresh, ".response .text") == HOSTILE
    assert text(fresh, ".given .text") == HOSTILE
    assert fresh.value("document.querySelectorAll('main img, main b').length") == 0
    assert fresh.value("window.hacked") is None


@needs_chromium
def test_the_page_works_without_a_network_and_breaks_no_rule_of_its_own(fresh):
    fresh.press("y", "3", " ", "n")
    assert [uri for uri in fresh.requests if not uri.startswith(("file:", "about:", "blob:"))] == []
    assert fresh.complaints == []
    fresh.value("document.body.setAttribute('style', 'color: red')")
    fresh.value("fetch('https://example.org/').catch(() => 0)")
    assert any("Content Security Policy" in complaint for complaint in fresh.complaints)
    fresh.complaints.clear()


@needs_chromium
def test_keys_answer_go_on_and_undo(fresh):
    assert text(fresh, "#counted") == "0 of 24 done"
    fresh.press("y")
    assert pressed(fresh) == ["yyes"]
    fresh.press("4")  # the next question is a scale
    assert pressed(fresh) == ["yyes", "4warm"]
    assert text(fresh, "#counted") == "1 of 24 done"
    fresh.press("ArrowUp", "n")  # back to the first one: changed
    assert pressed(fresh) == ["nno", "4warm"]
    fresh.press(" ")
    assert (text(fresh, "#place"), pressed(fresh)) == ("2", [])
    fresh.press("x", "j", "j")
    assert text(fresh, "#place") == "4"
    fresh.press(" ")  # this one is open itself
    assert text(fresh, "#place") == "4"
    fresh.press("k", "u")  # takes the pass back, and shows where
    assert (text(fresh, "#place"), pressed(fresh)) == ("2", [])
    fresh.press("u", "u", "u", "u")
    assert (text(fresh, "#place"), text(fresh, "#counted")) == ("1", "0 of 24 done")


@needs_chromium
def test_space_goes_on_after_a_click_and_a_name_may_hold_any_letter(fresh):
    fresh.value("document.querySelector('.choices button').click()")
    fresh.value("document.querySelector('.choices button').focus()")
    fresh.press("5", " ")
    assert text(fresh, "#place") == "2"
    fresh.value("document.getElementById('rater').focus()")
    fresh.press(*"Jxny 1")
    assert fresh.value("document.getElementById('rater').value") == "Jxny 1"
    assert (text(fresh, "#place"), pressed(fresh)) == ("2", [])


@needs_chromium
def test_answers_outlive_the_tab(fresh, exported):
    fresh.press("y", "2", " ", "n")
    # The browser writes its store when it gets to it: a busy machine may take a moment.
    for _ in range(100):
        fresh.open("about:blank")
        fresh.open(Path(exported.page).as_uri())
        if text(fresh, "#place") == "2":
            break
        # Twenty looks without a pause were over in less time than it took in one run of all tests.
        fresh.value("new Promise((done) => setTimeout(done, 100))")
    assert text(fresh, "#place") == "2"
    assert pressed(fresh) == ["nno"]
    assert "kept by this browser" in text(fresh, "#message")


@needs_chromium
def test_a_saved_file_can_be_opened_again(fresh, exported):
    fresh.value("document.getElementById('rater').value = 'Ada L.'")
    fresh.press("y", "2", " ", "x", "s")
    saved = fresh.downloads / f"review-{Path(exported.page).stem.removeprefix('review-')}-Ada-L-.json"
    fresh.wait("document.getElementById('message').textContent.startsWith('Saved 3 answers')")
    for _ in range(200):
        if saved.exists():
            break
        fresh.value("new Promise((done) => setTimeout(done, 20))")
    said = json.loads(saved.read_text())
    assert said["rater"] == "Ada L."
    assert said["answers"] == [
        {"item": 1, "criterion": "correctness", "score": 1},
        {"item": 1, "criterion": "tone", "score": 2},
        {"item": 2, "criterion": "correctness", "score": None, "reason": "cannot_tell"},
    ]
    fresh.value("localStorage.clear()")
    fresh.open("about:blank")
    fresh.open(Path(exported.page).as_uri())
    assert text(fresh, "#counted") == "0 of 24 done"
    fresh.choose_file("#open", saved)
    fresh.wait("document.getElementById('message').textContent.startsWith('3 answers from')")
    assert text(fresh, "#counted") == "1 of 24 done"
    assert pressed(fresh) == ["xCannot tell"]


@needs_chromium
@pytest.mark.parametrize(("content", "told"), [
    ("not json", "is no saved review"),
    ('{"kind": "evaldrop-review", "review_id": "other", "answers": []}', "belongs to another review"),
])  # fmt: skip
def test_a_file_that_is_none_of_this_page_changes_nothing(fresh, tmp_path, content, told):
    fresh.press("y")
    (tmp_path / "wrong.json").write_text(content)
    fresh.choose_file("#open", tmp_path / "wrong.json")
    fresh.wait(f"document.getElementById('message').textContent.includes({json.dumps(told)})")
    assert pressed(fresh) == ["yyes"]


@needs_chromium
def test_nothing_is_wider_than_a_phone(fresh):
    fresh.call("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True)
    try:
        assert fresh.value("document.documentElement.scrollWidth") <= 360
    finally:
        fresh.call("Emulation.clearDeviceMetricsOverride")


@needs_chromium
def test_ranges_menus_and_long_scales_are_answered_by_keys_too(fresh, tmp_path):
    ten = criterion_from_config(
        {"name": "ten", "question": "1 to 10?", "scale": {str(n): f"point {n}" for n in range(1, 11)}},
        path="c",
    )
    follows = Criterion(name="follows", question="Does it?", scale=Scale.binary(not_applicable=True))
    criteria = {one.name: one for one in (SHARE, MENU, ten, follows)}
    items = [ShownItem(n, list(criteria), "q", "be kind", "the context", ["r"], "") for n in (1, 2)]
    everyone = Population(records=2, responses=2)
    sampling = Sampling(seed=1, population=everyone, sample=everyone)
    shown = review_page(ShownReview("abc", "run-1", False, sampling, criteria, items))
    (tmp_path / "page.html").write_text(shown)
    fresh.open((tmp_path / "page.html").as_uri())
    assert text(fresh, ".response .text") == "(an empty response)"
    fresh.press("0", ".", "4", "Enter")
    assert fresh.value("document.querySelector('.question input').value") == "0.4"
    fresh.press("2", "0")
    assert pressed(fresh) == ["2A", "010 · point 10"]
    fresh.value("[...document.querySelectorAll('.question:last-child button')].pop().click()")
    assert pressed(fresh)[-1] == "Does not apply"
    assert text(fresh, "#counted") == "1 of 2 done"
    fresh.press(" ", "7", "Enter")  # beyond the range: said, and not taken
    assert "a number from 0 to 1, please" in text(fresh, "#message")
    assert text(fresh, "#counted") == "1 of 2 done"
    assert fresh.value("document.querySelector('.question input').value") == ""
