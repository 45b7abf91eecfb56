"""Whole runs through the command line: what a person does, and what may go wrong meanwhile."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from benchmarks.endpoint import Settings, serving_processes
from tests.whole_runs import (
    EVALUATION,
    ROOT,
    called,
    command,
    environment,
    evaldrop,
    only_run,
    write_evaluation,
)

CALLS_PER_RECORD = 4
IN_FLIGHT = 8

RUN_FILES = {
    "run.json",
    "records.jsonl",
    "rejected.jsonl",
    "responses.parquet",
    "verdicts.parquet",
    "comparisons.parquet",
    "scorecard.json",
    "scorecard.csv",
    "summary.md",
    "junit.xml",
    "report.html",
}


def test_the_sample_evaluation_runs_from_another_folder_and_says_simulated_everywhere(tmp_path):
    done = evaldrop(
        "run", ROOT / "datasets/support-faq/records.jsonl", "--bedrock", "simulated", cwd=tmp_path
    )

    assert done.returncode in {0, 1, 2}, done.stderr
    run = only_run(tmp_path / "runs")
    assert {file.name for file in run.iterdir() if file.is_file()} >= RUN_FILES
    assert "SIMULATED" in done.stdout
    assert "SIMULATED" in done.stderr
    for name in ("scorecard.csv", "summary.md", "junit.xml", "report.html"):
        assert "SIMULATED" in (run / name).read_text(encoding="utf-8"), name
    assert "SIMULATED" in (tmp_path / "runs" / "index.html").read_text(encoding="utf-8")
    assert json.loads((run / "scorecard.json").read_text())["simulated"] is True
    assert str(run / "report.html") in done.stdout
    printed = {line.rstrip() for line in done.stdout.splitlines()}
    rows = [line.rstrip() for line in (ROOT / "README.md").read_text().splitlines() if "●" in line]
    assert rows
    assert set(rows) <= printed, "the README shows another scorecard than make run prints"


def test_json_prints_one_document_on_stdout(tmp_path):
    dataset = write_evaluation(tmp_path, records=3)

    done = called("run", dataset, "--bedrock", "simulated:latency=0", "--out", tmp_path / "runs", "--json")

    content = json.loads(done.stdout)
    assert content["status"] == "SUCCEEDED"
    assert content["scorecard"]["records"]["evaluated"] == 3


def test_a_killed_run_goes_on_without_losing_a_record_or_paying_twice(tmp_path):
    """SIGKILL in the middle: what the journal has is not called again; only what was in flight is."""
    records = 60
    dataset = write_evaluation(tmp_path, records=records)
    with serving_processes(Settings(latency_ms=60)) as (url, counts):
        arguments = (
            "run",
            dataset,
            "--bedrock",
            "aws",
            "--out",
            tmp_path / "runs",
            "--max-in-flight",
            IN_FLIGHT,
        )
        process = subprocess.Popen(
            command(*arguments),
            cwd=ROOT,
            env=environment(url),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait_for(lambda: counts.total()["calls"] >= records * CALLS_PER_RECORD // 3)
        process.send_signal(signal.SIGKILL)
        process.wait()
        time.sleep(0.3)
        run = only_run(tmp_path / "runs")
        called = counts.total()["calls"]
        kept = len((run / "journal.jsonl").read_bytes().splitlines())
        done = evaldrop("run", "--resume", run, env=environment(url))
        called_again = counts.total()["calls"] - called

    assert done.returncode == 0, done.stderr
    assert 0 < kept < records * CALLS_PER_RECORD
    assert called - kept <= IN_FLIGHT
    assert called_again == records * CALLS_PER_RECORD - kept
    rows = pq.read_table(run / "responses.parquet").to_pylist()
    asked = Counter((row["record_id"], row["candidate"]) for row in rows)
    assert len(asked) == records * 2
    assert set(asked.values()) == {1}
    assert not (run / "journal.jsonl").exists()


@pytest.mark.parametrize(
    ("calls", "number"),
    [
        pytest.param(1, signal.SIGINT, id="Ctrl-C during the first record"),
        pytest.param(60, signal.SIGINT, id="Ctrl-C"),
        # That these are taken for it is test_stopping's.
        pytest.param(60, signal.SIGTERM, id="a plain kill", marks=pytest.mark.nightly),
        pytest.param(60, signal.SIGHUP, id="the terminal is closed", marks=pytest.mark.nightly),
    ],
)
def test_what_is_stopped_lets_its_calls_end_and_says_how_to_go_on(tmp_path, calls, number):
    """Whatever was answered is kept: every process of the terminal hears of it, and the calls go on."""
    records = 60
    dataset = write_evaluation(tmp_path, records=records)
    with serving_processes(Settings(latency_ms=200)) as (url, counts):
        process = _begun(tmp_path, dataset, url)
        _wait_for(lambda: counts.total()["calls"] >= calls)
        os.killpg(process.pid, number)
        run, errors, answered, kept = _ended(process, tmp_path, counts)
        done = called("run", "--resume", run, env=environment(url))
        calls_in_all = counts.total()["calls"]

    assert process.returncode == 130
    assert "under way may end, within 60 s, and will be kept. Once more (Ctrl-C) stops at once." in errors
    assert f"evaldrop run --resume {run}" in errors
    assert "Traceback" not in errors
    assert answered == kept
    assert done.returncode == 0
    assert calls_in_all == records * CALLS_PER_RECORD


def _ended(process, folder, counts):
    """Wait for a run's end: its folder, what it said, and how many calls were answered and kept."""
    _, errors = process.communicate(timeout=30)
    run = only_run(folder / "runs")
    kept = (run / "journal.jsonl").read_bytes().splitlines()
    return run, errors, counts.total()["calls"], len(kept)


