"""What an import's argument means: output, a job that Bedrock is asked about, or jobs of a `jobs.json`."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.evaluation import Evaluation
from evaldrop.evaluation_jobs.datasets import prompts_uri
from evaldrop.evaluation_jobs.jobs_file import JOBS_FILE, EvaluationJob, JobSet, load_jobs
from evaldrop.evaluation_jobs.joining import ImportSource, RecordKey
from evaldrop.evaluation_jobs.service import EvaluationJobs
from evaldrop.job_formats.custom_metrics import definition_name
from evaldrop.job_formats.output import read_output

_ARN = re.compile(r"arn:aws[a-z-]*:bedrock:([a-z0-9-]+):\d{12}:evaluation-job/[a-z0-9]+")
_NAME = re.compile(r"[a-z0-9](?:-*[a-z0-9]){0,62}")
# `nova=s3://…`: what a candidate is to be called, before where its output is.
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,63})=(.+)", re.DOTALL)
# A job that was stopped may have written a part; one that failed has not.
_HAVE_OUTPUT = frozenset({"Completed", "Stopped"})

Service = Callable[[str | None], EvaluationJobs]
"""Gives who runs evaluation jobs in a Region, or in boto3's own choice of one."""


class Located(NamedTuple):
    """
    The sources of an argument, and what a set of jobs was made of.

    Attributes:
        argument: What was asked for, as it can be asked for from any folder.
        sources: What is to be imported.
        evaluation: That of a set of jobs.
        asked: Its metrics that were made of criteria: metric to criterion's name.
        unfinished: Its jobs that have no output: name to status.
        simulated: Whether texts or scores are made up.
    """

    argument: str
    sources: Sequence[ImportSource]
    evaluation: Evaluation | None = None
    asked: Mapping[str, str] = {}
    unfinished: Mapping[str, str] = {}
    simulated: bool = False


def locate(argument: str, service: Service) -> Located:
    """
    Return what an argument means: `NAME=PLACE`, or a place alone.

    A place is a path or `s3://…`; or a job's ARN or name, which Bedrock is asked about.

    Raises:
        InputError: There is no such job or folder, or no output yet.
        StorageError: It cannot be read.
        AwsError: Bedrock cannot be asked.
    """
    named = _NAMED.fullmatch(argument)
    if named is None or _is_there(argument):
        name, place = None, argument
    else:
        name, place = named[1], named[2]
    if not _is_there(place):
        uri, definitions = _of_job(place, service)
    elif storage.exists(storage.join(place, JOBS_FILE)):
        return _of_jobs(storage.absolute(place), load_jobs(place))
    else:
        place = uri = storage.absolute(place)
        definitions = []
    again = place if name is None else f"{name}={place}"
    return Located(again, [ImportSource(uri=uri, jobs=read_output(uri, definitions), name=name)])


def _is_there(place: str) -> bool:
    return storage.is_s3(place) or storage.local_path(place).exists()


def _of_job(place: str, service: Service) -> tuple[str, list[Mapping[str, Any]]]:
    """Return where a job's output is, and the definitions of its custom metrics."""
    arn = _ARN.fullmatch(place)
    if arn is None and not _NAME.fullmatch(place):
        raise InputError(f"{place}: there is no such folder, and it is no job's ARN or name.")
    jobs = service(arn[1] if arn else None)
    job = jobs.details(place if arn else _arn_of(place, jobs))
    if job["status"] not in _HAVE_OUTPUT:
        why = " ".join(map(str, job.get("failureMessages") or ()))
        raise InputError(
            f"{place}: the job is {job['status']}, so it has no output to import. {why}".rstrip()
        )
    automated = (job.get("evaluationConfig") or {}).get("automated") or {}
    metrics = (automated.get("customMetricConfig") or {}).get("customMetrics") or ()
    definitions = [each.get("customMetricDefinition") or {} for each in metrics]
    folder = storage.join(job["outputDataConfig"]["s3Uri"], job["jobName"])
    return folder, [each for each in definitions if definition_name(each)]


def _arn_of(name: str, jobs: EvaluationJobs) -> str:
    for job in jobs.newest(name=name):
        if job["jobName"] == name:
            return str(job["jobArn"])
    raise InputError(f"{name}: there is no such folder, and no evaluation job of this name.")


def _of_jobs(folder: str, jobs: JobSet) -> Located:
    evaluation = Evaluation.model_validate({**jobs.evaluation, "criteria": jobs.criteria})
    records = dict(_records(folder))
    found = [job for job in jobs.jobs if job.status in _HAVE_OUTPUT]
    if not found:
        raise InputError(
            f"{folder}: none of its {len(jobs.jobs):,} jobs has ended, so there is no output to import. "
            "`evaldrop bedrock-eval watch` follows them."
        )
    return Located(
        folder,
        [_source(job, jobs.output, evaluation, records) for job in found],
        evaluation,
        {metric: name for job in found for metric, name in job.metrics.items()},
        {job.name: job.status for job in jobs.jobs if job not in found},
        jobs.simulated,
    )


def _source(
    job: EvaluationJob, output: str, evaluation: Evaluation, records: Mapping[str, RecordKey]
) -> ImportSource:
    uri = storage.join(output, job.name)
    # Own responses are known by their candidate's name; else there is the model.
    models = {each.model: each.name for each in evaluation.candidates if each.name in job.candidates}
    return ImportSource(
        uri=uri,
        jobs=read_output(uri, _definitions(job)),
        name=job.candidates[0] if len(job.candidates) == 1 else None,
        candidates={**models, **{name: name for name in job.candidates}},
        judge=job.judge,
        records=records,
    )


def _definitions(job: EvaluationJob) -> list[Mapping[str, Any]]:
    automated = job.request.get("evaluationConfig", {}).get("automated", {})
    custom = automated.get("customMetricConfig", {}).get("customMetrics", ())
    return [each["customMetricDefinition"] for each in custom]


def _records(folder: str) -> Iterator[tuple[str, RecordKey]]:
    uri = prompts_uri(folder)
    if not storage.exists(uri):
        return
    for line in storage.read_bytes(uri).splitlines():
        row = orjson.loads(line)
        yield row["prompt_sha256"], RecordKey(row["record_id"], row["group"])
