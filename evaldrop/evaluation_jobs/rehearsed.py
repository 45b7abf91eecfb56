"""Evaluation jobs of the simulated Bedrock, as `EvaluationJobs`: kept beside the jobs' file, for no money."""

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import replace
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.bedrock.protocol import ServiceError
from evaldrop.bedrock.simulated.evaluation_jobs import ENDED, SimulatedEvaluationJobs
from evaldrop.bedrock.simulated.job_files import JobPlace
from evaldrop.bedrock.simulated.jobs import FOLDER, no_wait
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.bedrock.simulated.runtime import SimulatedRuntime
from evaldrop.errors import AwsError
from evaldrop.evaluation_jobs.limits import MAX_RUNNING
from evaldrop.evaluation_jobs.service import JSON, JobState, TooManyJobsError


class RehearsedEvaluationJobs:
    """
    The evaluation jobs of one folder.

    Args:
        rehearsal: What goes wrong, and the seed.
        folder: That of `jobs.json`, on this machine: its datasets' references are what models know.
    """

    def __init__(self, rehearsal: Rehearsal, folder: str) -> None:
        # A job tells of no call that was tried again.
        calm = replace(rehearsal, throttling=0.0, errors=0.0)
        known = _references(folder)
        runtime = SimulatedRuntime(calm, max_in_flight=1, answer_key=known.get, sleep=no_wait)
        place = JobPlace(storage.local_path(folder) / FOLDER)
        self._jobs = SimulatedEvaluationJobs(runtime, rehearsal, place)

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


def _references(folder: str) -> dict[str, str | None]:
    """Return what models know: the reference of each prompt of the folder's datasets."""
    rows = (
        orjson.loads(line)
        for uri in storage.list_files(storage.join(folder, "datasets"))
        for line in storage.read_bytes(uri).splitlines()
    )
    return {row["prompt"]: row.get("referenceResponse") for row in rows}
