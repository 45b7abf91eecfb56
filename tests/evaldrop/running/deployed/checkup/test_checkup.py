"""The whole look at an account, as AWS (moto) has it."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from evaldrop.running.deployed import clients
from evaldrop.running.deployed.checkup.checkup import check_account
from evaldrop.running.deployed.checkup.models import models_here
from evaldrop.running.deployed.checkup.stack import _weekly
from tests.evaldrop.running.deployed.stacks import OUTPUTS

NO_MODELS = models_here([], "us-east-1")
KEY = "datasets/faq/records.jsonl"


@pytest.fixture
def whole(deployed, monkeypatch):
    """A stack with everything it needs, but for what moto's CloudFormation does not make."""
    s3, sns = boto3.client("s3"), boto3.client("sns")
    s3.put_object(Bucket=deployed.input_bucket, Key=KEY, Body=b"{}")
    topic = sns.create_topic(Name=OUTPUTS["ResultsTopic"].rpartition(":")[2])["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.com")
    boto3.client("sqs").create_queue(QueueName=OUTPUTS["DeadLetterQueue"].rpartition("/")[2])
    boto3.client("cloudwatch").put_metric_alarm(
        AlarmName="evaldrop-Failed", MetricName="m", Namespace="n", Statistic="Sum", Period=60,
        EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
    )  # fmt: skip
    return deployed


class Over:
    """A client of moto's, with what a test knows better."""

    def __init__(self, real):
        self._real = real

    def __getattr__(self, name):
        return getattr(self._real, name)


class Telling(Over):
    """S3 whose buckets tell EventBridge of uploads, or do not: moto keeps it and does not say it."""

    def __init__(self, real, *, tells):
        super().__init__(real)
        self._told = {"EventBridgeConfiguration": {}} if tells else {}

    def get_bucket_notification_configuration(self, **_):
        return self._told


class Resources(Over):
    """CloudFormation that lists a schedule and an alarm."""

    def __init__(self, real, schedule):
        super().__init__(real)
        self._schedule = schedule

    def get_paginator(self, _):
        return self

    def paginate(self, **_):
        rows = [
            {"ResourceType": "AWS::CloudWatch::Alarm", "PhysicalResourceId": "evaldrop-Failed"},
        ]
        if self._schedule:
            rows.append({"ResourceType": "AWS::Scheduler::Schedule", "PhysicalResourceId": self._schedule})
        return [{"StackResourceSummaries": rows}]


def look(*, schedule=None, tells=True, stack="evaldrop", named=True):
    def client(service):
        real = clients.client(service)
        if service == "s3":
            return Telling(real, tells=tells)
        return Resources(real, schedule) if service == "cloudformation" else real

    found = check_account(client, None, models=NO_MODELS, stack=stack, stack_is_named=named)
    return {each.subject: each for each in found}


def weekly(state="ENABLED", datasets=(KEY,)):
    boto3.client("scheduler").create_schedule(
        Name="every-week", ScheduleExpression="cron(0 6 ? * MON *)", State=state,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": "arn:aws:lambda:us-east-1:123456789012:function:StartRun",
            "RoleArn": "arn:aws:iam::123456789012:role/r",
            "Input": json.dumps({"datasets": list(datasets)}),
        },
    )  # fmt: skip
    return "every-week"


def test_a_stack_with_all_it_needs_has_no_problem(whole):
    found = look(schedule=weekly())
    assert {each.state for each in found.values()} <= {"ok", "unknown"}, found
    assert found["weekly run"].said == f"{KEY} by cron(0 6 ? * MON *) UTC"
    assert found["who is told"].said == "email a@example.com"
    assert "us-east-1" in found["credentials"].said


def test_a_bucket_that_tells_nobody_of_uploads(whole):
    found = look(tells=False)["input bucket"]
    assert (found.state, "EventBridge" in found.said) == ("problem", True)


def test_versions_switched_off(whole):
    boto3.client("s3").put_bucket_versioning(
        Bucket=whole.input_bucket, VersioningConfiguration={"Status": "Suspended"}
    )
    assert "no versions" in look()["input bucket"].said


def test_nobody_is_told(whole):
    sns = boto3.client("sns")
    for each in sns.list_subscriptions()["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
    assert look()["who is told"].said.startswith("nobody")


def test_an_unconfirmed_e_mail(whole):
    from evaldrop.running.deployed.checkup.stack import _subscriber

    found = _subscriber(
        {"Protocol": "email", "Endpoint": "a@example.com", "SubscriptionArn": "PendingConfirmation"}
    )
    assert (found.state, "not confirmed" in found.said) == ("problem", True)


def test_events_that_started_nothing(whole):
    sqs = boto3.client("sqs")
    sqs.send_message(QueueUrl=sqs.list_queues()["QueueUrls"][0], MessageBody="{}")
    assert look()["dead letters"].said == "1 events started nothing"


def test_a_raised_alarm_is_named(whole):
    boto3.client("cloudwatch").set_alarm_state(
        AlarmName="evaldrop-Failed", StateValue="ALARM", StateReason="test"
    )
    assert (look()["alarms"].state, look()["alarms"].said) == ("problem", "evaldrop-Failed")


def test_a_schedule_that_is_off(whole):
    assert "switched off" in look(schedule=weekly("DISABLED"))["weekly run"].said


def test_a_weekly_dataset_that_is_not_in_the_bucket(whole):
    found = look(schedule=weekly(datasets=(KEY, "datasets/gone.jsonl")))["weekly run"]
    assert (found.state, found.said.partition(":")[0]) == ("problem", "datasets/gone.jsonl")


def test_no_schedule_is_only_worth_knowing(whole):
    assert look()["weekly run"].state == "note"


def test_a_schedule_is_not_said_to_be_absent_where_resources_cannot_be_listed():
    found = _weekly(clients.client, None, {})
    assert [each.state for each in found] == ["unknown"]


@pytest.mark.parametrize(("named", "state"), [(True, "problem"), (False, "note")])
def test_a_stack_nobody_asked_for_need_not_be_there(bucket, named, state):
    assert look(stack="nowhere", named=named)["stack nowhere"].state == state


@pytest.mark.parametrize(
    "error",
    [
        NoCredentialsError(),
        ClientError({"Error": {"Code": "ExpiredToken", "Message": "old"}}, "GetCallerIdentity"),
    ],
)
def test_without_credentials_nothing_else_is_tried(bucket, error):
    asked = []

    class Sts:
        def get_caller_identity(self):
            raise error

    def client(service):
        asked.append(service)
        return Sts() if service == "sts" else clients.client(service)

    (found,) = check_account(
        client, object(), models=models_here(["m"], "us-east-1"), stack="evaldrop", stack_is_named=True
    )
    assert found.state == "problem"
    assert asked == ["bedrock", "sts"]


def test_what_may_not_be_looked_up_is_not_said_to_be_well(whole):
    class Denied:
        def __getattr__(self, _):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Any")

    def client(service):
        return Denied() if service in {"s3", "sns", "sqs", "cloudwatch"} else clients.client(service)

    found = check_account(client, None, models=NO_MODELS, stack="evaldrop", stack_is_named=True)
    by_subject = {each.subject: each for each in found}
    for subject in ("input bucket", "output bucket", "who is told", "dead letters"):
        assert by_subject[subject].state == "unknown"
        assert "sts get-caller-identity" in by_subject[subject].said
