"""
What of a stack is not rehearsed: told, for moto skips it without a word.

A resource type, or a property of one, that is not in the tables here is told as well: a template that grows
does not look rehearsed by itself.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from evaldrop.running.local_aws.completing import COMPLETED, Resource

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
