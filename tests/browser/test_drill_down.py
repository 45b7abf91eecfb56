"""Every number of the report opens the records behind it; filters count; records are taken as a dataset."""

import io
import json
from urllib.parse import parse_qsl

import pytest

from evaldrop.datasets import Message, Record, read_records
from evaldrop.report import links
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.browser.pages import READY, asked
from tests.evaldrop.run_folders import judgement, response, row, run_json, write_run

COUNTED = "document.documentElement.dataset.counted == theBrowser.controls.asking"
FOUND = "document.getElementById('found').textContent"
ACTIVE = "[...document.querySelectorAll('#active button')].map((chip) => chip.firstChild.textContent)"
# Of every link that says how many there are: its address, that number, and how many the list would show.
FOLLOWED = """[...document.querySelectorAll('[data-n]')].map((link) => {
    const [selection, { records }] = [new Selection(), theBrowser];
    selection.read(link.getAttribute('href'));
    const { n } = records.counted(selection, records.matching(selection));
    return [link.getAttribute('href'), Number(link.dataset.n), n];
})"""
# Of every option of every choice: what it says, and how many the list shows once it is chosen.
CHOSEN = """(() => {
    const { controls, records, selection } = theBrowser;
    const shown = (changes) => records.matching(selection.with(changes)).length;
    const isCounted = ([name, choice]) => name !== 'sort' && !choice.closest('label').hidden;
    const counted = (label) => Number(label.match(/\\((\\d+)\\)$/)[1]);
    return [...controls.choices].filter(isCounted).flatMap(([name, { options }]) => [...options].map(
        ({ value, label }) => [`${name} ${value}`, counted(label), shown({ [name]: value })]
    ));
})()"""


@pytest.fixture(scope="module")
def page(browser, hard_run):
    with browser.page((hard_run / "report.html").as_uri(), ready=READY) as page:
        yield page
        assert page.complaints == []
        assert page.requests == []


def test_every_number_opens_as_many_records_as_it_rests_on(page):
    followed = page.run(FOLLOWED)
    assert [link for link in followed if link[1] != link[2]] == []
    # A criterion, overall, a reason, a pair, a slice, a judge, a flag, an error, a preference, a change.
    kinds = {part.split("=")[0] for href, _, _ in followed for part in href[1:].split("&")}
    assert kinds >= {
        "criterion",
        "verdict",
        "pair",
        "category",
        "judge",
        "flag",
        "error",
        "answer",
        "preference",
    }
    assert len({href for href, _, _ in followed}) > 200


def test_a_click_on_a_number_opens_its_records_and_back_leaves_them(page):
    page.run("document.querySelector('a.to[href*=\"verdict=scored\"]').focus()")
    href, n = page.run("(({ hash, dataset }) => [hash, dataset.n])(document.activeElement)")
    page.run("document.activeElement.click()")
    page.wait(f"{ACTIVE}.length === 1")
    assert page.run("location.hash") == href
    assert page.run(FOUND).startswith(f"{n} of ")
    assert page.run("document.getElementById('records').getBoundingClientRect().top") < 200
    page.run("history.back()")
    page.wait(f"{FOUND} === '60 records'")
    assert page.run(ACTIVE) == []


def test_a_filter_stands_in_words_and_goes_with_a_click(page):
    page.run("location.hash = 'candidate=haiku&criterion=correctness&verdict=failed&meta=channel,phone'")
    page.wait(f"{ACTIVE}.length === 2")
    assert page.run(ACTIVE) == ["channel = phone", "haiku failed correctness"]
    assert page.run("document.querySelector('#fold summary').textContent") == "filters (2)"
    page.click("#active button:last-child")
    assert page.run(ACTIVE) == ["channel = phone"]
    assert page.run("location.hash") == "#meta=channel%2Cphone"
    page.click("#clear")
    assert page.run(FOUND) == "60 records"


def test_every_choice_counts_what_it_would_show_given_the_search_and_the_other_filters(page):
    page.run("location.hash = 'q=the&candidate=lite&verdict=failed&answer=called'")
    page.wait(f"{ACTIVE}.length === 2 && {COUNTED}")
    chosen = page.run(CHOSEN)
    assert [each for each in chosen if each[1] != each[2]] == []
    assert len(chosen) > 50
    options = page.run(
        "[...document.querySelectorAll('#error option')].map((one) => [one.label, one.disabled])"
    )
    assert all(disabled is label.endswith(" (0)") for label, disabled in options)
    page.click("#clear")


