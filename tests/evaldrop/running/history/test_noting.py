"""Runs of this machine note themselves where there is a history, and never fail by it."""

import sqlite3
from types import SimpleNamespace

import pytest

from evaldrop.run.request import RunRequest
from evaldrop.running.here import LocalRun
from evaldrop.running.history import noting
from evaldrop.running.history.noting import note_begun, note_ended, note_folder
from evaldrop.store.opening import open_store, store_of
from tests.evaldrop.running.history.finished import begin, finish


@pytest.fixture
def out(tmp_path):
    """A folder with a history, which is empty."""
    open_store(store_of(str(tmp_path))).keys()
    return tmp_path


def a_run(out):
    request = RunRequest(run_id="r1", dataset="data/faq.jsonl", out=str(out), labels=("mine",))
    return LocalRun(request, str(out / "support" / "r1"))


def known(out):
    return open_store(store_of(str(out))).run("r1")


def nothing(said):
    raise AssertionError(said)


def test_a_run_is_noted_as_it_begins_and_as_it_ends(out):
    run = a_run(out)
    note_begun(run)
    assert (known(out).state, known(out).evaluation, known(out).labels) == ("running", "support", ("mine",))

    finish(out, "r1")
    note_ended(run, SimpleNamespace(status="SUCCEEDED"), nothing)

    assert (known(out).state, known(out).ending.records) == ("finished", 3)


def test_a_run_that_was_stopped_is_noted_so(out):
    begin(out, "r1")
    note_ended(a_run(out), None, nothing)

    assert (known(out).state, known(out).ending.cost_usd) == ("stopped", None)


def test_a_run_that_was_refused_before_it_had_a_folder_failed_for_nothing(out):
    execution = SimpleNamespace(status="FAILED", error="DatasetError", cause="ValidateDataset: no rows")
    note_begun(a_run(out))
    note_ended(a_run(out), execution, nothing)

    assert (known(out).state, known(out).ending.cost_usd) == ("failed", 0)
    assert known(out).ending.why == "ValidateDataset: no rows"


def test_a_rescored_run_is_noted_by_its_folder(out):
    note_folder(str(finish(out, "r1")), nothing)

    assert known(out).state == "finished"


def test_without_a_history_none_is_made(tmp_path):
    note_begun(a_run(tmp_path))

    assert not (tmp_path / "runs.sqlite").exists()


def test_a_broken_history_is_told_in_one_line(tmp_path):
    (tmp_path / "runs.sqlite").write_text("broken" * 1000)
    said = []
    note_begun(a_run(tmp_path))
    note_ended(a_run(tmp_path), None, said.append)

    assert len(said) == 1
    assert said[0].startswith("the run is whole, but not noted in the history: ")
    assert "\n" not in said[0]


def test_a_locked_history_is_not_waited_for_long(out, monkeypatch):
    monkeypatch.setattr(noting, "PATIENCE_S", 0.05)
    connection = sqlite3.connect(out / "runs.sqlite", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    said = []
    note_ended(a_run(out), None, said.append)
    connection.close()

    assert ["others write to it all the time" in line for line in said] == [True]
