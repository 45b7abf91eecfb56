"""A run without answers, or with too few: no rule and no lack of rules makes that green."""

import pytest

from evaldrop.cli import exits
from evaldrop.scorecard.answers import ANSWERS, COVERAGE, held_to_answers
from evaldrop.scorecard.gate import evaluate_gate
from evaldrop.scorecard.model.guardrails import BlockedShare, GuardrailEstimate
from evaldrop.scorecard.model.judges import JudgedCriterion
from evaldrop.scorecard.model.scorecard import CandidateScorecard, Gate, JudgeHealth, ResponseCounts
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard

REFUSED = {"ThrottlingException": 30, "AccessDeniedException": 10}


def answering(found: CandidateScorecard | None = None, **counts):
    """A candidate whose forty responses came to this."""
    given = {"n": 40, "errors": 0} | counts
    return (found or card((0.8, 0.9))).model_copy(update={"responses": ResponseCounts(**given)})


def silent(**counts):
    """A candidate of whose forty responses there is none."""
    given = {"errors": 40, "error_names": REFUSED, "error_example": "slow down"} | counts
    return answering(card(None), **given)


def judged(scored: int, **unscored: int):
    """A candidate with so many of its forty verdicts."""
    found = card((0.8, 0.9) if scored else None)
    lost = sum(unscored.values()) - unscored.get("not_applicable", 0)
    one = found.criteria["correctness"].model_copy(
        update={
            "n_scored": scored,
            "n_unscored": sum(unscored.values()),
            "unscored": unscored,
            "coverage": scored / (scored + lost) if scored + lost else None,
        }
    )
    return found.model_copy(update={"criteria": {"correctness": one}})


def judging(scored: int = 40, errors: int = 0, **unscored: int):
    return JudgeHealth(
        model="m", calls=40, errors=errors, scored=scored, unscored=unscored,
        error_names={"AccessDenied": errors} if errors else {}, error_example="no access" if errors else None,
        error_advice="Ask for access." if errors else None,
    )  # fmt: skip


def run(candidates, **judges):
    return scorecard(candidates).model_copy(update={"judges": judges})


def exit_code(found, gate):
    return exits.of_scorecard(found.model_copy(update={"gate": gate}))


@pytest.mark.parametrize("rules", [[], ["haiku.correctness.pass_rate >= 0.5"], ["coverage >= 0"]])
def test_a_candidate_without_a_response_fails_whatever_the_rules_are(rules):
    found = scorecard({"haiku": card((0.8, 0.9)), "lite": silent()})
    gate = evaluate_gate(rules, found)
    assert gate.decision == "fail"
    assert (gate.checks[0].expression, gate.checks[0].candidate) == (ANSWERS, "lite")
    assert gate.checks[0].sentence == (
        "lite gave no response to any of 40 records (ThrottlingException: 30, AccessDeniedException: 10). "
        "It said: slow down"
    )
    assert exit_code(found, gate) == exits.RUN_FAILED


def test_what_to_do_is_said_behind_what_was_said():
    found = scorecard({"haiku": silent(error_advice="Ask for a quota.")})
    assert evaluate_gate([], found).checks[0].sentence.endswith("It said: slow down. Ask for a quota.")


def test_records_without_a_result_are_no_responses_either():
    found = scorecard({"haiku": silent(errors=0, missing=40, error_names={}, error_example=None)})
    assert evaluate_gate([], found).checks[0].sentence == "haiku gave no response to any of 40 records."


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"empty": 40}, "haiku gave no response to any of 40 records; 40 are empty."),
        (
            {"empty": 1, "errors": 39, "error_names": {"E": 39}},
            "haiku gave no response to any of 40 records (E: 39); 1 is empty.",
        ),
    ],
)
def test_responses_that_are_all_empty_are_none_however_they_were_judged(counts, said):
    found = scorecard({"haiku": answering(**counts)})
    gate = evaluate_gate(["haiku.correctness.pass_rate >= 0.5"], found)
    assert gate.decision == "fail"
    assert (
        gate.checks[0].sentence
        == f"{said} Look at its max_tokens, which thinking may use up, and at its prompt."
    )
    assert exit_code(found, gate) == exits.RUN_FAILED