def test_evaldrop_stop_stops_a_run_of_another_process_and_scores_what_is_there(tmp_path):
    """As Ctrl-C: what was answered is kept, and nothing is paid twice by whoever goes on."""
    records = 60
    dataset = write_evaluation(tmp_path, records=records)
    with serving_processes(Settings(latency_ms=200)) as (url, counts):
        process = _begun(tmp_path, dataset, url)
        _wait_for(lambda: counts.total()["calls"] >= 60)
        stopped = called("stop", "latest", "--out", tmp_path / "runs")
        run, errors, answered, kept = _ended(process, tmp_path, counts)
        there = json.loads((run / "scorecard.json").read_text())["records"]
        done = called("run", "--resume", run, env=environment(url))
        calls_in_all = counts.total()["calls"]

    assert (stopped.returncode, process.returncode) == (0, 130)
    assert f"asked evaldrop run (process {process.pid} on " in stopped.stderr
    assert f"stopped: {there['evaluated']} of {records} records are evaluated." in stopped.stderr
    assert f"evaldrop run --resume {run}" in stopped.stderr
    assert f"evaldrop run --resume {run}" in errors
    assert 0 < there["evaluated"] < records
    assert answered == kept
    assert done.returncode == 0
    assert calls_in_all == records * CALLS_PER_RECORD
    assert not (run / "run.stop").exists()


def test_a_second_ctrl_c_does_not_wait_and_says_how_to_go_on_all_the_same(tmp_path):
    dataset = write_evaluation(tmp_path, records=60)
    with serving_processes(Settings(latency_ms=20_000)) as (url, _):
        process = _begun(tmp_path, dataset, url)
        _wait_for(lambda: list(tmp_path.glob("runs/*/*/records.jsonl")))
        time.sleep(2)
        began = time.monotonic()
        for _ in range(2):
            os.killpg(process.pid, signal.SIGINT)
            time.sleep(0.5)
        _, errors = process.communicate(timeout=30)
        took_s = time.monotonic() - began

    assert process.returncode == 130
    assert took_s < 15
    assert "stopped: 0/" in errors
    assert f"evaldrop run --resume {only_run(tmp_path / 'runs')}" in errors


