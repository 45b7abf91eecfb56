"""What is made of the first records' results: a refusal with a reason, or what all records go on with."""

import json

import pytest

from evaldrop.errors import ModelRefused
from evaldrop.steps.check_first_calls.check import calls_of_record, check_first_calls, refused
from tests.evaldrop.run_folders import LITE, failed_row, record, run_json, write_run

DENIED = {"Error": "BedrockRuntime.AccessDeniedException", "Cause": "You have no access."}
BUSY = {"Error": "BedrockRuntime.ThrottlingException", "Cause": "Too many requests."}


def answer(candidate, error=None, judgements=()):
    found = {"candidate": candidate, "api": "converse", "judgements": list(judgements)}
    return {**found, "error": error} if error else {**found, "reply": {}}


def verdict(error=None, **more):
    return {"judge": "pro", **({"error": error} if error else {"reply": {}}), **more}


def output(record_id, *responses, comparisons=()):
    return {"record_id": record_id, "responses": list(responses), "comparisons": list(comparisons)}


def check(folder, *outputs, go_on=False, failed=(), evaluation=(), **how):
    manifest = write_run(
        folder,
        run=run_json(bedrock="aws", evaluation=dict(evaluation)),
        records=[record(f"r{n}") for n in range(4)],
        succeeded=list(outputs),
        failed=list(failed),
    )
    bucket, _, key = str(manifest).lstrip("/").partition("/")
    state = {
        "run": {"folder": str(folder), "run_id": "run-1", "go_on": go_on, "bedrock": "aws"},
        "reader": {"key": "first.jsonl"},
        "results": {"Bucket": f"/{bucket}", "Key": key},
        "rest": {"reader": {"key": "records.jsonl"}, "tolerated_failure_percentage": 5},
        "tolerated_failure_percentage": 100,
        "judges": {"pro/1": {}},
        "max_concurrency": 50,
    }
    return check_first_calls(state, **how), state


def test_where_nobody_refuses_all_records_are_evaluated_but_those_that_are_done(tmp_path):
    after, before = check(tmp_path, output("r0", answer("lite"), answer("haiku", BUSY)))
    assert after["reader"] == {"key": "records.jsonl"}
    assert after["tolerated_failure_percentage"] == 5
    assert after["done"] == ["r0"]
    assert after["earlier"] == [before["results"]]
    assert after["refused"] == {"candidates": {}, "judges": {}}
    assert after["judges"] == before["judges"]
    assert not {"rest", "results"} & after.keys()


def test_where_nothing_holds_calls_back_no_more_records_are_under_way_than_the_limits_let_through(tmp_path):
    outputs = [output("r0", {**answer("lite"), "elapsed_ms": 4_000})]
    limits = {"limits": {LITE: {"rpm": 30}}}
    assert check(tmp_path / "a", *outputs, evaluation=limits, has_lanes=False)[0]["max_concurrency"] == 2
    assert check(tmp_path / "b", *outputs, evaluation=limits)[0]["max_concurrency"] == 50
    assert check(tmp_path / "c", *outputs, has_lanes=False)[0]["max_concurrency"] == 50


def test_a_record_whose_child_failed_is_evaluated_again(tmp_path):
    after, _ = check(tmp_path, output("r0", answer("lite")), failed=[failed_row("r1")])
    assert after["done"] == ["r0"]


def test_the_reason_names_who_was_refused_by_what_model_and_the_way_out(tmp_path):
    judged = answer("lite", judgements=[verdict(DENIED)])
    with pytest.raises(ModelRefused) as raised:
        check(tmp_path, output("r0", judged, answer("haiku", DENIED)))
    first, second, last = str(raised.value).splitlines()
    assert first.startswith("candidate haiku (us.anthropic.claude-haiku-4-5-20251001-v1:0) is refused: ")
    assert "AccessDeniedException: You have no access. Ask for access" in first
    assert second.startswith("judge pro (us.amazon.nova-pro-v1:0) is refused: ")
    assert last == "No more than 1 record was asked about. To go on without what is refused: --go-on."


def test_going_on_says_why_each_call_is_not_made(tmp_path):
    long = {**DENIED, "Cause": "x" * 10_000}
    after, _ = check(tmp_path, output("r0", answer("lite"), answer("haiku", long)), go_on=True)
    assert after["refused"]["judges"] == {}
    (left_out,) = after["refused"]["candidates"].values()
    assert left_out["Error"] == "LeftOut"
    assert left_out["Cause"].startswith(
        "not called, for its first calls were refused (AccessDeniedException)"
    )
    # Every child gets it, and a child's input holds 256 KiB.
    assert len(json.dumps(left_out)) < 700


def test_without_a_candidate_left_there_is_nothing_to_go_on_with(tmp_path):
    with pytest.raises(ModelRefused, match="No candidate is left"):
        check(tmp_path, output("r0", answer("lite", DENIED), answer("haiku", DENIED)), go_on=True)


def test_one_reply_is_enough():
    outputs = [output("r0", answer("lite", DENIED)), output("r1", answer("lite"))]
    calls = [call for each in outputs for call in calls_of_record(each)]
    assert refused("candidate", calls) == {}


def test_a_refusal_and_a_busy_service_are_a_refusal():
    outputs = [output("r0", answer("lite", BUSY)), output("r1", answer("lite", DENIED))]
    calls = [call for each in outputs for call in calls_of_record(each)]
    assert refused("candidate", calls) == {"lite": DENIED}


def test_a_judge_is_seen_in_verdicts_and_in_comparisons():
    comparison = {"judge": "pro", "error": DENIED}
    in_verdicts = calls_of_record(output("r0", answer("lite", judgements=[verdict(DENIED)])))
    in_pairs = calls_of_record(output("r0", answer("lite"), comparisons=[comparison]))
    assert refused("judge", list(in_verdicts)) == refused("judge", list(in_pairs)) == {"pro": DENIED}


def test_a_judge_of_the_same_name_as_a_candidate_is_another():
    calls = list(calls_of_record(output("r0", answer("pro", judgements=[verdict(DENIED)]))))
    assert refused("candidate", calls) == {}
    assert refused("judge", calls) == {"pro": DENIED}


def test_what_was_given_kept_or_skipped_is_no_call():
    given = {"candidate": "lite", "given": True, "judgements": [verdict(kept=True)]}
    missing = {"candidate": "ours", "api": "given", "error": {"Error": "NoResponseGiven"}, "judgements": []}
    skipped = {"judge": "pro", "skipped": "identical"}
    assert list(calls_of_record(output("r0", given, missing, comparisons=[skipped]))) == []
