"""Arabic and Chinese beside English: each text runs its own way, and nothing of the page is turned around."""

from pathlib import Path

import pytest

from evaldrop.report.history_index import history_page, read_history
from evaldrop.report.two_runs import open_two_runs
from evaldrop.report.two_runs_page import two_runs_page
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.browser.pages import BAD, GOOD, READY, asked
from tests.evaldrop.run_folders import judgement, response, row, run_json, write_run

ARABIC = "كم يومًا لديّ لإرجاع الطلب رقم A-10074، ومن يدفع 33.26 دولارًا تكلفة الشحن؟ (السياسة 4)"
CHINESE = "订单 A-10111 的退款金额为 40.39 元，将在收到退货后十四个工作日内退回原支付方式。"
LONG_ID = "forwarded-from-the-mailbox-of-somebody-with-a-name-that-goes-on-and-on"
RECORDS = {"a": ARABIC, LONG_ID: CHINESE}
LABELS = ["تسمية جديدة", "标签 短提示"]


def write(folder, run_id, scores):
    records = [
        asked(name, text, category="الفواتير", reference=[text, text]) for name, text in RECORDS.items()
    ]
    said = {name: f"{text}\n\n- {text}\n- `code`: {run_id}" for name, text in RECORDS.items()}
    rows = [
        row(name, *(response(one, text, judgements=[judgement(scores, rationale=text)])
                    for one in ("lite", "haiku")))
        for name, text in said.items()
    ]  # fmt: skip
    write_run(folder, run=run_json(run_id=run_id, labels=LABELS), records=records, succeeded=rows)
    build_scorecard(str(folder))


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """The folder of two runs."""
    place = tmp_path_factory.mktemp("runs")
    write(place / "support" / "run-0", "run-0", GOOD)
    write(place / "support" / "run-1", "run-1", BAD)
    return place


@pytest.fixture(scope="module")
def report(browser, out):
    page = (out / "support" / "run-1" / "report.html").as_uri()
    with browser.page(f"{page}#record=a", width=1440, ready=READY) as opened:
        yield opened
        assert opened.complaints == []


def direction(page, selector):
    return page.run(f"getComputedStyle(document.querySelector({selector!r})).direction")


def test_a_row_of_the_list_begins_where_its_language_begins_and_keeps_its_signs(report):
    assert direction(report, "#row-0 .snippet") == "rtl"
    assert direction(report, "#row-1 .snippet") == "ltr"
    cut = "[...document.querySelectorAll('.row .marks')].some((box) => box.scrollWidth > box.clientWidth)"
    assert report.run(cut) is False


def test_several_references_run_each_its_own_way(report):
    shown = "[...document.querySelectorAll('.sources .prompt')][1].querySelector('.text')"
    assert report.run(f"{shown}.textContent").split("\n\n") == [ARABIC, "or", ARABIC]
    assert report.run(f"getComputedStyle({shown}).unicodeBidi") == "plaintext"


def test_a_list_that_runs_from_the_right_has_its_items_beside_their_signs(report):
    """Also one that begins with English."""
    right = """
    [...document.querySelectorAll('.answer ul')][0].querySelectorAll('li > p').values().map((item) => {
        const text = document.createRange();
        text.selectNodeContents(item);
        return Math.round(item.getBoundingClientRect().right - text.getBoundingClientRect().right);
    }).toArray()
    """
    assert report.run(right) == [0, 0]


@pytest.mark.parametrize(("width", "is_beside"), [(1440, True), (390, False)])
def test_two_runs_stand_side_by_side_where_there_is_room(browser, out, tmp_path, width, is_beside):
    runs = open_two_runs(str(out / "support" / "run-1"), str(out / "support" / "run-0"))
    path = Path(tmp_path / "two.html")
    path.write_text(two_runs_page(runs, runs.places))
    tops = """
    [...document.querySelectorAll(".pair")].map((pair) =>
        new Set([...pair.querySelectorAll(".answer")].map((box) => box.getBoundingClientRect().top)).size)
    """
    with browser.page(path.as_uri(), width=width, ready=READY) as page:
        assert page.run(tops) == [1 if is_beside else 2] * 4
        assert page.run("document.documentElement.scrollWidth") <= width
        assert page.run("getComputedStyle(document.querySelector('.pair .tag')).unicodeBidi") == "isolate"


def test_labels_of_the_history_stand_apart(browser, out, tmp_path):
    path = Path(tmp_path / "index.html")
    path.write_text(history_page(read_history(str(out))))
    with browser.page(path.as_uri(), ready=READY) as page:
        tags = """
        [...document.querySelectorAll(".runs .tag")].map((tag) =>
            [tag.textContent, getComputedStyle(tag).borderLeftStyle])
        """
        assert page.run(tags) == [[label, "solid"] for label in LABELS * 2]
