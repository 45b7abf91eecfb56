"""Whole runs whose prompt is made by a job: what is measured of it, and that no job is begun twice."""

import json
import os
import signal
import subprocess
import time

import pytest

from evaldrop.steps.lifecycle.spent import spent_in
from tests.whole_runs import called, command, environment, only_run, write_evaluation

EVALUATION = """
name: tuned
candidates:
  - {name: first, model: "amazon.nova-lite-v1:0", inference: {max_tokens: 100}}
  - name: first_tuned
    model: "amazon.nova-lite-v1:0"
    inference: {max_tokens: 100}
    prompt: {improve: answer.v1, by: bedrock_job}
judges: [{name: judge, model: "amazon.nova-pro-v1:0", verdict: text, inference: {max_tokens: 200}}]
criteria: [correctness]
"""
RECORDS = 40
BEDROCK = "simulated:latency=0,prompt_gain=1,job_looks=0"


def read(run, name):
    return json.loads((run / name).read_bytes())


def jobs_of(run):
    paths = run.glob("simulated-bedrock/advanced-prompt-optimization-jobs/*.json")
    return sorted((json.loads(path.read_bytes()) for path in paths), key=lambda job: job["jobName"])


def run_of(folder, *options, bedrock=BEDROCK, evaluation=EVALUATION):
    dataset = write_evaluation(folder, records=RECORDS, evaluation=evaluation)
    ended = called("run", dataset, "--bedrock", bedrock, "--out", folder / "runs", *options)
    return only_run(folder / "runs"), ended


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    run, ended = run_of(tmp_path_factory.mktemp("tuned"))
    assert ended.returncode == 0, ended.stderr
    return run


def test_a_job_sees_train_records_alone_and_its_prompt_is_measured_on_the_test_part(tuned):
    parts = read(tuned, "prompts/parts.json")
    given = (tuned / "prompts/jobs/first_tuned/input.jsonl").read_text()
    kept = [json.loads(line) for line in (tuned / "prompts/records.jsonl").read_text().splitlines()]
    for record in kept:
        assert (json.dumps(record["prompt"], ensure_ascii=False) in given) == (parts[record["id"]] == "train")
    assert read(tuned, "scorecard.json")["records"]["evaluated"] == RECORDS - len(parts)
    (search,) = read(tuned, "prompts/search.json")["searches"]
    made = next(each for each in search["proposals"] if each["id"] == "r1p1")
    assert search["winner"] == "r1p1"
    assert read(tuned, "run.json")["prompts"]["candidate/answer.v1+first_tuned"]["text"] == made["text"]
    assert "no proof" in made["why"]


def test_what_a_job_cost_is_unknown_and_never_nothing(tuned):
    cost = read(tuned, "scorecard.json")["cost_usd"]
    assert (cost["prompt_search"], cost["total"]) == (None, None)
    assert cost["unknown_models"] == ["bedrock_job"]
    assert cost["known"] > 0


@pytest.mark.nightly
def test_a_job_that_fails_leaves_the_original_and_says_so(tmp_path):
    run, ended = run_of(tmp_path, bedrock=f"{BEDROCK},job_failed=1")
    assert ended.returncode == 0, ended.stderr
    (search,) = read(run, "prompts/search.json")["searches"]
    assert search["winner"] == "original"
    assert search["ended"].startswith("no prompt was written: the job ended without a prompt, Failed: ")
    prompts = read(run, "run.json")["prompts"]
    assert prompts["candidate/answer.v1+first_tuned"]["text"] == prompts["candidate/answer.v1"]["text"]
    assert read(run, "scorecard.json")["cost_usd"]["prompt_search"] is None


def test_a_budget_without_room_for_a_job_begins_none(tmp_path):
    run, ended = run_of(
        tmp_path, evaluation=EVALUATION.replace("bedrock_job}", "bedrock_job, budget_usd: 0.01}")
    )
    assert ended.returncode == 0, ended.stderr
    (search,) = read(run, "prompts/search.json")["searches"]
    assert (search["winner"], jobs_of(run)) == ("original", [])
    assert "no room" in search["ended"]
    assert read(run, "scorecard.json")["cost_usd"]["prompt_search"] == 0


def job_has_begun(run):
    return any(job["looks"] > 0 for job in jobs_of(run))


def job_is_over(run):
    return any(run.glob("prompts/jobs/*/out/*/*"))


def records_are_evaluated(run):
    return (run / "records.jsonl").exists()


def stopped(folder, how, moment, looks=3):
    """Begin a run and stop it at a moment; return its folder."""
    dataset = write_evaluation(folder, records=RECORDS, evaluation=EVALUATION)
    slowly = f"simulated:latency=0.05,prompt_gain=1,job_looks={looks}"
    asked = command("run", dataset, "--bedrock", slowly, "--out", folder / "runs", "--max-in-flight", 4)
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    end = time.monotonic() + 60
    with subprocess.Popen(asked, env=environment(), **quiet) as process:
        while process.poll() is None:
            assert time.monotonic() < end
            if any(moment(run) for run in folder.glob("runs/*/*")):
                os.kill(process.pid, how)
                process.wait()
            time.sleep(0.002)
    run = only_run(folder / "runs")
    assert not (run / "scorecard.json").exists()
    return run


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(each, marks=pytest.mark.nightly)
        for each in (job_has_begun, job_is_over, records_are_evaluated)
    ],
)
def test_a_run_that_is_killed_goes_on_with_the_job_that_it_has(tmp_path, tuned, moment):
    run = stopped(tmp_path, signal.SIGKILL, moment, looks=900 if moment is job_has_begun else 1)
    (job,) = jobs_of(run)
    ended = called("run", "--resume", run, "--bedrock", BEDROCK)
    assert ended.returncode == 0, ended.stderr
    assert [each["jobArn"] for each in jobs_of(run)] == [job["jobArn"]]
    (search,), (whole,) = (read(each, "prompts/search.json")["searches"] for each in (run, tuned))
    assert search["ended"] == whole["ended"]
    assert search["likely_usd"] == whole["likely_usd"] > 0


def test_a_run_that_is_stopped_stops_its_job_and_asks_for_another_when_it_goes_on(tmp_path):
    run = stopped(tmp_path, signal.SIGINT, job_has_begun, looks=900)
    assert [job["jobStatus"] for job in jobs_of(run)] == ["Stopping"]
    assert spent_in(str(run)).cost_usd is None
    ended = called("run", "--resume", run, "--bedrock", BEDROCK)
    assert ended.returncode == 0, ended.stderr
    first, second = jobs_of(run)
    assert (first["jobStatus"], second["jobStatus"]) == ("Stopped", "Completed")
    assert second["jobName"] == f"{first['jobName']}-1"
    (search,) = read(run, "prompts/search.json")["searches"]
    assert search["ended"] == "one prompt was written"