def test_metadata_is_shown_and_searched(page):
    page.run("location.hash = 'q=phone'")
    page.wait(f"{FOUND}.includes(' of 60')")
    page.click(".metadata a")
    page.wait(f"{ACTIVE}.length === 1")
    page.click("#clear")


def test_a_page_that_carries_a_part_says_so_of_each_number(page):
    page.run("location.hash = 'candidate=haiku&criterion=tone&verdict=scored&n=50000'")
    page.wait(f"{ACTIVE}.length === 1")
    n = page.run("document.getElementById('list').dataset.counted")
    assert page.run(FOUND).endswith(f"of 50,000, the page carries {n}")
    page.click("#clear")


@pytest.mark.parametrize("link", [
    links.pair("a,b", "c~d", "e & f", 4, sign="second", category="100 %"),
    links.judged("x=y#z", 2, "judge_error"),
    links.guarded("ä", "bad", "known", 3),
    links.metric("<b>", "rouge_l", 9),
    links.preferred("a b", "", "won", 7),
    links.changed("+", "tone", 1, "worse"),
])  # fmt: skip
def test_the_script_reads_an_address_as_python_wrote_it(page, link):
    chosen = page.run(f"""(() => {{
        const selection = new Selection();
        selection.read({json.dumps(link.fragment)});
        const all = Selection.names.map((name) => [name, selection[name]]);
        return Object.fromEntries(all.filter(([, value]) => value.length));
    }})()""")
    assert chosen == dict(parse_qsl(link.fragment[1:]))


def test_on_a_phone_filters_fold_into_one_and_fit(browser, hard_run):
    url = f"{(hard_run / 'report.html').as_uri()}#candidate=haiku&verdict=failed&meta=channel,phone"
    with browser.page(url, ready=READY, width=375, height=800) as page:
        assert page.run("document.querySelector('#fold').open") is False
        assert page.run("document.querySelector('#fold summary').textContent") == "filters (2)"
        page.click("#fold summary")
        assert page.run("document.documentElement.scrollWidth") == 375
        heights = page.run(
            "[...document.querySelectorAll('.choices label:not([hidden]) select')]"
            ".map((one) => one.offsetHeight)"
        )
        assert min(heights) >= 36


DATASET = (
    Record(id="r 1", prompt="How long?", reference=("30 days", "a month"), category="returns", group="g",
           system="S", context="C 😀", expected_blocked=True, metadata={"tier": "gold", "n": [1, 2]}),
    Record(id="r2", messages=(Message(role="user", content="Hello 😀\n\nuser: no"),
                              Message(role="assistant", content="Hm"), Message(role="user", content="So?")),
           criteria={"correctness": None, "tone": "Is it warm?"},
           checks=("equals", {"not_contains": "sorry", "name": "no_apology"})),
    Record(id="r3", messages=(Message(role="user", content="Alone"),)),
)  # fmt: skip


def test_records_are_taken_as_the_dataset_that_they_were(browser, tmp_path):
    folder = tmp_path / "support" / "run-1"
    prepared = [
        asked(
            one.id,
            one.prompt_text,
            **one.model_dump(
                include={"category", "group", "system", "context", "expected_blocked", "metadata"}
            ),
            reference=list(one.reference),
            criteria_of_record=one.criteria,
            checks=list(one.checks),
            messages=[{"role": each.role, "characters": len(each.content)} for each in one.messages],
        )
        for one in DATASET
    ]
    for line in prepared:
        line["criteria"] = line.pop("criteria_of_record")
    scores = judgement({"correctness": 1, "tone": 5})
    rows = [row(one.id, response("lite", judgements=[scores]), response("haiku")) for one in DATASET]
    write_run(folder, run=run_json(), records=prepared, succeeded=rows)
    build_scorecard(str(folder))
    with browser.page((folder / "report.html").as_uri(), ready=READY) as page:
        page.run("URL.createObjectURL = (blob) => (window.taken = blob.text(), '#')")
        page.click(".download-dataset")
        text = page.run("window.taken")
        page.click(".take input")
        page.click(".download-dataset")
        with_responses = page.run("window.taken")
        assert page.complaints == []
    assert _read(text) == list(DATASET)
    assert [one.responses["haiku"] for one in _read(with_responses)] == ["an answer"] * 3


def _read(text):
    found = list(read_records(io.BytesIO(text.encode()), source="taken.jsonl"))
    return [one.model_copy(update={"line": 0}) for one in found]
