"""SteerRuns: a minute's tick in; running runs that evaluate fewer records at a time, or more again, out."""

import os
from typing import Any

from evaldrop.steps.services import log_step
from evaldrop.steps.steer_runs.account import StackAccount
from evaldrop.steps.steer_runs.steer import steer_runs, told


def handler(_event: dict[str, Any], _context: object) -> dict[str, Any]:
    """
    Steer the runs of the stack.

    Raises:
        AwsError: A service would not; a minute later it is asked again.
    """
    changes = told(steer_runs(StackAccount(os.environ["EVALDROP_STATE_MACHINE"])))
    log_step("SteerRuns", changes=changes)
    return {"changes": changes}
