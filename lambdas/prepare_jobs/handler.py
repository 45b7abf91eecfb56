"""PrepareJobs: what batch jobs gave in; the next ones, or the records with all that was answered, out."""

from typing import Any

from evaldrop.steps.prepare_jobs.prepare import prepare_jobs
from evaldrop.steps.services import log_step


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Take the answers of a stage's jobs, and write the input of the next stage's."""
    state = prepare_jobs(event)
    batch = state.get("batch", {"stage": None, "jobs": []})
    log_step("PrepareJobs", run_id=event["run"]["run_id"], stage=batch["stage"], jobs=len(batch["jobs"]))
    return state
