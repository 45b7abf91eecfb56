"""
A rehearsal of Bedrock's batch inference: jobs that take a while, and may not end well.

What becomes of a job follows from the seed, its model and its rows. Time is how often it was looked at, so
that the same calls bring the same, however long they take.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from evaldrop.bedrock.protocol import BedrockRuntime, ServiceError
from evaldrop.bedrock.simulated.direction import KnownCriteria
from evaldrop.bedrock.simulated.job_files import Job, JobFiles, JobPlace, id_of
from evaldrop.bedrock.simulated.job_requests import check_request
from evaldrop.bedrock.simulated.job_rows import (
    Answering,
    InvalidInputError,
    Objects,
    StoredObjects,
    checked_rows,
    drawn_from,
    input_files,
)
from evaldrop.bedrock.simulated.rehearsal import Rehearsal
from evaldrop.bedrock.simulated.runtime import Knowledge, SimulatedRuntime
from evaldrop.errors import StorageError
from evaldrop.evaluation.delivery import ENDED_JOBS, MIN_JOB_RECORDS

FOLDER = "simulated-bedrock"
"""The folder of a run in which its rehearsal keeps the jobs."""

MAX_JOB_RECORDS = 100_000

_ON_THE_WAY = ("Validating", "Scheduled", "InProgress")
_KEPT = (
    "jobName", "roleArn", "modelId", "clientRequestToken", "inputDataConfig", "outputDataConfig",
    "modelInvocationType", "timeoutDurationInHours", "vpcConfig",
)  # fmt: skip
_LISTED = (
    "jobArn", "jobName", "modelId", "clientRequestToken", "roleArn", "status", "message", "submitTime",
    "lastModifiedTime", "endTime", "inputDataConfig", "outputDataConfig", "timeoutDurationInHours",
    "jobExpirationTime", "modelInvocationType",
)  # fmt: skip
_MESSAGES = {
    "Failed": "The job failed because of an internal error. Try again.",
    "Expired": "The job was scheduled, and did not begin before its timeout.",
    "PartiallyCompleted": "Not all records could be processed in time; view the output files.",
}


ObjectsOf = Callable[[str], Objects]
"""Takes a role's ARN, returns the objects that it may have."""


def stored_objects(_role_arn: str) -> Objects:
    """Return the files of this machine, whatever the role."""
    return StoredObjects()


async def no_wait(_seconds: float) -> None:
    """Wait for nothing: of a job's rows none waits for its answer."""


def calm_runtime(
    rehearsal: Rehearsal, answer_key: Knowledge | None, criteria: KnownCriteria | None = None
) -> SimulatedRuntime:
    """Return what answers a job's calls: they neither wait nor fail, as calls on demand do."""
    calm = replace(rehearsal, throttling=0.0, errors=0.0)
    return SimulatedRuntime(calm, max_in_flight=1, answer_key=answer_key, criteria=criteria, sleep=no_wait)


def rehearsed_jobs(
    rehearsal: Rehearsal,
    place: JobPlace,
    *,
    answer_key: Knowledge | None = None,
    criteria: KnownCriteria | None = None,
    objects_of: ObjectsOf = stored_objects,
) -> "SimulatedJobs":
    """
    Return jobs whose rows get the replies that the same requests get on demand.

    Args:
        rehearsal: Rates and seed.
        place: Where jobs are kept.
        answer_key: As `SimulatedRuntime` takes it.
        criteria: Likewise.
        objects_of: Inputs and outputs, as the job's role may have them.
    """
    # A job's rows fail by a rate of their own.
    runtime = calm_runtime(rehearsal, answer_key, criteria)
    return SimulatedJobs(runtime, rehearsal, place, objects_of=objects_of)


