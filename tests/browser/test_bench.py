"""The open record: columns that are pinned, verdicts as a grid, preferences, and what was answered before."""

import json

import pytest

from tests.browser.pages import OPENED, READY

REGRESSED, EMPTY, BLANK, THROTTLED, UNREAD, LONG = (f"mail-{n:05}" for n in (1, 17, 27, 7, 23, 8))
COLUMNS = "[...document.querySelectorAll('[data-column]')].map((box) => box.dataset.column)"
TEXTS = (
    "[...document.querySelectorAll('.answer')]"
    ".map((box) => (box.querySelector('.reading') || box).textContent)"
)
FOCUSED = "document.activeElement.dataset.column"


@pytest.fixture(scope="module")
def opened(browser, hard_run):
    """One page for all tests: it is made anew by its address alone."""
    url = f"{(hard_run / 'report.html').as_uri()}#record={REGRESSED}"
    with browser.page(url, width=1440, ready=READY) as page:
        yield page
        assert page.complaints == []
        assert page.requests == []


@pytest.fixture
def page(opened):
    """Return a function that opens a record with what an address chooses."""

    def at(record, **chosen):
        parts = "&".join(f"{name}={value}" for name, value in {"record": record, **chosen}.items())
        # Not by location.hash, which tells the page of it later, and of the same address not at all.
        opened.run(f"history.replaceState(null, '', '#{parts}')")
        opened.run("dispatchEvent(new HashChangeEvent('hashchange'))")
        assert opened.run(OPENED) == record
        return opened

    yield at
    opened.call("Emulation.clearDeviceMetricsOverride")


def pressed(page, act):
    return page.run(f"document.querySelector('[data-act=\"{act}\"]')?.getAttribute('aria-pressed')")


def test_pinned_columns_hold_from_record_to_record_and_stand_in_the_address(page):
    page = page(REGRESSED)
    assert page.run(COLUMNS) == ["0", "1", "2", "3", "4", "5"]
    page.click('[data-act="pin-3"]')
    page.click('[data-act="pin-0"]')
    page.click('[data-act="pin-reference"]')
    assert page.run(COLUMNS) == ["3", "0", "reference"]
    # A fourth takes the third's place.
    page.click('[data-act="pin-5"]')
    assert page.run(COLUMNS) == ["3", "0", "5"]
    assert page.run("location.hash").endswith("pins=3-0-5")
    page.press("j")
    assert page.run(COLUMNS) == ["3", "0", "5"]
    page.click('[data-act="all"]')
    assert page.run(COLUMNS) == ["0", "1", "2", "3", "4", "5"]


def test_keys_move_between_columns_and_pin_them(page):
    page = page(REGRESSED)
    page.press("]")
    page.press("]")
    assert page.run(FOCUSED) == "1"
    page.press("p")
    assert (page.run(COLUMNS), page.run(FOCUSED)) == (["1"], "1")
    page.press("d")
    assert page.run(COLUMNS) == ["1", "0"]
    page.press("[")
    assert page.run(FOCUSED) == "0"
    page.press("p")
    page.press("p")
    assert page.run("location.hash") == f"#record={REGRESSED}"


def test_the_difference_is_between_the_two_pinned_columns_in_one_row(page):
    page = page(REGRESSED, pins="0-5", diff="on")
    tops = "[...document.querySelectorAll('.answer')].map((box) => box.getBoundingClientRect().top)"
    assert len(set(page.run(tops))) == 1
    assert page.run("document.querySelectorAll('[data-column=\"0\"] del').length") > 0
    assert page.run("document.querySelectorAll('[data-column=\"5\"] ins').length") > 0
    page.press("Escape")
    assert page.run("document.querySelectorAll('.answer ins, .answer del').length") == 0


def test_an_address_names_only_columns_that_there_are(page):
    page = page(REGRESSED, pins="0-99-nobody-then1-0", diff="on")
    assert page.run(COLUMNS) == ["0", "then1"]
    told = page.run("document.querySelector('[data-column=then1]').textContent")
    assert "No score fell here" in told


def test_pinned_columns_scroll_in_step_until_they_are_let_go(page):
    page = page(LONG, pins="0-2")
    boxes = "[...document.querySelectorAll('.answer')]"
    room = "(box.scrollHeight - box.clientHeight)"
    page.run(f"{boxes}.forEach((box) => Object.assign(box.style, {{height: '200px', minHeight: 0}}))")
    page.run(f"((box) => {{ box.scrollTop = {room} / 2; }})({boxes}[0])")
    page.wait(f"{boxes}.every((box) => Math.abs(box.scrollTop / {room} - 0.5) < 0.03)")
    top = "getBoundingClientRect().top"
    assert page.run(f"((box) => box.querySelector('header').{top} - box.{top})({boxes}[0])") < 3
    page.click('[data-act="step"]')
    assert pressed(page, "step") == "false"
    page.click('[data-act="step"]')


def test_responses_begin_on_the_first_screen_and_long_texts_are_unfolded_by_a_click(page):
    page = page(LONG)
    top = "getBoundingClientRect().top"
    pane = f"document.getElementById('record').{top}"
    assert page.run(f"document.querySelector('.answer').{top} - {pane}") < 500
    context = "[...document.querySelectorAll('.prompt')].at(-1)"
    assert page.run(f"{context}.clientHeight") < 200
    page.run(f"{context}.querySelector('.unfold').click()")
    assert page.run(f"{context}.clientHeight") > 1000


