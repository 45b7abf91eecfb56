"""The gate: what rules can be said, and how an interval decides them."""

import pytest

from evaldrop.errors import EvaluationError
from evaldrop.gate import evaluate_gate, parse_gate
from evaldrop.scorecard.model import (
    CandidateCost,
    CandidateScorecard,
    CostTotals,
    CriterionEstimate,
    CriterionInfo,
    DatasetInfo,
    Latency,
    Records,
    ResponseCounts,
    Scorecard,
    Tokens,
)

INFO = CriterionInfo(question="?", kind="binary", low=0, high=1, pass_at=1, higher_is_better=True)


def card(pass_interval, *, p90=1200.0, cost=0.5):
    rate = None if pass_interval is None else sum(pass_interval) / 2
    estimate = CriterionEstimate(
        n_scored=40, n_unscored=0, coverage=1.0, mean=rate, interval=pass_interval, confidence=0.95,
        pass_rate=rate, pass_interval=pass_interval, reason=None if pass_interval else "nothing was scored",
    )  # fmt: skip
    return CandidateScorecard(
        model="m", prompt="answer.v1", responses=ResponseCounts(n=40, errors=0), tokens=Tokens(),
        cost_usd=CandidateCost(candidate=cost, judge=0.1), criteria={"correctness": estimate},
        latency_ms=Latency(n=40, p50=900, p90=p90, p99=2000),
    )  # fmt: skip


def scorecard(candidates, *, total=2.0, coverage=0.97):
    return Scorecard(
        run_id="run-1", evaluation="support", simulated=False, started_at="2026-11-21T09:00:00+00:00",
        dataset=DatasetInfo(uri="faq.jsonl"), records=Records(read=40, rejected=0, evaluated=40, missing=0),
        confidence=0.95, coverage=coverage, criteria={"correctness": INFO}, candidates=candidates,
        cost_usd=CostTotals(
            candidates=total, judges=0, total=total, known=2.0, unknown_models=() if total else ("x",)
        ),
    )  # fmt: skip


@pytest.mark.parametrize(("expression", "parts"), [
    ("correctness.pass_rate >= 0.85", ("correctness", "pass_rate", ">=", 0.85)),
    ("toxicity.pass_rate >= 0.98 for every candidate", ("toxicity", "pass_rate", ">=", 0.98)),
    ("haiku.latency_ms.p90 < 3000", ("haiku", "latency_ms.p90", "<", 3000)),
    ("cost_usd<5", ("", "cost_usd", "<", 5)),
    ("  coverage  >=  .95 ", ("", "coverage", ">=", 0.95)),
    ("gpt-4.1.tone.mean > 3.5", ("gpt-4.1.tone", "mean", ">", 3.5)),
    ("latency_ms.p50 <= 1e3", ("", "latency_ms.p50", "<=", 1000)),
    ("haiku.cost_usd < 1", ("haiku", "cost_usd", "<", 1)),
])  # fmt: skip
def test_a_rule_is_a_quantity_a_comparator_and_a_number(expression, parts):
    rule = parse_gate(expression)
    assert (rule.subject, rule.quantity, rule.comparator, rule.limit) == parts


@pytest.mark.parametrize(("expression", "position"), [
    ("", 1), ("correctness", 1), ("correctness.pass_rat >= 0.8", 1), ("pass_rate >= 0.8", 1), (">= 3", 1),
    ("correctness.pass_rate 0.85", 23), ("correctness.pass_rate == 0.85", 23), ("cost_usd < five", 12),
    ("cost_usd < 5 dollars", 14), ("cost_usd < 5 for every record", 14), ("cost_usd < ", 12),
])  # fmt: skip
def test_what_is_no_rule_is_refused_with_the_place_where_reading_stops(expression, position):
    with pytest.raises(EvaluationError, match=rf"position {position}: expected") as error:
        parse_gate(expression)
    assert str(error.value).splitlines()[-1].index("^") == 2 + position - 1


