"""What moto's CloudFormation leaves out of a stack and its services can do: done through their APIs."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evaldrop.running.local_aws.clients import Clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """
    A resource of a template.

    Attributes:
        stack: The name of its stack.
        logical_id: Its name in the template.
        kind: Its type.
        properties: Those of the template, references resolved.
        physical_id: What moto made of it, None when moto made nothing.
    """

    stack: str
    logical_id: str
    kind: str
    properties: Mapping[str, Any]
    physical_id: str | None

    @property
    def name(self) -> str:
        """The name it gets when the template names none, as CloudFormation makes it."""
        return f"{self.stack}-{self.logical_id}"


def complete(resource: Resource, clients: Clients) -> None:
    """Add to a resource what moto left out of it, or make it when moto did not."""
    if completer := COMPLETED.get(resource.kind):
        completer(resource, clients)


def _bucket(resource: Resource, clients: Clients) -> None:
    s3, name, properties = clients("s3"), resource.physical_id, resource.properties
    if status := properties.get("VersioningConfiguration", {}).get("Status"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
    if properties.get("NotificationConfiguration", {}).get("EventBridgeConfiguration"):
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
    if block := properties.get("PublicAccessBlockConfiguration"):
        flags = {key: str(value).lower() == "true" for key, value in block.items()}
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=flags)
    if ownership := properties.get("OwnershipControls"):
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=ownership)


def _topic_policy(resource: Resource, clients: Clients) -> None:
    policy = json.dumps(resource.properties["PolicyDocument"])
    for topic in resource.properties["Topics"]:
        clients("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


def _queue_policy(resource: Resource, clients: Clients) -> None:
    policy = json.dumps(resource.properties["PolicyDocument"])
    for queue in resource.properties["Queues"]:
        url = clients("sqs").get_queue_url(QueueName=queue.rpartition("/")[2])["QueueUrl"]
        clients("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _event_invoke_config(resource: Resource, clients: Clients) -> None:
    wanted = {key: value for key, value in resource.properties.items() if key != "Qualifier"}
    clients("lambda").put_function_event_invoke_config(**wanted)


def _state_machine(resource: Resource, clients: Clients) -> None:
    definition, substitutions = resource.properties["DefinitionString"], _substitutions(resource)
    filled = re.sub(r"\$\{(\w+)\}", lambda found: substitutions.get(found[1], found[0]), definition)
    clients("stepfunctions").update_state_machine(stateMachineArn=resource.physical_id, definition=filled)


def _substitutions(resource: Resource) -> dict[str, str]:
    return {name: str(value) for name, value in resource.properties["DefinitionSubstitutions"].items()}


def _schedule(resource: Resource, clients: Clients) -> None:
    clients("scheduler").create_schedule(**{"Name": resource.name[:64], **resource.properties})


def _alarm(resource: Resource, clients: Clients) -> None:
    clients("cloudwatch").put_metric_alarm(**{"AlarmName": resource.name, **resource.properties})


COMPLETED: dict[str, Callable[[Resource, Clients], None]] = {
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::Lambda::EventInvokeConfig": _event_invoke_config,
    "AWS::S3::Bucket": _bucket,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::StepFunctions::StateMachine": _state_machine,
}


# By type: the properties that take effect here, or that nothing could be seen of in a run.
_REHEARSED: Mapping[str, frozenset[str]] = {
    kind: frozenset(properties.split())
    for kind, properties in {
        "AWS::Events::Rule": "Description EventPattern State",
        "AWS::IAM::Policy": "PolicyDocument PolicyName Roles",
        "AWS::IAM::Role": "",
        "AWS::Lambda::EventInvokeConfig": "FunctionName MaximumRetryAttempts Qualifier",
        "AWS::Lambda::Function": "Code DeadLetterConfig Description Environment Handler Role Timeout",
        "AWS::S3::Bucket": "NotificationConfiguration VersioningConfiguration",
        "AWS::SNS::Subscription": "Endpoint Protocol TopicArn",
        "AWS::SNS::Topic": "DisplayName",
        "AWS::SQS::Queue": "MessageRetentionPeriod QueueName",
        "AWS::Scheduler::Schedule": "Description Name ScheduleExpression ScheduleExpressionTimezone State",
        "AWS::StepFunctions::StateMachine": "DefinitionString DefinitionSubstitutions RoleArn",
    }.items()
}

# By type, or type and property: what is there and what does not happen.
_NOTES: Mapping[str, str] = {
    "AWS::Budgets::Budget": "nothing is spent here",
    "AWS::CloudWatch::Alarm": "made, but no metric arrives: none goes off",
    "AWS::CloudWatch::Dashboard": "made, but nobody draws it",
    "AWS::Events::Rule.Targets": "functions are called; RetryPolicy and DeadLetterConfig are not tried",
    "AWS::IAM::Role.AssumeRolePolicyDocument": "roles are not assumed; what they may do is checked",
    "AWS::KMS::Key": "made, but nothing is encrypted",
    "AWS::Lambda::EventInvokeConfig.MaximumEventAgeInSeconds": "no event grows old; retries wait seconds",
    "AWS::Lambda::Function.Architectures": "functions run on this machine's processor",
    "AWS::Lambda::Function.EphemeralStorage": "the disk is this machine's",
    "AWS::Lambda::Function.LoggingConfig": "lines go to files, as they are printed",
    "AWS::Lambda::Function.MemorySize": "not enforced",
    "AWS::Lambda::Function.Runtime": "functions run on this machine's Python",
    "AWS::Lambda::Permission": "made, but who calls a function is not checked",
    "AWS::Logs::LogGroup": "made, and stays empty",
    "AWS::Logs::QueryDefinition": "there is no Logs Insights here",
    "AWS::S3::Bucket.BucketEncryption": "nothing is encrypted",
    "AWS::S3::Bucket.LifecycleConfiguration": "nothing expires or moves",
    "AWS::S3::Bucket.OwnershipControls": "made, but not enforced",
    "AWS::S3::Bucket.PublicAccessBlockConfiguration": "made, but not enforced",
    "AWS::S3::BucketPolicy": "it refuses what does not come by TLS, and nothing here does",
    "AWS::SNS::TopicPolicy": "made, but not enforced",
    "AWS::SQS::Queue.SqsManagedSseEnabled": "nothing is encrypted",
    "AWS::SQS::QueuePolicy": "made, but not enforced",
    "AWS::Scheduler::Schedule.FlexibleTimeWindow": "fires at the begin of its window",
    "AWS::Scheduler::Schedule.Target": "is called; RetryPolicy and DeadLetterConfig are not tried",
    "AWS::StepFunctions::StateMachine.LoggingConfiguration": "no log; executions have a history",
    "AWS::StepFunctions::StateMachine.TracingConfiguration": "no traces",
}

GENERAL = (
    "quotas, throttling and latencies of AWS itself; cold starts; encryption; TLS; signatures of requests",
    "what a person's keys may do; what functions and the state machine may do is held to their roles",
)
"""What no template says."""


def gaps_of(resources: Iterable[Resource]) -> Iterator[str]:
    """Yield what is not rehearsed, a line for each, by type."""
    counted: Counter[tuple[str, str]] = Counter()
    for resource in resources:
        for line in _gaps_of(resource):
            counted[line] += 1
    for (subject, note), count in sorted(counted.items()):
        yield f"{subject}{f' ({count})' if count > 1 else ''}: {note}"


def _gaps_of(resource: Resource) -> Iterator[tuple[str, str]]:
    kind = resource.kind
    if resource.physical_id is None and kind not in COMPLETED and kind not in _MADE_WITHOUT_ID:
        yield kind, f"not made: {_NOTES.get(kind, 'moto does not know it')}"
    elif kind in _NOTES:
        yield kind, _NOTES[kind]
    elif kind not in _REHEARSED:
        yield kind, "made; whether it does anything here, nobody has looked at"
    else:
        for name in sorted(resource.properties.keys() - _REHEARSED[kind]):
            yield (
                f"{kind}.{name}",
                _NOTES.get(f"{kind}.{name}", "whether it has an effect, nobody has looked at"),
            )


# moto makes it and gives it no ID.
_MADE_WITHOUT_ID = frozenset({"AWS::Lambda::Permission"})
