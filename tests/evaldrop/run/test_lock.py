"""One writer at a time in a run's folder."""

import json
import os
import signal
import subprocess
import sys

import pytest

from evaldrop.errors import InputError
from evaldrop.run import lock
from evaldrop.run.lock import LOCK, locked

HOLDING = """
import sys, time
from evaldrop.run.lock import locked
with locked(sys.argv[1], doing="evaldrop run"):
    print("held", flush=True)
    time.sleep(60)
"""


def holding(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def end(process):
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def test_a_second_writer_is_refused_and_told_who_writes(tmp_path):
    first = holding(tmp_path / "run")
    try:
        with (
            pytest.raises(InputError, match=f"evaldrop run .process {first.pid} on .*is writing there"),
            locked(str(tmp_path / "run"), doing="evaldrop report"),
        ):
            pytest.fail("it was let in")
    finally:
        end(first)


def test_a_lock_that_a_killed_process_left_behind_blocks_nobody(tmp_path):
    end(holding(tmp_path))
    assert json.loads((tmp_path / LOCK).read_text())["doing"] == "evaldrop run"
    with locked(str(tmp_path), doing="evaldrop run --resume"):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    assert not (tmp_path / LOCK).exists()
    with locked(str(tmp_path), doing="evaldrop run --resume"):
        pass


def test_who_comes_after_a_killed_run_waits_for_its_last_process(tmp_path):
    """A process that was forked holds its parent's lock, and ends a moment after it."""
    held = (
        "import os, sys, time\n"
        "from evaldrop.run.lock import locked\n"
        "with locked(sys.argv[1], doing='evaldrop run'):\n"
        "    if os.fork() == 0:\n"
        "        time.sleep(0.5)\n"
        "        os._exit(0)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", held, str(tmp_path)], check=False)
    with locked(str(tmp_path), doing="evaldrop run --resume"):
        assert json.loads((tmp_path / LOCK).read_text())["doing"] == "evaldrop run --resume"


def test_a_folder_that_cannot_be_written_is_refused_by_name(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match=r"file/run: cannot be written: Not a directory\."),
        locked(str(tmp_path / "file" / "run"), doing="evaldrop run"),
    ):
        pytest.fail("it was let in")


def test_a_file_system_without_locks_lets_a_run_in(tmp_path, monkeypatch):
    class Lockless:
        LOCK_EX = LOCK_NB = LOCK_UN = 0

        @staticmethod
        def flock(_file, _how):
            raise OSError(37, "No locks available")

    monkeypatch.setattr(lock, "fcntl", Lockless)
    with locked(str(tmp_path), doing="evaldrop run"):
        assert (tmp_path / LOCK).exists()
    monkeypatch.setattr(lock, "fcntl", None)  # Windows
    with locked(str(tmp_path), doing="evaldrop run"):
        pass


def test_what_is_in_s3_has_no_lock():
    with locked("s3://bucket/run", doing="evaldrop report"):
        pass
