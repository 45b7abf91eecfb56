"""How a run's evaluation jobs ended, in its folder: for the scorecard, and for a run that goes on."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.run.job_scores import EVALUATION_JOBS

JSON = dict[str, Any]

RESULTS_FILE = f"{EVALUATION_JOBS}/results.json"
COMPLETED = "Completed"
NO_BUDGET = "NoBudget"
"""The status of a job that was not created: what is left of the budget would not do for it."""


class JudgingResult(NamedTuple):
    """
    How a job ended: as the workflow tells it, or that it was not created.

    Attributes:
        name: The job's, without the attempt.
        status: Bedrock's, NotCreated, or NoBudget.
        message: What was said of it.
        micros: What its judge's calls have cost at most so far, in micro-dollars: no row tells their tokens.
    """

    name: str
    status: str
    message: str = ""
    micros: int = 0

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "JudgingResult":
        """Return what the workflow's `RunEvaluationJobs` tells of a job."""
        # An execution that began before a deployment of this has the name alone.
        name = str(told.get("place") or told["name"]).rpartition("/")[2]
        return cls(name, str(told.get("status")), str(told.get("message") or ""))

    def in_words(self) -> str:
        """Say why there may be no score."""
        said = f": {self.message}" if self.message else ""
        return f"the evaluation job {self.name} ended as {self.status} without this score{said}"[:500]


class EndedJobs(NamedTuple):
    """
    The jobs of a run that have ended.

    Attributes:
        n: How often jobs were waited for to their end: each time has a reservation of its own.
        jobs: The last result of each job, by its name.
        settle: What the workflow settles of the last time; None without a budget.
    """

    n: int
    jobs: Mapping[str, JudgingResult]
    settle: JSON | None = None

    @property
    def stage(self) -> str:
        """What the jobs that are run next are called together, in the budget's ledger."""
        return f"evaluation_{self.n + 1}"

    def is_completed(self, name: str) -> bool:
        """Tell whether a job has completed; it is not asked for again."""
        return name in self.jobs and self.jobs[name].status == COMPLETED


def may_have_jobs_left(folder: str) -> bool:
    """Tell whether a run with such a judge may have jobs that are to be created or looked at."""
    ended = read_ended(folder)
    return not ended.n or any(job.status != COMPLETED for job in ended.jobs.values())


def read_ended(folder: str) -> EndedJobs:
    """Return how a run's jobs ended; none where none has."""
    uri = storage.join(folder, RESULTS_FILE)
    if not storage.exists(uri):
        return EndedJobs(0, {})
    content = orjson.loads(storage.read_bytes(uri))
    jobs = [JudgingResult(**job) for job in content["jobs"]]
    return EndedJobs(content["n"], {job.name: job for job in jobs}, content["settle"])


def write_ended(folder: str, n: int, jobs: Iterable[JudgingResult], settle: JSON | None) -> None:
    """Write how a run's jobs ended."""
    content = {"n": n, "jobs": [job._asdict() for job in jobs], "settle": settle}
    storage.write_bytes(storage.join(folder, RESULTS_FILE), orjson.dumps(content))
