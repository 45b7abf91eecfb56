"""Whole runs whose calls are delivered in batch, through the command line, against the rehearsed Bedrock."""

import json
import os
import signal
import subprocess
import time

import pyarrow.parquet as pq
import pytest

from tests.whole_runs import called, command, environment, only_run, write_evaluation

EVALUATION = """
name: small
delivery: {delivery}
candidates: [{{name: first, model: "test.first-v1:0"}}]
judges: [{{name: judge, model: "amazon.nova-pro-v1:0", verdict: text}}]
criteria: [correctness]
metrics: [token_f1]
"""
RECORDS = 112
# All but the first two, whose calls go on demand.
IN_JOBS = RECORDS - 2
BEDROCK = "simulated:latency=0,job_looks=1,job_errors=0.05"


def asked(folder, delivery):
    dataset = write_evaluation(folder, records=RECORDS, evaluation=EVALUATION.format(delivery=delivery))
    return ["run", dataset, "--bedrock", BEDROCK, "--out", folder / "runs"]


@pytest.fixture(scope="module")
def on_demand(tmp_path_factory):
    folder = tmp_path_factory.mktemp("on_demand")
    done = called(*asked(folder, "on_demand"))
    assert done.returncode == 0, done.stderr
    return only_run(folder / "runs")


@pytest.fixture(scope="module")
def resumed(tmp_path_factory):
    """A run in batch that was killed while the judge's job was at work, and gone on with."""
    folder = tmp_path_factory.mktemp("batch")
    arguments = command(*asked(folder, "batch"))
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    with subprocess.Popen(arguments, env=environment(), **quiet) as process:
        end = time.monotonic() + 60
        while not list(folder.glob("runs/*/*/batch/judges/jobs.json")):
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    run = only_run(folder / "runs")
    done = called("run", "--resume", run)
    assert done.returncode == 0, done.stderr
    return run, done


def jobs_of(run):
    return [json.loads(path.read_bytes()) for path in run.glob("simulated-bedrock/*/*.json")]


OF_COST_AND_TIME = {
    "run_id", "started_at", "duration_s", "dataset", "latency_ms", "latency_ms_p90", "cost_usd",
    "cost_usd_per_1000_records", "frontier", "evidence", "hints", "alarms",
}  # fmt: skip


def but_for_cost_and_time(value):
    if isinstance(value, list):
        return [but_for_cost_and_time(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {key: but_for_cost_and_time(each) for key, each in value.items() if key not in OF_COST_AND_TIME}


def test_a_run_in_batch_has_the_scorecard_of_one_on_demand_but_for_cost_and_time(on_demand, resumed):
    cards = [json.loads((run / "scorecard.json").read_bytes()) for run in (on_demand, resumed[0])]
    assert but_for_cost_and_time(cards[0]) == but_for_cost_and_time(cards[1])
    whole, half = (card["judges"]["judge"]["cost_usd"] for card in cards)
    # A few calls went on demand: the first ones, and those that a job gave back with an error.
    assert 0.5 * whole < half < 0.6 * whole


def test_what_was_killed_creates_no_job_twice_and_pays_for_no_row_twice(resumed):
    run, _ = resumed
    jobs = jobs_of(run)
    assert sorted(job["jobName"].rpartition("-")[0].rpartition("-")[2][0] for job in jobs) == ["c", "j"]
    failed = [job["errorRecordCount"] for job in jobs]
    assert all(failed)
    outputs = [
        json.loads(line)
        for path in run.glob("results/*/SUCCEEDED_*.jsonl")
        for line in path.read_text().splitlines()
    ]
    responses = [each["responses"][0] for each in outputs if "record_id" in each]
    by_job = [each for each in responses if each.get("delivery") == "batch"]
    candidates = next(job for job in jobs if "-c" in job["jobName"][-12:])
    assert len(by_job) == IN_JOBS - candidates["errorRecordCount"]
    assert not [each for each in by_job if "elapsed_ms" in each]


def test_a_response_of_a_job_was_called_for_and_has_no_latency(resumed):
    rows = pq.read_table(resumed[0] / "responses.parquet").to_pylist()
    timed = [row for row in rows if row["latency_ms"] is not None]
    # The first calls, and those that the job gave back with an error.
    assert 2 < len(timed) < 25
    assert not [row for row in rows if row["reused"] or row["response"] is None]
    assert all(row["input_tokens"] for row in rows)


def test_the_terminal_says_that_jobs_are_waited_for(resumed):
    told = resumed[1].stderr
    assert "preparing batch jobs" in told
    assert "waiting for batch jobs" in told
    assert "1/1 jobs" in told
