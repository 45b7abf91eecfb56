"""The process of a local run's functions: beside the run, and never after it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere functions run in a thread")

BESIDE = """
import os, signal
from evaldrop.running.processes import function_process

if __name__ == "__main__":
    with function_process() as functions:
        print(functions.submit(os.getpid).result() != os.getpid())
        print(functions.submit(signal.getsignal, signal.SIGINT).result() == signal.SIG_IGN)
"""
AMONG_THREADS = """
import threading
from evaldrop.running.processes import function_process

ended = threading.Event()
threading.Thread(target=ended.wait).start()
with function_process() as functions:
    print(functions)
ended.set()
"""
KILLED = """
import os, signal
from evaldrop.running.processes import function_process

with function_process() as functions:
    print(functions.submit(os.getpid).result(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def said(program: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    return [*done.stdout.split(), *done.stderr.split()]


def is_at_work(pid: str) -> bool:
    """Tell whether a process runs; one that ended and that nobody has asked for yet does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def test_functions_run_beside_the_run_and_leave_ctrl_c_to_it():
    assert said(BESIDE) == ["True", "True"]


def test_a_process_with_threads_is_not_copied():
    assert said(AMONG_THREADS) == ["None"]


def test_a_killed_run_leaves_no_process_behind():
    (pid,) = said(KILLED)
    patience = time.monotonic() + 30
    while is_at_work(pid):
        assert time.monotonic() < patience, "the functions' process outlived its run"
        time.sleep(0.02)
