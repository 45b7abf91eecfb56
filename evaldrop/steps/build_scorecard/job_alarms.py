"""What is to be said of batch jobs that did not complete."""

from collections.abc import Iterator

import orjson

from evaldrop import storage
from evaldrop.run.definition import RunDefinition
from evaldrop.scorecard.figures import one_line
from evaldrop.steps.prepare_jobs.jobs import results_uri
from evaldrop.steps.prepare_jobs.stages import STAGES

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
    jobs = [job for uri in uris if storage.exists(uri) for job in orjson.loads(storage.read_bytes(uri))]
    broken = [job for job in jobs if job["status"] != "Completed"]
    if not broken:
        return
    named = "; ".join(
        one_line(f"{job['place']}: {job['status']} {job['message']}", _MOST_SAID)
        for job in broken[:_MOST_NAMED]
    )
    more = f"; and {len(broken) - _MOST_NAMED:,} more" if len(broken) > _MOST_NAMED else ""
    is_reported = run.evaluation.batch.missing == "report"
    then = "is an error, NotDelivered" if is_reported else "was called on demand, at the whole price"
    who = f"{len(broken):,} of {len(jobs):,} batch jobs did not complete ({named}{more})"
    yield f"{who}. What they left unanswered {then}."
