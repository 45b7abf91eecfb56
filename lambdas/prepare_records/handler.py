"""PrepareRecords: a run's folder in; reader, writer and the constant parts of every request out."""

from typing import Any

from evaldrop.run.request import RunRequest
from evaldrop.steps.prepare_records.prepare import prepare_records
from evaldrop.steps.services import log_step


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """
    Render every prompt of a run.

    Raises:
        DatasetError: More records than tolerated cannot be sent.
    """
    run = event["run"]
    # Beside the request's keys the run has some of its own; of the former one that says nothing is absent.
    request = RunRequest.model_validate({name: run[name] for name in RunRequest.model_fields if name in run})
    state = prepare_records(request, run["folder"])
    log_step("PrepareRecords", run_id=request.run_id, folder=run["folder"])
    return state
