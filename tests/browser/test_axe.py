"""
axe finds nothing on the report of the hard run, the history and a review page, in light and in dark.

What differs between the themes is colour, so that is all that is asked of the dark ones: axe takes seconds.
"""

from pathlib import Path

import pytest

from evaldrop.report.review.exporting import export_review
from tests.browser.axe import find_axe, violations
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
