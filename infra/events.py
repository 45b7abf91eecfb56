"""Who sends evaldrop's events: to the account's default bus, and as nobody else."""

from collections.abc import Iterable

from aws_cdk import Stack

from evaldrop.steps.lifecycle.events import SOURCE
from infra.functions import Step

BUS = "default"


def let_send(steps: Iterable[Step]) -> None:
    """Let functions send events."""
    for step in steps:
        # By its name: the bus that every account has is no resource of the stack's.
        bus = Stack.of(step).format_arn(service="events", resource="event-bus", resource_name=BUS)
        step.tell("EVALDROP_EVENT_BUS", BUS)
        step.allow(["events:PutEvents"], [bus], {"StringEquals": {"events:source": SOURCE}})
