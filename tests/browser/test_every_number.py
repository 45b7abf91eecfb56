"""Every number on the report leads to its records, but for what has none; those are told here, with why."""

import random
import re

import pytest

from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.browser.pages import READY
from tests.browser.test_drill_down import FOLLOWED
from tests.evaldrop.steps.build_scorecard.test_tallies import RandomRun

# Where numbers are of no records.
EXEMPT = {
    "nav, thead, caption, th": "they name sections, columns and rows",
    "summary, button, select, label": "controls: they open what they count, or choose it",
    "svg .tick:not(.over), svg.axis": "the axes of pictures",
    "pre, code, time": "a run's definition, rules as they were written, moments",
    "#records": "the records themselves, and how many of them the page carries",
    "#run": "what was run: versions, digests, prices",
    "footer, .legend": "what the page is, and how it is to be read",
}
# What sentences say of no records, wherever it is.
OF_NO_RECORDS = {
    r"\d+ % interval|(?:[Ii]ntervals?(?: are)?|The interval is|together) at [\d.]+ %": "levels",
    r"\(\d+ %(?:, \d+ comparisons decided together)?\)": "levels",
    r"\(\d+ pairs decided together(?:, intervals at [\d.]+ %)?\)": "levels",
    r"for \d+ comparisons decided together|is below 0\.05|excludes (?:0|50 %)": "levels",
    r"(?:with|at) 80 % (?:probability|power)|fewer than 10 |half the ties": "settings",
    r"Differences up to [\d.]+ on [^.]+ count as equal|at most [\d.]+": "a setting: what counts as equal",
    r"with [\d.]+ pseudo-wins": "a setting",
    r"p50 \(dot\), p90 and p99": "what a picture's marks are called",
    r"USD per 1,000 records:|temperature 0|more than 20 times": "units, advice, and bounds",
    r"\d+ more pairs are in the table|\d+ of \d+ pairs are not decided": "how many pairs the table has",
    r"\d{4}-\d\d-\d\d \d\d:\d\d UTC|\d+ (?:h|min) \d+ (?:min|s)": "moments, and how long it took",
}
NOTHING = re.compile(r"\s*(?:0|0 %|\$0(?:\.0+)?|–)\s*")

# Of every text with a digit that no link holds: its section, and what it says.
UNLINKED = """(() => {
    const found = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const at = walk.currentNode.parentElement;
        if (!/[0-9]/.test(walk.currentNode.data) || at.closest('a, script, style, title, %s')) continue;
        found.push([at.closest('[id]')?.id || at.closest('[class]')?.className || '', walk.currentNode.data]);
    }
    return found;
})()"""
NAMES = """(() => {
    const { candidates, models, criteria, judges, categories, run_id, baseline } = theBrowser.names;
    const all = [...candidates, ...models, ...criteria, ...judges, ...categories, run_id, baseline];
    // Of a long one sentences have the begin and the end, and pictures the begin.
    const cut = (name) => [`${name.slice(0, 25)}…${name.slice(-14)}`, `${name.slice(0, 19)}…`];
    return all.filter(Boolean).flatMap((name) => [name, ...cut(name)]);
})()"""


def unlinked(page):
    """What says a number, opens nothing, and is neither a name nor told above."""
    names = sorted(page.run(NAMES), key=len, reverse=True)
    known = re.compile("|".join([*map(re.escape, names), *OF_NO_RECORDS]))
    found = page.run(UNLINKED % ", ".join(EXEMPT))
    return [
        (place, text)
        for place, text in found
        if not NOTHING.fullmatch(text) and re.search(r"\d", known.sub("", " ".join(text.split())))
    ]


@pytest.fixture(scope="module")
def page(browser, hard_run):
    with browser.page((hard_run / "report.html").as_uri(), ready=READY) as page:
        yield page


def test_every_number_leads_to_its_records(page):
    assert unlinked(page) == []


def test_what_is_said_to_have_no_records_is_on_the_page(page):
    """An exemption that nothing needs would hide a number that comes later."""
    texts = " ".join(page.run("document.body.textContent").split())
    assert [pattern for pattern in OF_NO_RECORDS if not re.search(pattern, texts)] == []
    assert [each for each in EXEMPT if not page.run(f"document.querySelector('{each}') !== null")] == []


# Each has checks, and some of: pairs, copies, anchors, groups, given responses, guardrails, losses.
@pytest.mark.parametrize("seed", [0, 9])
def test_counts_are_those_of_what_opens_whatever_a_run_has(browser, tmp_path, seed):
    run = RandomRun(random.Random(seed))
    run.names = [f"r{number}" for number in range(20)]
    folder = tmp_path / "support" / "run-1"
    run.write(str(folder))
    build_scorecard(str(folder))
    with browser.page((folder / "report.html").as_uri(), ready=READY) as page:
        followed = page.run(FOLLOWED)
        assert page.complaints == []
    assert [link for link in followed if link[1] != link[2]] == []
    assert len({href for href, _, _ in followed}) > 20
    assert any("checked=" in href for href, _, _ in followed)


# How long the calls of the chosen candidate took.
LATENCIES = """(() => {
    const place = theBrowser.names.candidates.indexOf(theBrowser.selection.candidate);
    return theBrowser.records.all.map((row) => row[ANSWERS][place][MS]).filter((ms) => ms !== null);
})()"""


def test_a_percentile_of_the_picture_opens_the_calls_at_or_above_it(page):
    page.run(
        "document.querySelector('#cost svg .p90').dispatchEvent(new MouseEvent('click', { bubbles: true }))"
    )
    page.wait("theBrowser.selection.slower !== ''")
    times, slower = page.run(LATENCIES), page.run("Number(theBrowser.selection.slower)")
    assert page.run("theBrowser.list.matching.length") == sum(time >= slower for time in times)
    # So many take at least as long as nine tenths do.
    assert sum(time >= slower for time in times) == -(-len(times) // 10)
    page.click("#clear")
