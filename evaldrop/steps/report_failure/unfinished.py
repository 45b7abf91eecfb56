"""Executions that failed where the workflow catches nothing: found out about, worded, told once."""

import json
from collections.abc import Mapping
from typing import Any, Protocol

from evaldrop.steps.report_failure.notices import unfinished_notice


class FailureServices(Protocol):
    """What telling of a failure asks of AWS."""

    def outcome(self, execution_arn: str) -> Mapping[str, Any]:
        """Return an execution's `status`, `input`, `error` and `cause`, None where there is none."""

    def tell(self, *, subject: str, message: str) -> None:
        """Send a message to the topic."""


def tell_unfinished(
    detail: Mapping[str, Any], services: FailureServices, *, rehearsed_with: str | None = None
) -> bool:
    """
    Tell of a run that failed, unless the workflow has told already, or a redrive has begun meanwhile.

    Args:
        detail: Of EventBridge's "Step Functions Execution Status Change".
        services: The stack's Step Functions and SNS.
        rehearsed_with: What answers for Bedrock in a rehearsal.

    Returns:
        Whether a message was sent.

    Raises:
        ServiceError: A service would not.
    """
    execution = detail["executionArn"]
    # Asked, for not every event carries error, cause and input.
    ended = services.outcome(execution)
    if ended["status"] not in {"FAILED", "TIMED_OUT"}:
        return False
    run = json.loads(ended["input"])
    if rehearsed_with:
        run = {**run, "bedrock": rehearsed_with}
    notice = unfinished_notice(
        run, error=ended["error"] or "States.Timeout", cause=ended["cause"] or "", execution=execution
    )
    if notice is None:
        return False
    services.tell(subject=notice["subject"], message=notice["message"])
    return True
