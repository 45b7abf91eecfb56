"""The page of the API, from end to end against `evaldrop serve`: one server and one history for all."""

import hashlib
import json
from pathlib import Path

import pytest

from evaldrop.api.local import serving
from evaldrop.store.model import Key, Limits
from evaldrop.store.opening import open_store, store_of
from tests.browser.api_page import (
    PRICED,
    SIGNED_IN,
    drop,
    fill,
    press,
    show,
    sign_in,
    text,
    write_history,
)
from tests.browser.axe import find_axe, violations
from tests.browser.test_report_page import HIT, TRAP
from tests.evaldrop.report.hostile_texts import HTML

READY = "document.documentElement.dataset.ready"
CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
RUNS_SHOWN = "!!document.querySelector('.found tbody tr')"
COMPARED = "!!document.querySelector('.pair')"
ROWS = "[...document.querySelectorAll('.found tbody tr')]"
FEW = "few-keys-have-this-secret"
KEPT_THERE = "(() => { try { return sessionStorage.length } catch (error) { return error.name } })()"
ARTICLE = "The bridge was closed on Monday after engineers found cracks in two of its cables."


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    """The server, with a history; a key of it may ask twice a day."""
    out = tmp_path_factory.mktemp("served")
    evaluations = out / "evaluations"
    (evaluations / "summaries").mkdir(parents=True)
    (evaluations / "summaries" / "evaluation.yaml").write_text(
        "name: summaries\n"
        "candidates: [{name: lite, model: amazon.nova-lite-v1:0}, {name: pro, model: amazon.nova-pro-v1:0}]\n"
        "judges: [{name: haiku, model: anthropic.claude-haiku-4-5-20251001-v1:0}]\n"
        "criteria: [helpfulness]\n"
    )
    store = open_store(store_of(str(out / "runs")))
    write_history(store, out / "runs", HTML)
    store.add_key(
        Key(
            key_id="few",
            name="few",
            digest=hashlib.sha256(FEW.encode()).hexdigest(),
            limits=Limits(requests_per_day=2),
            created_at="2026-11-01T00:00:00+00:00",
        )
    )
    with serving(out=str(out / "runs"), bedrock="simulated", evaluations=str(evaluations)) as api:
        yield api


@pytest.fixture(scope="module")
def signed_in(browser, api):
    """The page, signed in."""
    with browser.page(f"{api.address}/", ready=READY, before=TRAP) as page:
        sign_in(page, api.token)
        page.wait(SIGNED_IN)
        yield page
        # The browser notes every answer that refuses.
        assert [each for each in page.complaints if not each.startswith("Failed to load resource")] == []
        own = (f"{api.address}/", "data:")  # data: icons of the browser's own controls
        assert [request for request in page.requests if not request.startswith(own)] == []


@pytest.fixture
def page(signed_in):
    """A new form."""
    signed_in.run("sessionStorage.removeItem('evaldrop-draft')")
    show(signed_in, "#/usage", "!!document.querySelector('#month')")
    show(signed_in, "#/new", SIGNED_IN)
    return signed_in


def price(page, models="amazon.nova-lite-v1:0, amazon.nova-micro-v1:0"):
    fill(page, "models", models)
    press(page, "See the price")


def wrong(page):
    """Return what is told at fields, by field."""
    return page.run(
        "Object.fromEntries([...document.querySelectorAll('.wrong:not([hidden])')]"
        ".map((each) => [each.id.replace('-wrong', ''), each.textContent]))"
    )


def test_a_key_that_nobody_has_is_told_at_its_field(browser, api):
    with browser.page(f"{api.address}/#/runs", ready=READY) as page:
        sign_in(page, "nobody-has-this")
        page.wait("!document.getElementById('key-wrong').hidden")
        assert wrong(page) == {"key": "There is no such key here."}
        assert page.run("document.activeElement.id") == "key"
        assert page.run("sessionStorage.length") == 0
        sign_in(page, api.token)
        page.wait(RUNS_SHOWN)
        page.go(f"{api.address}/#/usage", READY)
        assert text(page, "h1") == "Usage", "the tab keeps the key"
        press(page, "Sign out")
        page.wait("!!document.getElementById('key')")
        assert page.run("sessionStorage.length") == 0


