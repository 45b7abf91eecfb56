"""A stack's runs for its history: finished ones by their folders, all others by their executions."""

import json

from evaldrop import storage
from evaldrop.run.request import Owner, RunRequest
from evaldrop.running.history.executions import FORGOTTEN, runs_of_stack
from tests.evaldrop.run_folders import run_json
from tests.evaldrop.running.deployed.stacks import States, moment
from tests.evaldrop.running.deployed.test_listing import at, finish


def request(run_id):
    owner = Owner(key_id="k1", customer="acme")
    asked = RunRequest(run_id=run_id, dataset="s3://drop/a.jsonl", out="s3://kept/runs", owner=owner)
    return asked.model_dump_json()


def begun(stack, run_id):
    definition = run_json(run_id=run_id, started_at="2026-11-21T09:00:00+00:00")
    storage.write_bytes(f"{stack.out}/support/{run_id}/run.json", json.dumps(definition).encode())


def test_each_run_is_as_its_folder_or_its_execution_has_it(deployed):
    finish(deployed, "ds-1", hour=8)
    for run_id in ("ds-2", "ds-3", "ds-4"):
        begun(deployed, run_id)
    failure = {"error": "States.Timeout", "cause": "too slow"}
    states = States(
        **{
            "ds-1": [moment("SUCCEEDED")],
            "ds-2": [moment("TIMED_OUT", stopDate=at(11), **failure)],
            "ds-3": [moment("RUNNING")],
            "api-5": [moment("ABORTED", input=request("api-5"))],
            "by-hand": [moment("FAILED", input='{"what": 1}')],
        }
    )

    runs = {run.run_id: run for run in runs_of_stack(deployed, states)}

    assert {run_id: run.state for run_id, run in runs.items()} == {
        "ds-1": "finished",
        "ds-2": "failed",
        "ds-3": "running",
        "ds-4": "failed",
        "api-5": "stopped",
    }
    assert (runs["ds-2"].ending.why, runs["ds-2"].ending.ended_at) == (
        "States.Timeout: too slow",
        "2026-11-21T11:00:00+00:00",
    )
    assert runs["ds-2"].ending.cost_usd is None
    assert runs["ds-4"].ending.why == FORGOTTEN
    assert runs["api-5"].owner == Owner(key_id="k1", customer="acme")
