"""A run of a stack that goes on: the records without a result, and what of them is known already."""

import json

import pytest

from evaldrop.errors import InputError
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.prepare_records.rest import state_of_rest
from tests.evaldrop.evaluations import lines, prepare

EVALUATION = {
    "name": "small",
    "candidates": [{"name": "a", "model": "own.a"}],
    "judges": [{"name": "j", "model": "own.j"}],
    "criteria": ["correctness"],
}
ROWS = [{"id": f"r{n}", "prompt": "Why?", "reference": "So."} for n in range(4)]


def map_run(folder, name, succeeded=(), failed=()):
    """Write the results of a Map run."""
    place = folder / "results" / name
    place.mkdir(parents=True)
    files = {}
    for status, rows in (("SUCCEEDED", succeeded), ("FAILED", failed)):
        (place / f"{status}_0.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        files[status] = [{"Key": f"x/{name}/{status}_0.jsonl"}] if rows else []
    manifest = {"DestinationBucket": "out", "ResultFiles": {**files, "PENDING": []}}
    (place / "manifest.json").write_text(json.dumps(manifest))


def begun(tmp_path, **evaluation):
    state, _ = prepare(tmp_path, evaluation={**EVALUATION, **evaluation}, rows=ROWS)
    return state, RunDefinition.load(state["run"]["folder"]), tmp_path / "runs/small/run-1"


def reserving(calls):
    return {**calls, "reserve": {"total": 7}}


def test_only_records_without_a_result_are_left_and_their_reserve_is_of_now(tmp_path):
    state, run, folder = begun(tmp_path)
    map_run(folder, "first", [{"record_id": "r0", "responses": []}])
    skipped = {"record_id": "r1", "responses": [], "skipped": "budget"}
    done = {"responses": [], "comparisons": []}
    map_run(
        folder, "all", [skipped, done, {"record_id": "r3", "responses": []}], [{"Error": "States.Timeout"}]
    )
    rest = state_of_rest(state, run, reserving)
    left = lines(tmp_path, "rest.jsonl")
    assert [each["record_id"] for each in left] == ["r1", "r2"]
    assert all(each["calls"]["reserve"] == {"total": 7} for each in left)
    assert rest["reader"]["key"].endswith("run-1/rest.jsonl")
    # All Map runs there were are read for the scorecard; the first records are not called again.
    assert sorted(each["Key"].split("/")[-2] for each in rest["earlier"]) == ["all", "first"]
    assert not {"rest", "batch"} & rest.keys()


def test_who_was_left_out_stays_left_out_where_the_run_goes_on_without(tmp_path):
    candidates = [*EVALUATION["candidates"], {"name": "b", "model": "own.b"}]
    state, run, folder = begun(tmp_path, candidates=candidates)
    error = {"Error": "LeftOut", "Cause": "not called"}
    responses = [{"candidate": "a", "error": error}, {"candidate": "b", "reply": {}}]
    map_run(folder, "all", [{"record_id": "r0", "responses": responses}])
    going_on = {**state, "run": {**state["run"], "go_on": True}}
    assert state_of_rest(going_on, run, reserving)["refused"] == {"candidates": {"a": error}, "judges": {}}
    # Asked otherwise, it is called.
    assert state_of_rest(state, run, reserving)["refused"] == {"candidates": {}, "judges": {}}


def test_with_a_budget_the_counter_begins_with_what_is_known_and_refused_jobs_are_looked_at(tmp_path):
    state, run, folder = begun(tmp_path, delivery="batch", budget_usd=2.0)
    map_run(folder, "all", [{"record_id": f"r{n}", "responses": [], "skipped": "budget"} for n in range(4)])
    stage = folder / "batch/candidates"
    stage.mkdir(parents=True)
    (folder / "batch/records.jsonl").write_bytes((folder / "records.jsonl").read_bytes())
    (stage / "jobs.json").write_text(json.dumps([{"place": "candidates/a-1"}]))
    # Of a job nobody knows how it ended: its execution is to be redriven.
    with pytest.raises(InputError, match="Redrive its execution"):
        state_of_rest(state, run, reserving)
    for limit, is_again in ((1_000_000, True), (2_000_000, False)):
        told = [{"place": "candidates/a-1", "status": "NoBudget", "limit": limit}]
        (stage / "results.json").write_text(json.dumps(told))
        rest = state_of_rest(state, run, reserving)
        assert ("batch" in rest) == is_again
        assert rest["budget_so_far"] == {"spent": 0, "reserved": 0, "map_runs": 1}


def test_where_every_record_has_a_result_nothing_goes_on(tmp_path):
    state, run, folder = begun(tmp_path)
    map_run(folder, "all", [{"record_id": row["id"], "responses": []} for row in ROWS])
    with pytest.raises(InputError, match="every record has a result"):
        state_of_rest(state, run, reserving)


@pytest.mark.parametrize(("status", "goes_on"), [("NoBudget", True), ("Failed", True), ("Completed", False)])
def test_evaluation_jobs_that_have_not_completed_are_gone_on_with_and_no_record(tmp_path, status, goes_on):
    judge = {"name": "b", "api": "evaluation_job", "model": "us.amazon.nova-pro-v1:0"}
    state, run, folder = begun(tmp_path, judges=[judge])
    map_run(folder, "all", [{"record_id": row["id"], "responses": []} for row in ROWS])
    (folder / "evaluation-jobs").mkdir()
    ended = {"n": 1, "jobs": [{"name": "j", "status": status, "message": "", "micros": 0}], "settle": None}
    (folder / "evaluation-jobs/results.json").write_text(json.dumps(ended))
    if not goes_on:
        with pytest.raises(InputError, match="every record has a result"):
            state_of_rest(state, run, reserving)
        return
    rest = state_of_rest(state, run, reserving)
    (left,) = lines(tmp_path, "rest.jsonl")
    # Its child passes it over.
    assert rest["done"] == [left["record_id"]]
    assert rest["evaluation_jobs"]["jobs"] == []


def test_what_jobs_have_answered_is_taken_along_and_what_they_had_no_room_for_is_called(tmp_path):
    state, run, folder = begun(tmp_path, delivery="batch")
    with pytest.raises(InputError, match="Redrive its execution"):
        state_of_rest(state, run, reserving)
    (folder / "batch").mkdir()
    answered = {"record_id": "r1", "calls": {"record_id": "r1", "jobs": {"a": 1}, "skipped": "budget"}}
    (folder / "batch/records.jsonl").write_text(json.dumps(answered) + "\n")
    state_of_rest(state, run, reserving)
    (left,) = lines(tmp_path, "rest.jsonl")
    assert left["calls"] == {"record_id": "r1", "jobs": {"a": 1}, "reserve": {"total": 7}}
