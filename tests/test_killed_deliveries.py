"""
Runs in batch and in flex that are ended at ten moments and gone on with: nothing is paid for twice.

What is paid is counted where it cannot be forgotten: a rehearsal writes each reply to the journal before
anybody sees it, of which a second name is kept here, and its jobs tell what they answered in their manifests.
"""

import json
import os
import signal
import subprocess
import time

import pytest

from benchmarks.deliveries import but_for_cost_and_time
from tests.whole_runs import command, environment, evaldrop, only_run, write_evaluation

RECORDS = 104
BATCH = """
name: small
delivery: batch
candidates: [{name: first, model: "test.first-v1:0"}, {name: second, model: "test.second-v1:0"}]
judges: [{name: judge, model: "amazon.nova-pro-v1:0", verdict: text}]
criteria: [correctness]
pairwise: {baseline: first}
"""
FLEX = BATCH.replace("delivery: batch", "delivery: flex")
BEDROCK = {
    "batch": "simulated:latency=0,job_looks=2,job_errors=0.05",
    # So slow that there are moments between its calls.
    "flex": "simulated:latency=0.2,default_tier=0.1",
}
EVALUATIONS = {"batch": BATCH, "flex": FLEX}
ROOM_S = 60
KEPT = "kept.jsonl"


def lines(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def statuses(run, stage):
    jobs = (json.loads(path.read_bytes()) for path in run.glob("simulated-bedrock/*/*.json"))
    return {job["status"] for job in jobs if f"/batch/{stage}/" in str(job["inputDataConfig"])}


def answered(number):
    return lambda run: lines(run / "journal.jsonl") >= number


MOMENTS = {
    "batch": [
        answered(1),
        lambda run: (run / "batch" / "candidates" / "jobs.json").exists(),
        lambda run: bool(statuses(run, "candidates")),
        lambda run: "Completed" in statuses(run, "candidates"),
        lambda run: (run / "batch" / "judges" / "jobs.json").exists(),
        lambda run: "InProgress" in statuses(run, "judges"),
        lambda run: (run / "batch" / "pairs" / "jobs.json").exists(),
        lambda run: "Completed" in statuses(run, "pairs"),
        lambda run: (run / "batch" / "records.jsonl").exists(),
        lambda run: (run / "scorecard.json").exists(),
    ],
    # Of about 832 calls.
    "flex": [
        *map(answered, (1, 20, 100, 200, 300, 420, 540, 660, 780)),
        lambda run: (run / "scorecard.json").exists(),
    ],
}


def paid(run, kept):
    """Return what was paid for: calls that were answered, jobs, and rows that jobs answered."""
    manifests = [json.loads(path.read_bytes()) for path in run.glob("batch/*/*/out/*/manifest.json.out")]
    jobs = len(list(run.glob("simulated-bedrock/*/*.json")))
    return lines(kept), jobs, sum(each["successRecordCount"] for each in manifests)


def begun(folder, delivery, until, number):
    """Begin a run, and end it by a signal at a moment; return its folder once there is one."""
    dataset = write_evaluation(folder, records=RECORDS, evaluation=EVALUATIONS[delivery])
    asked = command("run", dataset, "--bedrock", BEDROCK[delivery], "--out", folder / "runs")
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    end = time.monotonic() + ROOM_S
    with subprocess.Popen(asked, env=environment(), **quiet) as process:
        while process.poll() is None:
            assert time.monotonic() < end
            for journal in folder.glob("runs/*/*/journal.jsonl"):
                keep(journal, folder / KEPT)
                if until and until(journal.parent):
                    os.kill(process.pid, number)
                    process.wait(ROOM_S)
            time.sleep(0.005)
    return only_run(folder / "runs")


def keep(journal, kept):
    try:
        os.link(journal, kept)
    except FileExistsError:
        return
    except FileNotFoundError:  # put away in this moment
        assert kept.exists()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What runs cost and say that nobody ends, by delivery."""
    known = {}

    def of(delivery):
        if delivery not in known:
            folder = tmp_path_factory.mktemp(delivery)
            run = begun(folder, delivery, None, 0)
            known[delivery] = paid(run, folder / KEPT), scorecard(run)
        return known[delivery]

    return of


def scorecard(run):
    return but_for_cost_and_time(json.loads((run / "scorecard.json").read_bytes()))


@pytest.mark.nightly
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "Ctrl-C"])
@pytest.mark.parametrize("moment", range(10))
@pytest.mark.parametrize("delivery", ["batch", "flex"])
def test_a_run_that_is_ended_at_any_moment_pays_for_nothing_twice(tmp_path, whole, delivery, moment, number):
    run = begun(tmp_path, delivery, MOMENTS[delivery][moment], number)
    if (run / "journal.jsonl").exists():
        done = evaldrop("run", "--resume", run)
        assert done.returncode == 0, done.stderr
    expected, card = whole(delivery)
    assert paid(run, tmp_path / KEPT) == expected
    assert scorecard(run) == card
