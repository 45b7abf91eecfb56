"""A deployed stack: its buckets, who hears of it, its schedule, what was left lying."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evaldrop.aws_errors import code_of, is_aws_fault
from evaldrop.running.deployed.checkup.finding import AccountFinding, Client, looked_up
from evaldrop.running.deployed.stack import Stack

_ALARM = "AWS::CloudWatch::Alarm"
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


def check_stack(client: Client, stack: Stack) -> list[AccountFinding]:
    """Return what there is to know of a stack before datasets are dropped into it."""
    resources = _resources(client, stack.name)
    return [
        *looked_up("input bucket", lambda: [_input_bucket(client("s3"), stack)]),
        *looked_up("output bucket", lambda: [_output_bucket(client("s3"), stack)]),
        *looked_up("who is told", lambda: _subscribers(client("sns"), stack)),
        *looked_up("dead letters", lambda: [_dead_letters(client("sqs"), stack)]),
        *looked_up("alarms", lambda: [_alarms(client("cloudwatch"), resources)]),
        *looked_up("weekly run", lambda: _weekly(client, stack, resources)),
    ]


def _resources(client: Client, name: str) -> Mapping[str, list[str]]:
    """Return a stack's resources, by type; empty where they may not be listed."""
    found: dict[str, list[str]] = {}
    try:
        for page in client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=name):
            for each in page["StackResourceSummaries"]:
                found.setdefault(each["ResourceType"], []).append(each.get("PhysicalResourceId", ""))
    except Exception as error:
        if not is_aws_fault(error):
            raise
    return found


def _input_bucket(s3: Any, stack: Stack) -> AccountFinding:
    subject, bucket = "input bucket", stack.input_bucket
    told = s3.get_bucket_notification_configuration(Bucket=bucket)
    if "EventBridgeConfiguration" not in told:
        return AccountFinding(
            subject=subject,
            state="problem",
            said=f"{bucket} does not tell EventBridge of uploads: none starts a run",
            way_out="Deploy the stack again: somebody changed the bucket's notifications.",
        )
    if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        return AccountFinding(
            subject=subject,
            state="problem",
            said=f"{bucket} keeps no versions: a run could read another file than the one that started it",
            way_out="Deploy the stack again.",
        )
    return AccountFinding(subject=subject, state="ok", said=bucket)


def _output_bucket(s3: Any, stack: Stack) -> AccountFinding:
    s3.head_bucket(Bucket=stack.output_bucket)
    return AccountFinding(subject="output bucket", state="ok", said=stack.output_bucket)


def _subscribers(sns: Any, stack: Stack) -> list[AccountFinding]:
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=stack.topic_arn)
    subscriptions = [each for page in pages for each in page["Subscriptions"]]
    if not subscriptions:
        return [
            AccountFinding(
                subject="who is told",
                state="problem",
                said="nobody: decisions, failures and alarms reach no one",
                way_out="Deploy with --parameters NotificationEmail=you@example.com, or subscribe to "
                f"{stack.topic_arn}.",
            )
        ]
    return [_subscriber(each) for each in subscriptions]


def _subscriber(subscription: Mapping[str, str]) -> AccountFinding:
    who = f"{subscription['Protocol']} {subscription['Endpoint']}"
    if subscription["SubscriptionArn"] == "PendingConfirmation":
        return AccountFinding(
            subject="who is told",
            state="problem",
            said=f"{who} is not confirmed: nothing is sent there",
            way_out='Follow the link in the e-mail "AWS Notification - Subscription Confirmation".',
        )
    return AccountFinding(subject="who is told", state="ok", said=who)


def _dead_letters(sqs: Any, stack: Stack) -> AccountFinding:
    counted = sqs.get_queue_attributes(
        QueueUrl=stack.dead_letters, AttributeNames=["ApproximateNumberOfMessages"]
    )
    waiting = int(counted["Attributes"]["ApproximateNumberOfMessages"])
    if waiting:
        return AccountFinding(
            subject="dead letters",
            state="problem",
            said=f"{waiting} events started nothing",
            way_out="docs/deploying.md, When something goes wrong.",
        )
    return AccountFinding(subject="dead letters", state="ok", said="none")


def _alarms(cloudwatch: Any, resources: Mapping[str, list[str]]) -> AccountFinding:
    names = resources.get(_ALARM, [])
    if not names:
        return AccountFinding(
            subject="alarms", state="unknown", said="the stack's alarms could not be listed"
        )
    # The most names that one call takes.
    described = [
        alarm
        for start in range(0, len(names), 100)
        for alarm in cloudwatch.describe_alarms(AlarmNames=names[start : start + 100])["MetricAlarms"]
    ]
    ringing = [alarm["AlarmName"] for alarm in described if alarm["StateValue"] == "ALARM"]
    if ringing:
        return AccountFinding(
            subject="alarms",
            state="problem",
            said=", ".join(ringing),
            way_out="CloudWatch's console and the stack's dashboard show why.",
        )
    return AccountFinding(subject="alarms", state="ok", said=f"{len(described)}, none of them raised")


def _weekly(client: Client, stack: Stack, resources: Mapping[str, list[str]]) -> list[AccountFinding]:
    names = resources.get("AWS::Scheduler::Schedule", [])
    if not names and _ALARM not in resources:
        # Every stack has alarms: what is not listed may well be there.
        return [
            AccountFinding(
                subject="weekly run", state="unknown", said="the stack's schedule could not be listed"
            )
        ]
    if not names:
        return [
            AccountFinding(
                subject="weekly run",
                state="note",
                said="no schedule",
                way_out="`weekly` in cdk.json names the datasets to evaluate again every week.",
            )
        ]
    return [each for name in names for each in _of_schedule(client, stack, name)]


def _of_schedule(client: Client, stack: Stack, name: str) -> list[AccountFinding]:
    # A schedule's physical ID is its name; with a group of its own it is group|name.
    group, _, own = name.rpartition("|")
    schedule = client("scheduler").get_schedule(Name=own, **({"GroupName": group} if group else {}))
    if schedule["State"] != "ENABLED":
        return [
            AccountFinding(
                subject="weekly run",
                state="problem",
                said=f"{own} is switched off",
                way_out="Enable it in EventBridge Scheduler, or deploy again.",
            )
        ]
    datasets = [_key(each) for each in json.loads(schedule["Target"]["Input"])["datasets"]]
    absent = _absent(client("s3"), stack.input_bucket, datasets)
    if absent:
        return [
            AccountFinding(
                subject="weekly run",
                state="problem",
                said=f"{', '.join(absent)}: not in {stack.input_bucket}",
                way_out="Upload it with evaldrop submit, or take it out of `weekly` in cdk.json.",
            )
        ]
    zone = schedule.get("ScheduleExpressionTimezone", "UTC")
    return [
        AccountFinding(
            subject="weekly run",
            state="ok",
            said=f"{', '.join(datasets)} by {schedule['ScheduleExpression']} {zone}",
        )
    ]


def _key(dataset: Any) -> str:
    return str(dataset["dataset"] if isinstance(dataset, Mapping) else dataset)


def _absent(s3: Any, bucket: str, keys: Sequence[str]) -> list[str]:
    absent = []
    for key in keys:
        try:
            s3.head_object(Bucket=bucket, Key=key)
        except Exception as error:
            if code_of(error) not in _MISSING:
                raise
            absent.append(key)
    return absent
