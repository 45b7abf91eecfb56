"""ValidateDataset: a run's request in; its folder, with `run.json` written, out."""

import os
from collections.abc import Callable
from functools import partial
from typing import Any

from evaldrop.run.definition import RunDefinition
from evaldrop.run.part_sizes import PartSizes
from evaldrop.run.parts import PartTask
from evaldrop.run.request import RunRequest
from evaldrop.steps.account_lives import account_lives
from evaldrop.steps.lifecycle.runs import defined_run, reserving_run, resuming_run
from evaldrop.steps.lifecycle.telling import Lifecycle
from evaldrop.steps.services import log_step
from evaldrop.steps.validate_dataset.caps import NO_CAPS, Caps, read_caps
from evaldrop.steps.validate_dataset.validate import validate_dataset, validate_part
from evaldrop.store.model import StoredRun


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """
    Check a dataset and its evaluation.

    Raises:
        InputError: Something is wrong with them, or they ask more than the stack allows; nothing has been
            spent.
    """
    # Of a dataset in parts this is called more than once: the request is then the run's.
    request = RunRequest.of_run(event["run"]) if "run" in event else RunRequest.model_validate(event)
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        # Step Functions calls models from the Region of the stack, whatever an execution's input says.
        request = request.model_copy(update={"region": os.environ.get("AWS_REGION")})
    if rehearsed_with := os.environ.get("EVALDROP_BEDROCK"):
        # A local AWS answers for Bedrock itself: run.json says what answered, whatever the request says.
        region = os.environ.get("EVALDROP_BEDROCK_REGION")
        request = request.model_copy(update={"bedrock": rehearsed_with, "region": region})
    caps, arn = NO_CAPS, None
    if file := os.environ.get("EVALDROP_CAPS"):
        caps, arn = read_caps(file), context.invoked_function_arn
    default = os.environ.get("EVALDROP_DEFAULT_EVALUATION")
    if "part" in event:
        return _validate_part(request, event, default=default, caps=caps)
    lifecycle = Lifecycle.from_environment(os.environ)
    admit = None
    if most := os.environ.get("EVALDROP_MONTHLY_BUDGET_USD"):
        admit = partial(_admit, lifecycle, float(most), resuming_run if request.rest else reserving_run)
    # Only a stack of AWS's has a Bedrock that knows; what stands in for it knows no model's life.
    lives = account_lives() if arn and request.bedrock == "aws" and not rehearsed_with else None
    state = validate_dataset(
        request,
        default=default,
        caps=caps,
        arn=arn,
        admit=admit,
        lives=lives,
        sizes=PartSizes.from_environment(os.environ),
        stage=event.get("parts", {}).get("stage"),
    )
    if state.get("parts"):
        return state
    if lifecycle.has_store and admit is None:
        lifecycle.begin(defined_run(RunDefinition.load(state["run"]["folder"])))
    log_step("ValidateDataset", run_id=request.run_id, dataset=request.dataset)
    return state


def _validate_part(
    request: RunRequest, event: dict[str, Any], *, default: str | None, caps: Caps
) -> dict[str, Any]:
    task = PartTask.read(event)
    validate_part(request, event["run"]["folder"], task, default=default, caps=caps)
    log_step("ValidateDataset", run_id=request.run_id, stage=task.stage, part=task.number)
    return {}


def _admit(
    lifecycle: Lifecycle,
    monthly_usd: float,
    reserving: Callable[[RunDefinition], StoredRun],
    definition: RunDefinition,
) -> None:
    lifecycle.admit(reserving(definition), monthly_usd=monthly_usd)
