"""Voting blind in the report, and what becomes of the file that the browser saves."""

import json
import threading
import time
from pathlib import Path
from urllib.parse import quote

import pytest

from evaldrop.report.review.importing import import_file
from evaldrop.report.review.sent_votes import VOTES, take_votes
from evaldrop.report.serving import Folder, open_server
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.calibration import calibrate
from tests.browser.chromium import PATIENCE_S
from tests.browser.pages import READY
from tests.evaldrop.report.review.reviewed_runs import FIRST, JUDGE, NOW, SECOND, write_reviewed_run

TEXTS = "[...document.querySelectorAll('.voting .answer')].map((box) => box.children[1].textContent)"
BENCH = "document.getElementById('record').innerText"
ON = "[...document.querySelectorAll('.votebar [aria-pressed=true]')].map((one) => one.dataset.act)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_reviewed_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def downloads(browser, tmp_path_factory):
    place = tmp_path_factory.mktemp("downloads")
    browser.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(place))
    return place


@pytest.fixture(scope="module")
def page(browser, folder):
    """One page for all tests; they build upon each other's votes in no way but the last."""
    with browser.page((Path(folder) / "report.html").as_uri(), width=1440, ready=READY) as page:
        page.press("v")
        yield page
        assert page.complaints == []
        assert page.requests == []


def at(page, record):
    page.run(f"history.replaceState(null, '', '#record={record}')")
    page.run("dispatchEvent(new HashChangeEvent('hashchange'))")


def test_while_voting_nothing_tells_whose_a_response_is(page):
    at(page, "r3")
    shown = page.run(BENCH)
    assert JUDGE not in shown
    assert "passed" not in shown
    assert "tokens" not in shown
    assert page.run("[...document.querySelectorAll('.columnhead')].map((head) => head.textContent)") == [
        "Response 1",
        "Response 2",
    ]
    assert page.run("getComputedStyle(document.querySelector('#list .marks')).visibility") == "hidden"
    page.call("Emulation.setDeviceMetricsOverride", width=375, height=812, deviceScaleFactor=1, mobile=False)
    assert page.run("document.documentElement.scrollWidth") <= 375
    page.call("Emulation.setDeviceMetricsOverride", width=1440, height=900, deviceScaleFactor=1, mobile=False)


def test_the_order_is_random_and_the_same_every_time(page):
    firsts = []
    for record in [f"r{n}" for n in range(1, 12)] * 2:
        at(page, record)
        firsts.append(page.run(TEXTS)[0].strip().endswith("by 0"))
    assert firsts[:11] == firsts[11:]
    assert 0 < sum(firsts[:11]) < 11


def test_votes_can_be_taken_back_and_are_told_when_wanted(page):
    at(page, "r5")
    page.press("1")
    assert page.run(ON) == ["prefer-1"]
    assert FIRST not in page.run("document.querySelector('.answers').innerText")
    page.click("[data-act=tells]")
    assert sorted(page.run("[...document.querySelectorAll('.answer h4')].map((one) => one.textContent)")) == [
        FIRST,
        SECOND,
    ]
    page.click("[data-act=tells]")
    page.press("t")
    assert page.run(ON) == ["prefer-t"]
    page.press("u")
    page.press("u")
    assert page.run(ON) == []


def test_a_file_of_votes_calibrates_the_judge(page, folder, downloads):
    page.run("""(() => {
        const choice = document.querySelector('[data-act=criterion]');
        choice.value = 'tone';
        choice.dispatchEvent(new Event('change'));
    })()""")
    for number in range(1, 7):
        at(page, f"r{number}")
        # The second candidate is better, and the tone of both is middling.
        page.press("2" if page.run(TEXTS)[0].strip().endswith("by 0") else "1")
        page.press("c")
        page.press("c")
    # They outlive the page.
    page.go(page.run("location.href"), READY)
    assert f"18 votes kept by this browser: {SECOND} 6, 12 scores." in page.run(BENCH)
    page.click("[data-act=save-votes]")
    saved = downloads / "votes-run-1.json"
    deadline = time.monotonic() + PATIENCE_S
    # The browser makes the name first.
    while not (saved.exists() and saved.stat().st_size):
        assert time.monotonic() < deadline, "nothing was saved"
        time.sleep(0.05)
    assert len(json.loads(saved.read_text())["scores"]) == 12

    done = import_file(str(saved), folder, rater="Ada", imported_at=NOW)

    assert (done.scored, done.preferred, done.is_random) == (12, 6, False)
    found = calibrate(RunDefinition.load(folder))
    assert found.criteria["tone"].raters == {"Ada": 12}
    assert found.means[FIRST]["tone"].mean is None
    (pair,) = found.preferences
    assert (pair.candidate, pair.baseline, pair.win_rate) == (FIRST, SECOND, 0.0)
    assert "picked by hand" in pair.reason


def test_a_page_that_is_viewed_keeps_votes_with_the_run(browser, tmp_path):
    run = Path(write_reviewed_run(tmp_path / "runs of a + b"))
    folder = Folder(str(tmp_path), lambda: "", takers={VOTES: take_votes})
    with open_server(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        report = f"http://127.0.0.1:{server.server_port}/{quote(str(run.relative_to(tmp_path)))}/report.html"
        with browser.page(report, width=1440, ready=READY) as page:
            page.press("v")
            page.press("t")
            page.click("[data-act=send-votes]")
            page.wait(f"{BENCH}.includes('Kept with the run. Preferences: 1; scores: 0.')")
            assert page.complaints == []
        server.shutdown()
    (pair,) = calibrate(RunDefinition.load(str(run))).preferences
    assert pair.win_rate == 0.5
