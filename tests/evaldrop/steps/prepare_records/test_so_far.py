"""What results of a run tell one that goes on in a stack: who was left out, what is gone of its budget."""

import json
from pathlib import Path

import pytest
import yaml

from evaldrop import storage
from evaldrop.run.batch_files import JobsSoFar, jobs_so_far
from evaldrop.run.definition import RunDefinition
from evaldrop.run.results import find_manifests, read_manifest
from evaldrop.steps.prepare_records.so_far import TURNED_AWAY, ResultsSoFar
from tests.evaldrop.run_folders import failed_response, record, response, row, run_json, write_results

PIECES = Path(__file__).parents[4] / "infra" / "workflow.pieces.yaml"
SCORES = {"correctness": 1, "tone": 5}
# Two calls of 100 and 10 tokens, and judges' of 200 and 20, at the prices of `run_folders`, in micro-dollars.
A_RECORD = 120 + 1200 + 2 * 24_000
HIGH = 100_000
NO_JOBS = JobsSoFar(frozenset(), 0, ())
NOBODY = {"candidates": {}, "judges": {}}
REFUSED = {"Error": "Bedrock.AccessDeniedException", "Cause": "You don't have access to the model."}
LEFT_OUT = {"Error": "LeftOut", "Cause": "not called, for its first calls were refused"}


def answered(record_id):
    return row(record_id, response("lite", scores=SCORES), response("haiku", scores=SCORES))


def ended(record_id, error):
    return {"Status": "FAILED", "Error": error, "Input": json.dumps({"record": record(record_id)})}


def skipped(record_id):
    return {"record_id": record_id, "responses": [], "comparisons": [], "skipped": "budget"}


def so_far(folder, *, records=4, succeeded=(), failed=(), pending=()):
    storage.write_bytes(storage.join(str(folder), "run.json"), json.dumps(run_json()).encode())
    prepared = [record(f"r{n}") for n in range(records)]
    lines = [{**each, "calls": {**each.get("calls", {}), "reserve": {"total": HIGH}}} for each in prepared]
    content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    storage.write_bytes(storage.join(str(folder), "records.jsonl"), content)
    write_results(str(folder), succeeded=succeeded, failed=failed, pending=pending)
    manifests = [read_manifest(uri) for uri in find_manifests(str(folder))]
    return ResultsSoFar(RunDefinition.load(str(folder)), manifests)


def without(candidate, error):
    """Return a record's result in which one candidate has an error, and the other an answer."""
    other = response("haiku" if candidate == "lite" else "lite", scores=SCORES)
    return {**failed_response(candidate), "error": error}, other


# The counter


def test_what_was_answered_counts_at_its_price_and_what_was_not_begun_not_at_all(tmp_path):
    found = so_far(
        tmp_path, succeeded=[answered("r0"), skipped("r1")], pending=[ended("r2", ""), ended("r3", "")]
    )
    assert found.done == {"r0"}
    assert found.counter(NO_JOBS) == {"spent": A_RECORD, "reserved": A_RECORD, "map_runs": 1}


def test_a_child_that_failed_stays_at_its_high_and_one_that_was_never_called_is_released(tmp_path):
    failed = [ended("r1", "States.Timeout"), ended("r2", "BudgetUnknown"), ended("r3", "States.Timeout")]
    found = so_far(tmp_path, succeeded=[answered("r0")], failed=failed)
    counter = found.counter(NO_JOBS)
    assert counter == {"spent": A_RECORD, "reserved": A_RECORD + 2 * HIGH, "map_runs": 1}


@pytest.mark.parametrize(("error", "high"), [("States.Timeout", 1), ("Bedrock.ThrottlingException", 0)])
def test_a_result_with_a_call_that_may_be_billed_stays_at_the_records_high(tmp_path, error, high):
    lost = row("r0", *without("lite", {"Error": error, "Cause": ""}))
    counter = so_far(tmp_path, records=1, succeeded=[lost]).counter(NO_JOBS)
    assert counter["reserved"] == (HIGH if high else 1200 + 24_000)


def test_jobs_count_at_what_they_cost(tmp_path):
    found = so_far(tmp_path, records=1, succeeded=[answered("r0")])
    counter = found.counter(JobsSoFar(frozenset(), 70, ()))
    assert (counter["spent"], counter["reserved"]) == (A_RECORD + 70, A_RECORD + 70)


def test_where_a_record_is_in_no_result_file_the_counter_stays_as_it_is(tmp_path):
    """Its Map run was stopped, and may have called for it."""
    assert so_far(tmp_path, succeeded=[answered("r0")]).counter(NO_JOBS) is None


def test_calls_that_no_model_saw_are_those_of_the_workflow():
    piece = yaml.safe_load(PIECES.read_text())["TURNED_AWAY"]
    assert "".join(piece.split()) == TURNED_AWAY


def test_what_is_known_of_jobs_is_read_from_their_stages(tmp_path):
    stage = tmp_path / "batch" / "judges"
    (stage / "j-1").mkdir(parents=True)
    (stage / "j-1" / "rows.jsonl").write_text("{}")
    (stage / "jobs.json").write_text(json.dumps([{"place": f"judges/j-{n}"} for n in range(1, 4)]))
    told = [{"place": "judges/j-1", "micros": 7, "limit": None}, {"place": "judges/j-2", "limit": 5}]
    (stage / "results.json").write_text(json.dumps(told))
    assert jobs_so_far(str(tmp_path)) == JobsSoFar(frozenset({"judges/j-3"}), 7, (5,))
    assert jobs_so_far(str(tmp_path / "none")) == NO_JOBS


# Who was left out


@pytest.mark.parametrize("error", [REFUSED, LEFT_OUT])
def test_who_was_refused_or_left_out_and_answered_nothing_stays_left_out(tmp_path, error):
    found = so_far(tmp_path, succeeded=[row("r0", *without("lite", error))])
    assert found.refused()["candidates"].keys() == {"lite"}
    assert found.refused()["candidates"]["lite"]["Error"] == "LeftOut"
    assert found.refused()["judges"] == {}


def test_who_answered_once_or_failed_for_a_cause_that_passes_is_called(tmp_path):
    once = [row("r0", *without("lite", REFUSED)), answered("r1")]
    assert so_far(tmp_path / "once", succeeded=once).refused() == NOBODY
    busy = {"Error": "ThrottlingException", "Cause": "slow down"}
    assert so_far(tmp_path / "busy", succeeded=[row("r0", *without("lite", busy))]).refused() == NOBODY


def test_where_nobody_would_be_left_all_are_called(tmp_path):
    nobody = row("r0", *({**failed_response(name), "error": REFUSED} for name in ("lite", "haiku")))
    assert so_far(tmp_path, succeeded=[nobody]).refused()["candidates"] == {}