@pytest.mark.parametrize(("interval", "decision"), [
    ((0.86, 0.95), "pass"), ((0.85, 0.95), "pass"), ((0.80, 0.90), "inconclusive"), ((0.70, 0.84), "fail"),
    ((0.70, 0.85), "inconclusive"),
])  # fmt: skip
def test_an_estimate_passes_when_its_whole_interval_does(interval, decision):
    gate = evaluate_gate(["correctness.pass_rate >= 0.85"], scorecard({"lite": card(interval)}))
    assert gate.decision == decision
    assert gate.reasons[0].startswith(
        f"{decision}: correctness.pass_rate >= 0.85: lite.correctness.pass_rate is "
    )


def test_a_rule_without_a_candidate_holds_for_every_candidate():
    gate = evaluate_gate(
        ["correctness.pass_rate >= 0.85"], scorecard({"lite": card((0.5, 0.6)), "haiku": card((0.9, 0.95))})
    )
    assert gate.decision == "fail"
    assert [(check.candidate, check.decision) for check in gate.checks] == [
        ("lite", "fail"),
        ("haiku", "pass"),
    ]


def test_a_rule_may_name_one_candidate():
    cards = scorecard({"lite": card((0.5, 0.6)), "haiku": card((0.9, 0.95))})
    assert evaluate_gate(["haiku.correctness.pass_rate >= 0.85"], cards).decision == "pass"
    assert evaluate_gate(["haiku.correctness.mean >= 0.85"], cards).decision == "pass"


@pytest.mark.parametrize(("expression", "decision"), [
    ("lite.latency_ms.p90 < 3000", "pass"), ("lite.latency_ms.p90 < 1200", "fail"),
    ("latency_ms.p50 < 1000", "pass"),
    ("latency_ms.p99 < 1000", "fail"), ("cost_usd < 5", "pass"), ("cost_usd < 1", "fail"),
    ("coverage >= 0.95", "pass"),
    ("coverage > 0.97", "fail"), ("lite.cost_usd < 1", "pass"), ("correctness.coverage >= 1", "pass"),
])  # fmt: skip
def test_facts_of_the_run_are_compared_as_they_are(expression, decision):
    assert evaluate_gate([expression], scorecard({"lite": card((0.9, 0.95))})).decision == decision


def test_an_unknown_cost_decides_nothing_and_names_the_model():
    gate = evaluate_gate(["cost_usd < 5"], scorecard({"lite": card((0.9, 0.95))}, total=None))
    assert gate.decision == "inconclusive"
    assert "no price or tokens for x" in gate.reasons[0]


@pytest.mark.parametrize(("expression", "candidate", "why"), [
    ("correctness.pass_rate > 0", card(None), "nothing was scored"),
    ("lite.latency_ms.p90 < 1", card((0.9, 1.0), p90=None), "no call told its latency"),
    ("lite.cost_usd < 1", card((0.9, 1.0), cost=None), "no price or tokens for m"),
])  # fmt: skip
def test_what_is_not_known_decides_nothing(expression, candidate, why):
    gate = evaluate_gate([expression], scorecard({"lite": candidate}))
    assert gate.decision == "inconclusive"
    assert why in gate.reasons[0]


def test_one_failed_rule_fails_and_one_open_rule_leaves_open():
    cards = scorecard({"lite": card((0.8, 0.9))})
    assert evaluate_gate(["cost_usd < 5", "correctness.pass_rate >= 0.85"], cards).decision == "inconclusive"
    assert evaluate_gate(["cost_usd < 1", "correctness.pass_rate >= 0.85"], cards).decision == "fail"


def test_no_gate_passes_and_says_so():
    gate = evaluate_gate([], scorecard({"lite": card((0.8, 0.9))}))
    assert (gate.decision, gate.reasons, gate.checks) == ("pass", ("no gate",), ())


@pytest.mark.parametrize(
    "expression", ["kindness.pass_rate > 0.5", "opus.latency_ms.p90 < 5", "lite.coverage > 0"]
)
def test_a_rule_about_nobody_is_refused_with_the_names_there_are(expression):
    with pytest.raises(EvaluationError, match=r"Candidates: lite\. Criteria: correctness\."):
        evaluate_gate([expression], scorecard({"lite": card((0.8, 0.9))}))
