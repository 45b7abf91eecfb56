"""What a reader of the page sees first: what fell, the gate's rules, alarms, candidates best first."""

import pytest

from evaldrop.report.first_screen import (
    MOST_ALARMS,
    MOST_OF_AN_ALARM,
    Fall,
    alarms,
    best_first,
    fallen,
    gate_rules,
)
from evaldrop.report.page import html_report
from evaldrop.scorecard.model.baseline import Baseline, BaselineCandidate, BaselineEstimate, Moved
from evaldrop.scorecard.model.scorecard import CriterionInfo, Gate, GateCheck
from tests.evaldrop.run_folders import run_json
from tests.evaldrop.scorecard.gate.test_gate import card, scorecard

UNKNOWN = Moved(was=None, now=None)
TONE = CriterionInfo(question="?", kind="range", low=1, high=5, pass_at=4, higher_is_better=True)


def moved(difference, decision="regressed"):
    bounds = (difference - 0.1, difference + 0.1)
    return BaselineEstimate(n=40, difference=difference, family_interval=bounds, decision=decision)


def against(criteria, categories=None):
    return BaselineCandidate(
        criteria=criteria, categories=categories or {},
        latency_ms_p50=UNKNOWN, latency_ms_p90=UNKNOWN, cost_usd_per_1000_records=UNKNOWN,
    )  # fmt: skip


def since(**candidates):
    """A scorecard of these candidates, compared with a blessed run."""
    found = scorecard({name: card((0.5, 0.7)) for name in ("lite", "haiku")})
    baseline = Baseline(uri="runs/a", run_id="run-0", comparable=True, candidates=candidates)
    return found.model_copy(update={"baseline": baseline, "criteria": found.criteria | {"tone": TONE}})


def test_who_fell_furthest_on_the_scale_comes_first_and_so_does_what_fell_most():
    found = fallen(since(
        lite=against({"correctness": moved(-0.2)}),
        haiku=against({"correctness": moved(-0.3), "tone": moved(-2.0), "overall": moved(0.1, "improved")}),
    ))  # fmt: skip
    # 2 of the 4 from 1 to 5 are half a scale
    assert [each.candidate for each in found] == ["haiku", "lite"]
    assert [fall.criterion for fall in found[0].falls] == ["tone", "correctness"]
    assert found[1].falls == [Fall("correctness", "", "−0.20", "−0.30 to −0.10")]


def test_a_category_is_named_only_where_the_whole_did_not_regress():
    in_billing = {"billing": {"correctness": moved(-0.4), "tone": moved(-1.0)}}
    whole = {"correctness": moved(-0.2), "tone": moved(-0.1, "undecided")}
    (found,) = fallen(since(lite=against(whole, in_billing)))
    assert [(fall.criterion, fall.category) for fall in found.falls] == [
        ("tone", "billing"),
        ("correctness", ""),
    ]


def test_nothing_fell_where_nothing_regressed_or_there_is_no_blessed_run():
    assert fallen(since(lite=against({"correctness": moved(-0.2, "undecided")}))) == []
    assert fallen(scorecard({"lite": card((0.5, 0.7))})) == []


def check(expression, decision, candidate=None):
    return GateCheck(
        expression=expression, decision=decision, sentence=f"{candidate} is", candidate=candidate
    )


def test_a_rule_about_several_candidates_is_one_and_failed_rules_come_first():
    decisions = ("pass", "fail", "inconclusive", "fail", "pass", "fail")
    checks = [check("cost_usd < 5", "pass")]
    checks += [check("correctness.pass_rate >= 0.6", one, f"c{n}") for n, one in enumerate(decisions)]
    checks += [check("error_rate <= 0.1", "pass", name) for name in ("c0", "c1")]
    gate = Gate(decision="fail", checks=tuple(checks))
    rules = gate_rules(scorecard({"lite": card((0.5, 0.7))}).model_copy(update={"gate": gate}))
    assert [(rule.expression, rule.decision, rule.said) for rule in rules] == [
        ("correctness.pass_rate >= 0.6", "fail", "3 of 6 failed, 1 inconclusive, 2 passed"),
        ("cost_usd < 5", "pass", "None is"),
        ("error_rate <= 0.1", "pass", "all 2 passed"),
    ]
    assert [each.candidate for each in rules[0].checks] == ["c1", "c3", "c5", "c2", "c0", "c4"]


@pytest.mark.parametrize("text", ["word " * 60, "x" * 300])
def test_a_long_alarm_is_folded_behind_its_beginning(text):
    found = scorecard({"lite": card((0.5, 0.7))}).model_copy(update={"alarms": ("short", text, "third")})
    (short, long), folded = alarms(found)
    assert (short.start, short.text) == (None, "short")
    assert long.text == text
    assert long.start.endswith(" …")
    assert text.startswith(long.start[:-2])
    assert len(long.start) <= MOST_OF_AN_ALARM + 2
    assert len(folded) == 3 - MOST_ALARMS


def test_a_page_names_candidates_in_the_order_of_the_ranking():
    found = scorecard({"low": card((0.2, 0.3)), "high": card((0.9, 1.0))})
    assert list(best_first(found).candidates) == ["high", "low"]
    page = html_report(found, run_json(evaluation={"candidates": []}), [], [])
    table = page[page.index('aria-label="Scores"') :]
    assert table.index(">high<") < table.index(">low<")
    # Rows of records know candidates by their place in the run.
    assert '"candidates":["low","high"]' in page
