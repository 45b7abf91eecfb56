"""What is watched: alarms on the topic, the dashboard, and saved queries over the logs."""

from collections.abc import Mapping

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from constructs import Construct

from evaldrop.steps.build_scorecard.cloudwatch import NAMESPACE
from infra.dashboard import build_dashboard
from infra.functions import Step
from infra.log_groups import log_group
from infra.notifications import Notifications
from infra.queries import save_invocation_queries, save_step_queries
from infra.settings import Settings
from infra.storage import OF_THIS_ACCOUNT
from infra.triggers import Triggers
from infra.workflow import Workflow

_AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD


class Monitoring(Construct):
    """Alarms, dashboard, saved queries, and a place for Bedrock's own log."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        workflow: Workflow,
        triggers: Triggers,
        steps: Mapping[str, Step],
        notifications: Notifications,
        settings: Settings,
    ) -> None:
        super().__init__(scope, id)
        self._topic = notifications.topic
        self._watch_runs(workflow, triggers)
        self._watch_bedrock(settings)
        self._watch_quality(settings)
        build_dashboard(self, workflow=workflow, triggers=triggers, settings=settings)
        functions = [*(step.log_group for step in steps.values()), triggers.start_run.log_group]
        save_step_queries(self, functions=functions, workflow=workflow.log_group, settings=settings)
        if settings.model_invocation_logging:
            self._log_invocations(settings)

    def _watch_runs(self, workflow: Workflow, triggers: Triggers) -> None:
        hour = Duration.hours(1)
        failed = {
            "failed": workflow.machine.metric_failed(period=hour, statistic="Sum"),
            "timed_out": workflow.machine.metric_timed_out(period=hour, statistic="Sum"),
        }
        self._alarm(
            "RunsFailed",
            cloudwatch.MathExpression(
                expression="failed + timed_out", using_metrics=failed, period=hour, label="Failed runs"
            ),
            threshold=1,
            why="A run failed. Its message on the topic says at which step and why.",
        )
        self._alarm(
            "DeadLetters",
            triggers.dead_letters.metric_approximate_number_of_messages_visible(
                period=Duration.minutes(5), statistic="Maximum"
            ),
            threshold=1,
            why="An upload or the schedule could not start its run. The queue holds the events.",
        )

    def _watch_bedrock(self, settings: Settings) -> None:
        limits, period = settings.alarms, Duration.minutes(15)
        self._alarm(
            "BedrockLatency",
            bedrock_metric("InvocationLatency", "Average", period),
            threshold=limits.latency_ms,
            why="Models answer slowly; children may run out of their 300 s. Set children to STANDARD.",
        )
        self._alarm(
            "BedrockServerErrors",
            bedrock_metric("InvocationServerErrors", "Sum", period),
            threshold=limits.server_errors,
            why="Bedrock answers with 5xx. Records it hits are recorded as errors, not as scores.",
        )
        self._alarm(
            "BedrockThrottled",
            cloudwatch.MathExpression(
                expression="100 * throttled / (throttled + answered)",
                using_metrics={
                    "throttled": bedrock_metric("InvocationThrottles", "Sum", period),
                    "answered": bedrock_metric("Invocations", "Sum", period),
                },
                period=period,
                label="Throttled percent",
            ),
            threshold=limits.throttled_percent,
            why="More throttling than retries make good. Lower max_concurrency, or ask for a higher quota.",
        )

    def _watch_quality(self, settings: Settings) -> None:
        self._alarm(
            "QualityBelowGate",
            run_metric("GateFailed", settings, Duration.hours(1)),
            threshold=1,
            why="A run's gate failed: quality is below what the evaluation asks for. The report says where.",
        )
        self._alarm(
            "JudgeNotTrusted",
            run_metric("JudgesNotTrusted", settings, Duration.hours(1)),
            threshold=1,
            why="More than a tenth of a judge's verdicts could not be read.",
        )

    def _alarm(self, id: str, metric: cloudwatch.IMetric, *, threshold: float, why: str) -> None:  # noqa: A002 - CDK's word
        alarm = cloudwatch.Alarm(
            self,
            id,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=_AT_LEAST,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=why,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))

    def _log_invocations(self, settings: Settings) -> None:
        # CloudFormation cannot turn it on, it is one switch per account and Region: the output says how.
        group = log_group(self, "Invocations", settings=settings)
        role = iam.Role(
            self,
            "InvocationsRole",
            assumed_by=iam.ServicePrincipal("bedrock.amazonaws.com", conditions=OF_THIS_ACCOUNT),
        )
        group.grant_write(role)
        save_invocation_queries(self, invocations=group, settings=settings)
        output = CfnOutput(
            self,
            "LogInvocations",
            description="Turns on Bedrock's log of all invocations of the account and Region, texts too.",
            value=(
                "aws bedrock put-model-invocation-logging-configuration --logging-config "
                f"'cloudWatchConfig={{logGroupName={group.log_group_name},roleArn={role.role_arn}}},"
                "textDataDeliveryEnabled=true'"
            ),
        )
        output.override_logical_id("LogInvocations")


def bedrock_metric(name: str, statistic: str, period: Duration) -> cloudwatch.Metric:
    """Return a metric of Bedrock over all models of the account and Region."""
    return cloudwatch.Metric(namespace="AWS/Bedrock", metric_name=name, statistic=statistic, period=period)


def run_metric(name: str, settings: Settings, period: Duration) -> cloudwatch.Metric:
    """Return a metric that BuildScorecard publishes, over all evaluations of this stack."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"Stack": settings.stack_name},
        statistic="Sum",
        period=period,
    )
