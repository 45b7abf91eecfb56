"""
axe finds nothing on the pages of the hard run, in light and in dark: its report, also with pinned columns and
while one votes; the history, a review page, a live page that runs and one that has ended, and two runs.

What differs between the themes is colour, so that is all that is asked of the dark ones: axe takes seconds.
"""

import threading
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from evaldrop.report.live import live_routes
from evaldrop.report.records_page import RECORDS, records_of
from evaldrop.report.review.exporting import export_review
from evaldrop.report.serving import LIVE, LOOPBACK, Folder, open_server
from evaldrop.report.two_runs import open_two_runs
from evaldrop.report.two_runs_page import two_runs_page
from evaldrop.running.live import LiveRun
from tests.browser.axe import find_axe, violations
from tests.browser.hard_run import BASELINE
from tests.browser.pages import READY

# A search, a filter and the differences of a record's responses: what they draw is looked at as well.
USED = """
(() => {
    const box = document.getElementById("search");
    box.value = "order";
    box.dispatchEvent(new Event("input", { bubbles: true }));
    document.querySelector("button[data-kind]").click();
})()
"""
OPENED = "document.querySelectorAll('details').forEach((box) => (box.open = true))"
COLOURS = "color-contrast"
# Regressed, and asked in prose.
RECORD = "mail-00001"


@pytest.fixture(scope="module")
def axe():
    path = find_axe()
    if path is None:
        pytest.skip(
            "axe-core is not installed: `make test` installs it where there is npm; "
            "or name it in EVALDROP_AXE"
        )
    return path


@pytest.fixture(scope="module")
def review(hard_run, tmp_path_factory):
    return Path(
        export_review(str(hard_run), sample=6, seed=1, to=str(tmp_path_factory.mktemp("review"))).page
    )


def test_a_control_without_a_name_is_found(browser, axe, tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        "<!doctype html><html lang=en><title>A page</title><main><h1>A</h1><button></button></main>"
    )
    with browser.page(page.as_uri()) as opened:
        (found,) = violations(opened, axe)
    assert found.startswith("button-name (critical): button: ")


@pytest.fixture(params=["report", "history", "review"])
def looked_at(request, browser, hard_run, review):
    """A page with all of it open; of the report with a search, a filter and differences too."""
    pages = {
        "report": hard_run / "report.html",
        "history": hard_run.parent.parent / "index.html",
        "review": review,
    }
    is_report = request.param == "report"
    with browser.page(
        pages[request.param].as_uri(), width=1440, ready=READY if is_report else "true"
    ) as page:
        if is_report:
            page.run(USED)
            page.press("d")
        page.run(OPENED)
        # What is told on demand is read from the page's compressed part first.
        page.wait(f"{int(not is_report)} || document.querySelector('details[data-filled] pre') !== null")
        yield page
        assert page.complaints == []


def test_axe_finds_nothing(looked_at, axe):
    assert violations(looked_at, axe) == []
    looked_at.show(dark=True)
    assert violations(looked_at, axe, COLOURS) == []


@pytest.fixture(scope="module")
def report(browser, hard_run):
    """One report for what is done with its records."""
    with browser.page((hard_run / "report.html").as_uri(), width=1440, ready=READY) as page:
        yield page
        assert page.complaints == []


@pytest.mark.parametrize("kind", ["pinned", "voting"])
def test_axe_finds_nothing_on_a_record_whose_columns_are_pinned_and_while_one_votes(report, axe, kind):
    report.show(dark=False)
    report.run(f"history.replaceState(null, '', '#record={RECORD}&pins=0-5&diff=on')")
    report.run("dispatchEvent(new HashChangeEvent('hashchange'))")
    assert report.run("document.querySelectorAll('[data-column]').length") == 2
    if kind == "voting":
        report.press("v")
        report.press("1")
        assert report.run("document.querySelector('.votebar') !== null")
    report.run(OPENED)
    assert violations(report, axe, within="#record") == []
    report.show(dark=True)
    assert violations(report, axe, COLOURS, within="#record") == []


@pytest.fixture(scope="module")
def looks(hard_run):
    """The hard run at its end, and as it might have been before."""
    live = LiveRun(str(hard_run), clock=count(step=0.6).__next__)
    while (ended := live.look()).state != "ended":
        pass
    assert ended.preferences
    assert ended.failures
    running = replace(ended, state="running", records=ended.records - 7, time_left="3 min")
    return {"running": running, "ended": ended}


@pytest.mark.parametrize("state", ["running", "ended"])
def test_axe_finds_nothing_on_a_live_page(browser, axe, looks, hard_run, state):
    routes = live_routes(lambda: looks[state], resume="evaldrop run --resume run-1", report="report.html")
    with open_server(Folder(str(hard_run), str, routes)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://{LOOPBACK}:{server.server_port}{LIVE}"
        shown = "document.querySelector('#preferences td') !== null"
        with browser.page(address, width=1440, ready=shown) as page:
            assert violations(page, axe) == []
            page.show(dark=True)
            assert violations(page, axe, COLOURS) == []
            assert page.complaints == []
        server.shutdown()


def test_axe_finds_nothing_on_two_runs_side_by_side(browser, axe, hard_run, tmp_path):
    runs = open_two_runs(str(hard_run), str(hard_run.parent / BASELINE))
    path = tmp_path / "two.html"
    path.write_text(two_runs_page(runs, runs.places[:40]))
    with browser.page(path.as_uri(), width=1440, ready=READY) as page:
        page.run(OPENED)
        assert violations(page, axe) == []
        page.show(dark=True)
        assert violations(page, axe, COLOURS) == []
        assert page.complaints == []


def test_axe_finds_nothing_on_a_page_of_all_records(browser, axe, hard_run):
    folder = Folder(str(hard_run), str, run_routes={RECORDS: records_of})
    with open_server(folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://{LOOPBACK}:{server.server_port}/records?limit=40"
        with browser.page(address, width=1440, ready="!!document.querySelector('.pages')") as page:
            page.run(OPENED)
            assert page.run("document.querySelectorAll('article').length") > 10
            assert violations(page, axe) == []
            page.show(dark=True)
            assert violations(page, axe, COLOURS) == []
            for width in (375, 1440):
                page.call(
                    "Emulation.setDeviceMetricsOverride",
                    width=width,
                    height=900,
                    deviceScaleFactor=1,
                    mobile=False,
                )
                assert page.run("document.documentElement.scrollWidth") == width
            assert page.complaints == []
            assert {request.split("?")[0] for request in page.requests} <= {address.split("?")[0]}
        server.shutdown()
