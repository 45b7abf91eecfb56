"""PrepareRecords: a run's folder in; reader, writer and the constant parts of every request out."""

from typing import Any

from evaldrop.run.parts import PartTask
from evaldrop.run.request import RunRequest
from evaldrop.steps.prepare_records.prepare import prepare_part, prepare_records
from evaldrop.steps.services import log_step


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """
    Render every prompt of a run.

    Raises:
        DatasetError: More records than tolerated cannot be sent.
    """
    run = event["run"]
    request = RunRequest.of_run(run)
    if "part" in event:
        task = PartTask.read(event)
        prepare_part(run["folder"], task.number)
        log_step("PrepareRecords", run_id=request.run_id, stage=task.stage, part=task.number)
        return {}
    state = prepare_records(request, run["folder"], parts=event.get("parts"))
    log_step("PrepareRecords", run_id=request.run_id, folder=run["folder"])
    return state