def test_a_text_is_pasted_priced_started_watched_read_and_a_candidate_chosen(browser, api, page):
    fill(page, "article", ARTICLE)
    fill(page, "prompt", "Summarise this article in one sentence.")
    fill(page, "labels", "bridge, <img src=x onerror=hit()>")
    price(page)
    page.wait(PRICED)
    assert text(page, ".price").startswith("$0.00")
    assert page.run("document.activeElement.id") == "priced"
    assert "evaldrop-draft" in page.run("Object.keys(sessionStorage)")
    press(page, "Start the run")
    page.wait("location.hash.startsWith('#/runs/api-')")
    page.wait("!!document.querySelector('.recommendation, #bar')")
    assert page.run("document.activeElement.id") == "title"
    page.wait("!!document.querySelector('.recommendation')")
    assert "finished" in page.run("document.title")
    assert page.run("[...document.querySelectorAll('.tag')].map((tag) => tag.textContent)") == [
        "bridge",
        "<img src=x onerror=hit()>",
    ]
    press(page, "Note the choice")
    assert wrong(page) == {"candidate": "Choose a candidate."}
    page.click("[name=candidate-of-run][value=nova-micro]")
    fill(page, "note", "cheaper </p>")
    press(page, "Note the choice")
    page.wait("!!document.querySelector('.chosen-line')")
    assert "Taken: nova-micro by serve" in text(page, ".chosen-line")
    assert text(page, ".chosen-line").endswith("cheaper </p>")
    reads_the_report(browser, page)
    assert not page.run(HIT)


def reads_the_report(browser, page):
    """The report opens in a tab of its own, as a document of no origin."""
    press(page, "Read the report")
    page.wait("!!document.querySelector('.said a')")
    address = page.run("document.querySelector('.said a').href")
    targets = page.call("Target.getTargets")["targetInfos"]
    tabs = [target for target in targets if target["url"] == address]
    assert len(tabs) == 1
    page.call("Target.closeTarget", targetId=tabs[0]["targetId"])
    with browser.page(address, ready=READY) as report:
        assert report.complaints == []
        assert report.run("origin") == "null"
        assert report.run(KEPT_THERE) == "SecurityError", "it cannot read what the page keeps"


def test_a_run_is_stopped_after_a_second_question(page):
    started = {"article": ARTICLE, "prompt": "Summarise it.", "models": ["amazon.nova-lite-v1:0"]}
    run_id = page.run(f"ask('POST', 'runs', {{ body: {json.dumps(started)} }}).then((run) => run.run_id)")
    show(page, f"#/runs/{run_id}", "!!document.querySelector('#bar')")
    press(page, "Stop the run")
    assert page.run("document.activeElement.textContent") == "Stop it"
    press(page, "Go on")
    assert page.run("document.activeElement.textContent") == "Stop the run"
    press(page, "Stop the run")
    press(page, "Stop it")
    page.wait("document.querySelector('h2')?.textContent === 'Stopped'")
    assert page.run("document.querySelector('.pill').textContent") == "stopped"


