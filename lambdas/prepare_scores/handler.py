"""PrepareScores: responses in, batches for the run's scorers out."""

import os
from typing import Any

from evaldrop.steps.prepare_scores.prepare import prepare_scores
from evaldrop.steps.services import log_step


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Write what scorers are asked; those on AWS are functions, those on one machine processes."""
    state = prepare_scores(event, on_aws="AWS_LAMBDA_FUNCTION_NAME" in os.environ)
    log_step("PrepareScores", run_id=event["run"]["run_id"], has_scores="scores" in state)
    return state
