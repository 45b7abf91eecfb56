"""How far the batch jobs are that a run of a stack waits for, as far as whoever watches may ask Bedrock."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from evaldrop.aws_errors import as_service_error
from evaldrop.bedrock.metered import JobSeen
from evaldrop.bedrock.metered_jobs import job_seen, rows_uri_of
from evaldrop.errors import AwsError
from evaldrop.run.job_names import job_prefix
from evaldrop.steps.prepare_jobs.jobs import stage_of

EVERY_S: Final = 30.0
"""Between two looks, in seconds: Bedrock itself is asked about jobs by the workflow every minute."""


class JobsNow:
    """
    Looks for a run's jobs by how their names begin, now and then.

    Args:
        run_id: The run's.
        bedrock: Makes boto3's client of Bedrock's control plane.
        clock: Seconds, from any start.
    """

    def __init__(
        self, run_id: str, bedrock: Callable[[], Any], clock: Callable[[], float] = time.monotonic
    ) -> None:
        # The dash at its end is left out: Bedrock's pattern of a name has it between letters.
        self._begin = job_prefix(run_id).rstrip("-")
        self._bedrock, self._clock = bedrock, clock
        self._client: Any = None
        self._seen: Sequence[JobSeen] = ()
        self._due = float("-inf")

    def look(self) -> Sequence[JobSeen]:
        """Return the jobs of the newest stage; none where Bedrock does not say: it is asked no more."""
        if self._clock() >= self._due:
            self._due = self._clock() + EVERY_S
            try:
                self._seen = self._jobs()
            except AwsError:
                # Who may watch an execution need not be allowed to list jobs: how many there are it tells.
                self._due = float("inf")
        return self._seen

    def _jobs(self) -> list[JobSeen]:
        with as_service_error("jobs cannot be listed"):
            self._client = self._client or self._bedrock()
            pages = self._client.get_paginator("list_model_invocation_jobs").paginate(
                nameContains=self._begin
            )
            found = [job for page in pages for job in page["invocationJobSummaries"]]
        if not found:
            return []
        newest = stage_of(rows_uri_of(max(found, key=lambda job: job["submitTime"])))
        return [job_seen(job) for job in found if stage_of(rows_uri_of(job)) == newest]
