"""
A rehearsal of Bedrock's prompt optimisation jobs: a few prompts are tried on the samples, the best is told.

The scores that it tells are on these very samples, as Bedrock's are. A job does its work in the look that
ends it.
"""

import asyncio
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.bedrock.protocol import BedrockRuntime, ServiceError
from evaldrop.bedrock.simulated.job_files import Job, JobFiles, JobPlace, id_of
from evaldrop.bedrock.simulated.job_rows import drawn_from
from evaldrop.bedrock.simulated.jobs import ObjectsOf, calm_runtime, stored_objects
from evaldrop.bedrock.simulated.likeness import merit
from evaldrop.bedrock.simulated.optimizer import optimized_text
from evaldrop.bedrock.simulated.prompt_optimization_requests import (
    InvalidTemplateError,
    check_request,
    filled,
    templates,
)
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.errors import StorageError

JSON = dict[str, Any]

ENDED = frozenset({"Completed", "Failed", "PartiallyCompleted", "Stopped"})
RESULTS = "advanced_prompt_optimization_results.jsonl"
TRIED = 3
"""Prompts that a job tries."""

_KEPT = (
    "jobName", "jobDescription", "inputConfig", "outputConfig", "encryptionKeyArn", "modelConfigurations",
)  # fmt: skip
_LISTED = ("jobArn", "jobName", "jobStatus", "creationTime", "lastModifiedTime")
_HIDDEN = frozenset({"looks", "role"})


def rehearsed_optimizations(
    rehearsal: Rehearsal, place: JobPlace, *, objects_of: ObjectsOf = stored_objects
) -> "SimulatedOptimizations":
    """Return jobs in which models know their samples' references, as far as they are good."""
    references: dict[str, str] = {}
    runtime = calm_runtime(rehearsal, references.get)
    return SimulatedOptimizations(runtime, rehearsal, place, objects_of=objects_of, references=references)


