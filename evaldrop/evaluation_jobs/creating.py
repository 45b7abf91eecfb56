"""From a dataset or a run to evaluation jobs: what is read, what is planned, what is written."""

from datetime import UTC, datetime
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.errors import DatasetError
from evaldrop.evaluation.prices import Prices
from evaldrop.evaluation_jobs.datasets import write_datasets
from evaldrop.evaluation_jobs.jobs_file import JobSet
from evaldrop.evaluation_jobs.jobs_plan import JobsPlan
from evaldrop.evaluation_jobs.prompts import JobSource
from evaldrop.evaluation_jobs.wanted import WantedJobs
from evaldrop.run.request import RunRequest, new_run_id
from evaldrop.steps.validate_dataset.validate import check_dataset


def new_jobs_id() -> str:
    """Return an ID for a set of jobs, as jobs' names may hold it."""
    return new_run_id().lower()


def source_of_dataset(
    dataset: str, *, evaluation: str | None, bedrock: str, region: str | None, limit: int | None = None
) -> JobSource:
    """
    Return the records of a dataset, checked with its evaluation as a run of it would be.

    Raises:
        DatasetError: There is something wrong; the message says all of it.
    """
    request = RunRequest(
        run_id=new_run_id(), dataset=dataset, evaluation=evaluation, out="", bedrock=bedrock, region=region
    )
    check = check_dataset(request)
    if check.problems or check.definition is None:
        raise DatasetError("\n".join(check.problems))
    return JobSource(check.definition, limit=limit)


def prices_of(source: JobSource) -> Prices:
    """Return the prices of the models of an evaluation."""
    return Prices.from_json(source.definition.price_list)


def as_jobs(
    source: JobSource, wanted: WantedJobs, plan: JobsPlan, *, bedrock: str, region: str | None
) -> JobSet:
    """Return a plan's jobs, none of them created, with what their output will be read by."""
    definition = source.definition
    return JobSet(
        id=wanted.id,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        kind=wanted.kind,
        task=plan.task,
        bedrock=bedrock,
        simulated=bedrock != "aws" or (source.is_run and definition.simulated),
        region=region,
        evaluation_name=definition.evaluation_name,
        evaluation=definition.content["evaluation"],
        criteria=definition.evaluation.criteria,
        dataset=definition.dataset.uri,
        responses_of=definition.folder if source.is_run else None,
        output=storage.join(wanted.folder, "output"),
        left_out={row.record_id: row.reason for row in plan.left_out.values()},
        cost=tuple(line.to_json() for line in plan.lines),
        jobs=plan.jobs,
    )


def write_files(source: JobSource, plan: JobsPlan, jobs: JobSet, folder: str) -> None:
    """
    Write the datasets and `jobs.json`.

    Raises:
        StorageError: They cannot be written.
    """
    write_datasets(source, plan.tallies, folder)
    jobs.save(folder)


def write_requests(jobs: JobSet, folder: str) -> list[str]:
    """Write each request to a file that `aws bedrock create-evaluation-job` reads; return their URIs."""
    written = []
    for job in jobs.jobs:
        uri = storage.join(folder, "requests", f"{job.name}.json")
        storage.write_bytes(uri, _as_json(job.request))
        written.append(uri)
    return written


def _as_json(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n"
