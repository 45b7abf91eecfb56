"""The history in a browser: opened from disk, every link leads to a report."""

from pathlib import Path

import pytest

from evaldrop.cli.app import main
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.browser.pages import READY
from tests.evaldrop.report.test_history import run_folder


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    out = tmp_path_factory.mktemp("all runs & more")
    for day in (19, 20, 21):
        build_scorecard(run_folder(out, f"run-{day}", day=day, simulated=day == 19))
    assert main(["bless", str(out / "support" / "run-20")]) == 0
    return out / "index.html"


def test_the_history_opens_from_disk_and_its_links_lead_to_reports(browser, index):
    with browser.page(index.as_uri()) as page:
        assert page.complaints == []
        assert page.requests == []
        links = page.run(
            "[...document.querySelectorAll('a')].map((a) => new URL(a.getAttribute('href'), location).href)"
        )
        assert len(set(links)) == 3
        for link in dict.fromkeys(links):
            page.go(link, READY)
            assert page.run("document.querySelector('h1').textContent.includes('support')")
            back = page.run("document.querySelector('.crumb a').href")
            assert back == index.as_uri()
        page.go(index.as_uri())


def test_the_blessed_run_is_marked_in_the_table_and_in_every_chart(browser, index):
    with browser.page(index.as_uri()) as page:
        assert page.run(
            "[...document.querySelectorAll('table.runs tbody tr')]"
            ".filter((row) => row.textContent.includes('◆ baseline'))"
            ".map((row) => row.querySelector('th small').textContent)"
        ) == ["run-20"]
        charts = page.run("document.querySelectorAll('.trends figure svg.trend').length")
        marks = page.run(
            "[...document.querySelectorAll('.note.baseline title')].map((note) => note.textContent)"
        )
        assert marks == ["2026-11-20 09:00 UTC: baseline"] * (charts - 1), "cost has no marks"


@pytest.mark.parametrize("width", [360, 1300, 1920])
@pytest.mark.parametrize("dark", [False, True])
def test_the_history_fits_and_can_be_read(browser, index, width, dark):
    with browser.page(index.as_uri(), width=width, dark=dark) as page:
        assert page.run("document.documentElement.scrollWidth") == width
        assert page.run((Path(__file__).parent / "contrast.js").read_text()) == []
