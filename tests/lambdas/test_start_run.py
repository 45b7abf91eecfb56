"""StartRun's handler against Step Functions, SNS, SQS and S3 (moto)."""

import json
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError

from evaldrop.errors import AwsError, StorageError
from evaldrop.run.request import RunRequest
from lambdas.start_run.handler import handler
from tests.evaldrop.steps.start_run.test_events import created, scheduled

CONTEXT = SimpleNamespace(aws_request_id="request-1")
ROLE = "arn:aws:iam::123456789012:role/any"


@pytest.fixture
def stack(bucket, monkeypatch):
    """A state machine, a topic with a queue to read it by, and StartRun's environment."""
    machine = boto3.client("stepfunctions").create_state_machine(
        name="EvaluateDataset",
        definition=json.dumps({"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}),
        roleArn=ROLE,
    )["stateMachineArn"]
    topic = boto3.client("sns").create_topic(Name="results")["TopicArn"]
    queue = boto3.client("sqs").create_queue(QueueName="mail")["QueueUrl"]
    queue_arn = "arn:aws:sqs:us-east-1:123456789012:mail"
    boto3.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    for name, value in (
        ("EVALDROP_STATE_MACHINE", machine),
        ("EVALDROP_TOPIC", topic),
        ("EVALDROP_INPUT_BUCKET", bucket),
        ("EVALDROP_OUT", "s3://reports/runs"),
        ("EVALDROP_MAX_DATASET_BYTES", "1000"),
    ):
        monkeypatch.setenv(name, value)
    client = boto3.client("s3")
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return SimpleNamespace(machine=machine, queue=queue)


def uploaded(key, **metadata):
    """The event of an upload that is there."""
    version = boto3.client("s3").put_object(Bucket="drop", Key=key, Body=b"{}", Metadata=metadata)[
        "VersionId"
    ]
    return created(key, version=version)


def executions_of(stack):
    client = boto3.client("stepfunctions")
    listed = client.list_executions(stateMachineArn=stack.machine)["executions"]
    return [client.describe_execution(executionArn=each["executionArn"]) for each in listed]


def messages(stack):
    received = boto3.client("sqs").receive_message(QueueUrl=stack.queue, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


def test_an_upload_delivered_twice_is_one_execution_with_a_request_as_input(stack):
    event = uploaded("datasets/faq.jsonl")
    first = handler(event, CONTEXT)
    second = handler(event, CONTEXT)
    (execution,) = executions_of(stack)
    request = RunRequest.model_validate_json(execution["input"])
    assert execution["name"] == request.run_id
    assert first["started"] == ["s3://drop/datasets/faq.jsonl"]
    assert not second["refused"]


def test_a_name_that_was_used_with_another_input_starts_nothing(stack, monkeypatch):
    event = uploaded("datasets/faq.jsonl")
    assert handler(event, CONTEXT)["started"]
    monkeypatch.setenv("EVALDROP_OUT", "s3://elsewhere/runs")
    again = handler(event, CONTEXT)
    assert again["already_started"] == ["s3://drop/datasets/faq.jsonl"]
    assert len(executions_of(stack)) == 1


def test_a_refusal_reaches_the_topic_and_starts_nothing(stack):
    handler(created("datasets/big.jsonl", size=5000), CONTEXT)
    (message,) = messages(stack)
    assert message["Subject"] == "evaldrop big.jsonl: refused"
    assert "5,000 bytes" in message["Message"]
    assert not executions_of(stack)


def test_a_scheduled_dataset_is_pinned_to_the_version_that_is_there(stack, bucket):
    version = boto3.client("s3").put_object(Bucket=bucket, Key="datasets/faq.jsonl", Body=b"{}")["VersionId"]
    handler(scheduled("datasets/faq.jsonl"), CONTEXT)
    (execution,) = executions_of(stack)
    assert json.loads(execution["input"])["dataset_version"] == version


def test_a_scheduled_dataset_that_is_gone_is_told(stack):
    handler(scheduled("datasets/gone.jsonl"), CONTEXT)
    assert "datasets/gone.jsonl" in messages(stack)[0]["Message"]


def test_a_service_that_will_not_is_an_error_so_that_the_event_comes_again(stack, monkeypatch):
    monkeypatch.setenv("EVALDROP_STATE_MACHINE", stack.machine + "-gone")
    with pytest.raises(AwsError, match=r"s3://drop/datasets/faq\.jsonl was not started: .*DoesNotExist"):
        handler(uploaded("datasets/faq.jsonl"), CONTEXT)


def test_an_uploads_own_limit_is_the_runs(stack):
    handler(uploaded("datasets/faq.jsonl", **{"evaldrop-limit": "20"}), CONTEXT)
    (execution,) = executions_of(stack)
    assert json.loads(execution["input"])["limit"] == 20


def test_an_upload_that_cannot_be_looked_at_is_an_error_so_that_the_event_comes_again(stack):
    with pytest.raises(StorageError, match=r"s3://drop/datasets/faq\.jsonl"):
        handler(created("datasets/faq.jsonl", version="never-was"), CONTEXT)


def test_a_topic_that_will_not_is_an_error(stack, monkeypatch):
    monkeypatch.setenv("EVALDROP_TOPIC", "arn:aws:sns:us-east-1:123456789012:gone")
    with pytest.raises(AwsError, match=r"refused.* was not sent") as raised:
        handler(created("datasets/faq.xlsx"), CONTEXT)
    assert isinstance(raised.value.__cause__, ClientError)
