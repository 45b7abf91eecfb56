"""Calls delivered in batch, in a stack: under the permissions of the machine and of the jobs' role."""

import json
import time

import pytest

from tests.local_aws.outcomes import assert_whole

pytestmark = pytest.mark.slow

EVALUATION = """
name: batch
delivery: batch
candidates: [{name: lite, model: us.amazon.nova-lite-v1:0}]
judges: [{name: pro, model: us.amazon.nova-pro-v1:0}]
criteria: [helpfulness]
"""
RECORDS = 105


def waited_for(look, *, seconds=240):
    """Return what a look shows as soon as it shows something."""
    end = time.monotonic() + seconds
    while not (shown := look()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return shown


def test_a_run_in_batch_calls_nothing_but_its_first_records(aws):
    records = [{"id": f"r{n}", "prompt": f"Where is parcel {n}?"} for n in range(RECORDS)]
    [execution] = aws.finished(aws.upload(records, evaluation=EVALUATION))
    scorecard = assert_whole(aws, execution, RECORDS)
    assert scorecard["candidates"]["lite"]["responses"]["errors"] == 0
    assert scorecard["candidates"]["lite"]["criteria"]["helpfulness"]["n_scored"] == RECORDS
    folder = aws.folder_of(execution)
    outputs = [name for name in aws.files(folder) if name.endswith("rows.jsonl.out")]
    assert len(outputs) == 2
    in_jobs = sum(len(aws.read(f"{folder}/{name}").splitlines()) for name in outputs)
    # One reply for each record of the candidate, and one of the judge.
    assert in_jobs + len(aws.calls()) == 2 * RECORDS
    manifests = [name for name in aws.files(folder) if name.endswith("manifest.json.out")]
    counts = [json.loads(aws.read(f"{folder}/{name}")) for name in manifests]
    assert sum(each["successRecordCount"] for each in counts) == in_jobs
    listed = aws.client("bedrock").list_model_invocation_jobs(maxResults=10)["invocationJobSummaries"]
    assert [each["status"] for each in listed] == ["Completed", "Completed"]
    looked = aws.client("bedrock").get_model_invocation_job(jobIdentifier=listed[0]["jobArn"])
    assert looked["roleArn"] != aws.role
    assert looked["successRecordCount"] == looked["totalRecordCount"]


def test_jobs_reserve_their_part_of_a_budget_and_are_settled_in_the_stacks_table(aws):
    records = [{"id": f"r{n}", "prompt": f"Where is parcel {n}?"} for n in range(RECORDS)]
    key = aws.upload(records, evaluation=EVALUATION, metadata={"evaldrop-budget-usd": "20"})
    [execution] = aws.finished(key)
    scorecard = assert_whole(aws, execution, RECORDS)
    assert scorecard["budget_usd"] == 20
    item = aws.client("dynamodb").get_item(
        TableName=aws.outputs["HistoryTable"],
        Key={"pk": {"S": f"BUDGET#{scorecard['run_id']}"}, "sk": {"S": "BUDGET"}},
    )["Item"]
    micros = {name: int(value["N"]) for name, value in item.items() if "N" in value}
    assert micros["settled_candidates"] + micros["settled_judges"] <= micros["spent_micros"]
    assert micros["reserved_micros"] == micros["spent_micros"]
    assert micros["spent_micros"] / 1e6 == pytest.approx(scorecard["cost_usd"]["total"], abs=RECORDS * 1e-6)


def test_a_run_that_is_stopped_stops_its_jobs(aws):
    records = [{"id": f"r{n}", "prompt": f"When was parcel {n} sent?"} for n in range(RECORDS)]
    bedrock = aws.client("bedrock")

    def jobs():
        listed = bedrock.list_model_invocation_jobs(maxResults=100)["invocationJobSummaries"]
        return {each["jobArn"]: each["status"] for each in listed}

    before = jobs()
    key = aws.upload(records, evaluation=EVALUATION)
    new = waited_for(lambda: jobs().keys() - before.keys())
    [running] = aws.executions(key)
    aws.client("stepfunctions").stop_execution(executionArn=running["executionArn"])
    waited_for(lambda: {jobs()[arn] for arn in new} <= {"Stopping", "Stopped"})
    assert aws.finished(key)[0]["status"] == "ABORTED"
