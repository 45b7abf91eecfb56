"""Which jobs begin, and what becomes of those whose process says nothing."""

import json
import subprocess
import sys
import threading

import pytest

from evaldrop.api.processes import RunProcesses
from evaldrop.api.used import UNKNOWN
from evaldrop.api.worker import RunOutcome


@pytest.fixture
def gate():
    return threading.Event()


def _processes(begins, ended=None, environment=None):
    ends = (lambda *told: ended.append(told)) if ended is not None else (lambda *_: None)
    return RunProcesses(at_once=1, environment=environment or {}, begins=begins, ends=ends)


def test_a_job_that_is_stopped_while_it_waits_never_begins(tmp_path, gate):
    asked, ended = [], []
    job = tmp_path / "job.json"
    job.write_text("{}")

    def begins(run_id):
        asked.append(run_id)
        gate.wait(10)
        return run_id == "b"

    processes = _processes(begins, ended)
    processes.put("a", job)
    processes.put("b", job)
    assert processes.stop("b") is False
    gate.set()
    processes._threads.shutdown()

    assert asked == ["a", "b"]
    assert ended == []


def test_a_job_is_put_once(tmp_path, gate):
    asked = []

    def begins(run_id):
        asked.append(run_id)
        gate.wait(10)
        return False

    processes = _processes(begins)
    for _ in range(3):
        processes.put("a", tmp_path / "job.json")
    gate.set()
    processes._threads.shutdown()
    assert asked == ["a"]


def test_a_job_that_cannot_be_begun_is_told_as_failed(tmp_path):
    ended = []
    processes = _processes(lambda _: True, ended)
    processes.put("a", tmp_path / "none.json")
    processes._threads.shutdown()
    ((run_id, outcome),) = ended
    assert (run_id, outcome.status) == ("a", "FAILED")


def test_a_process_that_ends_without_a_word_is_told_by_its_exit_code(tmp_path):
    ended = []
    job = tmp_path / "job.json"
    job.write_text('{"request": {}}')
    processes = _processes(lambda _: True, ended)
    processes.put("a", job)
    processes._threads.shutdown()
    assert ended == [("a", RunOutcome("FAILED", "Its process ended with exit code 1.", UNKNOWN))]
    # Its own words are in its log, and in no answer.
    assert "ValidationError" in (tmp_path / "log.txt").read_text()


def test_what_runs_are_forked_from_has_one_thread_and_nothing_that_begins_others():
    """A copy of a process with threads may wait for ever for a lock that one of them held."""
    told = subprocess.run(
        [sys.executable, "-c", _WARM], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert json.loads(told) == {"threads": 1, "others": []}


_WARM = """
import evaldrop.api.warm, json, os, sys
others = {"pyarrow", "uvloop", "pyqwest", "boto3", "evaldrop.api.server"} & sys.modules.keys()
print(json.dumps({"threads": len(os.listdir("/proc/self/task")), "others": sorted(others)}))
"""
