"""
CloudWatch metrics as lines of a function's log: the embedded metric format, which needs no permission.

Needs no package: functions that have none write metrics, too.
"""

from collections.abc import Mapping
from typing import Any

NAMESPACE = "evaldrop"

STEP_METRICS = {"NotNoted": "Count"}
"""What any step publishes by the stack alone: what it could not note in the store, or send as an event."""


def metric_document(
    dimensions: Mapping[str, str],
    units: Mapping[str, str],
    values: Mapping[str, float | None],
    *,
    time_ms: int,
) -> dict[str, Any]:
    """Return a line: values under one set of dimensions; `time_ms` are milliseconds since 1970."""
    # A null is no value in this format: the metric is left out, and CloudWatch shows a gap.
    there = {name: value for name, value in values.items() if value is not None}
    metrics = [{"Name": name, "Unit": units[name]} for name in there]
    directive = {"Namespace": NAMESPACE, "Dimensions": [list(dimensions)], "Metrics": metrics}
    return {"_aws": {"Timestamp": time_ms, "CloudWatchMetrics": [directive]}, **dimensions, **there}
