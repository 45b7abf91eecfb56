"""
A redriven Map run, as Step Functions leaves it: the successes of all attempts, the failures of the last.

r1 succeeded at first; r2 failed, then succeeded; r3 was not started, then ran twice, as Express children may;
r4 failed both times.
"""

import json
import os

import pytest

from evaldrop import read_run, storage
from evaldrop.run.results import NOT_STARTED
from evaldrop.steps.build_scorecard.build import build_scorecard
from tests.evaldrop.run_folders import (
    MAP_RUN,
    converse,
    failed_row,
    record,
    response,
    row,
    run_json,
    write_results,
    write_run,
)

# 100 tokens in and 10 out, at 1 and 2 USD a million, at 10 and 20; the judge's 200 and 20 at 100 and 200.
LITE, HAIKU, JUDGE = 0.00012, 0.0012, 0.024


def answered(record_id, text="an answer", tone=4):
    reply = converse(text)
    scores = {"correctness": 1, "tone": tone}
    return row(
        record_id,
        response("lite", scores=scores, reply=reply),
        response("haiku", scores=scores, reply=reply),
    )


@pytest.fixture
def folder(tmp_path):
    folder = str(tmp_path / "support" / "run-1")
    manifest = write_run(
        folder,
        run=run_json(),
        records=[record(f"r{number}") for number in range(1, 5)],
        succeeded=[answered("r1")],
        failed=[failed_row("r2"), failed_row("r4")],
    )
    redrive(
        manifest,
        succeeded=[answered("r3", "first", tone=5), answered("r2"), answered("r3", "second", tone=1)],
        failed=[failed_row("r4", error="States.TaskFailed")],
    )
    return folder


def redrive(manifest, *, succeeded, failed, number=1):
    content = json.loads(storage.read_bytes(manifest))
    place = storage.parent(manifest)
    for status, rows in (("SUCCEEDED", succeeded), ("FAILED", failed)):
        text = b"".join(json.dumps(each, separators=(",", ":")).encode() + b"\n" for each in rows)
        storage.write_bytes(storage.join(place, f"{status}_{number}.jsonl"), text)
        entry = {"Key": f"{MAP_RUN}/{status}_{number}.jsonl", "Size": len(text)}
        earlier = content["ResultFiles"][status] if status == "SUCCEEDED" else []
        content["ResultFiles"][status] = [*earlier, entry]
    storage.write_bytes(manifest, json.dumps(content).encode())


@pytest.fixture
def scorecard(folder):
    return build_scorecard(folder)


def test_every_record_counts_once_whatever_attempt_its_result_is_of(scorecard):
    records = scorecard.records
    assert (records.evaluated, records.missing, records.repeated) == (3, 1, 1)
    assert records.missing_reasons == {"States.TaskFailed": 1}
    assert scorecard.candidates["lite"].responses.n == 4
    assert scorecard.candidates["lite"].criteria["tone"].n_scored == 3


def test_of_two_results_the_one_that_stands_first_counts(scorecard, folder):
    responses = read_run(folder).responses.set_index(["record_id", "candidate"])["response"]
    assert responses["r3", "lite"] == "first"
    assert len(responses) == 8
    # 4, 4 and 5; the second result's 1 is in no estimate
    assert scorecard.candidates["lite"].criteria["tone"].mean == pytest.approx(13 / 3)


def test_all_results_are_in_the_cost(scorecard):
    lite = scorecard.candidates["lite"].cost_usd
    assert (lite.candidate, lite.repeated) == pytest.approx((3 * LITE, LITE))
    assert lite.judge == pytest.approx(3 * JUDGE)
    assert lite.per_1000_records == pytest.approx(1000 * LITE)
    # Four evaluations that gave a result, two candidates each.
    assert scorecard.cost_usd.candidates == pytest.approx(4 * (LITE + HAIKU))
    assert scorecard.cost_usd.judges == pytest.approx(4 * 2 * JUDGE)
    assert scorecard.judges["pro"].calls == 8


def test_what_the_cost_cannot_hold_is_said(scorecard):
    assert scorecard.alarms[-2:] == (
        "What 1 record without a result spent is not in the cost: their calls are not known.",
        "1 record was evaluated more than once: one result counts, all are in the cost.",
    )


def test_a_record_that_was_not_started_spent_nothing(folder):
    manifest = storage.join(folder, "results", MAP_RUN, "manifest.json")
    pending = {**failed_row("r4"), "Error": None, "Status": NOT_STARTED}
    redrive(manifest, succeeded=[], failed=[pending], number=2)
    scorecard = build_scorecard(folder)
    assert scorecard.records.missing_reasons == {NOT_STARTED: 1}
    assert not [alarm for alarm in scorecard.alarms if "spent" in alarm]


def test_results_of_two_map_runs_are_not_paid_for_twice(folder):
    """A run that is resumed on one machine has a Map run per attempt; the later has the earlier replies."""
    later = [answered(f"r{number}") for number in range(1, 5)]
    manifest = write_results(folder, succeeded=later, map_run="later")
    os.utime(manifest, (2e9, 2e9))
    scorecard = build_scorecard(folder)
    assert (scorecard.records.evaluated, scorecard.records.repeated) == (4, 0)
    assert scorecard.cost_usd.candidates == pytest.approx(4 * (LITE + HAIKU))