def test_a_regressed_response_stands_beside_what_was_answered_then_with_both_scores(page):
    page = page(REGRESSED)
    now = "document.querySelector('[data-column=\"3\"]')"
    assert page.run(f"{now}.querySelector('.fell').textContent") == (
        "worse than the baseline: correctness yes → no, resolution solved → not solved"
    )
    assert "26.13" in page.run(f"{now}.querySelector('.before .reading').textContent")
    page.click(".before button")
    assert page.run(COLUMNS) == ["then3", "3"]
    assert "26.13" in page.run(TEXTS)[0]
    rows = page.run(
        "[...document.querySelectorAll('[data-column=then3] tr')].map((row) => "
        "[...row.children].map((cell) => cell.textContent))"
    )
    assert rows[:3] == [["criterion", "then", "now"], ["correctness", "yes", "no"], rows[2]]
    assert pressed(page, "diff") == "true"
    assert page.run("document.querySelectorAll('[data-column=then3] del').length") > 0


def test_verdicts_are_a_grid_of_criteria_and_judges_with_what_counts(page):
    page = page(REGRESSED, pins="3")
    heads = "[...document.querySelectorAll('.judged thead th')].slice(0, 5).map((cell) => cell.textContent)"
    assert page.run(heads) == ["criterion", "counts", "judge-pro", "judge-sonnet", "judge-llama"]
    first = "[...document.querySelectorAll('.judged tbody tr')[0].children].map((cell) => cell.textContent)"
    assert page.run(first) == ["correctness", "✗ no", "✗ no ×2", "✗ no", "✗ no"]
    assert "no is good" in page.run("document.querySelector('.judged').textContent")


def test_a_cell_opens_its_rationale_and_one_click_opens_all(page):
    page = page(REGRESSED, pins="3")
    shown = "document.querySelectorAll('.answer .why:not([hidden]) .scored').length"
    assert page.run(shown) == 0
    page.click(".judged .cell")
    assert page.run(shown) == 4
    page.click(".judged td:nth-child(3) .cell")
    assert page.run(shown) == 2
    assert "repeat 2" in page.run("document.querySelector('.answer .why').textContent")
    page.click(".judged td:nth-child(3) .cell")
    assert page.run(shown) == 0
    page.press("w")
    assert page.run(shown) == 4 * 5
    page.press("w")
    assert page.run(shown) == 0


def test_preferences_stand_on_their_record_with_order_judge_and_reason(page):
    page = page(REGRESSED, pins="0-3")
    pair = "[...document.querySelectorAll('.preferences tbody')][0].children"
    assert page.run(f"[...{pair}[0].children].map((cell) => cell.textContent)")[0] == "micro or haiku"
    page.click(".preferences .cell")
    heads = "document.querySelectorAll('.preferences .scored > div:first-child')"
    reasons = page.run(f"[...{heads}].map((one) => one.textContent)")
    assert [reason.split(":")[0] for reason in reasons] == [
        "judge-pro, shown micro then haiku",
        "judge-pro, shown haiku then micro",
    ]
    assert "4 other comparisons" in page.run("document.querySelector('.preferences summary').textContent")


@pytest.mark.parametrize(("record", "column", "told"), [
    (EMPTY, 0, "(empty: not one character)"),
    (BLANK, 1, "(only blanks: 4 blanks, 2 line ends)"),
    (THROTTLED, 1, "BedrockRuntime.ThrottlingException: Too many requests."),
])  # fmt: skip
def test_what_is_no_text_is_said_in_words(page, record, column, told):
    page = page(record)
    assert page.run(TEXTS)[column] == told


def test_an_unscored_verdict_says_why(page):
    page = page(UNREAD)
    told = page.run("document.querySelector('[data-column=\"2\"] .judged tbody tr').textContent")
    assert told == "correctness✓ yes? no verdict ×2✓ yes✓ yes"


def test_a_copied_record_has_what_is_new(page):
    page = page(REGRESSED)
    # Without a clipboard, which only a page in front has.
    page.run("copyText = async (text) => { window.copied = text; }")
    page.click(".copy")
    copied = json.loads(page.run("window.copied"))
    micro = copied["responses"][3]
    assert micro["before"]["scores"]["correctness"] == 1
    assert micro["before"]["response"]
    assert micro["counted"]["correctness"] == {"score": 0, "passed": 0, "unscored_reason": None}
    assert copied["preferences"][0].keys() >= {"candidate", "baseline", "judge", "first_shown", "preferred"}
    assert len(copied["preferences"]) == 5 * 3 * 2


@pytest.mark.parametrize("width", [375, 900])
def test_on_a_narrow_screen_pinned_columns_are_swiped_and_the_page_is_not(page, width):
    page = page(REGRESSED, pins="then3-3-0", diff="on")
    page.call(
        "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=False
    )
    page.wait(f"innerWidth === {width}")
    assert page.run("document.documentElement.scrollWidth") == width
    inside = page.run("(box => box.scrollWidth > box.clientWidth)(document.querySelector('.answers'))")
    assert inside is (width == 375)
