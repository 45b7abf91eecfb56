"""Whole runs with a budget: what is spent, what is left, what is said of it, and how they go on."""

import json
import re

import pytest

from evaldrop.cli import exits
from tests.whole_runs import called, only_run, write_evaluation

EVALUATION = """
name: small
candidates:
  - {name: first, model: "amazon.nova-lite-v1:0", inference: {max_tokens: 100}}
judges: [{name: judge, model: "amazon.nova-pro-v1:0", verdict: text, inference: {max_tokens: 200}}]
criteria: [correctness]
unscored: worst
"""
RECORDS = 24
# What all records cost is about twice as much.
BUDGET_USD = 0.006


def records_of(run):
    return json.loads((run / "scorecard.json").read_bytes())["records"]


def ledger(run):
    lines = map(json.loads, (run / "budget.jsonl").read_text().splitlines())
    return [line for line in lines if "record_id" in line]


@pytest.fixture(scope="module")
def spent(tmp_path_factory):
    """A run whose budget was spent half-way: its folder, what ended and what it had found."""
    folder = tmp_path_factory.mktemp("budget")
    dataset = write_evaluation(folder, records=RECORDS, evaluation=EVALUATION)
    ended = called(
        "run", dataset, "--bedrock", "simulated:latency=0", "--out", folder / "runs", "--budget", BUDGET_USD
    )
    run = only_run(folder / "runs")
    return run, ended, json.loads((run / "scorecard.json").read_bytes())


def test_a_run_never_costs_more_than_its_budget_and_ends_with_what_it_has(spent):
    run, _, scorecard = spent
    records = scorecard["records"]
    assert records["evaluated"] + records["skipped"] == RECORDS
    assert 5 < records["evaluated"] < RECORDS - 5
    assert records["missing"] == 0
    # What is left would not do for another record at its most.
    lines = (run / "records.jsonl").read_text().splitlines()
    reserves = [json.loads(line)["calls"]["reserve"]["total"] for line in lines]
    assert BUDGET_USD - max(reserves) / 1e6 < scorecard["cost_usd"]["total"] <= BUDGET_USD
    # What the workflow settled is what the scorecard says, to the micro-dollar a record is rounded up to.
    settled = sum(each["micros"] for each in ledger(run)) / 1e6
    assert scorecard["cost_usd"]["total"] == pytest.approx(settled, abs=RECORDS * 1e-6)


def test_what_was_not_begun_is_no_failure_and_not_counted_as_the_worst(spent):
    _, _, scorecard = spent
    card, skipped = scorecard["candidates"]["first"], scorecard["records"]["skipped"]
    evaluated = scorecard["records"]["evaluated"]
    assert (
        card["responses"] | {"n": evaluated, "errors": 0, "missing": 0, "skipped": skipped}
        == card["responses"]
    )
    correctness = card["criteria"]["correctness"]
    assert (correctness["n_scored"], correctness["unscored"]) == (evaluated, {"budget": skipped})
    assert correctness["coverage"] == pytest.approx(evaluated / RECORDS)
    low, high = correctness["bounds"]
    assert low < correctness["mean"] < high
    assert scorecard["judges"]["judge"]["criteria"]["correctness"]["lost"] == 0


def test_terminal_exit_code_and_gate_say_that_the_budget_was_spent_and_how_to_go_on(spent):
    run, ended, scorecard = spent
    skipped = scorecard["records"]["skipped"]
    assert ended.returncode == exits.BUDGET_SPENT == 4
    assert f"{skipped} not begun: the budget was spent" in ended.stdout
    assert f"budget of $0.0060 was spent: {skipped} of {RECORDS} records were not begun." in ended.stdout
    assert scorecard["gate"]["decision"] == "inconclusive"
    assert f"(budget: {skipped})" in scorecard["gate"]["reasons"][0]
    assert re.search(rf"--resume {re.escape(str(run))} --budget USD", ended.stderr)
    for page in ("report.html", "summary.md"):
        assert re.search(r"budget of (\$|&#36;)0.0060 was spent", (run / page).read_text())


@pytest.fixture(scope="module")
def resumed(spent):
    """The same run with room for all: its folder, what was answered before, and what ended."""
    run, *_ = spent
    before = (run / "journal.done.jsonl").read_bytes().count(b"\n")
    same = called("run", "--resume", run)
    ended = called("run", "--resume", run, "--budget", 1)
    return run, before, same, ended


def test_with_a_larger_budget_only_the_rest_is_called(spent, resumed):
    _, _, scorecard = spent
    run, before, _, ended = resumed
    assert before == 2 * scorecard["records"]["evaluated"]
    assert ended.returncode == 0
    assert f"{2 * scorecard['records']['skipped']} calls" in ended.stderr
    assert records_of(run) | {"evaluated": RECORDS, "skipped": 0, "missing": 0} == records_of(run)
    # Each record was settled once: what it cost before was not reserved again.
    assert sorted(each["record_id"] for each in ledger(run)) == sorted(f"record-{n}" for n in range(RECORDS))


def test_without_a_larger_one_it_is_said_what_is_left_and_nothing_is_called(resumed):
    _, _, same, _ = resumed
    assert same.returncode == exits.BUDGET_SPENT
    assert "the budget was spent" in same.stderr
    assert "calls" not in same.stderr


def test_a_run_that_goes_on_keeps_the_larger_budget(resumed):
    run, *_ = resumed
    assert json.loads((run / "run.json").read_bytes())["budget_usd"] == 1