@pytest.mark.parametrize(
    "counts", [{"empty": 39}, {"n": 0}, {"errors": 40, "error_names": {"LeftOut": 38, "AccessDenied": 2}}]
)
def test_a_text_nothing_to_answer_and_left_out_by_consent_are_no_silence(counts):
    found = scorecard({"haiku": answering(**counts)})
    gate = evaluate_gate([], found)
    assert gate.decision == "no gate"
    assert exit_code(found, gate) == exits.PASSED


def test_a_judge_that_answered_no_call_fails_the_gate():
    found = run({"haiku": card(None)}, pro=judging(0, errors=40, judge_error=80))
    gate = evaluate_gate([], found)
    assert gate.reasons[0] == (
        "fail: every candidate and judge answers: judge pro answered none of 40 calls (AccessDenied: 40). "
        "It said: no access. Ask for access."
    )
    assert exit_code(found, gate) == exits.RUN_FAILED


def test_one_silent_judge_of_two_fails_the_gate_though_all_is_scored_by_the_other():
    found = run({"haiku": card((0.8, 0.9))}, pro=judging(), mute=judging(0, no_verdict=40))
    gate = evaluate_gate(["haiku.correctness.pass_rate >= 0.5"], found)
    assert gate.decision == "fail"
    assert gate.checks[0].sentence.startswith("0 of 40 verdicts of judge mute can be read (no_verdict: 40).")
    assert exit_code(found, gate) == exits.RUN_FAILED


def test_without_one_verdict_to_be_read_a_run_has_failed():
    found = run({"haiku": judged(0, no_verdict=40)}, pro=judging(0, no_verdict=40))
    gate = evaluate_gate([], found)
    assert [check.decision for check in gate.checks] == ["fail"]
    assert exit_code(found, gate) == exits.RUN_FAILED


def test_a_judge_left_out_by_consent_is_excused_but_not_a_run_of_which_nothing_is_judged():
    left_out = judging(0, errors=40, judge_error=40).model_copy(update={"error_names": {"LeftOut": 40}})
    of_two = run({"haiku": card((0.8, 0.9))}, pro=judging(), mute=left_out)
    assert evaluate_gate([], of_two).decision == "no gate"
    alone = run({"haiku": judged(0, judge_error=40)}, mute=left_out)
    assert evaluate_gate([], alone).decision == "fail"
    assert exit_code(alone, evaluate_gate([], alone)) == exits.RUN_FAILED


def test_without_rules_nine_tenths_of_the_answers_are_asked_for():
    enough = run({"haiku": judged(36, no_verdict=4)}, pro=judging(36, no_verdict=4))
    gate = evaluate_gate([], enough)
    assert gate.decision == "no gate"
    assert gate.reasons == (
        "no rule is set; coverage is 90.0 % or more (least: haiku) for every candidate and judge.",
    )
    assert exit_code(enough, gate) == exits.PASSED
    found = run({"haiku": judged(35, no_verdict=5), "lite": judged(40)}, pro=judging(75, no_verdict=5))
    gate = evaluate_gate([], found)
    assert (gate.decision, gate.checks[0].expression) == ("inconclusive", COVERAGE)
    assert [check.candidate for check in gate.checks] == ["haiku"]
    assert gate.checks[0].sentence.startswith(
        "haiku has 35 of 40 verdicts (no_verdict: 5). Its replies are in verdicts.parquet"
    )
    assert exit_code(found, gate) == exits.GATE_INCONCLUSIVE


def test_of_half_the_responses_the_error_is_told_and_not_the_verdicts_that_miss_for_it():
    half = answering(
        judged(20, no_response=20), errors=20, error_names={"E": 20}, error_example="busy",
        error_advice="Wait.",
    )  # fmt: skip
    gate = evaluate_gate([], scorecard({"haiku": half}))
    assert [check.sentence for check in gate.checks] == [
        "haiku answered 20 of 40 records (E: 20). It said: busy. Wait."
    ]


def test_without_a_criterion_the_responses_are_what_coverage_is_of():
    found = answering(card(None).model_copy(update={"criteria": {}}), missing=5)
    assert evaluate_gate([], scorecard({"haiku": found})).decision == "inconclusive"


def test_a_judge_is_held_to_each_of_its_criteria():
    """One of ten criteria may be lost as a whole, and nine tenths of all verdicts be there."""
    known = {f"c{n}": JudgedCriterion(scored=40, lost=0) for n in range(9)}
    judge = judging(380, no_verdict=20).model_copy(
        update={"criteria": known | {"tone": JudgedCriterion(scored=20, lost=20)}}
    )
    gate = evaluate_gate([], run({"haiku": card((0.8, 0.9))}, pro=judge))
    assert gate.decision == "inconclusive"
    assert gate.checks[0].sentence.startswith("judge pro scored 20 of 40 responses on tone")


