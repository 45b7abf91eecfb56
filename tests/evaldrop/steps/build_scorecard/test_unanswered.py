"""Runs with too few answers, or none, in every place that shows a decision: nothing green, and why."""

import csv
import io
import re
from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from evaldrop.cli import exits
from evaldrop.cli.tables.scorecard import print_scorecard
from evaldrop.errors import InputError
from evaldrop.report.history_index import read_history
from evaldrop.scorecard.baseline.blessing import bless
from evaldrop.scorecard.baseline.compare import compare_runs
from evaldrop.scorecard.trend import trend_of
from evaldrop.steps.build_scorecard.build import build_scorecard
from evaldrop.steps.build_scorecard.cloudwatch import metric_lines
from evaldrop.steps.report_failure.notices import scorecard_notice
from tests.evaldrop.run_folders import (
    MAP_RUN,
    converse,
    failed_response,
    judgement,
    record,
    response,
    row,
    run_json,
    write_run,
)

GOOD, RECORDS = {"correctness": 1, "tone": 4}, 20
TWO_JUDGES = {"judges": [{"name": "pro", "model": "m.pro"}, {"name": "lax", "model": "m.lax"}]}
CAUSE = "slow down"


def good(name, _number):
    return response(name, scores=GOOD)


def refused(name, _number):
    return failed_response(name, cause=CAUSE)


def every_other_refused(name, number):
    return (refused if number % 2 else good)(name, number)


def unread(name, _number):
    """Replies of the judge in which there is no verdict."""
    return response(name, judgements=[judgement(GOOD, reply=converse("I would rather not say."))])


def blocked(name, _number):
    return response(name, reply=converse("Sorry.", stop="guardrail_intervened"))


def empty(name, _number):
    return response(name, "", scores=GOOD)


def one_judge_silent(name, _number):
    mute = judgement(GOOD, judge="lax", reply=None, error={"Error": "AccessDenied", "Cause": CAUSE})
    return response(name, judgements=[judgement(GOOD), mute])


FAILED = {
    "every call failed": ((refused, refused), {}),
    "one of two candidates failed": ((good, refused), {}),
    "one of two judges is silent": ((one_judge_silent, one_judge_silent), TWO_JUDGES),
    "no verdict can be read": ((unread, unread), {}),
    "a guardrail stopped all": ((blocked, blocked), {}),
    "all are empty": ((empty, empty), {}),
}
OPEN = {"half are missing": ((good, every_other_refused), {})}


@pytest.fixture(params=[*FAILED, *OPEN])
def run(request, tmp_path):
    """A run's folder, its scorecard, and whether it is one that failed."""
    (lite, haiku), evaluation = (FAILED | OPEN)[request.param]
    folder = tmp_path / "runs" / "support" / "run-1"
    judges = ("pro", "lax") if evaluation else ("pro",)
    write_run(
        folder,
        run=run_json(bedrock="aws", evaluation=evaluation),
        records=[record(f"r{number}", judges=judges) for number in range(RECORDS)],
        succeeded=[
            row(f"r{number}", lite("lite", number), haiku("haiku", number)) for number in range(RECORDS)
        ],
    )
    return folder, build_scorecard(str(folder)), request.param in FAILED


def test_the_decision_and_the_exit_code(run):
    _, card, failed = run
    assert card.gate.decision == ("fail" if failed else "inconclusive")
    assert exits.of_scorecard(card) == (exits.RUN_FAILED if failed else exits.GATE_INCONCLUSIVE)
    assert exits.of_scorecard(card, strict=True) != exits.PASSED


def test_nothing_is_shipped_and_the_first_line_says_what_is_missing(run):
    _, card, failed = run
    said = card.recommendation
    assert said.choice is None
    assert said.reason.startswith("Ship nothing: " if failed else "Not decided")
    if failed:
        assert card.summary.startswith("This run failed, and nothing may rest on it: ")


def test_what_was_said_first_and_what_to_do_are_beside_the_decision(run):
    folder, card, _ = run
    if CAUSE in (folder / "results" / MAP_RUN / "SUCCEEDED_0.jsonl").read_text():
        assert any(f"It said: {CAUSE}" in reason for reason in card.gate.reasons)
    # Something can be done about each of them.
    assert all(re.search(r"\. [A-Z][^.]+", check.sentence) for check in card.gate.checks)


