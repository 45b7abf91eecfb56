"""What the table and the bus hear of runs, in the local AWS: by the roles of functions, and never instead."""

import json
import secrets
import time

import pytest

from evaldrop.steps.start_run.options import UploadOptions
from evaldrop.store.dynamodb import DynamoStore
from tests.local_aws.outcomes import assert_whole, records

pytestmark = pytest.mark.slow

WHOSE = {"user": "ann", "customer": "Müller", "key_id": "k1"}


@pytest.fixture
def store(aws):
    return DynamoStore(aws.outputs["HistoryTable"], client=aws.client("dynamodb"))


@pytest.fixture
def heard(aws):
    """What reaches a queue by a rule on the default bus, by the run's ID."""
    sqs, events, name = aws.client("sqs"), aws.client("events"), f"heard-{secrets.token_hex(4)}"
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name=name, EventPattern=json.dumps({"source": ["evaldrop"]}))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn}])

    def of(run_id):
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        sent = [json.loads(each["Body"]) for each in got]
        return {each["detail-type"]: each["detail"] for each in sent if each["detail"]["run_id"] == run_id}

    yield of
    events.remove_targets(Rule=name, Ids=["1"])
    events.delete_rule(Name=name)


def until(state, store, run_id):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (run := store.run(run_id)) and run.state == state:
            return run
        time.sleep(0.1)
    raise AssertionError(f"{run_id}: {store.run(run_id)}")


def test_a_drop_of_the_apis_is_in_the_table_with_its_owner_and_heard_of_on_the_bus(aws, store, heard):
    run_id = f"api-{secrets.token_hex(16)}"
    aws.deliver_again(1)
    key = aws.upload(
        records(3), f"datasets/api/{run_id}/records.jsonl", metadata=UploadOptions(**WHOSE).to_metadata()
    )
    [execution] = aws.finished(key)
    assert execution["name"] == run_id
    run = until("finished", store, run_id)
    assert run.owner.model_dump() == WHOSE
    assert run.folder == json.loads(execution["output"])["run"]["folder"]
    assert (run.ending.records, run.simulated) == (3, True)
    scorecard = json.loads(aws.read(f"{aws.folder_of(execution)}/scorecard.json"))
    assert scorecard["customer"] == "Müller"
    assert run.ending.cost_usd == scorecard["cost_usd"]["total"]
    sent = heard(run_id)
    assert {"Run Started", "Run Finished"} <= sent.keys()
    assert sent["Run Finished"]["links"]["folder"] == run.folder


def test_a_run_that_failed_and_one_that_was_stopped_are_noted_as_such(aws, store, heard):
    [failed] = aws.finished(aws.upload([{"no": "prompt"}]))
    assert until("failed", store, failed["name"]).ending.cost_usd == 0
    assert heard(failed["name"])["Run Failed"]["step"] == "ValidateDataset"
    aws.bedrock("simulated:latency=2")
    key = aws.upload(records(20))
    while not (found := aws.executions(key)):
        time.sleep(0.1)
    until("running", store, found[0]["name"])
    aws.client("stepfunctions").stop_execution(executionArn=found[0]["executionArn"])
    until("stopped", store, found[0]["name"])
    assert not aws.messages(found[0]["name"])


def test_a_role_that_may_not_write_the_table_starts_and_finishes_its_runs_all_the_same(aws, store):
    iam = aws.client("iam")
    refused = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Deny", "Action": ["dynamodb:*", "events:*"], "Resource": "*"}],
    }
    roles = [
        role["RoleName"]
        for role in iam.list_roles()["Roles"]
        if any(name in role["RoleName"] for name in ("StartRun", "ValidateDataset", "BuildScorecard"))
    ]
    assert len(roles) >= 3
    for role in roles:
        iam.put_role_policy(RoleName=role, PolicyName="NoTable", PolicyDocument=json.dumps(refused))
    try:
        [execution] = aws.finished(aws.upload(records(2)))
        assert_whole(aws, execution, 2)
        assert store.run(execution["name"]) is None
    finally:
        for role in roles:
            iam.delete_role_policy(RoleName=role, PolicyName="NoTable")
