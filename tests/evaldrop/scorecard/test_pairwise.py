"""Comparisons of two responses: both orders, ties, flips, and what they cost."""

import pytest

from evaldrop.runs import read_run
from evaldrop.scorecard import build_scorecard
from tests.evaldrop.run_folders import converse, record, response, row, run_json, verdict, write_run

GOOD = {"correctness": 1, "tone": 5}


def compared(first, preferred, **fields):
    """haiku against lite; `preferred` is the place the judge names."""
    reply = verdict({"rationale": "because", "preferred": preferred})
    return {"judge": "pro", "candidate": "haiku", "baseline": "lite", "first": first, "api": "converse",
            "reply": reply, "retries": 0, "elapsed_ms": 1, **fields}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    return str(tmp_path / "support" / "run-1")


def build(folder, comparisons):
    rows = [
        row(name, response("lite", scores=GOOD), response("haiku", scores=GOOD), comparisons=tuple(both))
        for name, both in comparisons.items()
    ]
    write_run(folder, run=run_json(), records=[record(name) for name in comparisons], succeeded=rows)
    return build_scorecard(folder)


def test_a_preference_that_changes_with_the_order_is_a_tie(folder):
    scorecard = build(folder, {
        "r1": [compared("haiku", "first"), compared("lite", "second")],   # haiku twice: a win
        "r2": [compared("haiku", "first"), compared("lite", "first")],    # whoever is first: a tie, flipped
        "r3": [compared("haiku", "second"), compared("lite", "first")],   # lite twice: a loss
        "r4": [compared("haiku", "tie"), compared("lite", "tie")],        # a tie, not flipped
        "r5": [compared("haiku", "first"), compared("lite", "second")],   # a win
    })  # fmt: skip
    pair = scorecard.candidates["haiku"].pairwise["lite"]
    assert (pair.n, pair.wins, pair.losses, pair.ties) == (5, 2, 1, 2)
    # 1, ½, 0, ½, 1: mean 0.6, sd √(0.7/4) = 0.4183, standard error 0.1871; one of five flipped
    assert pair.win_rate == pytest.approx(0.6)
    assert pair.standard_error == pytest.approx(0.18708, abs=1e-5)
    assert pair.flip_rate == pytest.approx(0.2)
    assert scorecard.candidates["lite"].pairwise == {}


def test_identical_responses_are_a_tie_without_a_call_and_missing_ones_nothing(folder):
    scorecard = build(folder, {
        "r1": [compared("haiku", "first", skipped="identical")],
        "r2": [compared("haiku", "first", skipped="missing")],
        "r3": [compared("haiku", "first", reply=None, error={"Error": "Throttled", "Cause": "busy"})],
    })  # fmt: skip
    pair = scorecard.candidates["haiku"].pairwise["lite"]
    assert (pair.n, pair.ties, pair.win_rate, pair.standard_error, pair.flip_rate) == (1, 1, 0.5, None, None)
    table = read_run(folder).comparisons
    assert table["preferred"].fillna("").tolist() == ["tie", "", ""]
    assert table["unscored_reason"].fillna("").tolist() == ["", "missing", "judge_error"]


def test_comparing_is_charged_to_the_judge_and_to_the_candidate(folder):
    scorecard = build(folder, {"r1": [compared("haiku", "first"), compared("lite", "second")]})
    # $0.024 a call: one verdict each, and two comparisons
    assert scorecard.candidates["haiku"].cost_usd.judge == pytest.approx(3 * 0.024)
    assert scorecard.candidates["lite"].cost_usd.judge == pytest.approx(0.024)
    assert scorecard.judges["pro"].calls == 4


@pytest.mark.parametrize(("text", "preferred"), [
    ("Both fine.\npreferred: first", "haiku"), ("preferred: second", "lite"), ("preferred: tie", "tie"),
])  # fmt: skip
def test_a_judge_without_the_tool_prefers_on_its_final_line(folder, text, preferred):
    build(folder, {"r1": [compared("haiku", "", reply=converse(text))]})
    table = read_run(folder).comparisons
    assert table["preferred"].tolist() == [preferred]
    assert table["rationale"].tolist() == [text]


def test_a_reply_that_prefers_nobody_is_unscored(folder):
    build(folder, {"r1": [compared("haiku", "", reply=converse("I would rather not."))]})
    table = read_run(folder).comparisons
    assert table["preferred"].isna().all()
    assert table["unscored_reason"].notna().all()
