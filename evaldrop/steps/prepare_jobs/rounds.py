"""
What a stage's folder tells of its jobs, and what a larger budget lets be asked in further ones.

A job that the budget had no room for is never created: some of its rows may have been called on demand since.
Once there is more, the rows of records that nobody has been called for go into jobs of their own.
"""

from collections.abc import Iterable
from typing import NamedTuple

import orjson

from evaldrop import storage
from evaldrop.json_text import loads
from evaldrop.run.ledger import LEDGER, read_ledger
from evaldrop.run.rest import records_with_results
from evaldrop.run.results import find_manifests
from evaldrop.steps.prepare_jobs.collecting import NO_BUDGET, JobResult
from evaldrop.steps.prepare_jobs.jobs import BatchJob, jobs_uri, results_uri, rows_uri
from evaldrop.steps.prepare_jobs.row_ids import packed


class WrittenStage(NamedTuple):
    """
    A stage whose jobs are written.

    Attributes:
        jobs: Its jobs, those marked that the budget had no room for.
        results: How they ended, as far as it is known.
    """

    jobs: list[BatchJob]
    results: list[JobResult]

    @property
    def round(self) -> int:
        """The latest round of its jobs."""
        return max((job.round for job in self.jobs), default=1)

    @property
    def places(self) -> frozenset[str]:
        """Where its jobs' files are, of those without room as well."""
        return frozenset(job.place for job in self.jobs)

    def may_ask_more(self, limit: int) -> bool:
        """Tell whether a budget of so many micro-dollars is larger than one that refused a job."""
        return any(result.limit is not None and result.limit < limit for result in self.results)

    def unfinished(self) -> list[BatchJob]:
        """Return the jobs of which it is not known how they ended."""
        known = {result.place for result in self.results}
        return [job for job in self.jobs if job.place not in known]

    def sent_rows(self, folder: str) -> set[int]:
        """Return the rows of its jobs, packed; of those that were refused none. `folder` is the run's."""
        found = set[int]()
        for job in self.jobs:
            if job.refused:
                continue
            with storage.open_read(rows_uri(folder, job.place)) as lines:
                found.update(
                    number for line in lines if (number := packed(loads(line).get("recordId"))) is not None
                )
        return found


def written_stage(folder: str, stage: str) -> WrittenStage | None:
    """Return a stage as its folder has it; None where its jobs were not written. `folder` is the run's."""
    uri = jobs_uri(folder, stage)
    if not storage.exists(uri):
        return None
    ended = results_uri(folder, stage)
    told = orjson.loads(storage.read_bytes(ended)) if storage.exists(ended) else []
    results = [JobResult(**each) for each in told]
    refused = {result.place for result in results if result.status == NO_BUDGET}
    jobs = [BatchJob(**job) for job in orjson.loads(storage.read_bytes(uri))]
    return WrittenStage([job._replace(refused=job.place in refused) for job in jobs], results)


def with_earlier(earlier: Iterable[JobResult], results: Iterable[JobResult]) -> list[JobResult]:
    """Return how all jobs of a stage ended: as it is told now, or was told when they were over."""
    now = list(results)
    places = {result.place for result in now}
    return [*(result for result in earlier if result.place not in places), *now]


def records_called(folder: str, *, is_rest: bool) -> frozenset[str]:
    """
    Return the records that somebody may have been called for, beside batch jobs.

    Args:
        folder: The run's.
        is_rest: Whether it goes on in a stack, where nobody is called for a record that has a result. On one
            machine the ledger tells, for a journal has the replies.
    """
    if is_rest:
        return records_with_results(find_manifests(folder))
    if storage.is_s3(folder):
        return frozenset()
    return frozenset(read_ledger(storage.local_path(folder) / LEDGER).called)
