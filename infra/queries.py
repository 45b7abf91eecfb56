"""Saved Logs Insights queries: what somebody looks for at three in the morning."""

from collections.abc import Sequence

from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.settings import Settings

# Bedrock's own log (schemaType ModelInvocationLog); latency is there for Converse.
_LATENCY = "output.outputBodyJson.metrics.latencyMs"
_INVOCATION = [
    "@timestamp",
    "modelId",
    "operation",
    "requestId",
    "input.inputTokenCount",
    "output.outputTokenCount",
]
# Of both logs, or of either: what one leaves out the other has.
_OF_A_REQUEST = [
    ("method", "sent"),
    ("path", "to"),
    ("status", "answered"),
    ("key_id", "key"),
    ("user", "who"),
    ("run_id", "run"),
    ("latency_ms", "ms"),
    ("error", "refused_by_gateway"),
]


def save_step_queries(
    scope: Construct, *, functions: Sequence[logs.LogGroup], workflow: logs.LogGroup, settings: Settings
) -> None:
    """Save queries over the functions' and the workflow's logs."""
    _save(
        scope,
        "FailedSteps",
        functions,
        settings,
        fields=["@timestamp", "level", "errorType", "errorMessage", "requestId", "@log"],
        filters=["level = 'ERROR' or ispresent(errorType)"],
        sort="@timestamp desc",
    )
    _save(
        scope,
        "SlowSteps",
        functions,
        settings,
        fields=["@timestamp", "record.metrics.durationMs", "record.metrics.maxMemoryUsedMB", "@log"],
        filters=["type = 'platform.report'"],
        sort="record.metrics.durationMs desc",
    )
    _save(
        scope,
        "StepsOfRuns",
        functions,
        settings,
        fields=["@timestamp", "run_id", "step", "decision", "message", "@log"],
        filters=["ispresent(run_id)"],
        sort="@timestamp desc",
    )
    _save(
        scope,
        "FailedRuns",
        [workflow],
        settings,
        fields=["@timestamp", "execution_arn", "type", "details.error", "details.cause"],
        filters=["type like /Failed|TimedOut|Aborted/"],
        sort="@timestamp desc",
    )


def save_request_queries(
    scope: Construct, *, access: Sequence[logs.LogGroup], function: logs.LogGroup, settings: Settings
) -> None:
    """
    Save a query that makes of API Gateway's line of a request and the function's one.

    Only the function knows which run a request has started: a proxy integration hands no part of its
    answer to the access log.
    """
    _save(
        scope,
        "Requests",
        [*access, function],
        settings,
        filters=["ispresent(extended_request_id)"],
        stats=(
            "min(@timestamp) as at, "
            + ", ".join(f"sortsLast({name}) as {short}" for name, short in _OF_A_REQUEST)
            + " by extended_request_id"
        ),
        sort="at desc",
    )


def save_invocation_queries(scope: Construct, *, invocations: logs.LogGroup, settings: Settings) -> None:
    """Save queries over Bedrock's log of invocations."""
    _save(
        scope,
        "SlowInvocations",
        [invocations],
        settings,
        fields=[*_INVOCATION, f"{_LATENCY} as latency_ms"],
        filters=[f"{_LATENCY} > {settings.alarms.latency_ms}"],
        sort="latency_ms desc",
    )
    _save(
        scope,
        "FailedInvocations",
        [invocations],
        settings,
        fields=[*_INVOCATION, "errorCode"],
        filters=["ispresent(errorCode)"],
        sort="@timestamp desc",
    )
    _save(
        scope,
        "LatencyByModel",
        [invocations],
        settings,
        stats=(
            f"count(*) as invocations, pct({_LATENCY}, 50) as p50_ms, pct({_LATENCY}, 90) as p90_ms, "
            f"pct({_LATENCY}, 99) as p99_ms by modelId"
        ),
        sort="p90_ms desc",
    )


def _save(
    scope: Construct,
    id: str,  # noqa: A002 - CDK's word
    groups: Sequence[logs.LogGroup],
    settings: Settings,
    *,
    fields: Sequence[str] | None = None,
    filters: Sequence[str] | None = None,
    stats: str | None = None,
    sort: str,
) -> None:
    logs.QueryDefinition(
        scope,
        id,
        query_definition_name=f"{settings.stack_name}/{id}",
        query_string=logs.QueryString(
            fields=list(fields) if fields else None,
            filter_statements=list(filters) if filters else None,
            stats_statements=[stats] if stats else None,
            sort=sort,
            limit=100,
        ),
        log_groups=list(groups),
    )
