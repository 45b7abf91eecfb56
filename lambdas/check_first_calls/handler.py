"""CheckFirstCalls: the first records' results in; what all records are evaluated with out."""

import os
from typing import Any

from evaldrop.steps.check_first_calls.check import check_first_calls
from evaldrop.steps.services import log_step


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """
    Look at the first calls of every candidate and judge.

    Raises:
        ModelRefused: One of them takes no call, and the run is not to go on without it.
    """
    # A stack's calls leave from Step Functions, where nothing holds them back.
    state = check_first_calls(event, has_lanes="EVALDROP_STACK" not in os.environ)
    refused = {kind: sorted(names) for kind, names in state["refused"].items()}
    log_step(
        "CheckFirstCalls",
        run_id=event["run"]["run_id"],
        done=len(state["done"]),
        refused=refused,
        max_concurrency=state["max_concurrency"],
    )
    return state
