"""The stack: wires the constructs, defines none."""

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from infra.acknowledgements import acknowledge
from infra.budgets import Budgets
from infra.failures import Failures
from infra.functions import Functions
from infra.monitoring import Monitoring
from infra.notifications import Notifications
from infra.settings import Settings
from infra.storage import Storage
from infra.triggers import Triggers
from infra.workflow import Workflow


class EvaldropStack(Stack):
    """Drop a dataset in the input bucket, find its scorecard in the output bucket."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:  # noqa: A002 - CDK's word
        super().__init__(scope, id, description="evaldrop: batch evaluation of language models")
        storage = Storage(self, "Storage", settings=settings)
        notifications = Notifications(self, "Notifications", settings=settings, key=storage.key)
        functions = Functions(self, "Functions", storage=storage, settings=settings)
        workflow = Workflow(
            self,
            "Workflow",
            steps=functions.steps,
            storage=storage,
            notifications=notifications,
            settings=settings,
        )
        triggers = Triggers(
            self,
            "Triggers",
            storage=storage,
            workflow=workflow,
            notifications=notifications,
            settings=settings,
        )
        failures = Failures(
            self,
            "Failures",
            steps=functions.steps,
            workflow=workflow,
            notifications=notifications,
            triggers=triggers,
            storage=storage,
        )
        Monitoring(
            self,
            "Monitoring",
            workflow=workflow,
            triggers=triggers,
            steps=functions.steps,
            notifications=notifications,
            settings=settings,
        )
        Budgets(self, "Budgets", notifications=notifications, settings=settings)
        for name, value in (
            ("InputBucket", storage.input.bucket_name),
            ("OutputBucket", storage.output.bucket_name),
            ("StateMachine", workflow.machine.state_machine_arn),
            ("StartRunFunction", triggers.start_run.function.function_name),
            ("ResultsTopic", notifications.topic.topic_arn),
            ("DeadLetterQueue", triggers.dead_letters.queue_url),
            ("MaxDatasetBytes", str(settings.max_dataset_bytes)),
            # Without models and prices: an output holds 1,024 characters.
            ("Caps", settings.caps.model_dump_json(exclude={"models", "guardrails", "prices"})),
        ):
            CfnOutput(self, name, value=value)
        acknowledge(
            storage=storage,
            steps=functions.steps,
            workflow=workflow,
            triggers=triggers,
            failures=failures,
            settings=settings,
        )
