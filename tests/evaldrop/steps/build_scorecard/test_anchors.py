"""Verdicts on anchors, from result files made by hand."""

import pytest

from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import failed_row, judgement, record, response, row, run_json, write_run

KNOWN = {"prompt": "p", "response": "r", "passes": True}


def anchor(name, *, passes, criteria=("correctness",), **more):
    return {**record(name, **more), "anchor": {"id": name, "passes": passes, "criteria": list(criteria)}}


def judged(name, *scores):
    """An anchor's result: a judgement per repeat."""
    given = [judgement({"correctness": 1, "tone": score}, repeat=n) for n, score in enumerate(scores)]
    return row(name, {"candidate": "_anchor", "given": True, "text": "r", "judgements": given})


@pytest.fixture
def build(tmp_path):
    def from_results(records, succeeded, failed=(), tolerance=0.1):
        anchors = {"tolerance": tolerance, "records": [KNOWN]}
        write_run(
            tmp_path / "support" / "run-1",
            run=run_json(evaluation={"anchors": anchors}),
            records=[record("r1"), *records],
            succeeded=[
                row("r1", response("lite", scores={"correctness": 1, "tone": 4}), response("haiku")),
                *succeeded,
            ],
            failed=list(failed),
        )
        return build_scorecard(str(tmp_path / "support" / "run-1"))

    return from_results


def test_repeats_are_averaged_before_they_are_held_against_what_is_known(build):
    """Tone passes at 4: 5 and 3 average to 4, which passes; 4 and 3 do not."""
    records = [
        anchor("a", passes=True, criteria=["tone"], repeats=2),
        anchor("b", passes=True, criteria=["tone"], repeats=2),
    ]
    estimate = build(records, [judged("a", 5, 3), judged("b", 4, 3)]).anchors["pro"]
    assert (estimate.n, estimate.missed) == (2, 1)
    assert (estimate.misses[0].anchor, estimate.misses[0].score) == ("b", 3.5)


def test_an_anchor_whose_result_is_missing_is_unscored_and_no_missing_record(build):
    records = [anchor("a", passes=True), anchor("b", passes=True), anchor("c", passes=True)]
    scorecard = build(records, [judged("a", 5)], [failed_row("b")])
    estimate = scorecard.anchors["pro"]
    assert (estimate.n, estimate.missed, estimate.unscored) == (1, 0, 2)
    assert scorecard.judge_trusted is True
    assert (scorecard.records.evaluated, scorecard.records.missing) == (1, 0)


def test_anchors_calls_are_the_judges_cost_and_no_candidates(build):
    with_anchor = build([anchor("a", passes=True)], [judged("a", 5)])
    # 200 tokens in at 100 USD and 20 out at 200 USD a million are 0.024 USD a call: lite's, and the anchor's.
    assert with_anchor.cost_usd.judges == pytest.approx(0.048)
    assert with_anchor.candidates["lite"].cost_usd.judge == pytest.approx(0.024)
    assert with_anchor.judges["pro"].calls == 2


def test_only_the_first_misses_are_told_and_all_are_counted(build):
    names = [f"a{number}" for number in range(25)]
    records = [anchor(name, passes=False) for name in names]
    estimate = build(records, [judged(name, 5) for name in names]).anchors["pro"]
    assert (estimate.missed, len(estimate.misses)) == (25, 20)
    assert not estimate.trusted
