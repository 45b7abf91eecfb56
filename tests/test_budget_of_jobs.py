"""Whole runs in batch with a budget: jobs that reserve, jobs that it has no room for, and how they go on."""

import json
import os
import signal
import subprocess
import time

import pytest

from evaldrop.cli import exits
from tests.whole_runs import called, command, environment, only_run, write_evaluation

EVALUATION = """
name: small
delivery: batch
batch: {{missing: {missing}}}
candidates: [{{name: first, model: "amazon.nova-lite-v1:0", inference: {{max_tokens: 100}}}}]
judges: [{{name: judge, model: "amazon.nova-pro-v1:0", verdict: text, inference: {{max_tokens: 200}}}}]
criteria: [correctness]
"""
RECORDS = 105
IN_JOBS = RECORDS - 2
# Room for the candidate's job and a few verdicts, and not for the judge's job.
BUDGET_USD = 0.009
BEDROCK = "simulated:latency=0,job_looks=1"


def asked(folder, budget_usd, missing="on_demand"):
    dataset = write_evaluation(folder, records=RECORDS, evaluation=EVALUATION.format(missing=missing))
    return ("run", dataset, "--bedrock", BEDROCK, "--out", folder / "runs", "--budget", budget_usd)


def scorecard_of(run):
    return json.loads((run / "scorecard.json").read_bytes())


def ledger(run):
    return [json.loads(line) for line in (run / "budget.jsonl").read_text().splitlines()]


def spent_by(run):
    return sum(each["micros"] for each in ledger(run) if "job" not in each) / 1e6


def by_delivery(scorecard):
    return sum(one["cost_usd"] for one in scorecard["cost_usd"]["deliveries"])


@pytest.fixture(scope="module")
def spent(tmp_path_factory):
    """A run whose budget was spent in the middle of its jobs."""
    folder = tmp_path_factory.mktemp("spent")
    ended = called(*asked(folder, BUDGET_USD))
    run = only_run(folder / "runs")
    return run, ended, scorecard_of(run), ledger(run)


def test_a_budget_that_is_spent_in_the_middle_of_the_jobs_is_not_passed_by_a_micro_dollar(spent):
    run, ended, scorecard, lines = spent
    assert ended.returncode == exits.BUDGET_SPENT
    assert [each["job"] for each in lines if "job" in each] == ["candidates/first-1"]
    assert [each["stage"] for each in lines if "stage" in each] == ["candidates", "judges"]
    assert spent_by(run) <= BUDGET_USD
    # What was settled is what the scorecard says, the answered candidate of skipped records included.
    assert scorecard["cost_usd"]["total"] == pytest.approx(spent_by(run), abs=RECORDS * 1e-6)
    assert by_delivery(scorecard) == pytest.approx(scorecard["cost_usd"]["total"])
    [jobs] = [one for one in scorecard["cost_usd"]["deliveries"] if one["delivery"] == "batch"]
    assert (jobs["name"], jobs["calls"]) == ("first", IN_JOBS)
    assert 3 < scorecard["records"]["evaluated"] < RECORDS - 20
    assert scorecard["records"]["evaluated"] + scorecard["records"]["skipped"] == RECORDS
    assert scorecard["records"]["repeated"] == 0
    (alarm,) = [each for each in scorecard["alarms"] if "batch jobs were not created" in each]
    assert "judges/judge-1: NoBudget it may cost up to $" in alarm


def test_a_larger_budget_calls_the_rest_and_nothing_that_a_job_has_answered(spent):
    run, _, before, lines = spent
    done = called("run", "--resume", run, "--budget", 1)
    assert done.returncode == 0, done.stderr
    scorecard = scorecard_of(run)
    assert scorecard["records"] | {"evaluated": RECORDS, "skipped": 0} == scorecard["records"]
    assert f"{before['records']['skipped']} calls" in done.stderr
    assert ledger(run)[: len(lines)] == lines
    assert not [each for each in ledger(run)[len(lines) :] if "record_id" not in each]
    assert scorecard["cost_usd"]["total"] == pytest.approx(spent_by(run), abs=RECORDS * 1e-6)
    assert by_delivery(scorecard) == pytest.approx(scorecard["cost_usd"]["total"])
    # The judge's job was refused, and its verdicts may be there: it is not created after all.
    assert len(list(run.glob("simulated-bedrock/*/*.json"))) == 1


def test_where_missing_rows_are_reported_records_of_a_refused_job_are_skipped_until_there_is_more(
    tmp_path,
):
    called(*asked(tmp_path, BUDGET_USD, missing="report"))
    run = only_run(tmp_path / "runs")
    first = scorecard_of(run)
    assert first["records"]["skipped"] == IN_JOBS
    assert first["cost_usd"]["total"] == pytest.approx(spent_by(run), abs=RECORDS * 1e-6)
    assert by_delivery(first) == pytest.approx(first["cost_usd"]["total"])
    done = called("run", "--resume", run, "--budget", 1)
    assert done.returncode == 0, done.stderr
    assert scorecard_of(run)["records"]["evaluated"] == RECORDS


def test_what_was_killed_while_a_job_was_at_work_neither_pays_nor_counts_twice(tmp_path):
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    with subprocess.Popen(command(*asked(tmp_path, 1)), env=environment(), **quiet) as process:
        end = time.monotonic() + 60
        while not [
            path for path in tmp_path.glob("runs/*/*/budget.jsonl") if b"judge-1" in path.read_bytes()
        ]:
            assert time.monotonic() < end
            assert process.poll() is None
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
    run = only_run(tmp_path / "runs")
    before = ledger(run)
    assert before[-1]["job"] == "judges/judge-1"
    done = called("run", "--resume", run)
    assert done.returncode == 0, done.stderr
    assert [each for each in ledger(run) if "job" in each] == [each for each in before if "job" in each]
    assert [each["stage"] for each in ledger(run) if "stage" in each] == ["candidates", "judges"]
    assert len(list(run.glob("simulated-bedrock/*/*.json"))) == 2
    assert scorecard_of(run)["cost_usd"]["total"] == pytest.approx(spent_by(run), abs=RECORDS * 1e-6)
