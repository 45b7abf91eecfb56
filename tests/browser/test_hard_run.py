"""The run that is hard to read holds what makes it so."""

import json

import pandas as pd
import pytest

from evaldrop.scorecard.read import read_scorecard
from tests.browser.hard_run import CANDIDATES, CRITERIA, REGRESSED, write_hard
from tests.browser.pages import READY


def test_the_hard_run_has_every_kind_of_difficulty(hard_run):
    scorecard = read_scorecard(str(hard_run))
    responses = pd.read_parquet(hard_run / "responses.parquet")
    verdicts = pd.read_parquet(hard_run / "verdicts.parquet")
    lines = [json.loads(line) for line in (hard_run / "records.jsonl").read_text().splitlines()]

    assert (len(scorecard.candidates), len(scorecard.criteria), len(scorecard.judges)) == (6, 5, 3)
    assert {check.decision for check in scorecard.gate.checks} == {"pass", "fail", "inconclusive"}
    assert scorecard.alarms
    assert scorecard.calibration
    assert all(len(line["context"]) == 20_000 and line["metadata"] for line in lines)
    assert responses["response"].str.strip().eq("").sum() == 2
    assert responses["reused"].any()
    assert responses["flags"].str.contains("judge_instruction").any()
    assert responses["error"].notna().any()
    assert verdicts["repeat"].max() == 1
    moved = scorecard.baseline.candidates[REGRESSED].criteria["correctness"]
    assert moved.decision == "regressed"


@pytest.mark.parametrize(("candidates", "criteria"), [(2, 10), (12, 1)])
def test_a_hard_run_can_be_narrow_or_wide(tmp_path, candidates, criteria):
    folder = write_hard(tmp_path, records=6, candidates=candidates, criteria=criteria)

    scorecard = read_scorecard(str(folder))

    assert list(scorecard.candidates) == list(CANDIDATES)[:candidates]
    assert list(scorecard.criteria) == [criterion["name"] for criterion in CRITERIA[:criteria]]


@pytest.mark.parametrize("page", ["report.html", "../../index.html"])
def test_the_pages_of_the_hard_run_do_not_scroll_sideways_on_a_phone(browser, hard_run, page):
    ready = READY if page == "report.html" else "true"
    with browser.page((hard_run / page).resolve().as_uri(), width=375, height=812, ready=ready) as opened:
        opened.run("document.querySelectorAll('details').forEach((box) => (box.open = true))")
        # A phone's window grows with what does not fit, so that is no measure of it.
        assert opened.run("document.documentElement.scrollWidth") <= 375
