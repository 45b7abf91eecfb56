"""The gate: what rules can be said, and how an interval decides them."""

import pytest

from evaldrop.errors import EvaluationError
from evaldrop.scorecard.gate import RunNames, evaluate_gate, parse_gate
from evaldrop.scorecard.gate.names import check_names
from evaldrop.scorecard.gate.rules import NoRegression, NoWorseRecord
from evaldrop.scorecard.model.baseline import (
    Baseline,
    BaselineCandidate,
    BaselineEstimate,
    Moved,
    WorseRecord,
)
from evaldrop.scorecard.model.calibration import CalibratedMean
from evaldrop.scorecard.model.guardrails import BlockedShare, GuardrailEstimate
from evaldrop.scorecard.model.scorecard import (
    CandidateCost,
    CandidateScorecard,
    CostTotals,
    CriterionEstimate,
    CriterionInfo,
    DatasetInfo,
    Latency,
    MeanEstimate,
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
        latency_ms=Latency(n=40 if p90 else 0, p50=900, p90=p90, p99=2000),
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
    ("cost_usd < 5 dollars", 14), ("cost_usd < 5 for every record", 18), ("cost_usd < ", 12),
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
    ("cost_usd < 5", "pass"), ("cost_usd < 1", "fail"),
    ("coverage >= 0.95", "pass"),
    ("coverage > 0.97", "fail"), ("lite.cost_usd < 1", "pass"), ("correctness.coverage >= 1", "pass"),
])  # fmt: skip
def test_facts_of_the_run_are_compared_as_they_are(expression, decision):
    assert evaluate_gate([expression], scorecard({"lite": card((0.9, 0.95))})).decision == decision


@pytest.mark.parametrize(("expression", "decision", "said"), [
    ("latency_ms.p50 < 1000", "pass", "is 900, interval 850 to 960; wanted < 1000: all of it is."),
    ("lite.latency_ms.p90 < 3000", "pass", "interval 1100 to 1900;"),
    ("lite.latency_ms.p90 < 1200", "inconclusive", "only a part of it is."),
    ("lite.latency_ms.p90 < 1000", "fail", "none of it is."),
    ("latency_ms.p99 < 1000", "fail", "interval 1500 to – (40 calls; both ends need 368);"),
    ("latency_ms.p99 < 9000", "inconclusive", "interval 1500 to – (40 calls; both ends need 368);"),
    ("latency_ms.p99 > 1000", "pass", "all of it is."),
    ("cost_usd.per_1000_records < 3", "pass", "is 2, interval 1.8 to 2.5;"),
    ("cost_usd.per_1000_records < 2", "inconclusive", "only a part of it is."),
    ("cost_usd.per_1000_records <= 1.5", "fail", "none of it is."),
])  # fmt: skip
def test_latency_and_price_are_judged_by_their_intervals(expression, decision, said):
    latency = Latency(
        n=40, p50=900, p90=1200, p99=2000, p50_interval=(850, 960), p90_interval=(1100, 1900),
        p99_interval=(1500, None), calls_needed={"p99": 368},
    )  # fmt: skip
    cost = CandidateCost(candidate=0.08, judge=0.1, per_1000_records=2.0, per_1000_interval=(1.8, 2.5))
    measured = card((0.9, 0.95)).model_copy(update={"latency_ms": latency, "cost_usd": cost})
    gate = evaluate_gate([expression], scorecard({"lite": measured}))
    assert gate.decision == decision
    assert said in gate.reasons[0]


def test_an_unknown_cost_decides_nothing_and_names_the_model():
    gate = evaluate_gate(["cost_usd < 5"], scorecard({"lite": card((0.9, 0.95))}, total=None))
    assert gate.decision == "inconclusive"
    assert "no price or tokens for x" in gate.reasons[0]


