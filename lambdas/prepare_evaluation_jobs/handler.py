"""PrepareEvaluationJobs: responses in, evaluation jobs out; then their scores in, once they are over."""

from typing import Any

from evaldrop.steps.prepare_evaluation_jobs.prepare import prepare_evaluation_jobs
from evaldrop.steps.services import log_step


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Write the jobs' datasets, or take what the jobs said."""
    state = prepare_evaluation_jobs(event)
    jobs = state.get("evaluation_jobs", {"jobs": ()})["jobs"]
    log_step("PrepareEvaluationJobs", run_id=event["run"]["run_id"], jobs=len(jobs))
    return state
