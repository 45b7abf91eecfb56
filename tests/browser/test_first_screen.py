"""
The first screen of a report, of two to twelve candidates and one to ten criteria: what is in sight at once.

One run of twelve candidates and ten criteria is built; the pages of smaller ones are made of its parts.
"""

import pytest

from evaldrop.report.page import html_report
from evaldrop.scorecard.model.baseline import Baseline, BaselineCandidate, BaselineEstimate, Moved
from evaldrop.scorecard.model.part import OVERALL
from evaldrop.scorecard.model.scorecard import (
    Gate,
    GateCheck,
)
from evaldrop.scorecard.read import read_run
from tests.browser.pages import CANDIDATES, CRITERIA, READY, write_many

SIZES = [(candidates, criteria) for candidates in (2, 6, 12) for criteria in (1, 10)]
DESK, PHONE = (1440, 900), (390, 844)
BOX = "(({{ top, bottom, left, right }}) => ({{ top, bottom, left, right }}))({}.getBoundingClientRect())"
ROWS = "[...document.querySelectorAll('.ranking tbody tr')]"
WIDTH = "document.documentElement.scrollWidth"
ALARMS = ("1 of 60 records have no result.", *(f"Alarm {n}: {'look at it, ' * 20}" for n in range(8)))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    found = read_run(write_many(tmp_path_factory.mktemp("runs") / "many" / "run-1"))
    return found.scorecard, found.run


def part(run, candidates, criteria, **changes):
    """Return the page of some of a run's candidates and criteria."""
    scorecard, content = run
    names, asked = CANDIDATES[:candidates], CRITERIA[:criteria]
    cards = {
        name: card.model_copy(update={"criteria": {one: card.criteria[one] for one in asked}})
        for name, card in scorecard.candidates.items() if name in names
    }  # fmt: skip
    kept = {"candidates": cards, "criteria": {one: scorecard.criteria[one] for one in asked}}
    kept["comparisons"] = tuple(
        pair for pair in scorecard.comparisons
        if {pair.a, pair.b} <= set(names) and pair.criterion in (OVERALL, *asked)
    )  # fmt: skip
    ranking = tuple(row for row in scorecard.recommendation.ranking if row.candidate in names)
    kept["recommendation"] = scorecard.recommendation.model_copy(update={"ranking": ranking})
    checks = tuple(
        GateCheck(
            expression="correctness.pass_rate >= 0.6", decision="pass", sentence="It is.", candidate=name
        )
        for name in names
    )
    kept |= {"alarms": ALARMS, "gate": Gate(decision="pass", checks=checks)}
    return html_report(scorecard.model_copy(update=kept | changes), content, [], [])


@pytest.fixture(scope="module")
def pages(run, tmp_path_factory):
    """The pages by candidates and criteria, and one of a run that regressed though its gate passed."""
    folder = tmp_path_factory.mktemp("pages")
    texts = {f"{a}x{b}": part(run, a, b) for a, b in SIZES}
    texts["regressed"] = part(run, 6, 10, baseline=regressed(CANDIDATES[1:6]))
    for name, text in texts.items():
        (folder / f"{name}.html").write_text(text)
    return {name: (folder / f"{name}.html").as_uri() for name in texts}


def regressed(names):
    """A comparison with a blessed run in which these candidates lost on two criteria."""
    unknown = Moved(was=None, now=None)
    fell = {
        criterion: BaselineEstimate(n=40, difference=-0.3, family_interval=(-0.5, -0.1), decision="regressed")
        for criterion in CRITERIA[:2]
    }
    candidate = BaselineCandidate(criteria=fell, latency_ms_p50=unknown, latency_ms_p90=unknown,
                                  cost_usd_per_1000_records=unknown)  # fmt: skip
    candidates = dict.fromkeys(names, candidate)
    return Baseline(uri="runs/a", run_id="run-0", comparable=True, candidates=candidates, records=40)


@pytest.fixture(scope="module")
def page(browser, pages):
    with browser.page(pages["2x1"], ready=READY) as page:
        yield page
        assert page.complaints == []
        assert page.requests == []


def resize(page, size):
    width, height = size
    page.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
              mobile=width < 500)  # fmt: skip


def show(page, url, size=DESK):
    resize(page, size)
    page.go(url, READY)


def box(page, selector):
    return page.run(BOX.format(f"document.querySelector({selector!r})"))


def test_all_of_it_is_in_sight_on_a_desk_and_in_its_order(page, pages):
    for candidates, criteria in SIZES:
        show(page, pages[f"{candidates}x{criteria}"])
        assert page.run(f"{ROWS}.length") == candidates
        ship, ranking, alarms = (box(page, name) for name in (".ship", ".ranking", ".alarms"))
        picture = box(page, ".picture svg")
        assert ship["bottom"] <= ranking["top"] < ranking["bottom"] <= alarms["top"]
        assert picture["left"] > ranking["right"]
        assert max(alarms["bottom"], picture["bottom"]) <= DESK[1]


