"""Addresses of numbers: what a selection's fragment is. That a script reads it back is for a browser."""

from urllib.parse import parse_qs

import pytest

from evaldrop.report import behind, links
from evaldrop.scorecard.model.guardrails import BlockedShare
from evaldrop.scorecard.model.scorecard import GateCheck
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import failed_response, judgement, record, response, row, run_json, write_run

GOOD, BAD = {"correctness": 1, "tone": 5}, {"correctness": 0, "tone": 1}


def test_a_fragment_holds_what_is_asked_for_and_how_many_there_are():
    found = links.verdicts("haiku", "correctness", 18, "failed")
    assert found is not None
    assert found.fragment == "#candidate=haiku&criterion=correctness&verdict=failed&n=18"
    assert (found.n, found.title) == (18, "18 records")


def test_a_count_of_nothing_opens_nothing():
    assert links.answers("haiku", 0, "error") is None


def test_what_nobody_counted_is_linked_without_a_count():
    found = links.answers("haiku", None, "called")
    assert found is not None
    assert found.fragment == "#candidate=haiku&answer=called"


def test_a_judges_own_counts_are_of_verdicts():
    found = links.judged("pro", 1, "no_verdict")
    assert found is not None
    assert found.title == "1 verdict"


@pytest.mark.parametrize("name", ["a,b", "a~b", "~1", "ä&n=3#", "<b>", "100 %", "a+b", "line\nline"])
def test_any_name_is_one_part_of_a_value(name):
    found = links.pair(name, "b", "tone", 3, sign="first")
    assert found is not None
    (value,) = parse_qs(found.fragment[1:])["pair"]
    assert [part.replace("~1", ",").replace("~0", "~") for part in value.split(",")] == [name, "b", "first"]


@pytest.fixture(scope="module")
def scorecard(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "support" / "run-1"
    rows = [
        row(
            f"r{n}",
            failed_response("lite") if n == 0 else response("lite", judgements=[judgement(BAD)]),
            response("haiku", judgements=[judgement(GOOD)]),
        )
        for n in range(12)
    ]
    write_run(folder, run=run_json(), records=[record(f"r{n}") for n in range(12)], succeeded=rows)
    return build_scorecard(str(folder))


@pytest.mark.parametrize(("rule", "fragment"), [
    ("correctness.pass_rate >= 0.9", "#candidate=lite&criterion=correctness&verdict=scored&n=11"),
    ("tone.mean >= 4", "#candidate=lite&criterion=tone&verdict=scored&n=11"),
    ("tone.coverage >= 0.9", "#candidate=lite&criterion=tone&n=12"),
    ("error_rate <= 0.1", "#candidate=lite&answer=unanswered&n=1"),
    ("latency_ms.p90 <= 900", "#candidate=lite&answer=timed&sort=slow&n=11"),
    ("cost_usd.per_1000_records <= 1", "#candidate=lite&answer=called&sort=dear&n=11"),
    ("no regression in tone", None),
    ("answers", None),
])  # fmt: skip
def test_a_rule_opens_what_its_judgement_rests_on(scorecard, rule, fragment):
    check = GateCheck(expression=rule, decision="fail", sentence="no.", candidate="lite")
    found = behind.gate(check, scorecard)
    assert (found and found.fragment) == fragment


def test_a_rule_about_the_cost_of_the_run_opens_what_was_called(scorecard):
    check = GateCheck(expression="cost_usd <= 5", decision="pass", sentence="yes.")
    assert behind.gate(check, scorecard).fragment == "#answer=called&sort=dear"


def test_any_other_rule_about_the_whole_run_opens_nothing(scorecard):
    check = GateCheck(expression="coverage >= 0.9", decision="pass", sentence="yes.")
    assert behind.gate(check, scorecard) is None


def test_of_a_coverage_below_one_the_records_that_lack_a_verdict_are_opened(scorecard):
    assert behind.coverage(scorecard).fragment == "#show=unscored"
    whole = scorecard.model_copy(update={"coverage": 1.0})
    assert behind.coverage(whole).fragment == "#answer=evaluated"


def test_where_nothing_was_blocked_the_requests_whose_end_is_known_are_opened():
    some, none = (BlockedShare(n=n, of=9) for n in (2, 0))
    assert (
        behind.of_share("lite", some, "bad", "blocked").fragment == "#candidate=lite&guard=bad%2Cblocked&n=2"
    )
    assert behind.of_share("lite", none, "bad", "blocked").fragment == "#candidate=lite&guard=bad%2Cknown&n=9"
    assert behind.of_share("lite", BlockedShare(n=0, of=0), "bad", "blocked") is None
