"""Whole runs that improve a prompt: what is found, on which records it is measured, and what it costs."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections import Counter

import pytest

from evaldrop.run.ledger import read_ledger
from tests.whole_runs import called, command, environment, only_run, write_evaluation

EVALUATION = """
name: tuned
candidates:
  - {name: first, model: "amazon.nova-lite-v1:0", inference: {max_tokens: 100}}
  - name: first_tuned
    model: "amazon.nova-lite-v1:0"
    inference: {max_tokens: 100}
    prompt: {improve: answer.v1, by: judge, rounds: 2, proposals: 3}
judges: [{name: judge, model: "amazon.nova-pro-v1:0", verdict: text, inference: {max_tokens: 200}}]
criteria: [correctness]
"""
RECORDS = 60
BEDROCK = "simulated:latency=0,prompt_gain=1"


def read(run, name):
    return json.loads((run / name).read_bytes())


def run_of(folder, *options, evaluation=EVALUATION):
    dataset = write_evaluation(folder, records=RECORDS, evaluation=evaluation)
    ended = called("run", dataset, "--bedrock", BEDROCK, "--out", folder / "runs", *options)
    return only_run(folder / "runs"), ended


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    run, ended = run_of(tmp_path_factory.mktemp("tuned"))
    assert ended.returncode == 0, ended.stderr
    return run


def test_all_numbers_are_of_records_that_nobody_tuned_on(tuned):
    parts = read(tuned, "prompts/parts.json")
    measured = [json.loads(line)["record_id"] for line in (tuned / "records.jsonl").read_text().splitlines()]
    assert {*parts.values()} == {"train", "dev"}
    assert not parts.keys() & {*measured}
    assert len(parts) + len(measured) == RECORDS
    search = read(tuned, "prompts/search.json")
    counted = Counter(parts.values())
    assert search["records"] == {**counted, "test": len(measured)}
    seen = {
        record for each in search["searches"][0]["proposals"] for record in (*each["dev"], *each["train"])
    }
    assert seen <= parts.keys()


def test_the_prompt_that_was_best_on_dev_is_the_candidates(tuned):
    (search,) = read(tuned, "prompts/search.json")["searches"]
    winner = next(each for each in search["proposals"] if each["id"] == search["winner"])
    prompts = read(tuned, "run.json")["prompts"]
    assert prompts["candidate/answer.v1+first_tuned"]["text"] == winner["text"]
    assert search["ended"]
    assert len([each for each in search["proposals"] if each["id"] != "original"]) == 6


def test_what_the_search_cost_is_in_the_runs_cost(tuned):
    cost = read(tuned, "scorecard.json")["cost_usd"]
    (search,) = read(tuned, "prompts/search.json")["searches"]
    assert cost["prompt_search"] == pytest.approx(search["cost_usd"])
    assert 0 < search["proposing_usd"] < search["cost_usd"]
    assert cost["total"] == pytest.approx(cost["candidates"] + cost["judges"] + cost["prompt_search"])


def test_deliveries_and_the_search_come_to_the_total(tuned):
    cost = read(tuned, "scorecard.json")["cost_usd"]
    delivered = sum(each["cost_usd"] for each in cost["deliveries"])
    assert delivered + cost["prompt_search"] == pytest.approx(cost["total"], abs=1e-12)
    assert delivered == pytest.approx(cost["candidates"] + cost["judges"], abs=1e-12)


def assert_is_as_planned(run):
    cost, plan = read(run, "scorecard.json")["cost_usd"], read(run, "run.json")["estimate"]
    planned = plan["prompt_search"]["cost_usd"]
    assert planned["likely"] == pytest.approx(cost["prompt_search"], rel=0.25)
    assert cost["prompt_search"] <= planned["high"]
    assert plan["cost_usd"]["likely"] == pytest.approx(cost["total"], rel=0.25)
    assert cost["total"] <= plan["cost_usd"]["high"]
    assert plan["guessed"] == []


def test_the_bill_is_near_the_plan_and_never_above_its_most(tuned):
    assert_is_as_planned(tuned)


@pytest.mark.nightly
@pytest.mark.parametrize("rehearsal", ["seed=1,prompt_gain=1", "seed=2,prompt_gain=0.3", "seed=3"])
def test_so_it_is_of_other_seeds_and_gains(tmp_path, rehearsal):
    dataset = write_evaluation(tmp_path, records=RECORDS, evaluation=EVALUATION)
    ended = called(
        "run", dataset, "--bedrock", f"simulated:latency=0,{rehearsal}", "--out", tmp_path / "runs"
    )
    assert ended.returncode == 0, ended.stderr
    assert_is_as_planned(only_run(tmp_path / "runs"))


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(60, id="the first prompts are tried"),
        *(pytest.param(n, marks=pytest.mark.nightly) for n in (1, 20, 47, 49, 51, 90, 130, 200, 250, 300)),
    ],
)
def test_a_search_that_is_killed_finds_the_same_and_pays_for_nothing_twice(tmp_path, tuned, moment):
    paid = tmp_path / "paid.jsonl"
    run = killed(tmp_path, paid, after=moment)
    assert not (run / "scorecard.json").exists()
    ended = called("run", "--resume", run, "--bedrock", BEDROCK)
    assert ended.returncode == 0, ended.stderr
    # Of a journal that is put away in the end a second name is kept.
    assert paid.read_bytes().count(b"\n") == calls_of(tuned)
    assert read(run, "prompts/search.json") == read(tuned, "prompts/search.json")
    assert read(run, "scorecard.json")["cost_usd"] == read(tuned, "scorecard.json")["cost_usd"]


@pytest.mark.nightly
@pytest.mark.parametrize("moment", [20, 49, 130])
def test_a_search_that_is_stopped_keeps_what_was_paid_and_goes_on(tmp_path, tuned, moment):
    paid = tmp_path / "paid.jsonl"
    run = killed(tmp_path, paid, after=moment, by=signal.SIGINT)
    stopped = called("stop", run)
    assert "in its search for prompts" in stopped.stderr
    assert "was paid for it" in stopped.stderr
    ended = called("run", "--resume", run, "--bedrock", BEDROCK)
    assert ended.returncode == 0, ended.stderr
    assert paid.read_bytes().count(b"\n") == calls_of(tuned)
    assert read(run, "prompts/search.json") == read(tuned, "prompts/search.json")
    assert read(run, "scorecard.json")["cost_usd"] == read(tuned, "scorecard.json")["cost_usd"]


def killed(folder, paid, *, after, by=signal.SIGKILL):
    """Begin a run and end it once so many replies were paid for; a second name of its journal is kept."""
    dataset = write_evaluation(folder, records=RECORDS, evaluation=EVALUATION)
    slowly = BEDROCK.replace("latency=0", "latency=0.05")
    asked = command("run", dataset, "--bedrock", slowly, "--out", folder / "runs", "--max-in-flight", 4)
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    end = time.monotonic() + 60
    with subprocess.Popen(asked, env=environment(), **quiet) as process:
        while process.poll() is None:
            assert time.monotonic() < end
            for journal in folder.glob("runs/*/*/journal.jsonl"):
                if not paid.exists():
                    os.link(journal, paid)
                if paid.read_bytes().count(b"\n") >= after:
                    os.kill(process.pid, by)
                    process.wait()
            time.sleep(0.002)
    return only_run(folder / "runs")


def calls_of(run):
    """Return how many calls a run has made, by its files."""
    tried = [
        response
        for path in (*run.glob("prompts/*/results/*/SUCCEEDED_*"), *run.glob("results/*/SUCCEEDED_*"))
        for line in path.read_text().splitlines()
        for response in json.loads(line).get("responses", [json.loads(line)])
    ]
    return sum("reply" in each for each in tried) + sum(
        "reply" in judged for each in tried for judged in each.get("judgements", ())
    )


def test_a_search_and_its_run_stay_within_a_budget_together(tmp_path, tuned):
    whole = read(tuned, "scorecard.json")["cost_usd"]["total"]
    run, _ = run_of(tmp_path, "--budget", round(whole * 0.8, 4))
    cost = read(run, "scorecard.json")["cost_usd"]
    (search,) = read(run, "prompts/search.json")["searches"]
    assert search["ended"] == "its budget, or the run's, has no room for more"
    assert cost["total"] <= whole * 0.8
    # The ledger has tries and the run's own records; what proposing cost was taken from the budget before.
    ledger = read_ledger(run / "budget.jsonl").spent / 1e6
    assert ledger + search["proposing_usd"] == pytest.approx(cost["total"], abs=RECORDS * 4e-6)


@pytest.mark.nightly
def test_a_week_later_the_same_records_measure_and_the_gate_decides(tmp_path, tuned):
    evaluation = f'{EVALUATION}gate: ["no regression"]\n'
    dataset = write_evaluation(tmp_path, records=RECORDS, evaluation=evaluation)
    shutil.copytree(tuned.parent, tmp_path / "runs" / "tuned")
    assert called("bless", tmp_path / "runs" / "tuned" / tuned.name).returncode == 0
    ended = called("run", dataset, "--bedrock", f"{BEDROCK},seed=2", "--out", tmp_path / "runs")
    assert ended.returncode == 0, ended.stderr
    (run,) = [each.parent for each in tmp_path.glob("runs/*/*/run.json") if each.parent.name != tuned.name]
    assert read(run, "prompts/parts.json") == read(tuned, "prompts/parts.json")
    gate = read(run, "scorecard.json")["gate"]
    assert gate["decision"] == "pass"
    # Both candidates, the one with another prompt, too.
    assert [each for each in gate["reasons"] if "first_tuned" in each and "no regression is decided" in each]
    assert not [each for each in gate["reasons"] if "comparable" in each]
