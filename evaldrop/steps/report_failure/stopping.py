"""The batch jobs of a run that was stopped: they would go on without it, and be paid for."""

from collections.abc import Mapping
from typing import Any, Protocol

from evaldrop.steps.lifecycle.failed import folder_of


class StopsJobs(Protocol):
    """What stops the jobs of a run."""

    def stop_jobs(self, run_id: str) -> int:
        """Stop those that are not over, and return how many."""
        ...


def stop_jobs(run: Mapping[str, Any], services: StopsJobs) -> int:
    """
    Stop the jobs of a run that is delivered in batch; return how many were stopped.

    Raises:
        AwsError: Bedrock would not.
    """
    # Imported once there is one to look at.
    from evaldrop.run.definition import RunDefinition

    folder = folder_of(run["run_id"], run["out"])
    # Others are not asked about: a stack without batch needs no way to Bedrock's control plane.
    if folder is None or "batch" not in RunDefinition.load(folder).deliveries.values():
        return 0
    return services.stop_jobs(run["run_id"])
