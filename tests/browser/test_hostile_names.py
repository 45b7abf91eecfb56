"""Names of candidates, criteria, models, judges, metrics and evaluations are as hostile as any text."""

from pathlib import Path

import pytest

from evaldrop import storage
from evaldrop.report.history import history_entry
from evaldrop.report.history_index import History, history_page
from evaldrop.report.page import html_report
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.model.scorecard import Scorecard
from evaldrop.scorecard.read import read_run
from evaldrop.scorecard.trend.entries import HistoryEntry
from tests.browser.pages import write_varied
from tests.browser.test_report_page import HIT, READY, TRAP
from tests.evaldrop.report.hostile_texts import ALL


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return read_run(write_varied(tmp_path_factory.mktemp("runs") / "support" / "run-1"))


def changed(value, names):
    """Return JSON with other names, as keys and as values."""
    if isinstance(value, dict):
        return {names.get(key, key): changed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [changed(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


def renamed(scorecard: Scorecard, start: int) -> Scorecard:
    """Return a scorecard whose names are hostile texts, beginning with the one at `start`."""
    texts = [ALL[(start + number) % len(ALL)] + f" {number}" for number in range(12)]
    names = {"lite": texts[0], "haiku": texts[1], "correctness": texts[2], "tone": texts[3], "pro": texts[4]}

    content = changed(scorecard.model_dump(mode="json"), names)
    content |= {"evaluation": texts[5], "run_id": texts[6], "summary": texts[7], "alarms": texts[8:]}
    for card in content["candidates"].values():
        card |= {"model": texts[9], "prompt": texts[10]}
        card["metrics"] = {texts[11]: {"n": 3, "mean": 0.5}}
        card["categories"] = {texts[8]: card["categories"]["billing"]}
        card["responses"] |= {"error_names": {texts[7]: 2}, "error_example": texts[8]}
    content["recommendation"] |= {"reason": texts[11], "evidence": texts[6:11]}
    content["hints"] = texts[5:8]
    for judge in content["judges"].values():
        judge["error_example"] = texts[9]
    return Scorecard.model_validate(content)


@pytest.mark.parametrize("start", range(0, len(ALL), 12))
def test_hostile_names_do_nothing_in_the_report_and_the_history(browser, run, tmp_path, start):
    hostile = renamed(run.scorecard, start)
    names = dict(zip(run.scorecard.candidates, hostile.candidates, strict=True))
    names |= dict(zip(run.scorecard.criteria, hostile.criteria, strict=True))
    names |= {run.scorecard.evaluation: hostile.evaluation, run.scorecard.summary: hostile.summary}
    entry = history_entry(run.scorecard, "support/run-1", RunDefinition.load(run.uri)).model_dump(mode="json")
    entry = HistoryEntry.model_validate(changed(entry, names))
    history = history_page(History([entry, entry], ()))
    pages = {"report.html": html_report(hostile, run.run, [], []), "index.html": history}
    for name, page in pages.items():
        file = Path(tmp_path) / name
        storage.write_bytes(str(file), page.encode())
        with browser.page(
            file.as_uri(), ready=READY if name == "report.html" else "true", before=TRAP
        ) as opened:
            assert not opened.run(HIT)
            assert opened.complaints == []
            assert opened.requests == []
            assert ALL[start] in opened.run("document.body.textContent")


def test_long_names_fit_a_narrow_window(browser, run, tmp_path):
    names = {
        "lite": "a-candidate-with-a-rather-long-name-and-a-version-of-2026-11-26",
        "haiku": "AnotherCandidateOfALongNameWithoutAnyBreakInItThatALineCouldEndAt",
        "correctness": "a_criterion_of_a_long_name_too",
        "support": "an-evaluation-that-a-program-named-and-that-nobody-would-call-by-its-name",
    }
    scorecard = Scorecard.model_validate(changed(run.scorecard.model_dump(mode="json"), names))
    file = tmp_path / "report.html"
    file.write_text(html_report(scorecard, run.run, [], []))
    with browser.page(file.as_uri(), width=360, ready=READY) as page:
        page.run("document.querySelectorAll('details').forEach((box) => (box.open = true))")
        assert page.run("document.documentElement.scrollWidth") == 360
        # Charts say the whole name where it does not fit them.
        assert page.run("document.querySelector('.plane .mark title').textContent") == names["haiku"]


def test_a_page_without_records_says_so_and_leaves_no_hole(browser, run, tmp_path):
    file = tmp_path / "report.html"
    file.write_text(html_report(run.scorecard, run.run, [], []))
    with browser.page(file.as_uri(), ready=READY) as page:
        assert page.run("document.getElementById('record').textContent") == "The page carries no record."
        assert page.run("document.querySelector('.browser').getBoundingClientRect().height") < 100
