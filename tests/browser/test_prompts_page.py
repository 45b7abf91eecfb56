"""The page of a run's prompts in a browser: words that differ, records that turned, links into the report."""

from pathlib import Path

import pytest

from evaldrop.report.prompts_page import PROMPTS_PAGE
from tests.browser.axe import find_axe, violations
from tests.browser.pages import READY
from tests.evaldrop.improved_runs import built, search

SCORES = [({"pro": 0, "other": 0}, {"pro": 1, "other": 1})] * 24
SCORES += [({"pro": 1, "other": 0}, {"pro": 0, "other": 0})] * 2 + [({"pro": 1, "other": 1},) * 2] * 14
HOSTILE = "<img src=x onerror='window.hit = 1'>\u202eevil <script>window.hit = 1</script>"
OPENED = "document.querySelectorAll('details').forEach((box) => (box.open = true)); true"
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run whose proposer wrote what is to be no markup."""
    out = tmp_path_factory.mktemp("prompts of a run & more")
    made = search()
    first, better, *others = made.proposals
    better = better.model_copy(update={"text": f"{better.text}{HOSTILE}", "changes": HOSTILE})
    found = made.model_copy(update={"proposals": (first, better, *others)})
    built(out, SCORES, judges=("pro", "other"), found=found, also=("again",))
    return out / "runs/support/run-1"


@pytest.fixture(scope="module")
def page(browser, run):
    with browser.page((run / PROMPTS_PAGE).as_uri(), width=1440, ready=READY) as page:
        yield page


def texts(page, selector):
    return page.run(f"[...document.querySelectorAll({selector!r})].map((each) => each.textContent)")


def test_it_opens_from_disk_loads_nothing_and_runs_nothing_of_what_models_wrote(page):
    page.run(OPENED)
    assert (page.complaints, page.requests) == ([], [])
    assert page.run("window.hit === undefined")
    assert page.run("document.querySelectorAll('main img, main script').length") == 0


def test_the_words_that_the_chosen_prompt_changes_are_marked_and_what_is_not_seen_is_named(page):
    assert "four" in "".join(texts(page, "#s0 div.differing del"))
    assert "two" in "".join(texts(page, "#s0 div.differing ins"))
    assert page.run("document.querySelector('#s0 div.differing .unseen').dataset.sign") == "RLO"


def test_each_proposal_opens_to_its_difference_from_its_parent(page):
    page.run(OPENED)
    assert texts(page, "#p0-r1p2 .answer h4") == ["original", "r1p2"]
    assert texts(page, "#p0-original .answer h4") == ["original"]


def test_the_records_that_turned_show_both_responses_and_why_and_lead_to_the_report(browser, page, run):
    assert page.run("document.querySelectorAll('#s0 [data-kind=better] .pair').length") == 20
    assert page.run("document.querySelectorAll('#s1 [data-kind=worse] .pair').length") == 2
    assert texts(page, "#s0 [data-kind=worse] .pair:first-child .answer h4") == ["lite", "tuned"]
    assert "pro: pro says so" in texts(page, "#s0 [data-kind=worse] .pair:first-child details")[0]
    link = page.run("document.querySelector('[data-kind=worse] h3 a').href")
    assert link == f"{(run / 'report.html').as_uri()}#record=r24"
    with browser.page(link, ready=READY) as report:
        assert report.run("document.querySelector('#record h3').textContent").startswith("r24")
        assert report.run(f"document.querySelector('#prompts a[href=\"{PROMPTS_PAGE}\"]') !== null")


def test_a_judge_that_the_search_never_asked_is_told_apart(page):
    every, *judges = texts(page, "table.numbers")
    assert "again" in every
    table = judges[0]
    assert "improved minus original, each alone" in table
    assert "other" in table


@pytest.mark.parametrize("width", [375, 1440])
def test_nothing_scrolls_sideways_and_every_text_can_be_read(browser, run, width):
    with browser.page((run / PROMPTS_PAGE).as_uri(), width=width, ready=READY) as page:
        page.run(OPENED)
        assert page.run("document.documentElement.scrollWidth") == width
        for dark in (False, True):
            page.show(dark=dark)
            assert page.run(CONTRAST) == []


def test_axe_finds_nothing(browser, run):
    axe = find_axe()
    if axe is None:
        pytest.skip("axe-core is not installed: `make test` installs it where there is npm")
    with browser.page((run / PROMPTS_PAGE).as_uri(), width=1440, ready=READY) as page:
        page.run(OPENED)
        assert violations(page, axe) == []
        page.show(dark=True)
        assert violations(page, axe, "color-contrast") == []


def test_on_paper_texts_are_whole_and_nothing_is_wider_than_the_sheet(browser, run):
    with browser.page((run / PROMPTS_PAGE).as_uri(), width=720, ready=READY) as page:
        page.call("Emulation.setEmulatedMedia", media="print")
        assert page.run("document.documentElement.scrollWidth") == 720
        assert page.run("[...document.querySelectorAll('.whole')].every((each) => !each.checkVisibility())")
