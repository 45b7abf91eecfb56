"""ReportFailure: what a step raised in; a reason a person can act on out."""

import os
from typing import Any

from evaldrop.notices import failure_notice
from evaldrop.step_log import log_step


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Word a failed run's message, and the error and cause its execution ends with."""
    run = event.get("run", event)
    if rehearsed_with := os.environ.get("EVALDROP_BEDROCK"):
        run = {**run, "bedrock": rehearsed_with}
    notice = failure_notice(run, event["failure"])
    log_step("ReportFailure", run_id=run.get("run_id"), **notice["reason"])
    return {**event, **notice}
