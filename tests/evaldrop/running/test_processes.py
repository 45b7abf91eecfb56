"""The process of a local run's functions: beside the run, and never after it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from evaldrop.cli import is_to_call_aws, is_to_run

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


EARLY = """
import os, sys
from evaldrop.running import processes

processes.begin_function_process()
early = processes._early._process.pid
with processes.function_process() as functions:
    print(functions.submit(os.getpid).result() == early)
# It is taken once.
with processes.function_process() as functions:
    print(functions.submit(os.getpid).result() != early)
"""
FAILING = """
import os, signal
from concurrent.futures import BrokenExecutor
from evaldrop.errors import DatasetError
from evaldrop.running.processes import function_process

def fails():
    raise DatasetError("no such file")

def dies():
    os.kill(os.getpid(), signal.SIGKILL)

with function_process() as functions:
    error = functions.submit(fails).exception()
    print(repr(error), "in fails" in error.__notes__[0])
    print(functions.submit(int, "7").result())
    print(type(functions.submit(dies).exception()) is BrokenExecutor)
"""
UNUSED = """
import sys
from evaldrop.cli import main
from evaldrop.running import processes

print(main([*sys.argv[1:]]))
print(processes._early is None)
"""

ASKED = """
import os
from evaldrop.errors import DatasetError
from evaldrop.running import processes

def fails():
    raise DatasetError("no such file")

# Without a process it is called here.
print(processes.asked_early(os.getpid)() == os.getpid())
processes.begin_function_process()
asked = processes.asked_early(os.getpid)
# No thread was made, so that this process can still be copied.
print(processes.may_fork(), asked() == processes._early._process.pid)
try:
    processes.asked_early(fails)()
except DatasetError as error:
    print(error)
with processes.function_process() as functions:
    print(functions.submit(int, "7").result())
"""
CALLS = """
import os, signal, sys, time
from functools import partial
from evaldrop.bedrock.opening import open_runtime
from evaldrop.bedrock.other_process import open_in_other_process
from evaldrop.running import processes

processes.begin_calls_process()
begun = processes.calls_process()
pid = begun._process.pid
opening = partial(open_runtime, "openai=http://127.0.0.1:9/v1", max_in_flight=1)
with open_in_other_process(opening, begun) as runtime:
    print(runtime.opened() is runtime, processes.calls_process())
print(begun._process.is_alive())
# Killed before it was told what to open.
processes.begin_calls_process()
begun = processes.calls_process()
os.kill(begun._process.pid, signal.SIGKILL)
begun._process.join()
try:
    with open_in_other_process(opening, begun) as runtime:
        runtime.opened()
except Exception as error:
    print(type(error).__name__)
"""
LEFT = """
import os, signal
from evaldrop.running import processes

processes.begin_calls_process()
print(processes._early_calls._process.pid, flush=True)
{end}
"""
NO_PROCESS = """
import os
from evaldrop.running import processes

def refused():
    raise BlockingIOError(11, "Resource temporarily unavailable")

os.fork = refused
processes.begin_function_process()
processes.begin_calls_process()
print(processes._early, processes._early_calls)
"""


def said(program: str, *arguments: str) -> list[str]:
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
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


def test_a_process_that_was_begun_early_is_the_one_that_is_given_once():
    assert said(EARLY) == ["True", "True"]


def test_what_a_function_raises_comes_with_where_it_was_and_a_process_that_dies_is_told():
    assert said(FAILING) == ["DatasetError('no", "such", "file')", "True", "7", "True"]


def test_a_command_that_runs_nothing_ends_with_the_process_that_was_begun_for_it(tmp_path):
    """In no more time than others: what it imports is not waited for."""
    command = [sys.executable, "-c", UNUSED, "run", str(tmp_path / "none.jsonl")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["64", "False"]


def test_where_no_process_can_be_had_the_command_goes_on_until_it_needs_one():
    """Ended at once, it would end with Python's exit code, which is that of a failed gate."""
    assert said(NO_PROCESS) == ["None", "None"]


def test_what_is_asked_early_is_answered_by_the_functions_process_without_a_thread():
    assert said(ASKED) == ["True", "True", "True", *["no", "such", "file"], "7"]


def test_calls_are_made_by_the_process_that_was_begun_for_them_once():
    assert said(CALLS) == ["True", "None", "False", "EvaldropError"]


@pytest.mark.parametrize("end", ["", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_process_for_calls_that_nobody_used_ends_with_the_command(end):
    (pid,) = said(LEFT.format(end=end))
    patience = time.monotonic() + 30
    while is_at_work(pid):
        assert time.monotonic() < patience, "the calls' process outlived the command"
        time.sleep(0.02)


@pytest.mark.parametrize("arguments", [[], ["run", "--help"], ["report", "run"], ["runs"]])
def test_other_commands_begin_none(arguments):
    assert not is_to_run(arguments)
    assert is_to_run(["run", "d.jsonl", "--yes"])


@pytest.mark.parametrize(("arguments", "calls"), [
    (["d.jsonl", "--yes"], True),
    (["d.jsonl", "--bedrock", "aws"], True),
    (["--bedrock=aws", "d.jsonl"], True),
    (["d.jsonl", "--bedrock", "simulated"], False),
    (["d.jsonl", "--bedrock=openai=http://localhost:1/v1"], False),
    # Whom it calls is in the run's folder.
    (["--resume", "latest"], False),
])  # fmt: skip
def test_only_a_run_that_is_likely_to_call_aws_gets_ready_for_it(arguments, calls):
    assert is_to_call_aws(["run", *arguments]) == calls