def test_a_phone_shows_the_recommendation_the_ranking_and_alarms(page, pages):
    for candidates, criteria in SIZES:
        show(page, pages[f"{candidates}x{criteria}"], PHONE)
        last = page.run(BOX.format(f"{ROWS}.at(-1)"))
        assert last["bottom"] <= PHONE[1]
        assert box(page, ".ship")["bottom"] < last["top"]
        out = "(cell) => cell.getBoundingClientRect().right > 390"
        cells = f"[...document.querySelectorAll('.ranking th, .ranking td')].filter({out})"
        assert page.run(f"{cells}.map((cell) => cell.textContent)") == []
        if candidates <= 6:
            assert box(page, ".alarms")["bottom"] <= PHONE[1]


def test_no_width_needs_scrolling_sideways(page, pages):
    for name in ("2x1", "12x10", "regressed"):
        show(page, pages[name])
        for width in (375, 390, 1440, 1920):
            resize(page, (width, 900))
            assert page.run(WIDTH) == width, (name, width)


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_what_regressed_is_first_and_red_though_the_gate_passed(page, pages, size):
    show(page, pages["regressed"], size)
    text = page.run("document.body.innerText")
    assert page.run("document.body.textContent").split()[:5] == ["5", "of", "6", "candidates", "regressed"]
    assert text.index("5 of 6 candidates regressed") < text.index(
        page.run("document.querySelector('.ship').textContent")
    )
    fell, ship = box(page, ".fell-since"), box(page, ".ship")
    assert fell["bottom"] <= ship["top"] < size[1]
    colours = "[getComputedStyle({}).color, getComputedStyle({}).color]"
    block, pill = "document.querySelector('.fell-since')", "document.querySelector('h1 .pill.fail')"
    assert len(set(page.run(colours.format(block, pill)))) == 1
    assert page.run(f"{pill}.textContent") == "regressed"
    assert page.run("document.querySelector('.fell-since summary').textContent") == "2 more candidates"


def test_ten_criteria_are_all_in_sight_at_1920_and_said_to_go_on_at_1440(page, pages):
    region = "document.querySelector('#scorecard .scroll')"
    show(page, pages["12x10"], (1920, 1080))
    assert page.run(f"{region}.scrollWidth <= {region}.clientWidth")
    resize(page, DESK)
    assert page.run(f"{region}.scrollWidth > {region}.clientWidth")
    said = "document.querySelector('#scorecard .further')"
    # The page hears of its new width a frame later.
    page.wait(f"getComputedStyle({said}).visibility === 'visible'")
    assert page.run(f"{said}.textContent") == "more to the right →"
    assert "gradient" in page.run(f"getComputedStyle({region}).maskImage")
    before = box(page, ".scores tbody th")["left"]
    page.run(f"{region}.scrollLeft = 9999")
    page.wait(f"getComputedStyle({said}).visibility === 'hidden'")
    assert before - 21 <= box(page, ".scores tbody th")["left"] <= before


def test_columns_are_hidden_and_come_back(page, pages):
    show(page, pages["12x10"])
    box_of = "document.querySelector('#scorecard .columns input')"
    seen = "[...document.querySelectorAll('.scores tr')].map((row) => row.cells[1].offsetWidth > 0)"
    summary = "document.querySelector('#scorecard .columns summary').textContent"
    page.click("#scorecard .columns summary")
    page.run(f"{box_of}.click()")
    assert page.run(summary) == "columns, 10 of 11"
    assert not any(page.run(seen))
    page.run(f"{box_of}.click()")
    assert page.run(summary) == "columns"
    assert all(page.run(seen))
    page.click("h1")
    assert not page.run("document.querySelector('#scorecard .columns').open")


def test_a_heading_sorts_its_table_down_up_and_back(page, pages):
    show(page, pages["12x10"])
    cells = f"{ROWS}.map((row) => Number(row.cells[2].textContent.slice(1)))"
    heading = "document.querySelector('.ranking th:nth-child(3)')"
    given = page.run(cells)
    states = []
    for _ in range(3):
        page.run(f"{heading}.querySelector('button').click()")
        states.append((page.run(f"{heading}.getAttribute('aria-sort')"), page.run(cells)))
    assert states == [
        ("descending", sorted(given, reverse=True)),
        ("ascending", sorted(given)),
        (None, given),
    ]


def test_a_cell_is_sorted_by_its_first_number_and_a_name_by_none(page):
    texts = {
        "$1,200.50": 1200.5, "−0.30 worse": -0.3, "666 ms": 666, "11.8 s": 11800, "<0.001": 0.001,
        "0.64 (0.54–0.73)": 0.64, ">99 %": 99, "–": None, "unknown": None, "gpt-4": None, "2 of 6": 2,
        "−$3": -3,
    }  # fmt: skip
    assert {text: page.run(f"sortNumber({text!r})") for text in texts} == texts


def test_print_has_the_first_screen_unfolded_and_every_table_on_the_paper(page, pages):
    show(page, pages["12x10"], (718, 1000))
    page.call("Emulation.setEmulatedMedia", media="print")
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert page.run(
        "[...document.querySelectorAll('header details, #gate details')].every((box) => box.open)"
    )
    assert page.run(WIDTH) == 718
    out = (
        "[...document.querySelectorAll('main table, header table')]"
        ".filter((table) => table.getBoundingClientRect().right > 719).map((table) => table.outerHTML)"
    )
    assert page.run(out) == []
    page.run("dispatchEvent(new Event('afterprint'))")
    assert not page.run("document.querySelector('.evidence').open")
    page.call("Emulation.setEmulatedMedia", media="")
