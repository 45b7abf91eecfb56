"""Bedrock's judge in a stack's run: held to the budget, stopped with the run, and done anew with it."""

import pytest

from tests.local_aws.outcomes import assert_whole
from tests.local_aws.test_batch import waited_for

pytestmark = pytest.mark.slow

EVALUATION = """
name: judged
candidates: [{name: lite, model: us.amazon.nova-lite-v1:0}]
judges: [{name: bedrock, api: evaluation_job, model: us.amazon.nova-pro-v1:0}]
criteria: [helpfulness]
"""
RECORDS = 6


def records(about):
    return [{"id": f"r{n}", "prompt": f"Where is {about} {n}?"} for n in range(RECORDS)]


def jobs(aws):
    listed = aws.client("bedrock").list_evaluation_jobs(maxResults=100)["jobSummaries"]
    return {each["jobArn"]: each for each in listed}


def test_a_job_reserves_its_part_of_a_budget_and_is_settled_in_the_stacks_table(aws):
    key = aws.upload(records("parcel"), evaluation=EVALUATION, metadata={"evaldrop-budget-usd": "20"})
    [execution] = aws.finished(key)
    scorecard = assert_whole(aws, execution, RECORDS)
    assert scorecard["judges"]["bedrock"]["scored"] == RECORDS
    item = aws.client("dynamodb").get_item(
        TableName=aws.outputs["HistoryTable"],
        Key={"pk": {"S": f"BUDGET#{scorecard['run_id']}"}, "sk": {"S": "BUDGET"}},
    )["Item"]
    micros = {name: int(value["N"]) for name, value in item.items() if "N" in value}
    cost = scorecard["cost_usd"]
    assert micros["settled_evaluation_1"] == round(cost["evaluation_jobs_at_most"] * 1e6) > 0
    assert micros["reserved_micros"] == micros["spent_micros"]
    whole = cost["known"] + cost["evaluation_jobs_at_most"]
    assert micros["spent_micros"] / 1e6 == pytest.approx(whole, abs=RECORDS * 1e-6)


def test_a_run_that_is_stopped_stops_its_jobs_and_a_redrive_does_them_anew(aws):
    before = jobs(aws)
    key = aws.upload(records("letter"), evaluation=EVALUATION)
    [arn] = waited_for(lambda: jobs(aws).keys() - before.keys())
    [running] = aws.executions(key)
    states = aws.client("stepfunctions")
    states.stop_execution(executionArn=running["executionArn"])
    waited_for(lambda: jobs(aws)[arn]["status"] in {"Stopping", "Stopped"})
    assert aws.finished(key)[0]["status"] == "ABORTED"
    states.redrive_execution(executionArn=running["executionArn"])
    waited_for(
        lambda: states.describe_execution(executionArn=running["executionArn"])["status"] == "SUCCEEDED"
    )
    [execution] = aws.executions(key)
    assert assert_whole(aws, execution, RECORDS)["judges"]["bedrock"]["scored"] == RECORDS
    new = {each["jobName"]: each["status"] for place, each in jobs(aws).items() if place not in before}
    name = jobs(aws)[arn]["jobName"]
    assert new == {name: "Stopped", f"{name}-1": "Completed"}
