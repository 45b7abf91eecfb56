"""Who runs evaluation jobs, by what `--bedrock` says."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from evaldrop import storage
from evaldrop.bedrock.opening import parse_rehearsal
from evaldrop.bedrock.protocol import ServiceError
from evaldrop.bedrock.simulated.evaluation_jobs import SimulatedEvaluationJobs, rehearsed_evaluations
from evaldrop.bedrock.simulated.job_files import JobPlace
from evaldrop.bedrock.simulated.jobs import FOLDER
from evaldrop.errors import AwsError, InputError
from evaldrop.evaluation_jobs.service import JSON, AwsEvaluationJobs, EvaluationJobs, JobState
from evaldrop.running.deployed import clients


def evaluation_service(
    bedrock: str, *, region: str | None = None, folder: str | None = None
) -> EvaluationJobs:
    """
    Return the service that runs evaluation jobs.

    Args:
        bedrock: As `--bedrock` says it.
        region: Where the jobs are; boto3's own choice when None.
        folder: Where a rehearsal keeps its jobs, a folder of this machine.

    Raises:
        InputError: It runs none, or a rehearsal has no such folder.
        AwsError: There is no Region, or no such profile.
    """
    name, _, rest = bedrock.strip().partition(":")
    if name == "aws":
        return AwsEvaluationJobs(clients.client("bedrock", region=region))
    if name != "simulated":
        raise InputError(f"--bedrock {bedrock}: it has no evaluation jobs. Possible are: aws · simulated.")
    if folder is None or storage.is_s3(folder):
        raise InputError(
            f"--bedrock {bedrock}: a rehearsal keeps its jobs on this machine. Give a folder of it."
        )
    place = JobPlace(storage.local_path(folder) / FOLDER)
    return RehearsedEvaluationJobs(rehearsed_evaluations(parse_rehearsal(rest), place))


class RehearsedEvaluationJobs:
    """A simulated control plane's evaluation jobs, call by call; no call leaves anything under way."""

    def __init__(self, jobs: SimulatedEvaluationJobs) -> None:
        self._jobs = jobs

    def create(self, request: Mapping[str, Any]) -> str:
        """Create a job; see `EvaluationJobs`."""
        return str(_answer(self._jobs.create_evaluation_job, request)["jobArn"])

    def state(self, arn: str) -> JobState:
        """Return how far a job is."""
        found = self.details(arn)
        return JobState(found["status"], tuple(found.get("failureMessages", ())))

    def details(self, arn: str) -> JSON:
        """Return a job as GetEvaluationJob has it."""
        return _answer(self._jobs.get_evaluation_job, {"jobIdentifier": arn})

    def stop(self, arn: str) -> None:
        """Have a job stop."""
        if self.details(arn)["status"] in {"InProgress", "Stopping"}:
            _answer(self._jobs.stop_evaluation_job, {"jobIdentifier": arn})

    def newest(self, *, name: str | None = None, limit: int = 30) -> list[JSON]:
        """Return the newest jobs."""
        filters = {"maxResults": limit, **({"nameContains": name} if name else {})}
        found: list[JSON] = _answer(self._jobs.list_evaluation_jobs, filters)["jobSummaries"]
        return found


def _answer(call: Callable[[Mapping[str, Any]], Awaitable[JSON]], request: Mapping[str, Any]) -> JSON:
    async def called() -> JSON:
        return await call(request)

    with _as_aws_error():
        return asyncio.run(called())


@contextmanager
def _as_aws_error() -> Iterator[None]:
    try:
        yield
    except ServiceError as error:
        raise AwsError(f"{error.code}: {error.message}") from error
