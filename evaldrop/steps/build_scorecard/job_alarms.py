"""What is to be said of batch jobs and evaluation jobs that did not complete."""

from collections.abc import Iterator, Mapping, Sequence
from math import floor
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.run.definition import RunDefinition
from evaldrop.run.job_results import COMPLETED, read_ended
from evaldrop.scorecard.figures import one_line
from evaldrop.steps.prepare_jobs.collecting import NO_BUDGET
from evaldrop.steps.prepare_jobs.jobs import results_uri
from evaldrop.steps.prepare_jobs.stages import STAGES

JSON = Mapping[str, Any]

_MOST_NAMED = 3
_MOST_SAID = 200
"""Characters of what Bedrock said of a job."""


def job_alarms(run: RunDefinition) -> Iterator[str]:
    """
    Yield which batch jobs of a run did not complete, why, and what became of their rows.

    Raises:
        StorageError: S3 would not say.
    """
    if "batch" not in run.deliveries.values():
        return
    uris = [results_uri(run.folder, stage) for stage in STAGES]
    told = [job for uri in uris if storage.exists(uri) for job in orjson.loads(storage.read_bytes(uri))]
    # What an earlier, smaller budget refused has been asked since, in other jobs or on demand.
    micros = floor((run.budget_usd or 0) * 1_000_000 + 0.5)
    jobs = [job for job in told if job["status"] != NO_BUDGET or micros <= (job.get("limit") or micros)]
    is_reported = run.evaluation.batch.missing == "report"
    if refused := [job for job in jobs if job["status"] == NO_BUDGET]:
        then = "Their records are skipped" if is_reported else "They are called on demand as far as it goes"
        rows = f"{len(refused):,} of {len(jobs):,} batch jobs were not created ({_named(refused)})"
        yield f"{rows}: each reserves what it may cost at most. {then}."
    broken = [job for job in jobs if job["status"] not in {"Completed", NO_BUDGET}]
    if not broken:
        return
    then = "is an error, NotDelivered" if is_reported else "was called on demand, at the whole price"
    who = f"{len(broken):,} of {len(jobs):,} batch jobs did not complete ({_named(broken)})"
    yield f"{who}. What they left unanswered {then}."


def evaluation_job_alarms(run: RunDefinition) -> Iterator[str]:
    """
    Yield which evaluation jobs of a run did not complete, why, and what to do about it.

    Raises:
        StorageError: S3 would not say.
    """
    ended = read_ended(run.folder).jobs.values() if run.evaluation.job_judges else ()
    jobs = [{**job._asdict(), "place": job.name} for job in ended]
    if refused := [job for job in jobs if job["status"] == NO_BUDGET]:
        yield (
            f"{len(refused):,} of {len(jobs):,} evaluation jobs were not created ({_named(refused)}): their "
            "verdicts are skipped: budget. evaldrop run --resume RUN --budget USD creates them."
        )
    if broken := [job for job in jobs if job["status"] not in {COMPLETED, NO_BUDGET}]:
        yield (
            f"{len(broken):,} of {len(jobs):,} evaluation jobs did not complete ({_named(broken)}). evaldrop "
            "run --resume RUN --retry-errors has them done anew."
        )


def _named(jobs: Sequence[JSON]) -> str:
    named = "; ".join(
        one_line(f"{job['place']}: {job['status']} {job['message']}", _MOST_SAID)
        for job in jobs[:_MOST_NAMED]
    )
    return f"{named}; and {len(jobs) - _MOST_NAMED:,} more" if len(jobs) > _MOST_NAMED else named