class SimulatedOptimizations:
    """
    Prompt optimisation jobs, kept as files.

    Args:
        runtime: Answers the samples.
        rehearsal: What goes wrong, and how long it takes.
        place: Where jobs are kept; another process goes on with them.
        objects_of: Inputs and outputs, as a role may have them, by its ARN; empty for a person.
        references: Takes the references of prompts that models are asked.
        now: The time.
    """

    def __init__(
        self,
        runtime: BedrockRuntime,
        rehearsal: Rehearsal,
        place: JobPlace,
        *,
        objects_of: ObjectsOf = stored_objects,
        references: dict[str, str] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._runtime = runtime
        self._rehearsal = rehearsal
        self._jobs = JobFiles(place, "advanced-prompt-optimization-job", begun="creationTime")
        self._objects_of = objects_of
        self._references = {} if references is None else references
        self._now = now

    async def create_advanced_prompt_optimization_job(
        self, request: Mapping[str, Any], *, role_arn: str | None = None
    ) -> JSON:
        """
        Begin a job. One of the same token is not begun again, and no error.

        Raises:
            ServiceError: The request is none that Bedrock would take.
        """
        check_request(request)
        job_id = self._jobs.new_id(request.get("clientToken"))
        arn = f"{self._jobs.prefix}{job_id}"
        if not self._jobs.has(job_id):
            now = self._now()
            job = {name: request[name] for name in _KEPT if name in request}
            job |= {"jobArn": arn, "jobStatus": "InProgress", "creationTime": now, "lastModifiedTime": now}
            self._jobs.keep({**job, "looks": 0, "role": role_arn or ""})
        return {"jobArn": arn}

    async def get_advanced_prompt_optimization_job(self, request: Mapping[str, Any]) -> JSON:
        """
        Look at a job, which goes on by that.

        Raises:
            ServiceError: There is none.
        """
        job = self._jobs.find(request["jobIdentifier"])
        if job["jobStatus"] not in ENDED:
            job["looks"] += 1
            await self._go_on(job)
            self._jobs.keep(job)
        return {name: value for name, value in job.items() if name not in _HIDDEN}

    async def stop_advanced_prompt_optimization_job(self, request: Mapping[str, Any]) -> JSON:
        """
        Have a job stop; the next look finds it stopped.

        Raises:
            ServiceError: There is none, or it has ended.
        """
        job = self._jobs.find(request["jobIdentifier"])
        if job["jobStatus"] in ENDED:
            raise ServiceError("ConflictException", f"The job has ended: it is {job['jobStatus']}.")
        self._jobs.keep({**job, "jobStatus": "Stopping", "lastModifiedTime": self._now()})
        return {}

    async def list_advanced_prompt_optimization_jobs(self, _request: Mapping[str, Any]) -> JSON:
        """Return what there is, the newest first."""
        return {"jobSummaries": [{name: job[name] for name in _LISTED} for job in self._jobs.all()]}

    async def close(self) -> None:
        """Close what answers prompts."""
        await self._runtime.close()

    async def _go_on(self, job: Job) -> None:
        rates = self._rehearsal
        fate = drawn_from(job["jobName"].encode(), "fate", rates.seed).random()
        if job["jobStatus"] == "Stopping":
            self._end(job, "Stopped")
        elif job["looks"] <= rates.job_looks:
            return
        elif fate < rates.job_failed:
            self._end(job, "Failed", "The job failed because of an internal error. Try again.")
        elif fate < rates.job_failed + rates.job_stopped:
            self._end(job, "Stopped")
        else:
            is_partial = fate < rates.job_failed + rates.job_stopped + rates.job_partial
            try:
                await self._write_results(job, is_partial=is_partial)
            except (InvalidTemplateError, ServiceError, StorageError) as problem:
                self._end(job, "Failed", str(problem))
            else:
                self._end(job, "PartiallyCompleted" if is_partial else "Completed")

    def _end(self, job: Job, status: str, message: str = "") -> None:
        job |= {"jobStatus": status, "lastModifiedTime": self._now()}
        if message:
            job["failureMessage"] = message[:2048]

    async def _write_results(self, job: Job, *, is_partial: bool) -> None:
        objects = self._objects_of(job["role"])
        source = job["inputConfig"]["s3Uri"]
        with await asyncio.to_thread(objects.open_read, source) as lines:
            rows = templates(lines, source)
        results = [await self._result(job, row, is_partial=is_partial) for row in rows]
        text = b"".join(orjson.dumps(each) + b"\n" for each in results)
        place = storage.join(job["outputConfig"]["s3Uri"].rstrip("/"), id_of(job), RESULTS)
        await asyncio.to_thread(objects.put, place, io.BytesIO(text))

    async def _result(self, job: Job, row: JSON, *, is_partial: bool) -> JSON:
        results: list[JSON] = []
        for model in job["modelConfigurations"]:
            if is_partial:
                # The one that there always is: of several models others might have come to an end.
                failed = {"status": "FAILED", "failureReason": "The model could not be called often enough."}
                results.append({"modelId": model["modelId"], **failed})
            else:
                results.append(await self._optimized(row, model))
        told: JSON = {name: row[name] for name in ("promptTemplate", "steeringCriteria") if name in row}
        return {"promptTemplateId": row["templateId"], **told, "promptOptimizationResults": results}

    async def _optimized(self, row: JSON, model: Mapping[str, Any]) -> JSON:
        template, model_id = row["promptTemplate"], model["modelId"]
        first = await self._tried(template, row, model)
        tried = []
        for number in range(TRIED):
            text = optimized_text(template, f"{self._rehearsal.seed}\n{model_id}\n{number}")
            tried.append((text, await self._tried(text, row, model)))
        # By what chose it, and so the better the more were tried, whether one is or not.
        best, answered = max(tried, key=lambda each: _average(each[1], "score"))
        name = f"{row['templateId']}-optimized-for-{model_id}"
        return {
            "status": "SUCCESS",
            "modelId": model_id,
            "optimizedPromptTemplate": best,
            "optimizedPromptTemplateId": name,
            "originalPromptMetrics": _averages(first),
            "optimizedPromptMetrics": _averages(answered),
            "dataset": [
                {
                    **sample,
                    "originalPromptDetails": _details("original", before),
                    "optimizedPromptDetails": _details("optimized", after),
                }
                for sample, before, after in zip(row["evaluationSamples"], first, answered, strict=True)
            ],
        }

    async def _tried(self, template: str, row: JSON, model: Mapping[str, Any]) -> list[JSON]:
        answered = []
        for sample in row["evaluationSamples"]:
            text, reference = filled(template, sample), sample.get("referenceResponse")
            if reference:
                self._references[text] = reference
            request = {"messages": [{"role": "user", "content": [{"text": text}]}], **model}
            reply = await self._runtime.converse(request)
            said = "".join(block.get("text", "") for block in reply["output"]["message"]["content"])
            score, _ = merit(said, [reference] if reference else [], [text])
            usage = {name: reply["usage"][name] for name in ("inputTokens", "outputTokens")}
            ttft = reply["metrics"]["latencyMs"] / 1000
            answered.append({"text": said, "metrics": {**usage, "score": score, "ttftInSec": ttft}})
        return answered


def _details(which: str, answered: JSON) -> JSON:
    return {f"{which}PromptModelResponse": answered["text"], f"{which}PromptMetrics": answered["metrics"]}


def _averages(answered: list[JSON]) -> JSON:
    told = ("inputTokens", "outputTokens", "score", "ttftInSec")
    return {f"average{name[0].upper()}{name[1:]}": round(_average(answered, name), 4) for name in told}


def _average(answered: list[JSON], name: str) -> float:
    return sum(float(each["metrics"][name]) for each in answered) / len(answered)
