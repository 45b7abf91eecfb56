"""The report in a browser: nothing leaves the page, nothing hostile runs, every filter and key works."""

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.browser.pages import OPENED, READY, asked, request_of, write_baseline, write_hostile, write_varied
from tests.evaldrop.report.hostile_texts import ALL
from tests.evaldrop.run_folders import judgement, response, row, run_json, write_run

LISTED = "[...document.querySelectorAll('.row')].map((row) => row.querySelector('b').textContent)"
FOUND = "document.getElementById('found').textContent"
FRAGMENT = "location.hash"
HIT = "window.wasHit === true"
# A stand-in for what hostile texts call, put there before any script of the page.
TRAP = "window.wasHit = false; window.hit = () => { window.wasHit = true; };"


@pytest.fixture(scope="module")
def varied(tmp_path_factory):
    evaluation = tmp_path_factory.mktemp("runs") / "support"
    baseline = write_baseline(evaluation / "run-0")
    return Path(write_varied(evaluation / "run-1", baseline=baseline)) / "report.html"


@pytest.fixture
def page(browser, varied):
    with browser.page(varied.as_uri(), ready=READY) as page:
        yield page
        assert page.complaints == []
        assert page.requests == []


def listed(page):
    """Return the ids the list holds; at 1300 by 900 it shows all of a few dozen."""
    page.run("document.getElementById('list').style.height = '9000px'")
    page.run("dispatchEvent(new Event('resize'))")
    return page.run(LISTED)


def ids(numbers):
    return [f"r{number:02}" for number in numbers]


LITE_FAILS = {n for n in range(40) if n % 4 == 0}
HAIKU_FAILS = {n for n in range(40) if n % 5 == 0}
UNSCORED = {7, 9}


def test_a_page_from_disk_shows_every_record_and_asks_for_nothing(page):
    assert listed(page) == ids(range(40))
    assert page.run(FOUND) == "40 records"
    assert page.run(OPENED) == "r00"


@pytest.mark.parametrize(("kind", "expected"), [
    ("disagree", LITE_FAILS ^ HAIKU_FAILS),
    ("failed", LITE_FAILS | HAIKU_FAILS),
    ("unscored", UNSCORED),
    ("error", {7}),
    ("flagged", {11}),
    ("regressed", (LITE_FAILS | HAIKU_FAILS) - {7, 9}),
])  # fmt: skip
def test_a_chip_shows_only_records_of_its_kind_and_says_how_many(page, kind, expected):
    chip = f'[data-kind="{kind}"]'
    assert page.run(f"document.querySelector('{chip} span').textContent") == str(len(expected))
    page.click(chip)
    assert listed(page) == ids(sorted(expected))
    assert page.run(f"document.querySelector('{chip}').getAttribute('aria-pressed')") == "true"
    assert f"show={kind}" in page.run(FRAGMENT)
    page.click(chip)
    assert len(listed(page)) == 40


def test_chips_are_joined(page):
    page.click('[data-kind="disagree"]')
    page.click('[data-kind="failed"]')
    page.choose("category", "returns")
    assert listed(page) == ids(n for n in sorted(LITE_FAILS ^ HAIKU_FAILS) if n % 3 == 1)


@pytest.mark.parametrize(("choices", "expected"), [
    ({"category": "returns"}, {n for n in range(40) if n % 3 == 1}),
    ({"verdict": "failed"}, LITE_FAILS | HAIKU_FAILS),
    ({"candidate": "haiku", "verdict": "failed"}, HAIKU_FAILS),
    ({"candidate": "lite", "verdict": "failed", "criterion": "tone"}, LITE_FAILS),
    ({"candidate": "lite", "verdict": "unscored"}, UNSCORED),
    ({"criterion": "correctness", "verdict": "unscored"}, {7}),
])  # fmt: skip
def test_a_choice_filters_and_stands_in_the_fragment(page, choices, expected):
    for element, value in choices.items():
        page.choose(element, value)
    assert listed(page) == ids(sorted(expected))
    assert all(f"{element}={value}" in page.run(FRAGMENT) for element, value in choices.items())
    page.click("#clear")
    assert len(listed(page)) == 40
    assert page.run(FRAGMENT) == ""


