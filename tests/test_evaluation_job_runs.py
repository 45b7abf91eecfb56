"""A whole run with Bedrock's judge beside a judge of ours, against the rehearsed Bedrock."""

import json
import os
import signal
import subprocess
import time

import pyarrow.parquet as pq
import pytest

from evaldrop.cli.exits import BUDGET_SPENT
from evaldrop.evaluation.criteria import BUILT_IN
from evaldrop.job_formats.asked_metrics import judged_groups
from evaldrop.job_formats.requests import Target, job_request, own_responses
from evaldrop.run.ledger import read_ledger
from evaldrop.running.workflow import JOBS_ROLE
from tests.whole_runs import called, command, environment, only_run, write_evaluation

MODEL = "us.amazon.nova-premier-v1:0"
EVALUATION = f"""
name: small
candidates:
  - {{name: first, model: "test.first-v1:0"}}
  - {{name: second, model: "test.second-v1:0"}}
judges:
  - {{name: ours, model: "amazon.nova-pro-v1:0"}}
  - {{name: bedrock, api: evaluation_job, model: "{MODEL}"}}
criteria: [correctness, bedrock.helpfulness]
prices:
  "test.first-v1:0": {{input: 1, output: 2}}
  "test.second-v1:0": {{input: 1, output: 2}}
"""
RECORDS = 40
ROOM_FOR_ONE = "0.75"


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """A run killed while an evaluation job was at work, and gone on with; a second one has no room."""
    folder = tmp_path_factory.mktemp("panel")
    dataset = write_evaluation(folder, records=RECORDS, evaluation=EVALUATION)
    bedrock = "simulated:latency=0,job_looks=1,job_errors=0.1"
    arguments = command(
        "run", dataset, "--bedrock", bedrock, "--out", folder / "runs", "--budget", ROOM_FOR_ONE
    )
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    with subprocess.Popen(arguments, env=environment(), **quiet) as process:
        end = time.monotonic() + 60
        while len(list(folder.glob("runs/*/*/simulated-bedrock/evaluation-jobs/*.json"))) < 1:
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    run = only_run(folder / "runs")
    done = called("run", "--resume", run)
    assert done.returncode == BUDGET_SPENT, done.stderr
    return run, done, card_of(run)


@pytest.fixture(scope="module")
def resumed(refused):
    """The same run with a larger budget."""
    done = called("run", "--resume", refused[0], "--budget", "5")
    assert done.returncode == 0, done.stderr
    return refused[0], done


def card_of(run):
    return json.loads((run / "scorecard.json").read_bytes())


def ledger_of(run):
    """Return what records and stages have cost in all, in micro-dollars, and what jobs had reserved."""
    lines = map(json.loads, (run / "budget.jsonl").read_text().splitlines())
    reserved = {line["job"]: line["micros"] for line in lines if "job" in line}
    return read_ledger(run / "budget.jsonl").spent, reserved


def test_a_job_that_has_no_room_is_not_created_and_its_verdicts_say_so(refused):
    _, done, card = refused
    assert card["judges"]["bedrock"]["unscored"]["budget"] == 2 * RECORDS
    assert card["judges"]["bedrock"]["errors"] == 0
    [alarm] = [each for each in card["alarms"] if "not created" in each]
    assert "1 of 2 evaluation jobs were not created" in alarm
    assert "the budget had no room for it" in alarm
    assert f"{2 * RECORDS} verdicts of evaluation jobs not asked for" in done.stderr
    assert "--budget USD" in done.stderr


def test_a_larger_budget_creates_it_and_nothing_else_is_paid(resumed):
    run, done = resumed
    assert "40/40 records, 0 calls" in done.stderr
    assert "1/1 jobs" in done.stderr
    assert len(jobs_of(run)) == 2


