"""Rules on the instrument: what a proof says of a drop, by its interval."""

import pytest

from evaldrop.errors import EvaluationError
from evaldrop.scorecard.gate import RunNames, evaluate_gate, gate_problems, parse_gate
from evaldrop.scorecard.model.baseline import Baseline
from evaldrop.scorecard.model.proof import DetectionPower, GateLook, Proof
from evaldrop.scorecard.model.scorecard import GateCheck, Scorecard
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard

RULE = "power to see 0.05 in correctness >= 0.8"
HELD = Baseline(uri="runs/support/run-0", comparable=True)


def power(
    low: float, high: float, *, drop: float = 0.05, look: GateLook = "single", kind: str | None = None
) -> DetectionPower:
    return DetectionPower(
        criterion="correctness", drop=drop, look=look, kind=kind, records=40, planted=30, tries=400,
        share=(low + high) / 2, interval=(low, high),
    )  # fmt: skip


def proof(*found: DetectionPower, simulated: bool = False, run_id: str | None = None) -> Proof:
    return Proof(
        candidate="haiku", records=40, confidence=0.95, power=found, simulated=simulated, run_id=run_id
    )


def judged(known: Proof | None, *, rule: str = RULE, baseline: Baseline | None = None) -> GateCheck:
    run: Scorecard = scorecard({"haiku": card((0.8, 0.9))})
    (check,) = evaluate_gate([rule], run.model_copy(update={"proof": known, "baseline": baseline})).checks
    return check


@pytest.mark.parametrize(("interval", "decision"), [
    ((0.8, 0.9), "pass"), ((0.79, 0.9), "inconclusive"), ((0.7, 0.8), "inconclusive"),
    ((0.63, 0.79), "fail"),
])  # fmt: skip
def test_the_share_of_tries_is_judged_by_its_interval(interval: tuple[float, float], decision: str) -> None:
    check = judged(proof(power(*interval)))
    assert (check.decision, check.candidate, check.expression) == (decision, None, RULE)


def test_the_sentence_says_share_interval_and_look() -> None:
    assert judged(proof(power(0.63, 0.78))).sentence == (
        "power to see 0.05 in correctness is 0.705, interval 0.63 to 0.78, asked once; wanted >= 0.8."
    )


def test_above_is_not_at() -> None:
    at_the_limit = proof(power(0.8, 0.9))
    assert judged(at_the_limit, rule=RULE.replace(">=", ">")).decision == "inconclusive"


def test_a_run_that_is_held_to_a_baseline_is_asked_at_a_weekly_level() -> None:
    known = proof(power(0.9, 0.95), power(0.4, 0.5, look="weekly"))
    assert judged(known).decision == "pass"
    weekly = judged(known, baseline=HELD)
    assert weekly.decision == "fail"
    assert "at a weekly run's level" in weekly.sentence


def test_without_a_proof_it_says_how_one_is_made() -> None:
    check = judged(None)
    assert check.decision == "inconclusive"
    assert "there is no proof; `evaldrop prove RUN --faults` makes one" in check.sentence


def test_a_rehearsals_proof_is_none_beside_a_real_run() -> None:
    check = judged(proof(power(0.9, 0.95), simulated=True))
    assert check.decision == "inconclusive"
    assert "rehearsal" in check.sentence


def test_a_drop_that_was_not_asked_about_names_those_that_were() -> None:
    known = proof(power(0.9, 0.95), power(0.9, 0.95, drop=0.1), power(0.9, 0.95, drop=0.2, kind="padding"))
    check = judged(known, rule="power to see 0.2 in correctness >= 0.8")
    assert check.decision == "inconclusive"
    assert "did not ask about this drop; it has 0.05, 0.1)" in check.sentence


def test_what_a_proof_cannot_tell_is_told_with_its_reason() -> None:
    untold = power(0, 1).model_copy(update={"share": None, "interval": None, "reason": "too few faults"})
    check = judged(proof(untold))
    assert (check.decision, "(too few faults)" in check.sentence) == ("inconclusive", True)


@pytest.mark.parametrize(("records", "low", "decision"), [
    (40, 0.85, "pass"), (30, 0.85, "pass"), (400, 0.85, "inconclusive"),
    (40, 0.5, "fail"), (400, 0.5, "fail"), (30, 0.5, "inconclusive"),
])  # fmt: skip
def test_another_runs_proof_decides_only_what_holds_for_this_many_records(
    records: int, low: float, decision: str
) -> None:
    found = power(low, low + 0.1).model_copy(update={"records": records})
    check = judged(proof(found, run_id="run-0"))
    assert check.decision == decision
    assert "by the proof of run-0" in check.sentence


def test_too_few_answers_leave_it_open_beside_the_rule() -> None:
    run = scorecard({"haiku": card((0.8, 0.9))})
    lite = run.candidates["haiku"].criteria["correctness"].model_copy(
        update={"n_scored": 20, "n_unscored": 20, "coverage": 0.5}
    )  # fmt: skip
    half = run.candidates["haiku"].model_copy(update={"criteria": {"correctness": lite}})
    known = run.model_copy(update={"proof": proof(power(0.9, 0.95)), "candidates": {"haiku": half}})
    assert evaluate_gate([RULE], known).decision == "inconclusive"


@pytest.mark.parametrize(("expression", "position"), [
    ("power of correctness >= 0.8", 7), ("power to see correctness >= 0.8", 14),
    ("power to see 0 in correctness >= 0.8", 14), ("power to see 5 in correctness >= 0.8", 14),
    ("power to see 5% in correctness >= 0.8", 14), ("power to see 0.05 >= 0.8", 19),
    ("power to see 0.05 in >= 0.8", 22), ("power to see 0.05 in correctness < 0.8", 34),
    ("power to see 0.05 in correctness >= 80", 37),
    ("power to see 0.05 in correctness >= 0.8 for haiku", 41),
])  # fmt: skip
def test_what_is_no_rule_is_refused_with_its_place(expression: str, position: int) -> None:
    with pytest.raises(EvaluationError, match=rf"position {position}: expected") as error:
        parse_gate(expression)
    assert str(error.value).splitlines()[-1].index("^") == 2 + position - 1


@pytest.mark.parametrize(("criterion", "meant"), [("corectness", "correctness"), ("overall", None)])
def test_a_criterion_that_is_not_there_is_refused_before_the_run(criterion: str, meant: str | None) -> None:
    names = RunNames(candidates=["haiku"], criteria=["correctness"])
    (problem,) = gate_problems([f"power to see 0.05 in {criterion} >= 0.8"], names)
    assert problem.startswith(f'gate[0]: gate, position 22: the run has no criterion "{criterion}"')
    assert (f'did you mean "{meant}"?' in problem) == (meant is not None)


def test_a_candidate_may_be_called_power() -> None:
    names = RunNames(candidates=["power"], criteria=["correctness"])
    assert list(gate_problems(["power.latency_ms.p50 < 3"], names)) == []
