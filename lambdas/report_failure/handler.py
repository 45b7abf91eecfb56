"""ReportFailure: what a step raised, or a run that failed beyond it, in; a reason a person can act on out."""

import os
from typing import Any

from evaldrop.steps.lifecycle.telling import Lifecycle
from evaldrop.steps.report_failure.notices import report_caught, report_unfinished
from evaldrop.steps.services import StackServices, log_step


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """
    Word a failed run's message, and the error and cause its execution ends with.

    The workflow calls it as a step, EventBridge with an execution that failed where nothing is caught.

    Raises:
        AwsError: A service would not; the event is delivered again, and then kept in the queue.
    """
    rehearsed_with = os.environ.get("EVALDROP_BEDROCK")
    lifecycle = Lifecycle.from_environment(os.environ)
    if "detail" in event:
        services = StackServices(
            machine_arn=event["detail"]["stateMachineArn"], topic_arn=os.environ["EVALDROP_TOPIC"]
        )
        told = report_unfinished(event["detail"], services, lifecycle, rehearsed_with=rehearsed_with)
        log_step("ReportFailure", run_id=event["detail"]["name"], told=told)
        return {"told": told}
    run = event.get("run", event)
    if rehearsed_with:
        run = {**run, "bedrock": rehearsed_with}
    notice = report_caught(run, event["failure"], lifecycle)
    log_step("ReportFailure", run_id=run.get("run_id"), **notice["reason"])
    return {**event, **notice}
