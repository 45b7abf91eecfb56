"""What moto's CloudFormation leaves out of a stack and its services can do: done through their APIs."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaldrop.running.local_aws.clients import Clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """
    A resource of a template, the references in its properties resolved.

    `physical_id` is what moto made of it, None when moto made nothing.
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
        # In a template a boolean may be text.
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
    definition, values = (resource.properties[f"Definition{part}"] for part in ("String", "Substitutions"))
    filled = re.sub(r"\$\{(\w+)\}", lambda found: str(values.get(found[1], found[0])), definition)
    clients("stepfunctions").update_state_machine(stateMachineArn=resource.physical_id, definition=filled)


def _schedule(resource: Resource, clients: Clients) -> None:
    # A schedule's name has 64 characters at most.
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


_TABLES = json.loads(Path(__file__).with_name("rehearsed.json").read_bytes())
# By type: the properties that take effect here, or that nothing could be seen of in a run.
_REHEARSED: Mapping[str, list[str]] = _TABLES["rehearsed"]
# By type, or type and property: what is there and what does not happen.
_NOTES: Mapping[str, str] = _TABLES["notes"]

GENERAL = (
    "quotas, throttling and latencies of AWS itself; cold starts; encryption; TLS",
    "Bedrock's evaluation jobs; its batch jobs, unless --bedrock is simulated",
    "what a person's keys may do; what functions and the state machine may do is held to their roles",
)
"""What no template says."""


def gaps_of(resources: Iterable[Resource]) -> Iterator[str]:
    """Yield what is not rehearsed, a line for each, by type."""
    counted = Counter(line for resource in resources for line in _gaps_of(resource))
    for (subject, note), count in sorted(counted.items()):
        yield f"{subject}{f' ({count})' if count > 1 else ''}: {note}"


def _gaps_of(resource: Resource) -> Iterator[tuple[str, str]]:
    kind = resource.kind
    # To a permission moto gives no ID.
    if resource.physical_id is None and kind not in {*COMPLETED, "AWS::Lambda::Permission"}:
        yield kind, f"not made: {_NOTES.get(kind, 'moto does not know it')}"
    elif kind in _NOTES:
        yield kind, _NOTES[kind]
    elif kind not in _REHEARSED:
        yield kind, "made; whether it does anything here, nobody has looked at"
    else:
        # Tags are for people and their bills.
        for name in sorted(resource.properties.keys() - {"Tags", *_REHEARSED[kind]}):
            subject = f"{kind}.{name}"
            yield subject, _NOTES.get(subject, "whether it has an effect, nobody has looked at")
