"""ReportFailure: what a step raised in; a reason a person can act on out."""

from typing import Any

from evaldrop.notices import failure_notice


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Word a failed run's message, and the error and cause its execution ends with."""
    run = event.get("run", event)
    return {**event, **failure_notice(run, event["failure"])}