def test_a_run_whose_process_of_calls_is_killed_stops_and_can_be_gone_on_with(tmp_path):
    """Not one failed call after another, which would be a finished run full of errors."""
    records = 60
    dataset = write_evaluation(tmp_path, records=records)
    with serving_processes(Settings(latency_ms=60)) as (url, counts):
        process = _begun(tmp_path, dataset, url)
        _wait_for(lambda: counts.total()["calls"] >= 60)
        # The first is the functions', which begins before the command is read.
        _, calls = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(calls), signal.SIGKILL)
        run, errors, answered, kept = _ended(process, tmp_path, counts)
        done = called("run", "--resume", run, env=environment(url))
        calls_in_all = counts.total()["calls"]

    assert process.returncode == 3
    assert "the process that makes the calls went away. Stopped: " in errors
    assert f"evaldrop run --resume {run}" in errors
    assert answered - kept <= IN_FLIGHT
    assert done.returncode == 0
    assert calls_in_all - records * CALLS_PER_RECORD == answered - kept


def _begun(folder, dataset, url):
    """A run in a session of its own, as a terminal or a service would begin it."""
    arguments = ("--bedrock", "aws", "--out", folder / "runs", "--max-in-flight", IN_FLIGHT)
    return subprocess.Popen(
        command("run", dataset, *arguments),
        cwd=ROOT,
        env=environment(url),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_a_run_is_judged_again_and_rescored_for_what_is_new_only(tmp_path):
    """With one new criterion only judges are called, once per response; rescoring calls nothing."""
    records = 10
    dataset = write_evaluation(tmp_path, records=records)
    wider = tmp_path / "wider.yaml"
    wider.write_text(EVALUATION.replace("[correctness]", "[correctness, helpfulness]"), encoding="utf-8")
    with serving_processes(Settings(latency_ms=1)) as (url, counts):
        called("run", dataset, "--bedrock", "aws", "--out", tmp_path / "runs", env=environment(url))
        parent = only_run(tmp_path / "runs")
        first = counts.total()
        rejudged = called("rejudge", parent, "--evaluation", wider, "--json", env=environment(url))
        second = counts.total()
        rescored = called("rescore", parent, "--json", env=environment(url))
        resumed = called("run", "--resume", parent, env=environment(url))
        third = counts.total()

    assert rejudged.returncode == rescored.returncode == resumed.returncode == 0, rejudged.stderr
    assert first["calls"] == records * CALLS_PER_RECORD
    assert second["candidate_calls"] == first["candidate_calls"]
    assert second["judge_calls"] - first["judge_calls"] == records * 2
    assert third == second
    before = json.loads((parent / "scorecard.json").read_text())
    for name, candidate in json.loads(rejudged.stdout)["scorecard"]["candidates"].items():
        assert candidate["criteria"].keys() == {"correctness", "helpfulness"}
        assert candidate["criteria"]["correctness"] == before["candidates"][name]["criteria"]["correctness"]
        assert candidate["criteria"]["helpfulness"]["n_scored"] == records
    assert (
        json.loads(rescored.stdout)["scorecard"]["candidates"]["first"]["criteria"]
        == (before["candidates"]["first"]["criteria"])
    )
    assert "there is nothing to do" in resumed.stderr


def test_every_loss_under_throttling_and_errors_is_in_the_scorecard(tmp_path):
    """20 % throttled, 5 % failing: each response is there or an error, each verdict a score or a reason."""
    records = 60
    dataset = write_evaluation(tmp_path, records=records)

    runtime = "simulated:throttling=0.2,errors=0.05,malformed=0.05,latency=0"
    done = called("run", dataset, "--bedrock", runtime, "--out", tmp_path / "runs", "--json")

    scorecard = json.loads(done.stdout)["scorecard"]
    run = only_run(tmp_path / "runs")
    responses = pq.read_table(run / "responses.parquet").to_pylist()
    verdicts = pq.read_table(run / "verdicts.parquet").to_pylist()
    assert scorecard["records"]["evaluated"] + scorecard["records"]["missing"] == records
    for name, candidate in scorecard["candidates"].items():
        own = [row for row in responses if row["candidate"] == name]
        judged = [row for row in verdicts if row["candidate"] == name]
        estimate = candidate["criteria"]["correctness"]
        assert len(own) == len(judged) == candidate["responses"]["n"] == records
        assert sum(row["error"] is not None for row in own) == candidate["responses"]["errors"]
        assert all((row["response"] is None) == (row["error"] is not None) for row in own)
        assert estimate["n_scored"] + estimate["n_unscored"] == records
        assert sum(estimate["unscored"].values()) == estimate["n_unscored"]
        assert sum(row["score"] is not None for row in judged) == estimate["n_scored"]
        assert all((row["score"] is None) == (row["unscored_reason"] is not None) for row in judged)
        assert candidate["responses"]["retries"] > 0
    assert any(row["unscored_reason"] for row in verdicts), "no loss was injected, so nothing was shown"


def test_no_credentials_names_the_other_runtimes(tmp_path):
    dataset = write_evaluation(tmp_path, records=1)
    bare = {
        **environment(),
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(tmp_path),
        "AWS_CONFIG_FILE": "/dev/null",
    }

    done = evaldrop("run", dataset, "--out", tmp_path / "runs", env=bare)

    assert done.returncode == 64
    assert "simulated" in done.stderr
    assert "openai=" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_bad_dataset_is_refused_with_its_lines_and_nothing_is_called(tmp_path):
    dataset = write_evaluation(tmp_path, records=2)
    with dataset.open("a") as lines:
        lines.write('{"id": "x"}\n{broken\n')
    with serving_processes(Settings(latency_ms=1)) as (url, counts):
        done = called("run", dataset, "--bedrock", "aws", "--out", tmp_path / "runs", env=environment(url))
        calls = counts.total()["calls"]

    assert done.returncode == 64
    assert "records.jsonl line 3" in done.stderr
    assert "records.jsonl line 4" in done.stderr
    assert calls == 0
    assert not list((tmp_path / "runs").glob("*/*/scorecard.json"))


@pytest.mark.parametrize(
    "arguments", [(), ("missing.jsonl",), ("a.jsonl", "--resume", "b"), ("--resume", "nowhere")]
)
def test_wrong_use_exits_with_64_and_a_sentence(arguments, tmp_path):
    done = called("run", *arguments, "--bedrock", "simulated", cwd=tmp_path)

    assert done.returncode == 64
    assert "Traceback" not in done.stderr
    assert done.stderr.strip()


def test_init_writes_an_example_that_validates_plans_and_runs(tmp_path):
    folder = tmp_path / "mine"
    assert called("init", folder).returncode == 0
    assert called("validate", folder / "records.jsonl").returncode == 0
    plan = called("plan", folder / "records.jsonl", "--json")
    assert json.loads(plan.stdout)["calls"] == 8 * 2 * 2
    run = called(
        "run", folder / "records.jsonl", "--bedrock", "simulated:latency=0", "--out", tmp_path / "runs"
    )
    assert run.returncode in {0, 1, 2}, run.stderr
    again = called("init", folder)
    assert again.returncode == 64
    assert "are there already" in again.stderr


def test_the_wheel_runs_away_from_the_checkout(tmp_path):
    """An unpacked wheel on a bare path brings workflow, prompts, handlers and the sample dataset."""
    import sys
    import zipfile

    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    dataset = tmp_path / "installed/evaldrop/_data/datasets/support-faq/records.jsonl"
    env = {**environment(), "PYTHONPATH": str(tmp_path / "installed")}

    done = evaldrop("run", dataset, "--limit", "5", "--bedrock", "simulated:latency=0", cwd=tmp_path, env=env)

    assert done.returncode in {0, 1, 2}, done.stderr
    assert Path(only_run(tmp_path / "runs"), "report.html").stat().st_size > 10_000


def _wait_for(holds, *, limit_s: float = 60) -> None:
    end = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
