"""
Evaluation jobs from their file to their end: created as there is room, looked at, stopped.

The file is written after each job that was created: what is interrupted creates none twice.
"""

import time
from collections.abc import Callable
from typing import Final, cast

from evaldrop.evaluation_jobs.jobs_file import ENDED, EvaluationJob, JobSet, Status
from evaldrop.evaluation_jobs.service import EvaluationJobs, TooManyJobsError
from evaldrop.job_formats.limits import MAX_RUNNING

POLL_S: Final = 60.0
SIMULATED_POLL_S: Final = 0.2

Saved = Callable[[JobSet], None]


def look_at(jobs: JobSet, service: EvaluationJobs) -> JobSet:
    """Return jobs with what the service says of those that are under way."""
    for job in jobs.jobs:
        if job.arn and not job.has_ended:
            state = service.state(job.arn)
            changed = {"status": cast("Status", state.status), "messages": state.messages}
            jobs = jobs.with_job(job.model_copy(update=changed))
    return jobs


def create_more(jobs: JobSet, service: EvaluationJobs, save: Saved) -> JobSet:
    """
    Create the jobs that are not there yet, as many as may be under way at a time.

    Raises:
        AwsError: One is refused; those before it are there, and in the file.
    """
    for job in jobs.jobs:
        if job.arn or job.has_ended:
            continue
        under_way = sum(1 for each in jobs.jobs if each.arn and not each.has_ended)
        if under_way >= MAX_RUNNING[jobs.kind]:
            return jobs
        try:
            arn = service.create(job.request)
        except TooManyJobsError:
            # Other jobs of the account may take the room: the next look tries again.
            return jobs
        jobs = jobs.with_job(job.model_copy(update={"arn": arn, "status": "InProgress"}))
        save(jobs)
    return jobs


def advance(jobs: JobSet, service: EvaluationJobs, save: Saved) -> JobSet:
    """Look at the jobs, and create further ones where others have ended."""
    looked = create_more(look_at(jobs, service), service, save)
    if looked != jobs:
        save(looked)
    return looked


def wait_for_end(
    jobs: JobSet,
    service: EvaluationJobs,
    save: Saved,
    *,
    tell: Callable[[EvaluationJob], None],
    poll_s: float = POLL_S,
    sleep: Callable[[float], None] = time.sleep,
) -> JobSet:
    """
    Advance jobs until all have ended, and return them.

    Args:
        jobs: Those of the file.
        service: Who runs them.
        save: Writes the file.
        tell: Is told of each job whose status has changed.
        poll_s: Seconds between two looks.
        sleep: Waits so many seconds.
    """
    while True:
        before = {job.name: job.status for job in jobs.jobs}
        jobs = advance(jobs, service, save)
        for job in jobs.jobs:
            if job.status != before[job.name]:
                tell(job)
        if jobs.has_ended:
            return jobs
        sleep(poll_s)


def stop_all(jobs: JobSet, service: EvaluationJobs, save: Saved) -> JobSet:
    """Stop what is under way, and create nothing more; what has ended stays as it is."""
    for job in look_at(jobs, service).jobs:
        if job.arn and job.status not in ENDED:
            service.stop(job.arn)
            changed: dict[str, Status] = {"status": "Stopping"}
        elif job.arn:
            changed = {"status": job.status}
        else:
            changed = {"status": "Stopped"}
        jobs = jobs.with_job(job.model_copy(update=changed))
        save(jobs)
    return jobs
