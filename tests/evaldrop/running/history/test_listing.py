"""Lists of a folder's runs: by its history where it has one, by its folders otherwise, and alike."""

import shutil

import pytest

from evaldrop.report.history_index import HISTORY_FILE
from evaldrop.run.lock import locked
from evaldrop.run.naming import RunsBelow
from evaldrop.running.history.from_folders import runs_below
from evaldrop.running.history.listing import history_files, list_below, runs_of
from evaldrop.store.opening import open_store, store_of
from evaldrop.store.sqlite import SqliteStore
from tests.evaldrop.running.history.finished import begin, finish
from tests.evaldrop.store.stores import a_run


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Three runs, and no history."""
    out = tmp_path_factory.mktemp("runs")
    finish(out, "r1", hour=9)
    finish(out, "r2", hour=11, evaluation="other")
    begin(out, "r3", hour=10)
    return out


@pytest.fixture
def kept(folders, tmp_path):
    """The same three, with a history."""
    out = tmp_path / "runs"
    shutil.copytree(folders, out)
    open_store(store_of(str(out))).rebuild(runs_below(str(out)))
    return out


def test_runs_of_one_second_are_in_one_order_with_a_history_and_without(tmp_path):
    out = tmp_path / "runs"
    # Written in another order than that of their IDs, and the file a second after the ID.
    ids = [f"20261121T0900{second}Z-{part}" for second, part in (("10", "f"), ("10", "0"), ("09", "a"))]
    for run_id in ids:
        begin(out, run_id, started_at="2026-11-21T09:00:11+00:00")
    by_folders = list_below(str(out), evaluation=None, limit=10)
    open_store(store_of(str(out))).rebuild(runs_below(str(out)))
    by_history = list_below(str(out), evaluation=None, limit=10)
    assert [row.run_id for row in by_folders] == [row.run_id for row in by_history] == ids
    assert by_folders[0].run_id == RunsBelow(str(out)).names()[0].run_id


def test_the_history_lists_what_the_folders_would(kept):
    by_history = list_below(str(kept), evaluation=None, limit=10)
    (kept / "runs.sqlite").unlink()
    by_folders = list_below(str(kept), evaluation=None, limit=10)

    assert [(row.run_id, row.status) for row in by_history] == [
        ("r2", "SUCCEEDED"),
        ("r3", "ABORTED"),
        ("r1", "SUCCEEDED"),
    ]
    # How it ended nobody noted: it is looked at.
    assert by_folders == by_history
    assert by_history[0].report == str(kept / "other" / "r2" / "report.html")


def test_only_runs_of_an_evaluation_and_only_so_many(kept):
    assert [row.run_id for row in list_below(str(kept), evaluation="support", limit=10)] == ["r3", "r1"]
    assert [row.run_id for row in list_below(str(kept), evaluation=None, limit=1)] == ["r2"]


def test_a_run_whose_process_was_killed_does_not_go_on(kept):
    folder = begin(kept, "r4", hour=12)
    store = open_store(store_of(str(kept)))
    store.begin(a_run("r4", evaluation="support", started_at="2026-11-21T12:00:00Z"))

    def status():
        return list_below(str(kept), evaluation=None, limit=1)[0].status

    assert status() == "ABORTED"
    with locked(str(folder), doing="evaldrop run"):
        assert status() == "RUNNING"


def test_a_folder_that_was_moved_has_its_reports_where_it_is_now(kept, tmp_path):
    kept.rename(tmp_path / "moved")
    row = list_below(str(tmp_path / "moved"), evaluation="other", limit=1)[0]

    assert row.report == str(tmp_path / "moved" / "other" / "r2" / "report.html")


def test_more_than_a_page_is_asked_for_page_by_page(tmp_path):
    store = SqliteStore(tmp_path / "runs.sqlite")
    store.rebuild(a_run(f"r{number:04}") for number in range(1003))

    assert len(runs_of(store, evaluation=None, limit=1002)) == 1002
    assert len(runs_of(store, evaluation=None, limit=5000)) == 1003
    store.close()


def test_the_files_of_an_evaluation_are_known_without_a_look_at_the_folders(kept):
    assert history_files(str(kept), "support", HISTORY_FILE) == [str(kept / "support" / "r1" / HISTORY_FILE)]
    assert history_files(str(kept.parent), "support", HISTORY_FILE) is None


def test_a_row_of_a_run_that_failed_says_why(kept):
    store = open_store(store_of(str(kept)))
    run = store.run("r3")
    store.end("r3", run.ending.model_copy(update={"state": "failed", "why": "too slow"}))
    row = list_below(str(kept), evaluation="support", limit=1)[0]

    assert (row.status, row.why, row.report) == ("FAILED", "too slow", None)