def test_the_ledger_says_what_the_scorecard_says(refused, resumed):
    cost = card_of(resumed[0])["cost_usd"]
    assert cost["evaluation_jobs_at_most"] > 1.5 * refused[2]["cost_usd"]["evaluation_jobs_at_most"] > 0
    spent, reserved = ledger_of(resumed[0])
    # Of each record whole micro-dollars.
    known = (cost["known"] + cost["evaluation_jobs_at_most"]) * 1e6
    assert spent == pytest.approx(known, abs=RECORDS)
    # Null is answered, and paid for.
    assert sum(reserved.values()) == pytest.approx(cost["evaluation_jobs_at_most"] * 1e6)


def jobs_of(run):
    files = run.glob("simulated-bedrock/evaluation-jobs/*.json")
    return sorted((json.loads(file.read_bytes()) for file in files), key=lambda job: job["jobName"])


def test_the_agreement_of_both_judges_is_measured_on_the_same_responses(resumed):
    card = card_of(resumed[0])
    for criterion in ("correctness", "bedrock.helpfulness"):
        agreement = card["agreement"][criterion]
        scored = card["judges"]["bedrock"]["criteria"][criterion]["scored"]
        # Of all responses but those of which the job said null.
        assert RECORDS < scored < 2 * RECORDS
        assert agreement["n_responses"] == scored
        assert agreement["alpha_interval"][0] < agreement["alpha"] < agreement["alpha_interval"][1]
        for candidate in card["candidates"].values():
            assert candidate["criteria"][criterion]["n_scored"] == RECORDS


def test_null_is_no_score_and_every_response_has_a_verdict_of_either_judge(resumed):
    rows = pq.read_table(resumed[0] / "verdicts.parquet").to_pylist()
    of = {name: [row for row in rows if row["judge"] == name] for name in ("ours", "bedrock")}
    assert len(of["ours"]) == len(of["bedrock"]) == 2 * 2 * RECORDS
    unscored = [row for row in of["bedrock"] if row["score"] is None]
    assert unscored
    assert {row["unscored_reason"] for row in unscored} == {"not_applicable"}
    assert all(json.loads(row["raw_reply"])["evaluator"] == MODEL for row in of["bedrock"] if row["score"])


def test_what_was_killed_creates_no_job_twice(resumed):
    jobs = jobs_of(resumed[0])
    assert len(jobs) == 2
    assert {job["status"] for job in jobs} == {"Completed"}


def test_the_workflow_asks_for_a_job_as_the_command_line_would(resumed):
    """The request that is put together in the workflow is the one that the tested function makes."""
    run = resumed[0]
    [group] = judged_groups([BUILT_IN["correctness"], BUILT_IN["bedrock.helpfulness"]])
    for job in jobs_of(run):
        [model] = job["inferenceConfig"]["models"]
        candidate = model["precomputedInferenceSource"]["inferenceSourceIdentifier"]
        [config] = job["evaluationConfig"]["automated"]["datasetMetricConfigs"]
        name = config["dataset"]["name"]
        output = f"{run}/evaluation-jobs/1/out/{job['jobName']}/"
        wanted = job_request(
            Target(kind="judge", task="General", role=JOBS_ROLE, output=output),
            name=job["jobName"],
            about="",
            datasets={name: f"{run}/evaluation-jobs/1/datasets/{name}.jsonl"},
            group=group,
            models=[own_responses(candidate)],
            judge=MODEL,
        )
        for key in ("evaluationConfig", "inferenceConfig", "outputDataConfig", "applicationType", "roleArn"):
            assert job[key] == wanted[key], key


def test_the_terminal_says_that_evaluation_jobs_are_waited_for(refused):
    told = refused[1].stderr
    assert "waiting for evaluation jobs" in told
    assert "2/2 jobs" in told


def test_a_rescored_run_keeps_what_the_jobs_said(resumed):
    run, _ = resumed
    assert called("rescore", run).returncode == 0
    [rescored] = [each.parent for each in run.parent.glob("*/scorecard.json") if each.parent != run]
    before, after = (json.loads((each / "scorecard.json").read_bytes()) for each in (run, rescored))
    assert after["agreement"] == before["agreement"]
