"""
What starts runs: uploads, the weekly schedule, and models that are leaving; all by way of StartRun, which
names the run.
"""

from typing import Any

from aws_cdk import Duration, Stack, TimeZone
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as scheduler_targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from evaldrop.datasets.files.formats import DATASET_ENDINGS
from evaldrop.steps.start_run.events import MISTAKEN_ENDINGS
from evaldrop.steps.start_run.prefixes import DATASETS
from infra.bundles import Bundle
from infra.functions import START_RUN, Step
from infra.notifications import Notifications
from infra.settings import Settings
from infra.storage import OF_THIS_ACCOUNT, RUNS, Storage
from infra.workflow import Workflow

_ATTEMPTS = 3
_MOST_AGE = Duration.hours(6)


class Triggers(Construct):
    """StartRun, the rule and the schedule that call it, and the queue for what it could not do."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        storage: Storage,
        workflow: Workflow,
        notifications: Notifications,
        settings: Settings,
    ) -> None:
        super().__init__(scope, id)
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            retention_period=Duration.days(14),
            enforce_ssl=True,
            encryption=sqs.QueueEncryption.KMS if storage.encryption_key else sqs.QueueEncryption.SQS_MANAGED,
            encryption_master_key=storage.encryption_key,
        )
        self.start_run = Step(
            self,
            "StartRun",
            bundle=Bundle(name="start_run"),
            shape=START_RUN,
            environment={
                "EVALDROP_INPUT_BUCKET": storage.input.bucket_name,
                "EVALDROP_OUT": f"s3://{storage.output.bucket_name}/{RUNS}",
                "EVALDROP_MAX_DATASET_BYTES": str(settings.max_dataset_bytes),
                "EVALDROP_STATE_MACHINE": workflow.machine.state_machine_arn,
                "EVALDROP_TOPIC": notifications.topic.topic_arn,
            },
            settings=settings,
            key=storage.encryption_key,
            # Called asynchronously: what the function itself fails at Lambda keeps, not the rule's queue.
            dead_letters=self.dead_letters,
        )
        self.start_run.function.configure_async_invoke(retry_attempts=2, max_event_age=_MOST_AGE)
        self._let_start(storage, workflow, notifications)
        self._on_upload(storage)
        if settings.weekly.datasets:
            role = self._schedules_role(storage.key)
            self._weekly(settings, role)
            if settings.successors:
                self._leaving(settings, role)

    def call(self, step: Step, instead: dict[str, Any] | None = None) -> events.IRuleTarget:
        """
        Return what makes a rule call a function; events that cannot be delivered are kept.

        `instead` is what the function gets in place of the event.
        """
        return targets.LambdaFunction(
            step.function,
            event=events.RuleTargetInput.from_object(instead) if instead else None,
            dead_letter_queue=self.dead_letters,
            retry_attempts=_ATTEMPTS,
            max_event_age=_MOST_AGE,
        )

    def _let_start(self, storage: Storage, workflow: Workflow, notifications: Notifications) -> None:
        step = self.start_run
        step.allow(["states:StartExecution"], [workflow.machine.state_machine_arn])
        step.allow(["sns:Publish"], [notifications.topic.topic_arn])
        # The schedule names a dataset without its version; S3 tells the newest. An upload's metadata says
        # how that very version is evaluated.
        step.allow(["s3:GetObject", "s3:GetObjectVersion"], [f"{storage.input.bucket_arn}/{DATASETS}*"])
        step.allow(["s3:ListBucket"], [storage.input.bucket_arn])
        step.allow(["sqs:SendMessage"], [self.dead_letters.queue_arn])
        if storage.key:
            step.allow(["kms:Decrypt", "kms:GenerateDataKey"], [storage.key.key_arn])

    def _on_upload(self, storage: Storage) -> None:
        # Anywhere, and in any case of letters: what starts no run is told, and StartRun knows what goes
        # along with datasets. What is before .gz it looks at, too. Few patterns: those of a rule have 2,048
        # characters.
        plain = [ending for ending in DATASET_ENDINGS if not ending.endswith(".gz")]
        endings = [
            {"suffix": {"equals-ignore-case": ending}} for ending in (*plain, ".gz", *MISTAKEN_ENDINGS)
        ]
        events.Rule(
            self,
            "DatasetUploaded",
            description="An upload that is a dataset, or that somebody may take for one",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [storage.input.bucket_name]},
                    "object": {"key": endings},
                },
            ),
            targets=[self.call(self.start_run)],
        )

    def _schedules_role(self, key: kms.Key | None) -> iam.Role:
        # By the group: Scheduler names that as the source, not the schedule.
        group = Stack.of(self).format_arn(
            service="scheduler", resource="schedule-group", resource_name="default"
        )
        role = iam.Role(
            self,
            "WeeklyRole",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={**OF_THIS_ACCOUNT, "ArnEquals": {"aws:SourceArn": group}},
            ),
        )
        for action, resource in (
            ("lambda:InvokeFunction", self.start_run.function.function_arn),
            ("sqs:SendMessage", self.dead_letters.queue_arn),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=[action], resources=[resource]))
        if key:
            role.add_to_policy(
                iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn])
            )
        return role

    def _leaving(self, settings: Settings, role: iam.Role) -> None:
        """Look each day, and when AWS Health tells something of Bedrock, whether a model is leaving."""
        # It has no resource.
        self.start_run.allow(["bedrock:ListFoundationModels"], ["*"])
        look = {
            "leaving": {model: list(several) for model, several in settings.successors.items()},
            "datasets": list(settings.weekly.datasets),
        }
        scheduler.Schedule(
            self,
            "Leaving",
            description="evaldrop: is a model that has successors leaving Bedrock?",
            schedule=scheduler.ScheduleExpression.rate(Duration.days(1)),
            target=scheduler_targets.LambdaInvoke(
                self.start_run.function,
                input=scheduler.ScheduleTargetInput.from_object(look),
                retry_attempts=_ATTEMPTS,
                max_event_age=_MOST_AGE,
                dead_letter_queue=self.dead_letters,
                role=role.without_policy_updates(),
            ),
        )
        # Bedrock has no event of its own for this; what Health tells only begins the same look.
        events.Rule(
            self,
            "HealthOfBedrock",
            description="AWS Health tells something of Bedrock: perhaps that a model is leaving",
            event_pattern=events.EventPattern(source=["aws.health"], detail={"service": ["BEDROCK"]}),
            targets=[self.call(self.start_run, look)],
        )

    def _weekly(self, settings: Settings, role: iam.Role) -> None:
        weekly = settings.weekly
        scheduler.Schedule(
            self,
            "Weekly",
            description=f"evaldrop: {', '.join(weekly.datasets)} again"[:512],
            schedule=scheduler.ScheduleExpression.expression(
                f"cron({weekly.cron})", TimeZone.of(weekly.time_zone)
            ),
            time_window=scheduler.TimeWindow.flexible(Duration.minutes(weekly.window_minutes)),
            target=scheduler_targets.LambdaInvoke(
                self.start_run.function,
                input=scheduler.ScheduleTargetInput.from_object(
                    {
                        "datasets": list(weekly.datasets),
                        "scheduled_time": scheduler.ContextAttribute.scheduled_time,
                    }
                ),
                retry_attempts=_ATTEMPTS,
                max_event_age=_MOST_AGE,
                dead_letter_queue=self.dead_letters,
                role=role.without_policy_updates(),
            ),
        )
