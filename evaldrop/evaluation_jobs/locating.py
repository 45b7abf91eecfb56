"""Where an evaluation job's output is: of a job that is named, what `GetEvaluationJob` says of it."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.evaluation_jobs.custom_metrics import definition_name

_ARN = re.compile(r"arn:aws[a-z-]*:bedrock:([a-z0-9-]+):\d{12}:evaluation-job/[a-z0-9]+")
_NAME = re.compile(r"[a-z0-9](?:-*[a-z0-9]){0,62}")
# `nova=s3://…`: what a candidate is to be called, before where its output is.
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,63})=(.+)", re.DOTALL)
_ENDED = frozenset({"Completed", "Stopped"})


class JobsClient(Protocol):
    """The two calls of boto3's `bedrock` client that find a job."""

    def get_evaluation_job(self, **request: Any) -> Mapping[str, Any]:
        """Describe a job."""
        ...

    def list_evaluation_jobs(self, **request: Any) -> Mapping[str, Any]:
        """List jobs."""
        ...


class Asked(NamedTuple):
    """An argument: the name for its candidate, and a job's ARN or name, or where output is."""

    name: str | None
    place: str


class Located(NamedTuple):
    """Where a job's output is, and the definitions of its custom metrics where they are known."""

    uri: str
    definitions: Sequence[Mapping[str, Any]] = ()


def asked(argument: str) -> Asked:
    """Return what an argument says: `NAME=PLACE` or a place alone; a path that is there is one as it is."""
    named = _NAMED.fullmatch(argument)
    if named is None or (not storage.is_s3(argument) and storage.local_path(argument).exists()):
        return Asked(None, argument)
    return Asked(named[1], named[2])


def locate(place: str, client: Callable[[str | None], JobsClient]) -> Located:
    """
    Return where output is.

    Args:
        place: A path or `s3://…`, which is it; or a job's ARN or name, which Bedrock is asked about.
        client: Gives boto3's client of `bedrock`, in a Region or in boto3's own.

    Raises:
        InputError: There is no such job or folder, or the job has no output yet.
        AwsError: Bedrock cannot be asked.
    """
    arn = _ARN.fullmatch(place)
    if arn is None and (storage.is_s3(place) or storage.local_path(place).exists()):
        return Located(place)
    if arn is None and not _NAME.fullmatch(place):
        raise InputError(f"{place}: there is no such folder, and it is no job's ARN or name.")
    bedrock = client(arn[1] if arn else None)
    job = bedrock.get_evaluation_job(jobIdentifier=place if arn else _arn_of(place, bedrock))
    return _located(place, job)


def _arn_of(name: str, bedrock: JobsClient) -> str:
    page: Mapping[str, Any] = bedrock.list_evaluation_jobs(nameContains=name)
    while True:
        for job in page.get("jobSummaries", ()):
            if job["jobName"] == name:
                return str(job["jobArn"])
        if not page.get("nextToken"):
            raise InputError(f"{name}: there is no such folder, and no evaluation job of this name.")
        page = bedrock.list_evaluation_jobs(nameContains=name, nextToken=page["nextToken"])


def _located(place: str, job: Mapping[str, Any]) -> Located:
    name, status = job["jobName"], job["status"]
    # A job that was stopped may have written a part; one that failed has not.
    if status not in _ENDED:
        why = " ".join(map(str, job.get("failureMessages") or ()))
        raise InputError(f"{place}: the job is {status}, so it has no output to import. {why}".rstrip())
    folder = storage.join(job["outputDataConfig"]["s3Uri"], name)
    automated = (job.get("evaluationConfig") or {}).get("automated") or {}
    metrics = (automated.get("customMetricConfig") or {}).get("customMetrics") or ()
    definitions = [each.get("customMetricDefinition") or {} for each in metrics]
    return Located(folder, [each for each in definitions if definition_name(each)])