def test_worst_first_and_furthest_apart_come_first(page):
    page.choose("sort", "worst")
    assert set(listed(page)[: len(LITE_FAILS | HAIKU_FAILS)]) == set(ids(LITE_FAILS | HAIKU_FAILS))
    page.choose("sort", "apart")
    assert set(listed(page)[: len(LITE_FAILS ^ HAIKU_FAILS)]) == set(ids(LITE_FAILS ^ HAIKU_FAILS))


def test_what_fell_most_against_the_baseline_comes_first_and_says_from_where(page):
    page.choose("sort", "fell")
    assert set(listed(page)[: len(LITE_FAILS | HAIKU_FAILS)]) == set(ids(LITE_FAILS | HAIKU_FAILS))
    told = page.run("[...document.querySelectorAll('.fell')].map((line) => line.textContent)")
    assert told == ["worse than the baseline: correctness yes → no, tone 5 → 1"] * 2


def test_regressed_counts_for_the_chosen_candidate_and_criterion(page):
    page.click('[data-kind="regressed"]')
    page.choose("candidate", "haiku")
    assert listed(page) == ids(sorted(HAIKU_FAILS))
    page.choose("criterion", "tone")
    assert listed(page) == ids(sorted(HAIKU_FAILS))


@pytest.mark.parametrize("sort", ["slow", "dear", "long"])
def test_every_other_order_keeps_all_records(page, sort):
    page.choose("sort", sort)
    assert sorted(listed(page)) == ids(range(40))


def test_search_as_you_type_finds_all_words_and_marks_them(page):
    page.press("/")
    page.type("takes 12 DAYS")
    # lite says the record's number of days, haiku one more
    assert listed(page) == ["r11", "r12"]
    assert (
        page.run("[...document.querySelectorAll('.answer mark')].map((mark) => mark.textContent)[0]")
        == "takes"
    )
    page.press("Escape")
    assert len(listed(page)) == 40
    assert page.run("document.getElementById('search').value") == ""


def test_search_reads_rationales_and_errors(page):
    page.press("/")
    page.type("ThrottlingException")
    assert listed(page) == ["r07"]


def test_nothing_found_says_so(page):
    page.press("/")
    page.type("no such words")
    assert page.run("document.getElementById('record').textContent") == "No record matches."
    assert page.run(FOUND) == "0 of 40 records"


def test_keys_move_through_the_records(page):
    page.press("j")
    page.press("j")
    page.press("k")
    assert page.run(OPENED) == "r01"
    for key, opened in (("ArrowDown", "r02"), ("ArrowUp", "r01"), ("End", "r39"), ("Home", "r00")):
        page.press(key)
        assert page.run(OPENED) == opened
    assert page.run("document.activeElement.id") == "list"
    assert page.run("document.getElementById('list').getAttribute('aria-activedescendant')") == "row-0"
    assert page.run("document.querySelector('[aria-selected=true]').id") == "row-0"
    assert page.run(FRAGMENT) == "#record=r00"


def test_keys_type_letters_where_letters_are_typed(page):
    page.press("/")
    page.press("j")
    assert page.run("document.getElementById('search').value") == "j"


def test_a_click_opens_a_record(page):
    page.click("#row-3")
    assert page.run(OPENED) == "r03"


def test_differences_are_marked_in_words(page):
    page.press("d")
    marked = "[...document.querySelectorAll('.answer {}')].map((mark) => mark.textContent)"
    assert page.run(marked.format("del")) == ["lite", "0"]
    assert page.run(marked.format("ins")) == ["haiku", "1"]
    assert "diff=on" in page.run(FRAGMENT)
    page.press("Escape")
    assert page.run(marked.format("ins")) == []


@pytest.mark.parametrize(("first", "second", "gone", "new"), [
    ("a b c", "a b c", [], []),
    ("", "new words", [], ["new words"]),
    ("one two three", "one 2 three", ["two"], ["2"]),
    ("x " * 3000, "y " * 3000, None, None),
])  # fmt: skip
def test_the_marked_texts_are_the_texts(page, first, second, gone, new):
    a, b = page.run(f"differences({json.dumps(first)}, {json.dumps(second)})")
    assert "".join(text for _, text in a) == first
    assert "".join(text for _, text in b) == second
    if gone is not None:
        assert [text for kind, text in a if kind != "same"] == gone
        assert [text for kind, text in b if kind != "same"] == new


