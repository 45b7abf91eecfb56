"""ValidateDataset: a run's request in; its folder, with `run.json` written, out."""

import os
from typing import Any

from evaldrop.run.request import RunRequest
from evaldrop.steps.services import log_step
from evaldrop.steps.validate_dataset.validate import validate_dataset


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """
    Check a dataset and its evaluation.

    Raises:
        InputError: Something is wrong with them; nothing has been spent.
    """
    request = RunRequest.model_validate(event)
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ and not request.region:
        # Step Functions calls models from the Region of the stack.
        request = request.model_copy(update={"region": os.environ.get("AWS_REGION")})
    if rehearsed_with := os.environ.get("EVALDROP_BEDROCK"):
        # A local AWS answers for Bedrock itself: run.json says what answered, whatever the request says.
        request = request.model_copy(update={"bedrock": rehearsed_with, "region": None})
    state = validate_dataset(request, default=os.environ.get("EVALDROP_DEFAULT_EVALUATION"))
    log_step("ValidateDataset", run_id=request.run_id, dataset=request.dataset)
    return state