class SimulatedJobs:
    """
    Batch inference jobs, kept as files.

    Args:
        runtime: Answers the rows.
        rehearsal: What goes wrong, and how long it takes.
        place: Where jobs are kept; another process goes on with them.
        objects_of: Inputs and outputs, as the job's role may have them, by its ARN.
        minimum: Records that a job has at least.
        maximum: Records that it has at most.
        now: The time.
    """

    def __init__(
        self,
        runtime: BedrockRuntime,
        rehearsal: Rehearsal,
        place: JobPlace,
        *,
        objects_of: ObjectsOf = stored_objects,
        minimum: int = MIN_JOB_RECORDS,
        maximum: int = MAX_JOB_RECORDS,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._runtime = runtime
        self._rehearsal = rehearsal
        self._jobs = JobFiles(place, "model-invocation-job", begun="submitTime")
        self._objects_of = objects_of
        self._limits = (minimum, maximum)
        self._now = now
        # What this process has begun: the answers of each job that is in progress.
        self._work: dict[str, tuple[Answering, asyncio.Task[None]]] = {}

    async def create_model_invocation_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Begin a job. One of the same token is not begun again, and no error.

        Raises:
            ServiceError: The request is none that Bedrock would take.
        """
        check_request(request)
        job_id = self._jobs.new_id(request.get("clientRequestToken"))
        arn = f"{self._jobs.prefix}{job_id}"
        if not self._jobs.has(job_id):
            now = self._now()
            hours = request.get("timeoutDurationInHours", 24)
            job = {name: request[name] for name in _KEPT if name in request}
            job |= {"jobArn": arn, "status": "Submitted", "submitTime": now, "lastModifiedTime": now}
            job |= {"jobExpirationTime": now + timedelta(hours=hours), "timeoutDurationInHours": hours}
            self._jobs.keep({"modelInvocationType": "InvokeModel", **job, "looks": 0})
        return {"jobArn": arn}

    async def get_model_invocation_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Look at a job, which goes on by that.

        Raises:
            ServiceError: There is none.
        """
        job = self._jobs.find(request["jobIdentifier"])
        if job["status"] not in ENDED_JOBS:
            job["looks"] += 1
            before = job["status"]
            await self._go_on(job)
            if job["status"] != before:
                job["lastModifiedTime"] = self._now()
            self._jobs.keep(job)
        return {name: value for name, value in job.items() if name not in {"looks", "mark"}}

    async def stop_model_invocation_job(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """
        Have a job stop; the next look finds it stopped.

        Raises:
            ServiceError: There is none, or it has ended.
        """
        job = self._jobs.find(request["jobIdentifier"])
        if job["status"] in ENDED_JOBS:
            raise ServiceError("ConflictException", f"The job has ended: it is {job['status']}.")
        self._jobs.keep({**job, "status": "Stopping", "lastModifiedTime": self._now()})
        return {}

    async def list_model_invocation_jobs(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return all jobs of a status and with a text in their names, as they were last looked at."""
        status, text = request.get("statusEquals"), request.get("nameContains", "")
        found = [
            job for job in self._jobs.all() if text in job["jobName"] and status in (None, job["status"])
        ]
        summaries = [{name: job[name] for name in _LISTED if name in job} for job in found]
        return {"invocationJobSummaries": summaries[: request.get("maxResults", 1000)]}

    async def close(self) -> None:
        """Leave off answering; whoever looks at the jobs next begins their rows again."""
        for _, task in self._work.values():
            task.cancel()
        await asyncio.gather(*(task for _, task in self._work.values()), return_exceptions=True)
        self._work.clear()
        await self._runtime.close()

    async def _go_on(self, job: Job) -> None:
        if job["status"] == "Stopping":
            await self._stop(job)
            return
        if job["status"] == "Submitted" and (problem := await asyncio.to_thread(self._problem, job)):
            self._end(job, "Failed", problem)
            return
        fate = self._fate(job)
        is_over = job["looks"] > self._rehearsal.job_looks
        if fate in {"Failed", "Expired"}:
            # Neither gets to its rows.
            job["status"] = _ON_THE_WAY[min(job["looks"] - 1, 1)]
            if is_over:
                self._end(job, fate, _MESSAGES[fate])
        elif is_over or job["looks"] >= len(_ON_THE_WAY):
            job["status"] = "InProgress"
            await self._work_on(job, fate, is_over=is_over)
        else:
            job["status"] = _ON_THE_WAY[job["looks"] - 1]

    async def _work_on(self, job: Job, fate: str, *, is_over: bool) -> None:
        if id_of(job) not in self._work:
            self._work[id_of(job)] = self._begin(job, fate)
        answering, task = self._work[id_of(job)]
        if is_over and task.done():
            del self._work[id_of(job)]
            try:
                await task
                self._end(job, fate, _MESSAGES.get(fate))
            except (StorageError, ServiceError) as problem:
                self._end(job, "Failed", f"The output cannot be written: {problem}")
        job |= answering.counts.of_job()

    def _begin(self, job: Job, fate: str) -> tuple[Answering, asyncio.Task[None]]:
        is_cut_short = fate in {"PartiallyCompleted", "Stopped"}
        answering = Answering(
            self._runtime,
            model=job["modelId"],
            is_converse=job["modelInvocationType"] == "Converse",
            error_rate=self._rehearsal.job_errors,
            share=self._draw(job, "share").uniform(0.3, 0.9) if is_cut_short else 1.0,
            seed=self._rehearsal.seed,
            total=job["totalRecordCount"],
        )
        output = f"{job['outputDataConfig']['s3OutputDataConfig']['s3Uri'].rstrip('/')}/{id_of(job)}"
        work = answering.answer(_input(job), output, self._objects_of(job["roleArn"]))
        return answering, asyncio.create_task(work)

    async def _stop(self, job: Job) -> None:
        begun = self._work.pop(id_of(job), None)
        if begun is not None:
            answering, task = begun
            # What it has answered by now is paid for, and comes into its output.
            answering.stop()
            await task
            job |= answering.counts.of_job()
        self._end(job, "Stopped", None)

    def _end(self, job: Job, status: str, message: str | None) -> None:
        job |= {"status": status, "endTime": self._now()}
        if message:
            job["message"] = message

    def _problem(self, job: Job) -> str | None:
        minimum, maximum = self._limits
        try:
            objects = self._objects_of(job["roleArn"])
            files = input_files(_input(job), objects)
            rows = checked_rows(files, objects, minimum=minimum, maximum=maximum)
        except InvalidInputError as problem:
            return str(problem)
        except (StorageError, ServiceError) as problem:
            return f"The input cannot be read: {problem}"
        job |= {"totalRecordCount": rows.n, "mark": _mark(job, rows.first)}
        return None

    def _fate(self, job: Job) -> str:
        rates = self._rehearsal
        draw = self._draw(job, "fate").random()
        for status, rate in (
            ("Failed", rates.job_failed),
            ("Expired", rates.job_expired),
            ("Stopped", rates.job_stopped),
            ("PartiallyCompleted", rates.job_partial),
        ):
            if draw < rate:
                return status
            draw -= rate
        return "Completed"

    def _draw(self, job: Job, purpose: str) -> Random:
        return drawn_from(job["mark"].encode(), purpose, self._rehearsal.seed)


def _mark(job: Job, first: bytes) -> str:
    # What a job is about, and not its ARN: that of the next run's is another.
    draw = drawn_from(first, job["modelId"], 0)
    return f"{draw.getrandbits(64):016x}"


def _input(job: Job) -> str:
    return str(job["inputDataConfig"]["s3InputDataConfig"]["s3Uri"])