def test_a_dropped_file_is_priced_small_json_as_it_is_and_others_by_an_upload(page):
    page.click("[value=file]")
    rows = [{"id": name, "prompt": f"What is {name}?", "reference": "a word"} for name in ("tea", "rain")]
    drop(page, "words.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    page.wait("document.querySelector('.about').textContent.endsWith('2 records')")
    before = len(page.requests)
    price(page)
    page.wait(PRICED)
    assert "records\n2" in text(page, "#view section:last-of-type .facts")
    assert not any("uploads" in request for request in page.requests[before:])
    drop(
        page,
        "words.csv",
        "prompt,reference\nWhat is tea?,a drink\nWhat is rain?,water\nWhat is 1?,a number\n",
    )
    page.wait("document.querySelector('.about').textContent.startsWith('words.csv')")
    assert not page.run(PRICED), "what was priced is not this file"
    press(page, "See the price")
    page.wait(PRICED)
    assert "records\n3" in text(page, "#view section:last-of-type .facts")
    assert any("/uploads/" in request for request in page.requests[before:])


def test_what_is_wrong_is_told_in_words_at_its_field(page):
    press(page, "See the price")
    page.wait("!document.getElementById('trouble').hidden")
    assert set(wrong(page)) == {"article", "prompt", "models"}
    assert page.run("document.activeElement.id") == "article"
    assert page.run("document.getElementById('models').getAttribute('aria-invalid')") == "true"
    page.click("[value=file]")
    drop(page, "notes.txt", "x")
    page.wait("!document.getElementById('file-wrong').hidden")
    assert wrong(page)["file"].startswith("notes.txt is no dataset")
    drop(page, "rows.jsonl", '{"prompt": "a"}\n{oops}\n')
    page.wait("document.getElementById('file-wrong').textContent.startsWith('line 2')")
    drop(page, "rows.jsonl", '{"prompt": "a"}\n{"prompt": ""}\n')
    page.wait("document.querySelector('.about').textContent.endsWith('2 records')")
    fill(page, "name", "no/name")
    price(page, "amazon.nova-lite-v1:0")
    page.wait("!document.getElementById('name-wrong').hidden")
    assert page.run("document.querySelector('details:has(#name)').open")
    fill(page, "name", "")
    price(page, "amazon.nova-lite-v1:0")
    page.wait("!document.getElementById('file-wrong').hidden")
    assert wrong(page)["file"].startswith("record 2: ")


def test_a_named_evaluation_brings_its_models_and_a_price_ends_with_any_change(page):
    fill(page, "article", ARTICLE)
    fill(page, "prompt", "Summarise it.")
    fill(page, "evaluation", "summaries")
    assert not page.run("document.getElementById('models').checkVisibility()")
    press(page, "See the price")
    page.wait(PRICED)
    assert "evaluation\nsummaries" in text(page, "#view section:last-of-type .facts")
    fill(page, "prompt", "Summarise it in one word.")
    assert not page.run(PRICED)
    page.go(page.run("location.href"), READY)
    page.wait(SIGNED_IN)
    assert page.run("document.getElementById('article').value") == ARTICLE, "a reload keeps what was typed"
    offered = page.run("[...document.querySelectorAll('#known-models option')].map((each) => each.value)")
    assert "us.amazon.nova-lite-v1:0" in offered, "by the ID that an earlier run called it by"
    assert "amazon.nova-lite" not in offered


def test_runs_are_filtered_and_paged_and_the_address_says_how(page, api):
    show(page, "#/runs", RUNS_SHOWN)
    fill(page, "state", "failed")
    page.wait(f"{ROWS}.length === 25 && {ROWS}.every((row) => row.innerText.includes('failed'))")
    assert page.run("location.hash") == "#/runs?state=failed"
    page.run(
        "[...document.querySelectorAll('a')].find((link) => link.textContent.startsWith('older')).click()"
    )
    page.wait(f"{ROWS}.length === 5")
    page.run("history.back()")
    page.wait(f"{ROWS}.length === 25")
    fill(page, "since", "2026-10-29")
    fill(page, "evaluation", "nightly")
    press(page, "Show")
    page.wait(f"{ROWS}.length === 2")
    page.go(f"{api.address}/{page.run('location.hash')}", READY)
    page.wait(f"{ROWS}.length === 2")
    assert page.run("document.getElementById('since').value") == "2026-10-29"
    fill(page, "user", "nobody")
    press(page, "Show")
    page.wait("document.getElementById('said').textContent === 'There are no such runs.'")


def test_two_runs_are_chosen_and_compared_side_by_side(page):
    show(page, "#/runs?evaluation=support", RUNS_SHOWN)
    page.run("document.querySelectorAll('[data-run]').forEach((tick) => tick.click())")
    assert "a=run-1&b=run-0" in page.run("location.hash")
    press(page, "Compare")
    page.wait(COMPARED)
    assert "regressed" in text(page, ".both")
    shown = page.run("document.querySelectorAll('.pair').length")
    page.run(
        "[...document.querySelectorAll('.chip')]"
        ".find((chip) => chip.textContent.startsWith('score worse')).click()"
    )
    page.wait("location.hash.includes('only=worse')")
    page.wait("document.querySelector('.chip[aria-pressed=true]').textContent.startsWith('score worse')")
    assert page.run("document.querySelectorAll('.pair.dropped').length") == page.run(
        "document.querySelectorAll('.pair').length"
    )
    page.run("history.back()")
    page.wait(f"document.querySelectorAll('.pair').length === {shown}")


def test_the_records_of_a_run_are_filtered_and_paged_and_the_address_says_how(page):
    show(page, "#/runs/run-1", "!!document.querySelector('.recommendation')")
    link = "[...document.querySelectorAll('a')].find((a) => a.textContent === {words!r}).click()"
    page.run(link.format(words="Look through its records"))
    page.wait(COMPARED)
    first = page.run("document.querySelector('.pair h3 span').textContent")
    page.run(link.format(words="more →"))
    page.wait(f"document.querySelector('.pair h3 span')?.textContent !== {first!r}")
    assert "after=20" in page.run("location.hash")
    fill(page, "candidate", "lite")
    page.wait("location.hash.includes('candidate=lite') && !location.hash.includes('after')")
    fill(page, "show", "failed")
    page.wait("document.getElementById('said').textContent.includes('record')")
    page.wait("location.hash.includes('show=failed')")
    page.wait("!!document.querySelector('.pair .answer:first-child .pill.fail, .pair .answer .pill.fail')")
    fill(page, "text", "none of this")
    press(page, "Show")
    page.wait("document.getElementById('said').textContent === 'No record; to the end of the run.'")
    page.run("history.back()")
    page.wait(COMPARED)


def test_hostile_texts_do_nothing_wherever_they_are_shown(page):
    page.call("Emulation.setDeviceMetricsOverride", width=375, height=900, deviceScaleFactor=1, mobile=False)
    for address, ready in (
        ("#/runs?state=failed", RUNS_SHOWN),
        ("#/runs?since=2026-11-12&until=2026-11-14", f"{ROWS}.length === 2"),
        ("#/runs/bad-0", "!!document.querySelector('.recommendation')"),
        ("#/runs/failed-03", "document.querySelector('h2')?.textContent === 'Why it failed'"),
        ("#/compare?a=bad-0&b=bad-1", COMPARED),
        ("#/records?run=bad-0", COMPARED),
    ):
        show(page, address, ready)
        assert "hit()" in text(page, "main")
        assert page.run("document.documentElement.scrollWidth") == 375
        page.run("document.querySelectorAll('details').forEach((box) => (box.open = true))")
        assert (
            page.run("document.querySelectorAll('main :is(img, script, iframe, svg, style, object)').length")
            == 0
        )
    assert not page.run(HIT)


def test_a_run_that_is_not_there_is_said_in_words(page):
    show(page, "#/runs/nobody-has-this", "!document.getElementById('trouble').hidden")
    assert text(page, "#trouble") == "There is no run nobody-has-this here."
    show(page, "#/usage", "!!document.querySelector('#month')?.value")
    assert page.run("document.getElementById('trouble').hidden")


def test_what_runs_without_a_result_cost_says_how_much_of_it_is_estimated(page):
    show(page, "#/usage?month=2026-10&by=customer", "!!document.querySelector('#month')?.value")
    page.wait("document.getElementById('month').value === '2026-10'")
    rows = "[...document.querySelectorAll('tbody tr')].map((row) => row.innerText.split(/[\\t\\n]+/))"
    page.wait(f"{rows}.some((row) => row.includes('$15.00') && row.includes('$7.50'))")
    assert "Estimated is as much of the cost as nobody knows" in text(page, "main")


def test_a_column_of_models_that_is_pasted_is_so_many_models(page):
    """A box of one line made one name of them, which no model has."""
    page.run(
        """(() => {
            const clipboardData = new DataTransfer();
            clipboardData.setData("text", "\\namazon.nova-lite-v1:0\\r\\namazon.nova-micro-v1:0\\n");
            const box = document.getElementById("models");
            const how = { clipboardData, bubbles: true, cancelable: true };
            box.dispatchEvent(new ClipboardEvent("paste", how));
        })()"""
    )
    assert page.run("[...document.querySelectorAll('.taken code')].map((each) => each.textContent)") == [
        "amazon.nova-lite-v1:0",
        "amazon.nova-micro-v1:0",
    ]
    assert page.run("document.getElementById('models').value") == ""


def test_a_limit_that_is_reached_says_when_to_come_again(browser, api):
    with browser.page(f"{api.address}/#/usage", ready=READY) as page:
        sign_in(page, FEW)
        page.wait("!!document.querySelector('#month')?.value")
        assert "5,000" in text(page, ".stacked"), "what is left of the month's runs"
        show(page, "#/runs", "!document.getElementById('trouble').hidden")
        assert " UTC on, in " in text(page, "#trouble") or "Again in " in text(page, "#trouble")


VIEWS = {
    "new": ("#/new", "!!document.querySelector('#article')"),
    "file": ("#/new", "!!document.querySelector('#article')"),
    "run": ("#/runs/run-1", "!!document.querySelector('.recommendation')"),
    "runs": ("#/runs?a=run-1", RUNS_SHOWN),
    "compare": ("#/compare?a=run-0&b=run-1", COMPARED),
    "records": ("#/records?run=run-1&show=failed", COMPARED),
    "usage": ("#/usage", "!!document.querySelector('#month')?.value"),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_fits_a_phone_and_axe_finds_nothing(page, name):
    axe = find_axe()
    if axe is None:
        pytest.skip("axe-core is not installed: name it in EVALDROP_AXE")
    show(page, *VIEWS[name])
    if name == "file":
        page.click("[value=file]")
        press(page, "Add a question of your own")
    page.run("document.querySelectorAll('details').forEach((box) => (box.open = true))")
    for width in (375, 1440):
        page.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        assert page.run("document.documentElement.scrollWidth") == width
    assert violations(page, axe) == []
    for dark in (True, False):
        page.show(dark=dark)
        assert page.run(CONTRAST) == []
