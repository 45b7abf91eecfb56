"""What slows running runs down while their models are throttled."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.bundles import Bundle
from infra.functions import Shape, Step
from infra.settings import Settings
from infra.storage import Storage
from infra.triggers import Triggers
from infra.workflow import Workflow

STEER_RUNS = Shape(memory_mb=512, timeout_s=50)
_EVERY = Duration.minutes(1)


class Steering(Construct):
    """SteerRuns, and the rule that calls it each minute."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        storage: Storage,
        workflow: Workflow,
        triggers: Triggers,
        settings: Settings,
    ) -> None:
        super().__init__(scope, id)
        machine = workflow.machine.state_machine_arn
        self.step = Step(
            self,
            "SteerRuns",
            bundle=Bundle(name="steer_runs"),
            shape=STEER_RUNS,
            environment={"EVALDROP_STATE_MACHINE": machine},
            settings=settings,
            key=storage.encryption_key,
        )
        self.step.allow(["states:ListExecutions"], [machine])
        self.step.allow(["states:ListMapRuns", "states:GetExecutionHistory"], [workflow.executions])
        self.step.allow(["states:DescribeMapRun", "states:UpdateMapRun"], [workflow.map_runs])
        self.step.allow(["cloudwatch:GetMetricData"], ["*"])
        # A minute later the next one comes: what is not delivered is not tried again.
        self.step.function.configure_async_invoke(retry_attempts=0, max_event_age=_EVERY)
        events.Rule(
            self,
            "EachMinute",
            description="Running runs are looked at, and slowed down while their models are throttled",
            schedule=events.Schedule.rate(_EVERY),
            targets=[
                targets.LambdaFunction(
                    self.step.function,
                    dead_letter_queue=triggers.dead_letters,
                    retry_attempts=0,
                    max_event_age=_EVERY,
                )
            ],
        )