def test_a_record_is_copied_as_json(browser, page):
    browser.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.call("Page.bringToFront")
    page.click(".copy")
    page.wait("document.querySelector('#record .said').textContent === 'copied'")
    copied = json.loads(page.run("navigator.clipboard.readText()"))
    assert copied["record_id"] == "r00"
    assert [answer["candidate"] for answer in copied["responses"]] == ["lite", "haiku"]
    assert copied["responses"][0]["verdicts"][0] == {
        "criterion": "correctness", "judge": "pro", "repeat": 0, "score": 0, "passed": False,
        "unscored_reason": None, "rationale": "because lite of 0 said so",
    }  # fmt: skip


def test_what_was_sent_and_replied_is_shown_word_for_word(page):
    page.click(".sent summary")
    page.wait("document.querySelectorAll('.sent pre').length === 6")
    shown = page.run("[...document.querySelectorAll('.sent pre')].map((box) => box.textContent)")
    prompt = "prompt 0 of the slow kind: how long does it take?"
    assert json.loads(shown[0]) == request_of(prompt)
    answer = "lite says that it takes 0 days, and then it is there."
    assert shown[1] == f"The prompt was:\n{prompt}\nThe response:\n<lite>\n{answer}\n</lite>\nJudge it."
    scores = {"correctness": 0, "tone": 1}
    assert json.loads(shown[2]) == judgement(scores, rationale="because lite of 0 said so")["reply"]


def test_a_link_lands_on_its_record_with_its_filters(browser, varied):
    url = f"{varied.as_uri()}#record=r20&show=failed&candidate=haiku&diff=0-1"
    with browser.page(url, ready=READY) as page:
        assert page.run(OPENED) == "r20"
        assert page.run("document.getElementById('candidate').value") == "haiku"
        assert listed(page) == ids(sorted(HAIKU_FAILS))
        assert page.run("document.querySelectorAll('.answer ins').length") > 0
        assert page.run("document.getElementById('records').getBoundingClientRect().top") < 200


def test_a_link_lands_on_its_record_even_where_its_filters_leave_it_out(browser, varied):
    with browser.page(f"{varied.as_uri()}#record=r01&show=failed", ready=READY) as page:
        assert page.run(OPENED) == "r01"


def test_a_link_to_a_record_that_is_not_carried_says_so(browser, varied):
    with browser.page(f"{varied.as_uri()}#record=other", ready=READY) as page:
        assert page.run(FOUND) == "The page does not carry the record other."


def test_another_fragment_on_the_open_page_is_followed(page):
    page.run("location.hash = 'record=r30'")
    page.wait(f"{OPENED} === 'r30'")


@pytest.mark.parametrize("width", [360, 1300, 1920])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_its_window(browser, varied, width, dark):
    with browser.page(varied.as_uri(), width=width, dark=dark, ready=READY) as page:
        assert page.run("document.documentElement.scrollWidth") == width
        page.run("document.querySelector('.strip .chip').textContent = 'a-long-name-'.repeat(9)")
        assert page.run("document.documentElement.scrollWidth") == width
        background = page.run("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(17, 21, 27)") is dark


def test_a_dark_page_is_printed_dark_on_white_and_with_its_colours(browser, varied):
    with browser.page(varied.as_uri(), dark=True, ready=READY) as page:
        scheme = {"name": "prefers-color-scheme", "value": "dark"}
        page.call("Emulation.setEmulatedMedia", media="print", features=[scheme])
        colours = (
            "(({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.body))"
        )
        assert page.run(colours) == ["rgb(26, 34, 48)", "rgb(255, 255, 255)"]
        assert page.run("getComputedStyle(document.querySelector('.pill')).printColorAdjust") == "exact"
        assert page.run("getComputedStyle(document.querySelector('.filters')).display") == "none"


# Texts too small, colours too close


def test_every_text_has_the_contrast_that_wcag_aa_asks_for(browser, varied):
    """Every text node's colour against the nearest background behind it, in both themes."""
    measure = (Path(__file__).parent / "contrast.js").read_text()
    for dark in (False, True):
        with browser.page(varied.as_uri(), dark=dark, ready=READY) as page:
            page.run("document.querySelectorAll('details').forEach((box) => (box.open = true))")
            page.press("d")
            assert page.run(measure) == []


