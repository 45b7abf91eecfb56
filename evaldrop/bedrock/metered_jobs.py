"""
Jobs, counted as they are looked at: how far they are, and what batch jobs cost when they are over.

What evaluation jobs cost nothing tells.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.bedrock.families.replies import Reply
from evaldrop.bedrock.metered import JobSeen, Meter
from evaldrop.bedrock.protocol import BedrockEvaluations, BedrockJobs
from evaldrop.evaluation.delivery import ENDED_JOBS, Delivery

JSON = dict[str, Any]
Price = Callable[[str, Reply, Delivery], float | None]
"""Takes a model, a reply and how it was asked for, returns what it cost in USD; None where not known."""

_MANIFEST = "manifest.json.out"


class MeteredJobs:
    """
    Counts what passes through to another control plane.

    A job that is over when it is first looked at was counted by an earlier process.

    Args:
        jobs: Who has the jobs.
        meter: Counts.
        price: Of a job's tokens.
    """

    def __init__(self, jobs: BedrockJobs, meter: Meter, price: Price) -> None:
        self._jobs = jobs
        self._meter = meter
        self._price = price

    async def create_model_invocation_job(self, request: Mapping[str, Any]) -> JSON:
        """Pass a request for a job on."""
        return await self._jobs.create_model_invocation_job(request)

    async def get_model_invocation_job(self, request: Mapping[str, Any]) -> JSON:
        """Pass a look on, and count what it shows."""
        job = await self._jobs.get_model_invocation_job(request)
        arn, seen = str(job["jobArn"]), job_seen(job)
        before = self._meter.jobs.get(arn)
        self._meter.jobs[arn] = seen
        if seen.is_over and before is not None and not before.is_over:
            await asyncio.to_thread(self._add_spent, job)
        return job

    async def stop_model_invocation_job(self, request: Mapping[str, Any]) -> JSON:
        """Pass a stop on."""
        return await self._jobs.stop_model_invocation_job(request)

    async def list_model_invocation_jobs(self, request: Mapping[str, Any]) -> JSON:
        """Pass a question for jobs on."""
        return await self._jobs.list_model_invocation_jobs(request)

    async def close(self) -> None:
        """Close the jobs."""
        await self._jobs.close()

    def _add_spent(self, job: JSON) -> None:
        spent = tokens_of_job(job)
        if spent is None:
            return
        self._meter.input_tokens += spent.input_tokens or 0
        self._meter.output_tokens += spent.output_tokens or 0
        cost = self._price(job["modelId"], spent, "batch")
        if cost is None:
            self._meter.unpriced += int(job.get("successRecordCount", 0))
        self._meter.cost_usd += cost or 0.0


class MeteredEvaluations:
    """Counts the evaluation jobs that pass through to another control plane; see `MeteredJobs`."""

    def __init__(self, jobs: BedrockEvaluations, meter: Meter) -> None:
        self._jobs = jobs
        self._meter = meter

    async def create_evaluation_job(self, request: Mapping[str, Any]) -> JSON:
        """Pass a request for a job on."""
        return await self._jobs.create_evaluation_job(request)

    async def get_evaluation_job(self, request: Mapping[str, Any]) -> JSON:
        """Pass a look on, and keep what it shows."""
        job = await self._jobs.get_evaluation_job(request)
        status = str(job["status"])
        self._meter.jobs[str(job["jobArn"])] = JobSeen(
            status=status, rows_uri=None, rows=0, processed=0, is_over=status in ENDED_JOBS
        )
        return job

    async def stop_evaluation_job(self, request: Mapping[str, Any]) -> JSON:
        """Pass a stop on."""
        return await self._jobs.stop_evaluation_job(request)

    async def list_evaluation_jobs(self, request: Mapping[str, Any]) -> JSON:
        """Pass a question for jobs on."""
        return await self._jobs.list_evaluation_jobs(request)

    async def close(self) -> None:
        """Close the jobs."""
        await self._jobs.close()


def job_seen(job: Mapping[str, Any]) -> JobSeen:
    """Return what a look at a job shows, as Get… answers it; 0 where it does not tell yet."""
    return JobSeen(
        status=str(job["status"]),
        rows_uri=rows_uri_of(job),
        rows=int(job.get("totalRecordCount", 0)),
        processed=int(job.get("processedRecordCount", 0)),
        is_over=job["status"] in ENDED_JOBS,
    )


def tokens_of_job(job: Mapping[str, Any]) -> Reply | None:
    """Return the tokens of all of a job's rows, as the manifest beside its output tells; None without one."""
    output = str(job["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"]).rstrip("/")
    manifest = storage.join(output, str(job["jobArn"]).rpartition("/")[2], _MANIFEST)
    if not storage.exists(manifest):
        return None
    counts = orjson.loads(storage.read_bytes(manifest))
    return Reply(text="", input_tokens=counts["inputTokenCount"], output_tokens=counts["outputTokenCount"])


def rows_uri_of(job: Mapping[str, Any]) -> str:
    """Return where a batch job's rows are, as Bedrock tells of the job."""
    return str(job["inputDataConfig"]["s3InputDataConfig"]["s3Uri"])
