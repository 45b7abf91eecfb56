"""The list of runs: what the history keeps, and executions that have no scorecard."""

from datetime import UTC, datetime

import pytest

from evaldrop import storage
from evaldrop.running.deployed.listing import list_runs
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import record, response, row, run_json, write_run
from tests.evaldrop.running.deployed.stacks import States, moment


def finish(stack, run_id, *, hour, evaluation="support", decision_row=1):
    folder = f"{stack.out}/{evaluation}/{run_id}"
    started = f"2026-11-21T{hour:02}:00:00+00:00"
    scores = {"correctness": decision_row, "tone": 5}
    rows = [row(f"r{n}", response("lite", scores=scores), response("haiku", scores=scores)) for n in range(3)]
    write_run(folder, run=run_json(run_id=run_id, started_at=started, evaluation={"name": evaluation}),
              records=[record(f"r{n}") for n in range(3)], succeeded=rows)  # fmt: skip
    build_scorecard(folder)


@pytest.fixture
def listed(deployed):
    finish(deployed, "ds-old", hour=8)
    finish(deployed, "ds-new", hour=11, evaluation="other")
    storage.write_bytes(f"{deployed.out}/support/ds-failed/run.json", b"{}")
    states = States(
        **{
            "ds-new": [moment("SUCCEEDED", startDate=at(11))],
            "ds-running": [moment(startDate=at(12), dataset="s3://drop/datasets/a b.jsonl")],
            "ds-failed": [moment("FAILED", startDate=at(9), error="States.Timeout", cause="too slow")],
        }
    )
    return deployed, states


def at(hour):
    return datetime(2026, 11, 21, hour, tzinfo=UTC)


def test_finished_running_and_failed_runs_are_one_list_the_newest_first(listed):
    stack, states = listed
    rows = list_runs(stack, states, evaluation=None, limit=30)
    assert [(row.run_id, row.status) for row in rows] == [
        ("ds-running", "RUNNING"),
        ("ds-new", "SUCCEEDED"),
        ("ds-failed", "FAILED"),
        ("ds-old", "SUCCEEDED"),
    ]
    running, new, failed, _ = rows
    assert running.dataset == "s3://drop/datasets/a b.jsonl"
    assert (new.evaluation, new.decision, new.records) == ("other", "no gate", 3)
    assert new.cost_usd > 0
    assert new.report == f"{stack.out}/other/ds-new/report.html"
    assert (failed.evaluation, failed.why) == ("support", "States.Timeout: too slow")


def test_runs_of_one_evaluation_include_those_that_failed(listed):
    rows = list_runs(*listed, evaluation="support", limit=30)
    assert [row.run_id for row in rows] == ["ds-failed", "ds-old"]


def test_no_more_are_looked_at_than_shown(listed):
    stack, states = listed
    assert [row.run_id for row in list_runs(stack, states, evaluation=None, limit=1)] == ["ds-running"]
    assert states.looks == 1


def test_a_newer_run_of_another_evaluation_takes_no_place(listed):
    rows = list_runs(*listed, evaluation="support", limit=1)
    assert [row.run_id for row in rows] == ["ds-failed"]


def test_a_stack_without_runs_has_none(deployed):
    assert list_runs(deployed, States(), evaluation=None, limit=30) == []
