"""Evaluation jobs of the simulated Bedrock, as `EvaluationJobs`: kept beside the jobs' file, for no money."""

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any

from evaldrop import storage
from evaldrop.bedrock.protocol import ServiceError
from evaldrop.bedrock.simulated.evaluation_jobs import ENDED, rehearsed_evaluations
from evaldrop.bedrock.simulated.job_files import JobPlace
from evaldrop.bedrock.simulated.jobs import FOLDER
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.errors import AwsError
from evaldrop.evaluation_jobs.service import JSON, JobState, TooManyJobsError
from evaldrop.job_formats.limits import MAX_RUNNING


class RehearsedEvaluationJobs:
    """
    The evaluation jobs of one folder.

    Args:
        rehearsal: What goes wrong, and the seed.
        folder: That of `jobs.json`, on this machine.
    """

    def __init__(self, rehearsal: Rehearsal, folder: str) -> None:
        place = JobPlace(storage.local_path(folder) / FOLDER)
        self._jobs = rehearsed_evaluations(rehearsal, place)

    def create(self, request: Mapping[str, Any]) -> str:
        """Create a job; the same request again is the same job."""
        listed = _answer(self._jobs.list_evaluation_jobs({}))["jobSummaries"]
        under_way = [job for job in listed if job["status"] not in ENDED]
        known = any(job["jobName"] == request["jobName"] for job in listed)
        kind = "human" if "human" in request["evaluationConfig"] else "judge"
        if not known and len(under_way) >= MAX_RUNNING[kind]:
            raise TooManyJobsError(f"{len(under_way)} evaluation jobs are under way")
        return str(_answer(self._jobs.create_evaluation_job(request))["jobArn"])

    def state(self, arn: str) -> JobState:
        """Look at a job, which goes on by that."""
        job = self.details(arn)
        return JobState(job["status"], tuple(job.get("failureMessages", ())))

    def details(self, arn: str) -> JSON:
        """Return a job as GetEvaluationJob has it."""
        return _answer(self._jobs.get_evaluation_job({"jobIdentifier": arn}))

    def stop(self, arn: str) -> None:
        """Have a job stop; one that has ended is left as it is."""
        if self.details(arn)["status"] not in ENDED:
            _answer(self._jobs.stop_evaluation_job({"jobIdentifier": arn}))

    def newest(self, *, name: str | None = None, limit: int = 30) -> list[JSON]:
        """Return the newest jobs of the folder."""
        asked: JSON = {"nameContains": name} if name else {}
        found: list[JSON] = _answer(self._jobs.list_evaluation_jobs(asked))["jobSummaries"]
        return found[:limit]


def _answer(call: Coroutine[Any, Any, JSON]) -> JSON:
    try:
        return asyncio.run(call)
    except ServiceError as error:
        raise AwsError(f"the simulated Bedrock refuses: {error}") from error
