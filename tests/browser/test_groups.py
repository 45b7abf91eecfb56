"""Why responses failed, on the page: each group opens exactly its records, and gives them as a dataset."""

import json

import pytest

from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.browser.pages import OPENED, READY, asked
from tests.evaldrop.run_folders import judgement, response, row, run_json, write_run

COPIED = """(async () => {
    let copied = null;
    const writeText = async (text) => { copied = text; };
    Object.defineProperty(navigator, "clipboard", { value: { writeText } });
    document.querySelector("#failures li:nth-child(2) .copy-dataset").click();
    await new Promise((done) => setTimeout(done, 50));
    return copied;
})()"""
FOUND = "document.getElementById('found').textContent"
LISTED = "document.getElementById('list').dataset.counted"
WHY = {"lite": "The total is wrong: <b>12</b> instead of 15.", "haiku": "The tone is rude, no apology."}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    place = tmp_path_factory.mktemp("runs") / "support" / "run-1"

    def answered(name, is_bad):
        scores = {"correctness": 0 if is_bad else 1, "tone": 5}
        return response(name, judgements=[judgement(scores, rationale=WHY[name] if is_bad else "Fine.")])

    rows = [row(f"r{n:02}", answered("lite", n % 2 == 0), answered("haiku", n % 5 == 0)) for n in range(30)]
    records = [asked(f"r{n:02}", f"prompt {n}") for n in range(30)]
    write_run(place, run=run_json(), records=records, succeeded=rows)
    build_scorecard(str(place))
    return place / "report.html"


@pytest.mark.parametrize("width", [1300, 375])
def test_a_group_opens_its_records_and_is_copied_as_a_dataset(browser, report, width):
    with browser.page(report.as_uri(), ready=READY, width=width) as page:
        shown = page.run("[...document.querySelectorAll('#failures .group')].map((one) => one.innerText)")
        assert [text.split("\n")[0] for text in shown] == ["15 of 21", "6 of 21"]
        assert "<b>12</b>" in shown[0], "a judge's text is text"
        assert page.run("document.documentElement.scrollWidth") <= width

        page.click("#failures .group a")
        page.wait(f"{LISTED} === '15'")
        assert "group=correctness%2C0" in page.run("location.hash")
        assert page.run(FOUND) == "15 of 30 records"

        page.click("#failures li:nth-child(2) .about a")
        page.wait(f"{LISTED} === '6'")
        assert "candidate=haiku" in page.run("location.hash")
        assert page.run(OPENED) == "r00"

        lines = [json.loads(line) for line in page.run(COPIED).splitlines()]
        assert [line["id"] for line in lines] == [f"r{n:02}" for n in range(0, 30, 5)]
        assert lines[1]["prompt"] == "prompt 5"
        assert (page.complaints, page.requests) == ([], [])
