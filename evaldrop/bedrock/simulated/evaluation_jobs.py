"""
A rehearsal of Bedrock's evaluation jobs of all three kinds: algorithms', a judge's, people's.

A job is evaluated by the look that ends it. Built-in datasets are not here.
"""

import asyncio
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from evaldrop import storage
from evaldrop.bedrock.protocol import BedrockRuntime, ServiceError
from evaldrop.bedrock.simulated.evaluation_requests import (
    InvalidDatasetError,
    check_request,
    custom_metrics,
    dataset_rows,
    part_of,
)
from evaldrop.bedrock.simulated.evaluation_rows import COMPUTED, JSON, Ratings
from evaldrop.bedrock.simulated.job_files import Job, JobFiles, JobPlace
from evaldrop.bedrock.simulated.job_rows import Objects, drawn_from
from evaldrop.bedrock.simulated.jobs import ObjectsOf, calm_runtime, stored_objects
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.errors import StorageError

ENDED = frozenset({"Completed", "Failed", "Stopped"})
SENTINEL = "amazon-bedrock-evaluations-permission-check"
"""What Bedrock leaves beside the output, to see whether it may write there."""

_KEPT = (
    "jobName", "jobDescription", "roleArn", "customerEncryptionKeyId", "applicationType", "evaluationConfig",
    "inferenceConfig", "outputDataConfig",
)  # fmt: skip
_SUMMARISED = ("jobArn", "jobName", "status", "creationTime", "jobType", "applicationType")


def rehearsed_evaluations(
    rehearsal: Rehearsal, place: JobPlace, *, objects_of: ObjectsOf = stored_objects
) -> "SimulatedEvaluationJobs":
    """Return evaluation jobs in which models know their datasets' references, as far as they are good."""
    references: dict[str, str] = {}
    runtime = calm_runtime(rehearsal, references.get)
    return SimulatedEvaluationJobs(runtime, rehearsal, place, objects_of=objects_of, references=references)