def test_neither_report_nor_summary_shows_a_pass(run):
    folder, _, failed = run
    page = (folder / "report.html").read_text(encoding="utf-8").split('id="scorecard"')[0].split("<body")[1]
    assert 'class="pill pass"' not in page
    assert "passed" not in page
    assert f'class="pill {"fail" if failed else "inconclusive"}">gate ' in page
    assert ('class="ship bad"' in page) == failed
    summary = (folder / "summary.md").read_text(encoding="utf-8")
    assert "✅" not in summary
    assert ("**Gate: ❌ failed**" if failed else "**Gate: ⚠️ inconclusive**") in summary


def test_no_testcase_of_junit_passes_and_no_two_have_one_name(run):
    folder, _, failed = run
    cases = ET.fromstring((folder / "junit.xml").read_text(encoding="utf-8")).findall(".//testcase")
    assert cases
    assert all(case.find("failure" if failed else "skipped") is not None for case in cases)
    names = [case.get("name") for case in cases]
    assert len(set(names)) == len(names)


def test_the_spreadsheet_says_the_decision_in_every_row(run):
    folder, card, _ = run
    rows = csv.DictReader(io.StringIO((folder / "scorecard.csv").read_text(encoding="utf-8-sig")))
    assert {each["gate"] for each in rows} == {card.gate.decision}


def test_the_message_is_sent_and_says_so_in_its_subject(run):
    folder, card, failed = run
    notice = scorecard_notice(card, folder=str(folder), notify="not_passed")
    assert notice["decision"] == card.gate.decision
    assert notice["subject"] == f"evaldrop support: {'failed, without answers' if failed else 'inconclusive'}"
    assert notice["message"].startswith(card.recommendation.reason)


def test_metrics_tell_failure_and_no_pass(run):
    _, card, failed = run
    line = next(metric_lines(card, stack="s", criteria=frozenset(GOOD), time_ms=1))
    assert (line["GatePassed"], line["GateNotPassed"]) == (0, 1)
    assert line["RunsWithoutAnswers"] == failed


def test_history_and_trend_keep_it_apart(run):
    folder, card, failed = run
    (entry,) = read_history(str(folder.parent.parent)).entries
    assert entry.decision == card.gate.decision
    assert bool(entry.unanswered) == failed
    assert (card.run_id in trend_of([entry], "support").left_out) == failed
    page = (folder.parent.parent / "index.html").read_text(encoding="utf-8")
    assert 'class="pill pass"' not in page
    assert ('<b class="bad">' in page) == failed


def test_it_is_no_baseline_unless_somebody_insists(run):
    folder, card, failed = run
    if failed:
        with pytest.raises(InputError, match="this run failed, and is no baseline"):
            bless(str(folder))
        assert not (folder.parent / "baseline.json").exists()
    assert bless(str(folder), force=True).run_id == card.run_id


def test_a_comparison_says_first_that_it_failed(run):
    folder, card, failed = run
    summary = compare_runs(str(folder), str(folder)).summary
    assert summary.startswith(f"{card.run_id} failed: ") == failed


def test_the_terminal_shows_nothing_in_green(run):
    _, card, failed = run
    console = Console(file=io.StringIO(), force_terminal=True, color_system="standard", width=160)
    print_scorecard(console, card)
    printed = console.file.getvalue()
    assert not re.search(r"\x1b\[[0-9;]*32m", printed)
    assert bool(re.search(r"\x1b\[1;31m(fail|Ship nothing)", printed)) == failed
    assert "passed the gate" not in printed


def test_a_single_good_record_passes_nothing_and_ships_nothing(tmp_path):
    folder = tmp_path / "runs" / "support" / "run-1"
    write_run(
        folder,
        run=run_json(bedrock="aws"),
        records=[record("r1")],
        succeeded=[row("r1", good("lite", 0), good("haiku", 0))],
    )
    card = build_scorecard(str(folder))
    assert card.gate.decision == "no gate"
    assert not card.recommendation.reason.startswith("Ship ")
    assert 'class="pill pass"' not in (folder / "report.html").read_text(encoding="utf-8")
    case = ET.fromstring((folder / "junit.xml").read_text(encoding="utf-8")).find(".//testcase")
    assert (case.get("name"), case.find("skipped") is not None) == ("no gate", True)
