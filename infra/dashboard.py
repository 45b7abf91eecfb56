"""The dashboard: are runs going, do models answer, how good are they, what does it cost."""

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from evaldrop.steps.embedded_metrics import NAMESPACE
from infra.settings import Settings
from infra.triggers import Triggers
from infra.workflow import Workflow

_WIDTH, _HEIGHT = 8, 6
_PERIOD = Duration.minutes(5)
_RUN_PERIOD = Duration.hours(1)


def build_dashboard(scope: Construct, *, workflow: Workflow, triggers: Triggers, settings: Settings) -> None:
    """Add the dashboard, named as the stack and its Region."""
    dashboard = cloudwatch.Dashboard(
        scope,
        "Dashboard",
        # Dashboards are of the account, not of a Region: two Regions' stacks of one name have two.
        dashboard_name=f"{settings.stack_name}-{Aws.REGION}",
        default_interval=Duration.days(7),
    )
    dashboard.add_widgets(*_runs(workflow, triggers))
    dashboard.add_widgets(*_bedrock())
    dashboard.add_widgets(*_quality(settings))


def _graph(title: str, *left: cloudwatch.IMetric, unit: str = "") -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(left),
        left_y_axis=cloudwatch.YAxisProps(min=0, label=unit, show_units=not unit),
        width=_WIDTH,
        height=_HEIGHT,
    )


def _found(expression: str, *, period: Duration, label: str = "") -> cloudwatch.SearchExpression:
    """Return all the metrics an expression finds: models and candidates need not be known here."""
    return cloudwatch.SearchExpression(expression=expression, period=period, label=label)


def _runs(workflow: Workflow, triggers: Triggers) -> list[cloudwatch.IWidget]:
    machine = workflow.machine
    return [
        _graph(
            "Runs",
            machine.metric_started(period=_RUN_PERIOD, statistic="Sum"),
            machine.metric_succeeded(period=_RUN_PERIOD, statistic="Sum"),
            machine.metric_failed(period=_RUN_PERIOD, statistic="Sum"),
            machine.metric_timed_out(period=_RUN_PERIOD, statistic="Sum"),
        ),
        _graph(
            "Map runs of the account: open, and waiting",
            *(
                _found(
                    f"SEARCH('Namespace=\"AWS/States\" MetricName=\"{name}\"', 'Maximum', 300)",
                    period=_PERIOD,
                )
                for name in ("ApproximateOpenMapRunCount", "OpenMapRunLimit", "ApproximateMapRunBacklogSize")
            ),
        ),
        _graph(
            "Events that started no run",
            triggers.dead_letters.metric_approximate_number_of_messages_visible(
                period=_PERIOD, statistic="Maximum"
            ),
            triggers.start_run.function.metric_errors(period=_PERIOD, statistic="Sum"),
        ),
    ]


def _bedrock() -> list[cloudwatch.IWidget]:
    return [
        _graph(title, *(_of_models(name, statistic) for name in names), unit=unit)
        for title, names, statistic, unit in (
            ("Invocations by model", ["Invocations"], "Sum", ""),
            ("Latency by model, mean", ["InvocationLatency"], "Average", "ms"),
            ("Latency by model, 90th percentile", ["InvocationLatency"], "p90", "ms"),
            ("Client errors by model", ["InvocationClientErrors"], "Sum", ""),
            ("Server errors by model", ["InvocationServerErrors"], "Sum", ""),
            ("Throttled by model", ["InvocationThrottles"], "Sum", ""),
            ("Tokens by model", ["InputTokenCount", "OutputTokenCount"], "Sum", "tokens"),
        )
    ]


def _of_models(metric: str, statistic: str) -> cloudwatch.SearchExpression:
    return _found(
        f"SEARCH('{{AWS/Bedrock,ModelId}} MetricName=\"{metric}\"', '{statistic}', 300)", period=_PERIOD
    )


def _quality(settings: Settings) -> list[cloudwatch.IWidget]:
    own = f'Stack="{settings.stack_name}"'

    def published(metric: str, dimensions: str) -> cloudwatch.SearchExpression:
        schema = f"{{{NAMESPACE},{dimensions}}}"
        return _found(
            f"SEARCH('{schema} MetricName=\"{metric}\" {own}', 'Average', 3600)", period=_RUN_PERIOD
        )

    criterion, candidate, evaluation = (
        "Stack,Evaluation,Candidate,Criterion",
        "Stack,Evaluation,Candidate",
        "Stack,Evaluation",
    )
    return [
        _graph("Pass rate by candidate and criterion", published("PassRate", criterion), unit="fraction"),
        _graph("Mean score by candidate and criterion", published("Score", criterion), unit="score"),
        _graph("Failed calls by candidate", published("ResponseErrorRate", candidate), unit="fraction"),
        _graph("Cost of a run", published("CostUsd", evaluation), unit="USD"),
        _graph("Cost of 1,000 records", published("CostPerThousandRecordsUsd", evaluation), unit="USD"),
        _graph(
            "Gate, answers, regressions, judges, records",
            *(
                published(name, evaluation)
                for name in (
                    "GatePassed",
                    "GateInconclusive",
                    "GateFailed",
                    "RunsWithoutAnswers",
                    "Regressions",
                    "JudgeDrift",
                    "JudgesNotTrusted",
                    "RecordsMissing",
                )
            ),
        ),
    ]
