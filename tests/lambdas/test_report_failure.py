"""ReportFailure's handler: a reason, a message, and a line in the log that names the run."""

import logging

import boto3
from moto import mock_aws

from lambdas.report_failure.handler import handler

FAILURE = {"step": "PrepareRecords", "error": "DatasetError", "cause": "faq.jsonl line 3: no prompt."}


def test_a_failed_step_becomes_a_reason_and_a_message():
    event = {"run": {"run_id": "ds-1", "dataset": "s3://drop/datasets/faq.jsonl", "name": "faq"}}
    state = handler({**event, "failure": FAILURE}, None)
    assert state["reason"]["error"] == "DatasetError"
    assert "line 3" in state["message"]
    assert state["run"] == event["run"]


def test_a_run_that_got_nowhere_is_told_by_its_request(caplog):
    with caplog.at_level(logging.INFO, logger="evaldrop"):
        handler({"run_id": "ds-2", "dataset": "s3://drop/datasets/faq.jsonl", "failure": FAILURE}, None)
    (line,) = caplog.records
    assert (line.step, line.run_id, line.error) == ("ReportFailure", "ds-2", "DatasetError")


def test_in_a_local_aws_the_message_says_what_answers_for_bedrock(monkeypatch):
    monkeypatch.setenv("EVALDROP_BEDROCK", "simulated")
    run = {"run_id": "ds-1", "dataset": "s3://drop/datasets/faq.jsonl", "bedrock": "aws"}
    assert "SIMULATED" in handler({**run, "failure": FAILURE}, None)["message"]


def test_an_execution_that_failed_uncaught_is_looked_up_and_told(monkeypatch):
    with mock_aws():
        sns, sqs = boto3.client("sns", "us-east-1"), boto3.client("sqs", "us-east-1")
        topic = sns.create_topic(Name="results")["TopicArn"]
        queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        monkeypatch.setenv("EVALDROP_TOPIC", topic)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        ended = {"status": "FAILED", "input": '{"run_id": "ds-3", "dataset": "s3://drop/faq.jsonl"}'}
        ended |= {"error": "States.ResultWriterFailed", "cause": "the bucket is gone"}
        monkeypatch.setattr("evaldrop.steps.services.StackServices.outcome", lambda _self, _arn: ended)
        detail = {"executionArn": "arn:aws:states:::execution:m:ds-3", "stateMachineArn": "m", "name": "ds-3"}
        assert handler({"detail": detail}, None) == {"told": True}
        [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert "the bucket is gone" in message["Body"]
