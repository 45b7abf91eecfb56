"""A candidate or judge that answered nothing: no rule and no lack of rules makes that green."""

import pytest

from evaldrop.cli import exits
from evaldrop.scorecard.gate import evaluate_gate
from evaldrop.scorecard.model.scorecard import JudgeHealth, ResponseCounts
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard

REFUSED = {"ThrottlingException": 30, "AccessDeniedException": 10}


def silent(**counts):
    """A candidate of whose forty responses there is none."""
    given = {"n": 40, "errors": 40, "error_names": REFUSED, "error_example": "slow down"} | counts
    return card(None).model_copy(update={"responses": ResponseCounts(**given)})


@pytest.mark.parametrize("rules", [[], ["haiku.correctness.pass_rate >= 0.5"]])
def test_a_candidate_without_a_response_fails_whatever_the_rules_are(rules):
    found = scorecard({"haiku": card((0.8, 0.9)), "lite": silent()})
    gate = evaluate_gate(rules, found)
    assert gate.decision == "fail"
    assert gate.word == "fail"
    assert gate.checks[0].candidate == "lite"
    assert gate.checks[0].sentence == (
        "lite gave no response to any of 40 records (ThrottlingException: 30, AccessDeniedException: 10). "
        "It said: slow down"
    )
    assert exits.of_scorecard(found.model_copy(update={"gate": gate})) == exits.RUN_FAILED


def test_records_without_a_result_are_no_responses_either():
    found = scorecard({"haiku": silent(errors=0, missing=40, error_names={}, error_example=None)})
    assert evaluate_gate([], found).checks[0].sentence == "haiku gave no response to any of 40 records."


@pytest.mark.parametrize(
    "counts",
    [{"errors": 39}, {"n": 0, "errors": 0}, {"error_names": {"LeftOut": 38, "AccessDeniedException": 2}}],
)
def test_one_response_nobody_asked_or_left_out_by_consent_is_no_silence(counts):
    found = scorecard({"haiku": silent(**counts)})
    assert evaluate_gate([], found).word == "no gate"
    assert exits.of_scorecard(found) == exits.PASSED


def test_a_judge_that_answered_no_call_fails_the_gate():
    judge = JudgeHealth(
        model="m", calls=40, errors=40, error_names={"AccessDenied": 40}, error_example="no access",
        unscored={"judge_error": 80},
    )  # fmt: skip
    found = scorecard({"haiku": card(None)}).model_copy(update={"judges": {"pro": judge}})
    gate = evaluate_gate([], found)
    assert gate.reasons[0] == (
        "fail: every candidate and judge answers: judge pro answered none of 40 calls (AccessDenied: 40). "
        "It said: no access"
    )
    some = judge.model_copy(update={"errors": 39})
    assert evaluate_gate([], found.model_copy(update={"judges": {"pro": some}})).word == "no gate"
