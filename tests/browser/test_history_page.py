"""The history in a browser: opened from disk, every link leads to a report, and two runs are compared."""

from pathlib import Path

import pytest

from evaldrop.cli.dispatch import main
from evaldrop.report.two_runs import open_two_runs
from evaldrop.report.two_runs_page import two_runs_page
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.browser.pages import READY
from tests.evaldrop.report.test_history import run_folder

ROWS = "[...document.querySelectorAll('.evaluation:not([hidden]) tbody tr')]"
NAMES = f"{ROWS}.map((row) => row.querySelector('th small').textContent)"


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    out = tmp_path_factory.mktemp("all runs & more")
    for day in (19, 20, 21):
        build_scorecard(run_folder(out, f"run-{day}", day=day, simulated=day == 19))
    assert main(["bless", str(out / "support" / "run-20")]) == 0
    return out / "index.html"


@pytest.fixture(scope="module")
def page(browser, index):
    with browser.page(index.as_uri(), ready=READY) as page:
        yield page


def search(page, text):
    page.run(f"byId('search').value = {text!r}; byId('search').dispatchEvent(new Event('input'))")


def test_the_history_opens_from_disk_and_its_links_lead_to_reports(browser, index):
    with browser.page(index.as_uri(), ready=READY) as page:
        assert page.complaints == []
        assert page.requests == []
        links = page.run(
            "[...document.querySelectorAll('a')].map((a) => new URL(a.getAttribute('href'), location).href)"
        )
        assert len({link.split("#")[0] for link in links}) == 3
        # A row leads to the report, a point of a chart and a bar of cost to the records that they rest on.
        assert {link.partition("#")[2] for link in links} == {
            "",
            "answer=called&sort=dear",
            *(
                f"candidate={name}&criterion={criterion}&verdict=scored"
                for name in ("lite", "haiku")
                for criterion in ("correctness", "tone", "overall")
            ),
        }
        for link in dict.fromkeys(links):
            page.go(link, READY)
            assert page.run("document.querySelector('h1').textContent.includes('support')")
            back = page.run("document.querySelector('.crumb a').href")
            assert back == index.as_uri()
            # What the address asks for is there: nothing of it is dropped as unknown.
            assert page.run("theBrowser.selection.fragment()") == link[len(link.partition("#")[0]) :]
        page.go(index.as_uri())


def test_the_blessed_run_is_marked_in_the_table_and_in_every_chart(page):
    assert page.run(
        "[...document.querySelectorAll('table.runs tbody tr')]"
        ".filter((row) => row.textContent.includes('◆ baseline'))"
        ".map((row) => row.querySelector('th small').textContent)"
    ) == ["run-20"]
    charts = page.run("document.querySelectorAll('.trends figure svg.trend').length")
    marks = page.run("[...document.querySelectorAll('.note.baseline title')].map((note) => note.textContent)")
    assert marks == ["2026-11-20 09:00 UTC: baseline"] * (charts - 1), "cost has no marks"


def test_rows_drawn_by_the_page_say_what_the_written_ones_do(browser, index, page):
    text = f"{ROWS}.map((row) => [...row.children].map((cell) => cell.textContent.trim()))"
    with browser.page(index.as_uri(), scripts=False) as written:
        rows = written.run(text)
    assert [row[1:] for row in page.run(text)] == rows


def test_runs_are_searched_filtered_and_sorted(page):
    search(page, "simulated nova-lite")
    assert page.run(NAMES) == ["run-19"]
    assert page.run("byId('found').textContent") == "1 of 3 runs"
    assert "search=simulated" in page.run("location.hash")
    search(page, "nothing like it")
    assert page.run("document.querySelectorAll('.evaluation:not([hidden])').length") == 0
    page.click("#clear")
    chips = page.run(
        "[...document.querySelectorAll('#standings button:enabled')].map((chip) => chip.textContent)"
    )
    assert chips == ["all3", "no gate3"]
    page.click("th[data-sort=at] button")
    assert page.run(NAMES) == ["run-19", "run-20", "run-21"]
    assert page.run("document.querySelector('th[data-sort=at]').getAttribute('aria-sort')") == "ascending"
    page.click("th[data-sort=at] button")
    page.run("document.activeElement.blur()")
    page.press("/")
    assert page.run("document.activeElement.id") == "search"


def test_a_line_of_every_chart_is_hidden_by_its_name(page):
    lines = "[...document.querySelectorAll('.series')]"
    drawn = f"{lines}.filter((line) => line.getBoundingClientRect().width).length"
    before = page.run(drawn)
    page.click(".series-keys button")
    assert page.run("document.querySelector('.series-keys button').getAttribute('aria-pressed')") == "false"
    assert page.run(drawn) == before / 2, "of two candidates one is left, in every chart"
    page.click(".series-keys button")
    assert page.run(drawn) == before


def test_any_two_runs_are_chosen_and_compared(page, index):
    boxes = "document.querySelectorAll('tbody input')"
    for place in (0, 1, 2):
        page.run(f"{boxes}[{place}].click()")
    assert page.run(f"[...{boxes}].map((box) => box.checked)") == [False, True, True], "two at most"
    page.click("#chosen .primary")
    page.wait("!byId('comparison').hidden")
    assert page.run("document.activeElement.id") == "comparison"
    text = page.run("byId('comparison').innerText")
    assert text.startswith("run-20 against run-19")
    assert "run-19 is SIMULATED, the other is not" in text
    folder = index.parent / "support"
    assert f"evaldrop diff '{folder}/run-20' '{folder}/run-19'" in text
    page.run("document.querySelector('#chosen button:last-child').click()")
    assert page.run("byId('comparison').hidden && byId('chosen').hidden")


@pytest.mark.parametrize("dark", [False, True])
def test_the_history_fits_and_can_be_read(browser, index, dark):
    both = "#a=support%2Frun-20&b=support%2Frun-21"
    with browser.page(index.as_uri() + both, dark=dark, width=375, ready=READY) as page:
        page.wait("!byId('comparison').hidden")
        for width in (375, 1300, 1920):
            page.call(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=900,
                deviceScaleFactor=1,
                mobile=False,
            )
            assert page.run("document.documentElement.scrollWidth") == width
        assert page.run((Path(__file__).parent / "contrast.js").read_text()) == []


def test_two_runs_side_by_side_are_read_as_a_page(browser, index, tmp_path):
    folder = index.parent / "support"
    runs = open_two_runs(str(folder / "run-21"), str(folder / "run-20"))
    (file := tmp_path / "diff.html").write_text(two_runs_page(runs, runs.places))
    with browser.page(file.as_uri(), width=375, ready=READY) as page:
        assert (page.complaints, page.requests) == ([], [])
        assert page.run("document.documentElement.scrollWidth") == 375
        assert page.run("byId('found').textContent") == "6 of 6 responses"
        page.press("j")
        assert page.run("document.activeElement.getAttribute('aria-label')") == "r0, lite"
        page.click("#only button:nth-child(2)")
        assert page.run("byId('found').textContent") == "0 of 0 responses (6 in all)"
        assert page.run((Path(__file__).parent / "contrast.js").read_text()) == []
