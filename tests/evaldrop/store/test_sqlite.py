"""A file that several processes use: nothing is lost, nothing is admitted twice, whoever is killed."""

import multiprocessing
import signal
import sqlite3
import subprocess
import sys

import pytest

from evaldrop.errors import LimitReached, StorageError
from evaldrop.store.model import Limits, RunQuery
from evaldrop.store.sqlite import SqliteStore
from evaldrop.store.sqlite_schema import VERSION
from tests.evaldrop.store.stores import NOW, a_key, a_run
from tests.whole_runs import ROOT

ADMIT = """
import sys
from evaldrop.errors import LimitReached
from evaldrop.store.model import Limits
from evaldrop.store.sqlite import SqliteStore
from tests.evaldrop.store.stores import NOW, a_run

path, name, most = sys.argv[1:]
store = SqliteStore(path)
print("ready", flush=True)
sys.stdin.readline()
for number in range(int(most)):
    try:
        store.admit(a_run(f"{name}-{number}"), Limits(runs_per_month=45), now=NOW)
    except LimitReached:
        print("refused", flush=True)
    else:
        print(f"{name}-{number}", flush=True)
"""
HANG = """
import sys, time
from evaldrop.store.sqlite_file import SqliteFile

file = SqliteFile(sys.argv[1], patience_s=5)
with file.writing() as connection:
    connection.execute("DELETE FROM runs")
    print("deleted", flush=True)
    time.sleep(60)
"""


def python(code, *arguments):
    """Start a process that runs code."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.sqlite"


def test_processes_that_admit_at_once_admit_exactly_as_many_as_are_allowed(path):
    processes = [python(ADMIT, path, name, 30) for name in ("a", "b", "c")]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    said = [process.communicate("go\n", timeout=60)[0].split() for process in processes]

    admitted = {line for lines in said for line in lines} - {"refused"}
    store = SqliteStore(path)
    assert len(admitted) == 45
    assert {run.run_id for run in store.runs(RunQuery(limit=100)).runs} == admitted
    assert store.used("k1", "2026-11").runs == 45
    store.close()


def test_of_a_killed_process_all_stays_that_it_has_said_was_admitted(path):
    with python(ADMIT, path, "a", 100_000) as process:
        process.stdin.write("go\n")
        process.stdin.flush()
        said = [process.stdout.readline().strip() for _ in range(20)]
        process.send_signal(signal.SIGKILL)
        process.communicate()
    store = SqliteStore(path)

    assert {run.run_id for run in store.runs(RunQuery(limit=1000)).runs} >= set(said[1:])
    store.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_what_a_process_was_writing_as_it_was_killed_is_as_it_was(path):
    store = SqliteStore(path, patience_s=0.05)
    store.begin(a_run("r1"))
    with python(HANG, path) as process:
        assert process.stdout.readline() == "deleted\n"
        # Meanwhile nobody waits who only reads, and who writes is told.
        assert store.run("r1") is not None
        with pytest.raises(StorageError, match="others write to it"):
            store.begin(a_run("r2"))
        process.send_signal(signal.SIGKILL)
        process.wait()

    store.begin(a_run("r3"))
    assert {run.run_id for run in store.runs(RunQuery()).runs} == {"r1", "r3"}
    store.close()


def test_a_store_is_used_on_both_sides_of_a_fork(path):
    store = SqliteStore(path)
    store.begin(a_run("parent"))
    child = multiprocessing.get_context("fork").Process(target=lambda: store.begin(a_run("child")))
    child.start()
    child.join(30)
    store.begin(a_run("parent-again"))

    assert child.exitcode == 0
    assert {run.run_id for run in store.runs(RunQuery()).runs} == {"parent", "child", "parent-again"}
    store.close()


def test_another_programs_database_is_refused_and_left_as_it_is(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (n)")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(StorageError, match="another program"):
        SqliteStore(path).keys()

    assert path.read_bytes() == before


def test_what_is_no_database_is_refused_with_what_to_do(path):
    path.write_text("not a database, but a text that is long enough to be looked at" * 100)

    with pytest.raises(StorageError, match="history rebuild"):
        SqliteStore(path).keys()


def test_a_file_of_a_later_version_is_refused(path):
    SqliteStore(path).keys()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()

    with pytest.raises(StorageError, match="later version"):
        SqliteStore(path).keys()


def test_a_place_that_cannot_be_written_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError, match="file"):
        SqliteStore(tmp_path / "file" / "runs.sqlite").keys()


def test_a_refusal_gives_the_connection_back(path):
    store = SqliteStore(path)
    for _ in range(3):
        with pytest.raises(LimitReached):
            store.admit(a_run(), Limits(usd_per_day=0.01), now=NOW)
    store.add_key(a_key())

    assert store.keys() == (a_key(),)
    store.close()


def test_a_run_that_was_read_is_not_read_again_until_it_changes(path):
    """Hundreds ask for the same list: reading its runs took most of an answer's time."""
    store = SqliteStore(path)
    store.rebuild([a_run("r1"), a_run("r2")])
    first, second = store.runs(RunQuery()).runs
    assert store.runs(RunQuery()).runs[0] is first

    store.begin(a_run(first.run_id, evaluation="other"))

    changed, same = store.runs(RunQuery()).runs
    assert (changed.evaluation, same) == ("other", second)
    assert same is second


def test_whatever_is_in_a_run_it_is_one_of_a_list(path):
    """A list comes as one text, with a line feed between runs: what else ends a line may be in one."""
    store = SqliteStore(path)
    words = tuple(f"a{mark}b" for mark in ("\u2028", "\x85", "é", "|"))
    run = a_run("r1", dataset="s3://b/" + "".join(words) + "\n\r\x0b")
    store.rebuild([run, a_run("r2")])

    assert run in store.runs(RunQuery()).runs
    assert len(store.runs(RunQuery()).runs) == 2
    assert store.runs(RunQuery(user="nobody")).runs == ()