class SimulatedEvaluationJobs:
    """
    Evaluation jobs, kept as files.

    Args:
        runtime: Answers the prompts of models that the job calls.
        rehearsal: What goes wrong, and how long it takes; `job_errors` is the rate of scores that are null.
        place: Where jobs are kept; another process goes on with them.
        objects_of: Datasets and outputs, as the job's role may have them, by its ARN.
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
        self._jobs = JobFiles(place, "evaluation-job", begun="creationTime")
        self._objects_of = objects_of
        self._references = {} if references is None else references
        self._now = now
        self._ratings = Ratings(rehearsal.seed, rehearsal.job_errors)

    async def create_evaluation_job(self, request: Mapping[str, Any]) -> JSON:
        """
        Begin a job. One of the same token is not begun again, and no error.

        Raises:
            ServiceError: The request is none that Bedrock would take, or another job has its name.
        """
        check_request(request)
        job_id = self._jobs.new_id(request.get("clientRequestToken"))
        arn = f"{self._jobs.prefix}{job_id}"
        if self._jobs.has(job_id):
            return {"jobArn": arn}
        if any(job["jobName"] == request["jobName"] for job in self._jobs.all()):
            raise ServiceError("ConflictException", f"There is a job named {request['jobName']} already.")
        now = self._now()
        kind = "Human" if "human" in request["evaluationConfig"] else "Automated"
        job = {name: request[name] for name in _KEPT if name in request}
        job |= {"jobArn": arn, "jobType": kind, "status": "InProgress", "creationTime": now}
        self._jobs.keep({**job, "lastModifiedTime": now, "looks": 0})
        return {"jobArn": arn}

    async def get_evaluation_job(self, request: Mapping[str, Any]) -> JSON:
        """
        Look at a job, which goes on by that.

        Raises:
            ServiceError: There is none.
        """
        job = self._jobs.find(request["jobIdentifier"])
        if job["status"] not in ENDED:
            job["looks"] += 1
            await self._go_on(job)
            self._jobs.keep(job)
        return {name: value for name, value in job.items() if name != "looks"}

    async def stop_evaluation_job(self, request: Mapping[str, Any]) -> JSON:
        """
        Have a job stop; the next look finds it stopped.

        Raises:
            ServiceError: There is none, or it has ended.
        """
        job = self._jobs.find(request["jobIdentifier"])
        if job["status"] in ENDED:
            raise ServiceError("ConflictException", f"The job has ended: it is {job['status']}.")
        self._jobs.keep({**job, "status": "Stopping", "lastModifiedTime": self._now()})
        return {}

    async def list_evaluation_jobs(self, request: Mapping[str, Any]) -> JSON:
        """Return all jobs of a status and with a text in their names, the newest first."""
        status, text = request.get("statusEquals"), request.get("nameContains", "")
        named = (job for job in self._jobs.all() if text in job["jobName"])
        found = [job for job in named if status in (None, job["status"])]
        return {"jobSummaries": [_summary(job) for job in found[: request.get("maxResults", 1000)]]}

    async def close(self) -> None:
        """Close what answers prompts."""
        await self._runtime.close()

    async def _go_on(self, job: Job) -> None:
        fate = drawn_from(job["jobName"].encode(), "fate", self._rehearsal.seed).random()
        if job["status"] == "Stopping":
            self._end(job, "Stopped")
        elif job["looks"] <= self._rehearsal.job_looks:
            return
        elif fate < self._rehearsal.job_failed:
            self._end(job, "Failed", "The job failed because of an internal error. Try again.")
        elif fate < self._rehearsal.job_failed + self._rehearsal.job_stopped:
            self._end(job, "Stopped")
        else:
            try:
                await self._evaluate(job)
            except (InvalidDatasetError, ServiceError, StorageError) as problem:
                self._end(job, "Failed", str(problem))
            else:
                self._end(job, "Completed")

    def _end(self, job: Job, status: str, *messages: str) -> None:
        job |= {"status": status, "lastModifiedTime": self._now()}
        if messages:
            job["failureMessages"] = list(messages)

    async def _evaluate(self, job: Job) -> None:
        objects, asked = self._objects_of(job["roleArn"]), part_of(job)
        # Of the job, so that a look that was broken off is not followed by a second output.
        own_id = UUID(int=drawn_from(job["jobArn"].encode(), "output", 0).getrandbits(128))
        folder = storage.join(job["outputDataConfig"]["s3Uri"], job["jobName"], str(own_id))
        await _put(objects, storage.join(job["outputDataConfig"]["s3Uri"], SENTINEL), b"")
        models = [_model(each) for each in job["inferenceConfig"]["models"]]
        for each in asked["datasetMetricConfigs"]:
            rows = await self._rows(each, objects, job)
            outputs = [row for row in [await self._output(job, asked, each, row) for row in rows] if row]
            path = ["datasets", each["dataset"]["name"], f"{own_id}_output.jsonl"]
            if job["jobType"] == "Automated":
                path = ["models", models[0].replace("/", "_"), "taskTypes", each["taskType"], *path]
            text = b"".join(orjson.dumps(row) + b"\n" for row in outputs)
            await _put(objects, storage.join(folder, *path), text)
        for name, definition in custom_metrics(asked).items():
            # There, and there alone, its name is under another key.
            told = {"metricName": name, **{key: value for key, value in definition.items() if key != "name"}}
            place = storage.join(folder, "custom_metrics", f"{name}.json")
            await _put(objects, place, orjson.dumps({"customMetricDefinition": told}))

    async def _rows(self, each: Mapping[str, Any], objects: Objects, job: Job) -> list[JSON]:
        uri = each["dataset"]["datasetLocation"]["s3Uri"]
        models = job["inferenceConfig"]["models"]
        own = [_model(model) for model in models if "precomputedInferenceSource" in model]
        with await asyncio.to_thread(objects.open_read, uri) as lines:
            rows = dataset_rows(lines, uri, own=own)
        self._references |= {
            each["prompt"]: each["referenceResponse"] for each in rows if "referenceResponse" in each
        }
        return rows

    async def _output(
        self, job: Job, asked: Mapping[str, Any], each: Mapping[str, Any], row: JSON
    ) -> JSON | None:
        """Return a row of the output; None where a model gave no response, which metrics leave out."""
        brought = {own["modelIdentifier"]: own["response"] for own in row.get("modelResponses", ())}
        said: dict[str, str] = {}
        for model in job["inferenceConfig"]["models"]:
            try:
                named = _model(model)
                said[named] = brought[named] if named in brought else await self._answer(model, row)
            except ServiceError:
                return None
        if job["jobType"] == "Human":
            return self._rated(asked, row, said)
        [(model_id, response)] = said.items()
        return {
            "automatedEvaluationResult": {"scores": self._scores(asked, each, row, response)},
            "inputRecord": row,
            "modelResponses": [{"response": response, "modelIdentifier": model_id}],
        }

    def _scores(
        self, asked: Mapping[str, Any], each: Mapping[str, Any], row: JSON, response: str
    ) -> list[JSON]:
        scores = []
        for metric in each["metricNames"]:
            if metric in COMPUTED:
                scores.append(self._ratings.computed(metric, each["taskType"], row, response))
                continue
            definition = custom_metrics(asked).get(metric)
            config = asked["customMetricConfig"] if definition else asked
            judge = config["evaluatorModelConfig"]["bedrockEvaluatorModels"][0]["modelIdentifier"]
            scale = definition.get("ratingScale", ()) if definition else ()
            scores.append(self._ratings.judged(metric, judge, row, response, scale))
        return scores

    def _rated(self, asked: Mapping[str, Any], row: JSON, said: Mapping[str, str]) -> JSON:
        flow = asked["humanWorkflowConfig"]["flowDefinitionArn"]
        rated = self._ratings.by_people(asked["customMetrics"], row, list(said.values()), flow)
        texts = {name: {"text": row[name]} for name in ("prompt", "referenceResponse") if name in row}
        return {
            "humanEvaluationResult": {
                **rated,
                "modelResponseIdMap": {str(place): model for place, model in enumerate(said)},
            },
            "inputRecord": {**texts, **({"category": row["category"]} if "category" in row else {})},
            "modelResponses": [{"text": text, "modelIdentifier": model} for model, text in said.items()],
        }

    async def _answer(self, model: Mapping[str, Any], row: JSON) -> str:
        called = model["bedrockModel"]
        parameters = orjson.loads(called.get("inferenceParams") or b"{}")
        request = {
            "modelId": called["modelIdentifier"],
            "messages": [{"role": "user", "content": [{"text": row["prompt"]}]}],
            **parameters,
        }
        reply = await self._runtime.converse(request)
        return "".join(block.get("text", "") for block in reply["output"]["message"]["content"])


def _model(model: Mapping[str, Any]) -> str:
    if "bedrockModel" in model:
        return str(model["bedrockModel"]["modelIdentifier"])
    return str(model["precomputedInferenceSource"]["inferenceSourceIdentifier"])


def _summary(job: Job) -> JSON:
    asked = part_of(job)
    models = job["inferenceConfig"]["models"]
    judges = asked.get("evaluatorModelConfig", {}).get("bedrockEvaluatorModels", ())
    return {name: job[name] for name in _SUMMARISED if name in job} | {
        "evaluationTaskTypes": sorted({each["taskType"] for each in asked["datasetMetricConfigs"]}),
        "modelIdentifiers": [_model(each) for each in models if "bedrockModel" in each],
        "evaluatorModelIdentifiers": [each["modelIdentifier"] for each in judges],
    }


async def _put(objects: Objects, uri: str, content: bytes) -> None:
    await asyncio.to_thread(objects.put, uri, io.BytesIO(content))
