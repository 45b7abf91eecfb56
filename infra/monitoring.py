"""What is watched: alarms on the topic, the dashboard, and saved queries over the logs."""

import hashlib
import re
from collections.abc import Sequence

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from constructs import Construct

from evaldrop.evaluation.model_ids import HERE, model_name
from evaldrop.steps.embedded_metrics import NAMESPACE
from infra.api import Api
from infra.dashboard import build_dashboard
from infra.functions import Step
from infra.log_groups import log_group
from infra.notifications import Notifications
from infra.queries import save_invocation_queries, save_request_queries, save_step_queries
from infra.settings import Settings
from infra.storage import OF_THIS_ACCOUNT, Storage
from infra.triggers import Triggers
from infra.workflow import Workflow

_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD


MOST_WATCHED = 25
"""Models with alarms of their own, four each: a template holds 500 resources."""


def watched_models(models: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the models that get alarms, and a sentence for each reason why others do not."""
    # Where the Region is unknown, so is the profile, by whose ID Bedrock counts.
    known = [model for model in models if model_name(model)[0] != HERE]
    notes = []
    if unknown := [model for model in models if model not in known]:
        notes.append(
            f"alarms: none for {', '.join(unknown)}, for the Region is not known here: set AWS_REGION, or "
            "region in cdk.json."
        )
    if left := known[MOST_WATCHED:]:
        notes.append(f"alarms: {MOST_WATCHED} models have some; none for {', '.join(left)}.")
    return known[:MOST_WATCHED], notes


class Monitoring(Construct):
    """Alarms, dashboard, saved queries, and a place for Bedrock's own log."""

    def __init__(
        self,
        scope: Construct,
        id: str,  # noqa: A002 - CDK's word
        *,
        workflow: Workflow,
        triggers: Triggers,
        steps: Sequence[Step],
        notifications: Notifications,
        storage: Storage,
        api: Api | None,
        settings: Settings,
        models: Sequence[str],
    ) -> None:
        super().__init__(scope, id)
        self._topic = notifications.topic
        self._key = storage.encryption_key
        self._watch_runs(workflow, triggers)
        if settings.weekly.is_weekly:
            self._watch_schedule(workflow)
        for model in models:
            self._watch_model(model, settings)
        self._watch_quality(settings)
        self._watch_notes(settings)
        if api:
            self._watch_api(api)
        build_dashboard(self, workflow=workflow, triggers=triggers, settings=settings)
        functions = [step.log_group for step in steps]
        save_step_queries(self, functions=functions, workflow=workflow.log_group, settings=settings)
        if api:
            function = api.step.log_group
            save_request_queries(self, access=api.access_logs, function=function, settings=settings)
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

    def _watch_notes(self, settings: Settings) -> None:
        self._alarm(
            "NotNoted",
            cloudwatch.Metric(
                namespace=NAMESPACE,
                metric_name="NotNoted",
                dimensions_map={"Stack": settings.stack_name},
                period=Duration.hours(1),
                statistic="Sum",
            ),
            threshold=1,
            why="What became of a run was not noted in the table, or no event of it was sent; the run itself "
            "is not touched. The function's log says why; evaldrop history rebuild mends the table.",
        )

    def _watch_api(self, api: Api) -> None:
        period = Duration.minutes(15)
        of_all = {
            f"of_{each.node.id.lower()}": each.metric_server_error(period=period, statistic="Sum")
            for each in api.rest_apis
        }
        self._alarm(
            "ApiErrors",
            cloudwatch.MathExpression(
                expression=" + ".join(f"FILL({name}, 0)" for name in of_all),
                using_metrics=of_all,
                period=period,
                label="Requests that failed",
            ),
            threshold=5,
            why="The API failed requests that were not at fault. The function's log says why.",
        )

    def _watch_schedule(self, workflow: Workflow) -> None:
        # Seven days are the longest that an alarm looks back. Started, not finished: this week's run may take
        # longer than the last one's, and one that fails is told of by itself.
        self._alarm(
            "ScheduleSilent",
            workflow.machine.metric_started(period=Duration.days(1), statistic="Sum"),
            threshold=1,
            below=True,
            periods=7,
            why="No run began in seven days, and the schedule starts one each week. Look at the schedule, "
            "and at the queue of what could not be started.",
        )

    def _watch_model(self, model: str, settings: Settings) -> None:
        # By model: Bedrock publishes nothing over all of them ("ModelId - all metrics", its user guide).
        limits, period = settings.alarms, Duration.minutes(15)
        name, of = model.rpartition("/")[2], _id_of(model)

        def metric(name: str, statistic: str) -> cloudwatch.Metric:
            return bedrock_metric(name, statistic, period, model=model)

        self._alarm(
            f"Latency{of}",
            metric("InvocationLatency", "Average"),
            threshold=limits.latency_ms,
            why=f"{name} answers slowly; children may run out of their 300 s. Set children to STANDARD.",
        )
        self._alarm(
            f"ServerErrors{of}",
            metric("InvocationServerErrors", "Sum"),
            threshold=limits.server_errors,
            why=f"{name} answers with 5xx. Records it hits are recorded as errors, not as scores.",
        )
        # Filled: a model of which every call fails publishes no Invocations at all, and a sum with what is
        # missing is missing. Where Invocations counts failed calls too (the guide has said both), a model
        # that always fails reads 50.
        self._alarm(
            f"Failing{of}",
            cloudwatch.MathExpression(
                expression="100 * (FILL(refused, 0) + FILL(broken, 0))"
                " / (FILL(refused, 0) + FILL(broken, 0) + FILL(answered, 0))",
                using_metrics={
                    "refused": metric("InvocationClientErrors", "Sum"),
                    "broken": metric("InvocationServerErrors", "Sum"),
                    "answered": metric("Invocations", "Sum"),
                },
                period=period,
                label="Failed percent",
            ),
            threshold=limits.failed_percent,
            why=f"Calls of {name} fail: access, the request, or Bedrock itself. The run's report says how.",
        )
        self._alarm(
            f"Throttled{of}",
            cloudwatch.MathExpression(
                expression="100 * FILL(throttled, 0) / (FILL(throttled, 0) + FILL(answered, 0))",
                using_metrics={
                    "throttled": metric("InvocationThrottles", "Sum"),
                    "answered": metric("Invocations", "Sum"),
                },
                period=period,
                label="Throttled percent",
            ),
            threshold=limits.throttled_percent,
            why=f"{name} throttles more than retries make good. Lower max_concurrency, or ask for a "
            "higher quota.",
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
        for name, why in (
            ("Regressions", "A run is worse than its baseline. The report says in what, and how surely."),
            (
                "JudgeDrift",
                "A judge gives other verdicts than it did. evaldrop trend says which, since when.",
            ),
            (
                "RunsWithoutAnswers",
                "A run has hardly an answer. The report has the errors of its calls.",
            ),
        ):
            self._alarm(name, run_metric(name, settings, Duration.hours(1)), threshold=1, why=why)

    def _alarm(
        self,
        id: str,  # noqa: A002 - CDK's word
        metric: cloudwatch.IMetric,
        *,
        threshold: float,
        why: str,
        below: bool = False,
        periods: int = 1,
    ) -> None:
        # What should have come and did not is an alarm where it comes by itself; elsewhere nothing ran.
        missing = cloudwatch.TreatMissingData
        alarm = cloudwatch.Alarm(
            self,
            id,
            metric=metric,
            threshold=threshold,
            evaluation_periods=periods,
            comparison_operator=_BELOW if below else _AT_LEAST,
            treat_missing_data=missing.BREACHING if below else missing.NOT_BREACHING,
            alarm_description=why,
        )
        alarm.add_alarm_action(actions.SnsAction(self._topic))

    def _log_invocations(self, settings: Settings) -> None:
        # CloudFormation cannot turn it on, it is one switch per account and Region: the output says how.
        group = log_group(self, "Invocations", settings=settings, key=self._key)
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


def bedrock_metric(name: str, statistic: str, period: Duration, *, model: str) -> cloudwatch.Metric:
    """Return a metric of a model over all callers in the account and Region."""
    return cloudwatch.Metric(
        namespace="AWS/Bedrock",
        metric_name=name,
        # Of an ARN the last part: it is the profile's or the model's own ID.
        dimensions_map={"ModelId": model.rpartition("/")[2]},
        statistic=statistic,
        period=period,
    )


def _id_of(model: str) -> str:
    """Return a model's ID as a construct's, which takes letters and digits; two models never share one."""
    plain = "".join(part.capitalize() for part in re.findall(r"[A-Za-z0-9]+", model.rpartition("/")[2]))
    return f"{plain}{hashlib.sha256(model.encode()).hexdigest()[:6]}"


def run_metric(name: str, settings: Settings, period: Duration) -> cloudwatch.Metric:
    """Return a metric that BuildScorecard publishes, over all evaluations of this stack."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"Stack": settings.stack_name},
        statistic="Sum",
        period=period,
    )
