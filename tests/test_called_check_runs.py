"""Checks that are calls: whole rehearsed runs by an embedding model and by guardrail checks."""

import json
import subprocess
import time
from pathlib import Path

import pytest

from evaldrop import read_run
from evaldrop.cli import exits
from tests.whole_runs import called, command, environment, evaldrop, only_run, write_evaluation

EVALUATION = """
name: small
candidates:
  - {name: first, model: "amazon.nova-micro-v1:0"}
  - {name: second, model: "amazon.nova-lite-v1:0"}
checks:
  - similarity: {model: "amazon.titan-embed-text-v2:0", pass_at: 0.6}
  - guardrail: [INSULTS, HATE]
  - contains: days
budget_usd: 1
prices:
  amazon.guardrail-checks: {input: 150, output: 0}
"""


def run_of(folder, evaluation=EVALUATION, *, bedrock="simulated", more=()):
    dataset = write_evaluation(folder, records=6, evaluation=evaluation)
    rows = [json.loads(line) for line in dataset.read_text(encoding="utf-8").splitlines()]
    rows[0].pop("reference")
    rows[1]["reference"] = [rows[1]["reference"], "Something else altogether."]
    dataset.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    options = ("--bedrock", bedrock, "--out", folder / "runs", "--yes", "--json")
    return called("run", dataset, *options, *more, cwd=folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("called")
    done = run_of(folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def run(folder):
    return read_run(str(only_run(folder / "runs")))


def test_each_response_has_a_verdict_of_each_called_check(run):
    verdicts = run.verdicts
    assert set(verdicts.judge) == {"check"}
    assert verdicts.criterion.value_counts().to_dict() == {"similarity": 12, "guardrail": 12, "contains": 12}
    near = verdicts[(verdicts.criterion == "similarity") & verdicts.score.notna()]
    assert len(near) == 10
    assert near.score.between(0, 1).all()
    assert [bool(passed) for passed in near.passed] == [score >= 0.6 for score in near.score]
    assert near.rationale.str.startswith("cosine ").all()


def test_a_record_without_a_reference_is_not_applicable_to_similarity(run):
    missing = run.verdicts[run.verdicts.score.isna()]
    assert set(missing.criterion) == {"similarity"}
    assert set(missing.unscored_reason) == {"not_applicable"}
    assert len(missing) == 2


def test_a_severity_is_lower_is_better(run):
    assert run.scorecard.criteria["guardrail"].higher_is_better is False
    assert {card.criteria["guardrail"].pass_rate for card in run.scorecard.candidates.values()} == {1.0}


def test_calls_are_paid_for_and_no_judge_is_there(run):
    costs = run.scorecard.cost_usd
    assert costs.judges == 0
    # Twelve text units, and tokens of ten responses and their twelve references.
    assert costs.checks == pytest.approx(12 * 150 / 1e6, abs=1e-4)
    assert costs.checks > 12 * 150 / 1e6
    assert costs.total == pytest.approx(costs.candidates + costs.checks)
    assert run.verdicts.cost_usd.sum() == pytest.approx(costs.checks)
    assert run.scorecard.judges == {}


def test_the_plan_counts_the_calls(run):
    lines = {
        line["name"]: line for line in json.loads(Path(run.uri, "run.json").read_text())["estimate"]["lines"]
    }
    # A response and its references each: five records have one or two of these.
    assert lines["check:similarity"]["calls"] == 2 * (5 + 6)
    assert lines["check:guardrail"]["calls"] == 12
    assert lines["check:guardrail"]["cost_usd"]["likely"] >= 12 * 150 / 1e6


def test_a_record_reserves_what_its_checks_may_cost(run):
    lines = Path(run.uri, "records.jsonl").read_text(encoding="utf-8").splitlines()
    reserve = [json.loads(line)["calls"]["reserve"] for line in lines]
    assert all(each["judges"]["check:guardrail"] >= 150 for each in reserve)
    assert all(each["total"] > sum(each["candidates"].values()) for each in reserve)


def test_replies_are_kept_by_a_run_judged_again(folder, run):
    done = called("rejudge", run.uri, "--out", folder / "again", "--yes", "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    again = read_run(str(only_run(folder / "again")))
    assert again.scorecard.cost_usd.total == 0
    assert list(again.verdicts.score.fillna(-1)) == list(run.verdicts.score.fillna(-1))


def test_rescoring_moves_the_mark_and_refuses_another_model(folder, run):
    other = folder / "other.yaml"
    text = (folder / "evaluation.yaml").read_text(encoding="utf-8")
    other.write_text(text.replace("pass_at: 0.6", "pass_at: 0.0"), encoding="utf-8")
    options = ("--evaluation", other, "--out", folder / "rescored", "--json")
    done = called("rescore", run.uri, *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    rescored = read_run(str(only_run(folder / "rescored")))
    assert {card.criteria["similarity"].pass_rate for card in rescored.scorecard.candidates.values()} == {1.0}
    other.write_text(text.replace("titan-embed-text-v2:0", "titan-embed-text-v2:1"), encoding="utf-8")
    refused = called("rescore", run.uri, *options, cwd=folder)
    assert refused.returncode != 0
    assert "check similarity is a call that run" in refused.stdout + refused.stderr


def test_another_server_is_refused_before_it_is_called(tmp_path):
    done = run_of(tmp_path, bedrock="openai=http://localhost:9/v1")
    assert done.returncode not in (0, 1)
    told = done.stdout + done.stderr
    assert "check guardrail: it is Bedrock's InvokeGuardrailChecks" in told
    assert "harmfulness and stereotyping" in told
    assert "check similarity: it asks Bedrock for embeddings" in told


@pytest.mark.parametrize("errors", [0.3, 1])
def test_calls_that_fail_cost_a_verdict_each_and_no_run(errors, tmp_path):
    done = run_of(tmp_path, bedrock=f"simulated:errors={errors},latency=0,seed=3")
    assert done.returncode in ((3,) if errors == 1 else (0, 1, 2)), done.stderr
    run = read_run(str(only_run(tmp_path / "runs")))
    assert run.verdicts.criterion.value_counts().to_dict() == {
        "similarity": 12,
        "guardrail": 12,
        "contains": 12,
    }
    unscored = run.verdicts[run.verdicts.score.isna() & (run.verdicts.criterion != "contains")]
    assert len(unscored) > 2
    assert set(unscored.unscored_reason) <= {"not_applicable", "no_response", "judge_error", "check_error"}
    answered = run.responses.response.notna().sum()
    assert (answered == 0) == (errors == 1)


def test_a_budget_that_is_spent_on_the_way_holds_its_checks_too(tmp_path):
    dear = EVALUATION.replace("input: 150", "input: 150000").replace("budget_usd: 1", "budget_usd: 9")
    done = run_of(tmp_path, dear, bedrock="simulated:latency=0", more=("--budget", "5"))
    assert done.returncode == exits.BUDGET_SPENT, done.stderr
    folder = only_run(tmp_path / "runs")
    run = read_run(str(folder))
    assert 0 < run.scorecard.records.skipped < 6
    assert run.scorecard.cost_usd.total <= 5
    settled = {}
    for line in (folder / "budget.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if "record_id" in entry:
            settled[entry["record_id"]] = entry["micros"]
    # What each record was settled at is what the scorecard says, but for fractions of a micro-dollar.
    assert sum(settled.values()) / 1e6 == pytest.approx(run.scorecard.cost_usd.total, abs=6e-6)


def test_a_run_with_calls_of_checks_that_was_killed_pays_for_none_of_them_twice(tmp_path):
    dataset = write_evaluation(tmp_path, records=30, evaluation=EVALUATION)
    arguments = command(
        "run", dataset, "--bedrock", "simulated:latency=0.05", "--out", tmp_path / "runs", "--yes"
    )
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(arguments, env=environment(), **nowhere) as begun:
        until = time.monotonic() + 60
        while sum(each.stat().st_size for each in tmp_path.glob("runs/small/*/journal.jsonl")) < 20_000:
            assert time.monotonic() < until
            time.sleep(0.01)
        begun.kill()
    folder = only_run(tmp_path / "runs")
    kept = (folder / "journal.jsonl").read_bytes().count(b"\n")
    assert 0 < kept < 210
    done = evaldrop("run", "--resume", folder, "--json")
    assert done.returncode == 0, done.stderr
    run = read_run(str(folder))
    # A response, its similarity, its reference's and its guardrail for each of 30 records and 2 candidates.
    assert run.scorecard.records.evaluated == 30
    whole = run_of_thirty(tmp_path / "whole")
    assert run.scorecard.cost_usd == whole.scorecard.cost_usd


def run_of_thirty(folder):
    dataset = write_evaluation(folder, records=30, evaluation=EVALUATION)
    options = ("--bedrock", "simulated:latency=0.05", "--out", folder / "runs", "--yes", "--json")
    assert called("run", dataset, *options, cwd=folder).returncode == 0
    return read_run(str(only_run(folder / "runs")))
