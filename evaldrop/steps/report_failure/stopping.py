"""The jobs of a run that was stopped, of all kinds: they would go on without it, and be paid for."""

from collections.abc import Mapping
from typing import Any, Protocol

from evaldrop.steps.lifecycle.failed import folder_of


class StopsJobs(Protocol):
    """What stops the jobs of a run."""

    def stop_jobs(self, run_id: str) -> int:
        """Stop those of batch inference that are not over, and return how many."""
        ...

    def stop_evaluation_jobs(self, run_id: str) -> int:
        """Stop the evaluation jobs that are not over, and return how many."""
        ...

    def stop_prompt_jobs(self, run_id: str) -> int:
        """Stop those that make prompts and are not over, and return how many."""
        ...


def stop_jobs(run: Mapping[str, Any], services: StopsJobs) -> int:
    """
    Stop the jobs of a run that has such; return how many were stopped.

    Raises:
        AwsError: Bedrock would not.
    """
    # Imported once there is one to look at.
    from evaldrop.evaluation.improvement import BEDROCK_JOB
    from evaldrop.evaluation.originals import improved_candidates
    from evaldrop.run.definition import RunDefinition

    folder = folder_of(run["run_id"], run["out"])
    if folder is None:
        return 0
    definition, stopped = RunDefinition.load(folder), 0
    # Others are not asked about: a stack without jobs needs no way to Bedrock's control plane.
    if "batch" in definition.deliveries.values():
        stopped += services.stop_jobs(run["run_id"])
    if definition.evaluation.job_judges:
        stopped += services.stop_evaluation_jobs(run["run_id"])
    if any(improved.by == BEDROCK_JOB for _, improved in improved_candidates(definition.evaluation)):
        stopped += services.stop_prompt_jobs(run["run_id"])
    return stopped
