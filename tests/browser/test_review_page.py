"""The review page: what is seen at once, and how it goes on by itself."""

import pytest

from evaldrop.evaluation.criteria import Criterion, Scale
from evaldrop.report.review.page import ShownItem, ShownReview, review_page
from evaldrop.scorecard.calibration.label import Population, Sampling

LONG = "A long text that was given, line after line of it. " * 400
PLACE = "document.getElementById('place').textContent"
DONE = "document.getElementById('counted').textContent"
# Whether the top of an element, and so much below it, is in the window and under nothing else.
SEEN = """((selector, px) => {{
    const box = document.querySelector(selector).getBoundingClientRect();
    const at = document.elementFromPoint(box.left + 5, box.top + px);
    return box.top >= 0 && box.top + px < innerHeight && at !== null && at.closest(selector) !== null;
}})('{}', {})"""


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    """One page for all tests, of long texts and two questions."""
    criteria = {
        "correct": Criterion(name="correct", question="Is the answer right?", scale=Scale.binary()),
        "sourced": Criterion(
            name="sourced", question="Does the context say so?", scale=Scale.binary(not_applicable=True)
        ),
    }
    everyone = Population(records=4, responses=4)
    items = [
        ShownItem(n, list(criteria), LONG, "be kind " * 80, LONG, ["It is so."], f"Response {n}. " * 60)
        for n in range(1, 5)
    ]
    review = ShownReview(
        "r1", "run-1", False, Sampling(seed=1, population=everyone, sample=everyone), criteria, items
    )
    path = tmp_path_factory.mktemp("review") / "page.html"
    path.write_text(review_page(review))
    with browser.page(path.as_uri(), width=1440, height=900) as page:
        yield page
        assert page.complaints == []
        assert page.requests == []


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_question_and_response_are_seen_at_once(page, width, height):
    page.call(
        "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False
    )
    page.go(page.run("location.href"))
    assert page.run(SEEN.format(".response .text", 40))
    assert page.run(SEEN.format(".question.here", 40))
    assert page.run(SEEN.format(".question.here .choices button", 5))
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    # What was given is folded, and comes whole on demand.
    assert page.run("document.querySelector('.more').textContent").startswith("show all ")
    page.press("f")
    assert page.run("document.querySelectorAll('.folded').length") == 0


def test_the_page_goes_on_by_itself_and_undo_stops_it(page):
    page.run("localStorage.clear()")
    page.go(page.run("location.href"))
    page.press("y")
    page.press("n")
    assert (page.run(PLACE), page.run(DONE)) == ("1", "1 of 4 done")
    page.press("u")
    assert page.run(DONE) == "0 of 4 done"
    page.run("new Promise((done) => setTimeout(done, 1100))")
    assert page.run(PLACE) == "1"
    page.press("n")
    page.wait(f"{PLACE} === '2'")
    # It can be taken back from there too, and who changes an answer stays.
    page.press("u")
    assert (page.run(PLACE), page.run(DONE)) == ("1", "0 of 4 done")


def test_a_map_of_the_keys_opens_and_keeps_them_to_itself(page):
    page.press("?")
    assert page.run("document.getElementById('keymap').open")
    before = page.run(DONE)
    page.press("x")
    assert page.run(DONE) == before
    page.press("?")
    assert not page.run("document.getElementById('keymap').open")


def test_whether_it_goes_on_is_kept(page):
    page.click("#goes-on")
    page.go(page.run("location.href"))
    # The page's script sets it, which a loaded machine may not have come to yet.
    page.wait("!document.getElementById('goes-on').checked")