@pytest.mark.parametrize(("expression", "candidate", "why"), [
    ("correctness.pass_rate > 0", card(None), "nothing was scored"),
    ("lite.latency_ms.p90 < 1", card((0.9, 1.0), p90=None), "no call told its latency"),
    ("lite.latency_ms.p90 < 1300", card((0.9, 1.0)), "it has no interval"),
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


def test_without_rules_nothing_passes_and_the_least_coverage_is_told():
    gate = evaluate_gate([], scorecard({"lite": card((0.8, 0.9))}))
    said = "no rule is set; coverage is 100 % for every candidate and judge."
    assert (gate.decision, gate.reasons, gate.checks) == ("no gate", (said,), ())


@pytest.mark.parametrize(
    "expression", ["kindness.pass_rate > 0.5", "opus.latency_ms.p90 < 5", "lite.pass_rate > 0"]
)
def test_a_rule_about_nobody_is_refused_with_the_names_there_are(expression):
    with pytest.raises(EvaluationError, match=r"Candidates: lite\. Criteria: correctness"):
        evaluate_gate([expression], scorecard({"lite": card((0.8, 0.9))}))


# The grammar


@pytest.mark.parametrize(("expression", "criterion", "margin", "candidate"), [
    ("no regression", None, 0, None),
    ("no regression in correctness", "correctness", 0, None),
    ("no  regression in langchain.conciseness for every candidate", "langchain.conciseness", 0, None),
    ("no regression in tone by 0.05 for gpt-4.1", "tone", 0.05, "gpt-4.1"),
    ("no regression by .5 in tone", "tone", 0.5, None),
])  # fmt: skip
def test_no_regression_may_name_a_criterion_a_margin_and_a_candidate(
    expression, criterion, margin, candidate
):
    rule = parse_gate(expression)
    assert isinstance(rule, NoRegression)
    assert (rule.criterion, rule.margin, rule.scope.name) == (criterion, margin, candidate)


@pytest.mark.parametrize(("expression", "criterion", "drop", "candidate"), [
    ("no record worse by 3", None, 3, None),
    ("no record worse by 0.5 in tone for haiku", "tone", 0.5, "haiku"),
])  # fmt: skip
def test_no_record_worse_names_how_much(expression, criterion, drop, candidate):
    rule = parse_gate(expression)
    assert isinstance(rule, NoWorseRecord)
    assert (rule.criterion, rule.drop, rule.scope.name) == (criterion, drop, candidate)


@pytest.mark.parametrize(("expression", "position"), [
    ("no", 1), ("no regresion in tone", 4), ("no regression in", 17), ("no regression of tone", 15),
    ("no regression in tone by much", 26), ("no regression in tone by -1", 26), ("no record better", 11),
    ("no record worse than 3", 17), ("no record worse by 0", 20), ("no record worse by three", 20),
    ("cost_usd < 5 for", 17), ("cost_usd => 5", 10), ("correctness.pass_rate >= 85%", 26),
])  # fmt: skip
def test_what_is_no_rule_about_a_baseline_is_refused_with_its_place(expression, position):
    with pytest.raises(EvaluationError, match=rf"position {position}: expected") as error:
        parse_gate(expression)
    assert str(error.value).splitlines()[-1].index("^") == 2 + position - 1


NAMES = RunNames(
    candidates=["haiku", "gpt-4.1"],
    criteria=["correctness", "langchain.depth", "haiku.tone", "tone"],
    metrics=["rouge_l"],
)


@pytest.mark.parametrize("expression", [
    "langchain.depth.pass_rate >= 0.5", "gpt-4.1.langchain.depth.mean > 3", "rouge_l.mean > 0.2",
    "gpt-4.1.rouge_l.mean > 0.2", "overall.mean >= 0.7", "haiku.overall.mean >= 0.7",
    "no regression in overall", "error_rate < 0.01 for haiku", "gpt-4.1.cost_usd.per_1000_records < 2",
    "correctness.coverage > 0.9 for gpt-4.1", "haiku.correctness.mean > 0 for haiku",
])  # fmt: skip
def test_names_with_dots_metrics_and_overall_are_known(expression):
    check_names(parse_gate(expression), NAMES)


@pytest.mark.parametrize(("expression", "position", "words"), [
    ("corectness.mean > 3", 1, 'did you mean "correctness"?'),
    ("no regression in tones", 18, 'no criterion "tones"; did you mean "tone"?'),
    ("cost_usd < 5 for hiaku", 18, 'no candidate "hiaku"; did you mean "haiku"?'),
    ("correctness.mean >= 3 for all", 27, 'no candidate "all"'),
    ("rouge_l.pass_rate > 0.5", 1, 'nothing called "rouge_l" with pass_rate'),
    ("haiku.mean > 0.5", 1, 'nothing called "haiku" with mean; did you mean "haiku.tone"?'),
    ("haiku.tone.mean > 3", 1, '"haiku.tone" may mean haiku.tone or tone of haiku'),
    ("haiku.correctness.mean > 3 for gpt-4.1", 1, "the rule is about haiku alone"),
    ("haiku.cost_usd < 3 for every candidate", 1, "the rule is about haiku alone"),
])  # fmt: skip
def test_a_name_that_is_not_there_is_refused_at_its_place_with_what_was_meant(expression, position, words):
    with pytest.raises(EvaluationError) as error:
        check_names(parse_gate(expression), NAMES)
    assert str(error.value).startswith(f"gate, position {position}: ")
    assert words in str(error.value)
    assert str(error.value).splitlines()[-1].index("^") == 2 + position - 1


def test_for_every_candidate_makes_a_runs_quantity_each_candidates():
    cards = scorecard({"lite": card((0.9, 0.95), cost=0.5), "haiku": card((0.9, 0.95), cost=1.5)})
    assert len(evaluate_gate(["cost_usd < 1"], cards).checks) == 1
    gate = evaluate_gate(["cost_usd < 1 for every candidate"], cards)
    assert [(check.candidate, check.decision) for check in gate.checks] == [
        ("lite", "pass"),
        ("haiku", "fail"),
    ]
    assert [check.candidate for check in evaluate_gate(["cost_usd < 1 for lite"], cards).checks] == ["lite"]
    coverage = evaluate_gate(["coverage >= 0.95 for every candidate"], cards)
    assert [check.sentence for check in coverage.checks] == [
        "lite.coverage is 1; wanted >= 0.95.",
        "haiku.coverage is 1; wanted >= 0.95.",
    ]


def test_errors_overall_and_metrics_can_be_held_to_a_limit():
    estimate = MeanEstimate(n=40, mean=0.8, interval=(0.7, 0.9))
    changes = {
        "responses": ResponseCounts(n=40, errors=1, missing=1),
        "overall": estimate,
        "metrics": {"rouge_l": estimate, "exact_match": MeanEstimate(n=1, mean=1, reason="one record")},
    }
    cards = scorecard({"lite": card((0.9, 0.95)).model_copy(update=changes)})
    decisions = {
        "error_rate < 0.05": "fail",
        "error_rate <= 0.05": "pass",
        "overall.mean >= 0.7": "pass",
        "overall.mean >= 0.75": "inconclusive",
        "rouge_l.mean > 0.95": "fail",
        "exact_match.mean > 0.5": "inconclusive",
        "cost_usd.per_1000_records < 9": "inconclusive",
    }
    for expression, decision in decisions.items():
        gate = evaluate_gate([expression], cards)
        assert (expression, gate.decision) == (expression, decision)


def test_a_criterion_that_was_asked_of_no_record_decides_nothing():
    cards = scorecard({"lite": card((0.9, 0.95)).model_copy(update={"criteria": {}})})
    gate = evaluate_gate(["correctness.pass_rate > 0.5"], cards)
    assert gate.reasons[0].endswith("(it was asked of no record); wanted > 0.5.")
    assert evaluate_gate(["lite.coverage > 0.5"], cards).decision == "inconclusive"


# Against a baseline


def held(interval, *, decision="undecided", drop=0.0, sentence=None, difference=None):
    """A scorecard whose correctness moved by this interval against its baseline."""
    middle = None if interval is None else sum(interval) / 2
    estimate = BaselineEstimate(
        n=60, difference=middle if difference is None else difference, interval=interval, p_value=0.2,
        p_adjusted=0.4, minimum_detectable=0.11, decision=decision, largest_drop=drop,
        worse_records=("r9",) if drop else (), reason=None if interval else "no interval: too few",
    )  # fmt: skip
    fact = Moved(was=None, now=None)
    candidate = BaselineCandidate(
        criteria={"correctness": estimate}, latency_ms_p50=fact, latency_ms_p90=fact,
        cost_usd_per_1000_records=fact,
    )  # fmt: skip
    worst = (
        WorseRecord(record_id="r1", candidate="lite", criterion="correctness", was=5, now=5 - (drop or 0)),
    )
    baseline = Baseline(
        uri="runs/x", run_id="x", comparable=True, candidates={"lite": candidate},
        worst_records=worst if drop else (),
    )  # fmt: skip
    return scorecard({"lite": card((0.8, 0.9))}).model_copy(update={"baseline": baseline})


@pytest.mark.parametrize(("expression", "interval", "kind", "decision", "words"), [
    ("no regression in correctness", (-0.1, 0.05), "undecided", "pass", "a loss below 0.11 could not be"),
    ("no regression in correctness", (0.01, 0.1), "improved", "pass", "no regression is decided."),
    ("no regression", (-0.2, -0.1), "regressed", "fail", "it regressed"),
    ("no regression in overall", (-0.2, -0.1), "regressed", "fail", "it regressed"),
    ("no regression", (-0.2, -0.01), "undecided", "inconclusive", "among all comparisons it is open"),
    ("no regression", None, "undecided", "inconclusive", "cannot be compared"),
    ("no regression by 0.1", (-0.1, 0.05), "undecided", "pass", "within what is allowed"),
    ("no regression by 0.1", (-0.05, -0.01), "regressed", "pass", "within what is allowed"),
    ("no regression by 0.1", (-0.15, 0.05), "undecided", "inconclusive", "a part of it"),
    ("no regression by 0.1", (-0.3, -0.2), "regressed", "fail", "all of it is worse"),
])  # fmt: skip
def test_a_regression_is_judged_by_its_interval_and_its_test(expression, interval, kind, decision, words):
    (check,) = evaluate_gate([expression], held(interval, decision=kind)).checks
    assert (check.decision, check.candidate) == (decision, "lite")
    assert words in check.sentence


def with_estimate(card, look="later", **changes):
    """The same with other fields of the estimate."""
    lite = card.baseline.candidates["lite"]
    estimate = lite.criteria["correctness"].model_copy(update=changes)
    candidates = {"lite": lite.model_copy(update={"criteria": {"correctness": estimate}})}
    update = {"candidates": candidates, "look": look, "records": 100, "pooled": tuple("abcdefgh")}
    return card.model_copy(update={"baseline": card.baseline.model_copy(update=update)})


def test_a_week_that_alone_would_be_a_regression_passes_with_a_word():
    """Such a week comes in every quiet year; inconclusive, it would stop a pipeline as a failure does."""
    (check,) = evaluate_gate(["no regression"], with_estimate(held((-0.2, -0.01)))).checks
    assert check.decision == "pass"
    assert "against the pooled 8 runs from x on" in check.sentence
    assert (
        "60 records, at the level of a year of weekly runs): no regression is decided (alone"
        in check.sentence
    )


def test_the_interval_is_the_one_of_the_level_that_is_named():
    """The year's, so that it does not exclude what the sentence calls open; alone where that decides."""
    moved = with_estimate(held((-0.2, -0.01)), family_interval=(-0.4, 0.19))
    (check,) = evaluate_gate(["no regression"], moved).checks
    assert "(−0.40 to +0.19, " in check.sentence
    (check,) = evaluate_gate(["no regression by 0.3"], moved).checks
    assert check.decision == "pass"
    assert "(−0.20 to −0.01, " in check.sentence
    assert "level of a year" not in check.sentence


@pytest.mark.parametrize(("interval", "changes", "decision", "words"), [
    ((-0.1, 0.05), {"may_hide_regression": True, "lost": 12, "n_missing": 12}, "inconclusive",
     "because 12 of 100 records have no verdict now that had one then: they could hide a regression"),
    ((-0.1, -0.05), {"open": "missing", "n_missing": 3}, "inconclusive",
     "because verdicts are missing on 3 of 100 records"),
    ((0.1, 0.2), {"open": "missing", "n_missing": 1}, "pass", "no regression is decided"),
    ((-0.2, -0.1), {"open": None, "n_missing": 3, "decision": "regressed"}, "fail", "it regressed"),
])  # fmt: skip
def test_what_is_missing_leaves_a_regression_open(interval, changes, decision, words):
    (check,) = evaluate_gate(["no regression"], with_estimate(held(interval), **changes)).checks
    assert check.decision == decision
    assert words in check.sentence


@pytest.mark.parametrize(("changes", "decision"), [
    ({}, "pass"),
    # Alone it is within the margin, and with what is missing it need not be.
    ({"bounded_interval": (-0.3, 0.1)}, "inconclusive"),
    # Said because it was decided, it has to be decided at the level of the year.
    ({"interval": (-0.3, -0.15), "family_interval": (-0.4, -0.05)}, "inconclusive"),
    ({"interval": (-0.3, -0.15), "family_interval": (-0.4, -0.11)}, "fail"),
])  # fmt: skip
def test_a_margin_is_judged_by_what_is_missing_and_at_the_family_s_level(changes, decision):
    assert (
        evaluate_gate(["no regression by 0.1"], with_estimate(held((-0.05, 0.05)), **changes)).decision
        == decision
    )


def test_a_record_without_a_verdict_may_be_the_one_that_lost_most():
    rules = ["no record worse by 3"]
    (check,) = evaluate_gate(rules, with_estimate(held((-0.1, 0.1), drop=2.0), lost=4)).checks
    assert check.decision == "inconclusive"
    assert "4 of 100 records had a verdict then and have none now" in check.sentence
    assert evaluate_gate(rules, with_estimate(held((-0.1, 0.1), drop=3.0), lost=4)).decision == "fail"


def test_where_low_is_good_more_is_a_regression():
    card_ = held((0.2, 0.3))
    lower = {"correctness": INFO.model_copy(update={"higher_is_better": False})}
    card_ = card_.model_copy(update={"criteria": lower})
    assert evaluate_gate(["no regression by 0.1"], card_).decision == "fail"
    assert evaluate_gate(["no regression"], card_).decision == "inconclusive"


@pytest.mark.parametrize(("drop", "decision", "words"), [
    (3.0, "fail", "r1 (5 to 2) lost 3 or more"), (2.0, "pass", "the worst record lost 2, of 60 records"),
    (0.0, "pass", "none lost"), (None, "inconclusive", "no record has a score in both runs"),
])  # fmt: skip
def test_a_single_record_that_lost_too_much_fails(drop, decision, words):
    (check,) = evaluate_gate(["no record worse by 3"], held((-0.1, 0.1), drop=drop)).checks
    assert check.decision == decision
    assert words in check.sentence


def test_without_a_baseline_a_rule_about_it_is_open_and_says_what_to_do():
    gate = evaluate_gate(
        ["no regression in correctness", "no record worse by 1"], scorecard({"lite": card((0.8, 0.9))})
    )
    assert gate.decision == "inconclusive"
    assert all("`evaldrop bless RUN`" in check.sentence for check in gate.checks)


def test_a_baseline_that_is_not_comparable_leaves_it_open_and_says_why():
    baseline = Baseline(uri="x", comparable=False, obstacles=("judge pro: …",), summary="judge pro differs")
    cards = scorecard({"lite": card((0.8, 0.9))}).model_copy(update={"baseline": baseline})
    (check,) = evaluate_gate(["no regression"], cards).checks
    assert (check.decision, check.sentence) == ("inconclusive", "judge pro differs")


def test_a_new_candidate_has_nothing_to_lose():
    cards = held((-0.1, 0.05))
    both = {**cards.candidates, "haiku": card((0.8, 0.9))}
    gate = evaluate_gate(["no regression"], cards.model_copy(update={"candidates": both}))
    assert {check.candidate: check.decision for check in gate.checks} == {"lite": "pass", "haiku": "pass"}


def guarded(blocked_bad, blocked_good):
    shares = {
        name: BlockedShare(n=9, of=10, rate=None if bounds is None else sum(bounds) / 2, interval=bounds)
        for name, bounds in (("blocked_bad", blocked_bad), ("blocked_good", blocked_good))
    }
    other = dict.fromkeys(
        ("refused_bad", "passed_bad", "refused_good", "passed_good"), BlockedShare(n=1, of=10)
    )
    return card((0.8, 0.9)).model_copy(
        update={"guardrail": GuardrailEstimate(guardrail="g:1", **shares, **other)}
    )


@pytest.mark.parametrize(("rule", "decision"), [
    ("lite.guardrail.blocked_bad_rate >= 0.9", "pass"),
    ("lite.guardrail.blocked_bad_rate >= 0.95", "inconclusive"),
    ("lite.guardrail.blocked_bad_rate >= 0.99", "fail"),
    ("guardrail.blocked_good_rate <= 0.05 for lite", "pass"),
    ("guardrail.blocked_good_rate <= 0.05 for every candidate", "fail"),
    ("guardrail.blocked_good_rate <= 0.2", "inconclusive"),
    ("lite.guardrail.passed_bad_rate <= 0.5", "inconclusive"),
])  # fmt: skip
def test_what_a_guardrail_blocks_is_judged_by_its_interval(rule, decision):
    candidates = {"lite": guarded((0.91, 0.98), (0.0, 0.05)), "strict": guarded((0.95, 1.0), (0.1, 0.3))}
    assert evaluate_gate([rule], scorecard(candidates)).decision == decision


def test_a_guardrails_rule_without_expectations_decides_nothing_and_says_why():
    gate = evaluate_gate(["lite.guardrail.blocked_bad_rate >= 0.9"], scorecard({"lite": card((0.8, 0.9))}))
    assert gate.decision == "inconclusive"
    assert "no record says expected_blocked" in gate.reasons[0]


def test_a_guardrails_rule_about_an_unknown_candidate_is_refused():
    with pytest.raises(EvaluationError, match=r'nothing called "lit".*did you mean "lite"'):
        evaluate_gate(["lit.guardrail.blocked_bad_rate >= 0.9"], scorecard({"lite": guarded((0, 1), (0, 1))}))


@pytest.mark.parametrize(
    ("limit", "decision"), [(0.70, "pass"), (0.80, "inconclusive"), (0.90, "inconclusive"), (0.97, "fail")]
)
@pytest.mark.parametrize("quantity", ["pass_rate", "mean"])
def test_lost_verdicts_count_with_all_that_they_could_have_been(quantity, limit, decision):
    """The interval alone is 0.82 to 0.95; whatever the lost verdicts were, it may reach 0.75 to 0.96."""
    found = card((0.82, 0.95))
    estimate = found.criteria["correctness"].model_copy(
        update={"bounds_interval": (0.75, 0.96), "pass_bounds_interval": (0.75, 0.96)}
    )
    found = found.model_copy(update={"criteria": {"correctness": estimate}})
    gate = evaluate_gate([f"correctness.{quantity} >= {limit}"], scorecard({"haiku": found}))
    assert gate.decision == decision
    assert "interval 0.82 to 0.95, 0.75 to 0.96 with the missing verdicts" in gate.reasons[0]


def by_people(decides, **changes):
    found = {
        "mean": 0.6, "interval": (0.5, 0.7), "pass_rate": 0.6, "pass_interval": (0.5, 0.7), "n_labelled": 40,
        "weight": 0.4, "decides": decides,
    }  # fmt: skip
    estimate = card((0.8, 0.9)).criteria["correctness"]
    estimate = estimate.model_copy(update={"calibrated": CalibratedMean(**found), **changes})
    return scorecard({"haiku": card((0.8, 0.9)).model_copy(update={"criteria": {"correctness": estimate}})})


@pytest.mark.parametrize("quantity", ["pass_rate", "mean"])
def test_where_people_labelled_enough_their_number_is_judged(quantity):
    """The judge gives 0.80 to 0.90, people 0.50 to 0.70."""
    (check,) = evaluate_gate([f"correctness.{quantity} >= 0.75"], by_people(True)).checks
    assert check.decision == "fail"
    assert "is 0.6, interval 0.5 to 0.7 (by people and judge, 40 labelled records)" in check.sentence
    (check,) = evaluate_gate([f"correctness.{quantity} >= 0.75"], by_people(False)).checks
    assert check.decision == "pass"
    assert "(by the judge alone: 40 labels are too few)" in check.sentence


def test_lost_verdicts_may_move_peoples_number_as_far_as_the_judges():
    """A fifth is lost: the judge's 0.68 to 0.88 becomes 0.48 to 0.68, by four fifths of 0.25."""
    lost = {
        "coverage": 0.8, "bounds": (0.68, 0.88), "pass_bounds": (0.68, 0.88),
        "bounds_interval": (0.6, 0.95), "pass_bounds_interval": (0.6, 0.95),
    }  # fmt: skip
    (check,) = evaluate_gate(["correctness.mean >= 0.55"], by_people(True, **lost)).checks
    assert check.decision == "inconclusive"
    assert "0.38 to 0.78 with the missing verdicts" in check.sentence