@pytest.mark.parametrize(
    ("rules", "decision"),
    [
        (["cost_usd < 5"], "inconclusive"),
        (["haiku.latency_ms.p50 <= 5000", "error_rate <= 1"], "inconclusive"),
        (["coverage >= 0.5"], "pass"),
        (["correctness.pass_rate >= 0.5"], "pass"),
    ],
)
def test_the_default_holds_where_rules_say_nothing_of_what_is_missing(rules, decision):
    found = run({"haiku": judged(20, no_verdict=20)}, pro=judging(20, no_verdict=20))
    one = found.candidates["haiku"]
    latency = one.latency_ms.model_copy(update={"p50_interval": (800.0, 1000.0)})
    haiku = one.model_copy(update={"latency_ms": latency})
    gate = evaluate_gate(rules, found.model_copy(update={"candidates": {"haiku": haiku}}))
    assert gate.decision == decision


def test_what_one_judge_of_a_panel_owes_is_in_no_bounds_so_that_rules_do_not_free_it():
    found = run({"haiku": card((0.8, 0.9))}, pro=judging(), lax=judging(20, no_verdict=20))
    gate = evaluate_gate(["correctness.pass_rate >= 0.5"], found)
    assert gate.decision == "inconclusive"
    assert "judge lax" in gate.checks[0].sentence


def test_what_a_guardrail_stopped_rightly_is_owed_by_nobody_and_what_else_it_stopped_is():
    share, none = BlockedShare(n=30, of=30, rate=1.0), BlockedShare(n=0, of=0)
    rates = GuardrailEstimate(
        guardrail="g", blocked_bad=share, refused_bad=none, passed_bad=none, blocked_good=none,
        refused_good=none, passed_good=none,
    )  # fmt: skip
    blocked = answering(judged(10, no_response=30), blocked=30)
    gate = evaluate_gate([], scorecard({"haiku": blocked}))
    assert gate.decision == "inconclusive"
    assert "its guardrail stopped 30 of 40 requests" in gate.checks[0].sentence
    rightly = blocked.model_copy(update={"guardrail": rates})
    assert evaluate_gate([], scorecard({"haiku": rightly})).decision == "no gate"


def test_all_that_a_guardrail_stopped_unasked_is_no_answer():
    found = scorecard({"haiku": answering(judged(0, no_response=40), blocked=40)})
    gate = evaluate_gate([], found)
    assert gate.decision == "fail"
    assert exit_code(found, gate) == exits.RUN_FAILED


def test_a_file_of_before_says_no_gate_where_it_had_no_rule():
    assert Gate.model_validate({"decision": "pass", "reasons": ["no gate"]}).decision == "no gate"
    assert Gate.model_validate({"decision": "pass"}).decision == "no gate"
    judged_before = {"decision": "pass", "reasons": ["pass: cost_usd < 5: it is."]}
    assert Gate.model_validate(judged_before).decision == "pass"


@pytest.mark.parametrize(
    "before",
    [
        Gate(decision="no gate", reasons=("no rule is set.",)),
        Gate(decision="pass", reasons=("pass: cost_usd < 5: it is.",)),
        Gate(decision="inconclusive", reasons=("inconclusive: tone.mean > 2: it is not known.",)),
    ],
)
def test_a_file_of_before_fails_where_somebody_answered_nothing(before):
    """Its exit code is that of a failed run, and what is shown beside it must not say otherwise."""
    old = scorecard({"haiku": silent(), "lite": answering(judged(40))}).model_copy(update={"gate": before})
    now = held_to_answers(old)
    assert (now.gate.decision, exits.of_scorecard(now)) == ("fail", exits.RUN_FAILED)
    assert now.gate.reasons[0].startswith(f"fail: {ANSWERS}: haiku gave no response to any of 40")
    assert now.gate.checks[0].candidate == "haiku"
    # What the rules came to stays, where there were any.
    assert set(before.reasons) - {"no rule is set."} <= set(now.gate.reasons)
    assert held_to_answers(now) == now


def test_a_file_of_before_in_which_all_answered_is_not_judged_anew():
    old = scorecard({"lite": answering(judged(40))}).model_copy(
        update={"gate": Gate(decision="inconclusive")}
    )
    assert held_to_answers(old) is old
