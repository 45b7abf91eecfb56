"""
Who runs evaluation jobs: four calls, on Bedrock by boto3's client, or by a rehearsal of it.

No event tells of such jobs, so they are looked at from time to time.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from evaldrop.aws_errors import as_service_error, code_of
from evaldrop.errors import AwsError

JSON = dict[str, Any]

_ROLE_HINT = (
    "Is it about the role? Bedrock has to be allowed to assume it, and you to pass it on (iam:PassRole): "
    "docs/bedrock-evaluations.md has both policies."
)


class TooManyJobsError(Exception):
    """As many jobs are under way as may be at a time: this one has to wait for another's end."""


class JobState(NamedTuple):
    """What a service says of a job: its status, and why it failed."""

    status: str
    messages: tuple[str, ...] = ()


class EvaluationJobs(Protocol):
    """The calls; requests and answers in boto3's casing."""

    def create(self, request: Mapping[str, Any]) -> str:
        """
        Create a job and return its ARN; the same request again returns that of the same job.

        Raises:
            TooManyJobsError: Too many are under way.
            AwsError: It is refused.
        """
        ...

    def state(self, arn: str) -> JobState:
        """Return how far a job is."""
        ...

    def details(self, arn: str) -> JSON:
        """Return a job as GetEvaluationJob has it."""
        ...

    def stop(self, arn: str) -> None:
        """Have a job stop; one that has ended is left as it is."""
        ...

    def newest(self, *, name: str | None = None, limit: int = 30) -> list[JSON]:
        """Return the newest jobs whose names contain a text, as ListEvaluationJobs has them."""
        ...


class AwsEvaluationJobs:
    """Bedrock's own, by boto3's client of `bedrock`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def create(self, request: Mapping[str, Any]) -> str:
        """Create a job; see `EvaluationJobs`."""
        name = request["jobName"]
        try:
            return str(self._client.create_evaluation_job(**request)["jobArn"])
        except self._client.exceptions.ClientError as error:
            code = code_of(error)
            if code in {"ServiceQuotaExceededException", "ThrottlingException"}:
                raise TooManyJobsError(str(error)) from error
            # Its token is its own, and so is its name: it is there from a time that was interrupted.
            if code == "ConflictException" and (known := self._named(name)):
                return known
            with _with_hint(code), as_service_error(f"job {name} cannot be created"):
                raise

    def state(self, arn: str) -> JobState:
        """Return how far a job is."""
        found = self.details(arn)
        return JobState(found["status"], tuple(found.get("failureMessages", ())))

    def details(self, arn: str) -> JSON:
        """Return a job as GetEvaluationJob has it."""
        with as_service_error(f"{arn} cannot be looked at"):
            found: JSON = self._client.get_evaluation_job(jobIdentifier=arn)
        return found

    def stop(self, arn: str) -> None:
        """Have a job stop."""
        with as_service_error(f"{arn} cannot be stopped"):
            try:
                self._client.stop_evaluation_job(jobIdentifier=arn)
            except self._client.exceptions.ClientError as error:
                # It has ended meanwhile.
                if code_of(error) != "ConflictException":
                    raise

    def newest(self, *, name: str | None = None, limit: int = 30) -> list[JSON]:
        """Return the newest jobs."""
        filters: JSON = {"sortBy": "CreationTime", "sortOrder": "Descending"}
        filters |= {"nameContains": name} if name else {}
        found: list[JSON] = []
        with as_service_error("evaluation jobs cannot be listed"):
            for page in self._client.get_paginator("list_evaluation_jobs").paginate(**filters):
                found += page.get("jobSummaries", ())
                if len(found) >= limit:
                    break
        return found[:limit]

    def _named(self, name: str) -> str | None:
        return next((each["jobArn"] for each in self.newest(name=name) if each["jobName"] == name), None)


@contextmanager
def _with_hint(code: str) -> Iterator[None]:
    try:
        yield
    except AwsError as error:
        if code in {"ValidationException", "AccessDeniedException"}:
            raise AwsError(f"{error} {_ROLE_HINT}") from error
        raise