def test_every_control_has_a_name(page):
    nameless = page.run(
        "[...document.querySelectorAll('input, select, button, [role=listbox], [role=region], .row')]"
        ".filter((box) => !(box.ariaLabel || box.textContent.trim() || box.closest('label')))"
        ".map((box) => box.outerHTML)"
    )
    assert nameless == []


# Hostile content


def test_an_injected_script_does_not_run(browser, varied):
    with browser.page(varied.as_uri(), ready=READY) as page:
        page.run(TRAP)
        page.run(
            "document.body.append(Object.assign(document.createElement('script'), {textContent: 'hit()'}))"
        )
        page.run("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=hit()>')")
        page.run("document.body.insertAdjacentHTML('beforeend', '<a id=click href=javascript:hit()>x</a>')")
        page.click("#click")
        refused = page.run("fetch('https://evil.invalid/').then(() => 'fetched', () => 'refused')")
        assert refused == "refused"
        assert not page.run(HIT)
        assert any("Content Security Policy" in complaint for complaint in page.complaints)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    return Path(write_hostile(tmp_path_factory.mktemp("runs") / "support" / "run-1", ALL))


def test_hostile_texts_are_shown_and_do_nothing(browser, hostile):
    with browser.page((hostile / "report.html").as_uri(), ready=READY, before=TRAP) as page:
        assert not page.run("hit === undefined")
        page.run("document.querySelectorAll('details').forEach((box) => (box.open = true))")
        page.click(".view")
        for number, text in enumerate(ALL):
            page.press("j" if number else "k")
            shown = page.run("document.querySelector('.prompt .text').textContent")
            assert shown == text
            if number % 9 == 0:
                page.click(".sent summary")
                page.wait("document.querySelectorAll('.sent pre').length > 0")
        page.choose("category", ALL[0])
        assert not page.run(HIT)
        assert page.complaints == []
        assert page.requests == []
        assert page.run("location.protocol") == "file:"


def test_thinking_stands_folded_under_its_response_and_does_nothing(browser, tmp_path):
    thought = "Hm. <img src=x onerror=hit()> <script>hit()</script>"
    folder = tmp_path / "support" / "run-1"
    results = [row("r1", response("lite", f"<think>{thought}</think>\n\nThirty days."), response("haiku"))]
    write_run(folder, run=run_json(), records=[asked("r1", "How long?")], succeeded=results)
    build_scorecard(str(folder))
    with browser.page((folder / "report.html").as_uri(), ready=READY, before=TRAP) as page:
        assert page.run("document.querySelector('.answer .text').textContent") == "Thirty days."
        assert page.run("document.querySelectorAll('.thinking').length") == 1
        folded = page.run("document.querySelector('.thinking').textContent")
        assert folded == f"Thinking, {len(thought)} characters"
        page.click(".thinking summary")
        page.wait("document.querySelectorAll('.thinking pre').length > 0")
        assert page.run("document.querySelector('.thinking pre').textContent") == thought
        assert not page.run(HIT)
        assert page.complaints == []
        assert page.requests == []


ODD_IDS = (
    "r&show=failed", "100 %", "a+b c", "#record=x", "ä/ö?", "<b>", "\u202e", "=1+1", "line\nline", "'\"",
)  # fmt: skip


@pytest.fixture(scope="module")
def oddly_named(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "support" / "run-1"
    rows = [row(name, response("lite"), response("haiku")) for name in ODD_IDS]
    write_run(folder, run=run_json(), records=[asked(name, "p") for name in ODD_IDS], succeeded=rows)
    build_scorecard(str(folder))
    return folder / "report.html"


@pytest.mark.parametrize("text", ODD_IDS)
def test_a_link_lands_on_any_id(browser, oddly_named, text):
    with browser.page(f"{oddly_named.as_uri()}#record={quote(text, safe='')}", ready=READY) as page:
        assert page.run(OPENED) == text
        page.press("j")
        page.press("k")
        opened, link = page.run(OPENED), page.run("location.href")
        page.go(link, READY)
        assert page.run(OPENED) == opened
