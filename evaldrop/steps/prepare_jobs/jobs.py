"""A batch job: what it is called, where its files are, and what the workflow gets to know of it."""

import hashlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.run.job_names import job_prefix
from evaldrop.run.records import RECORDS_FILE

if TYPE_CHECKING:
    from evaldrop.evaluation import Called

JSON = dict[str, Any]

BATCH = "batch"
"""The folder of a run that its jobs' files are in."""
JOBS_FILE = "jobs.json"
"""A stage's jobs, in its folder: written when all else of the stage is."""
RESULTS_FILE = "results.json"
"""How a stage's jobs ended, in its folder."""
ROWS_FILE = "rows.jsonl"
OUT = "out"

_READABLE = 24
_NO_NAME = re.compile(r"[^A-Za-z0-9]+")


class BatchJob(NamedTuple):
    """
    A job that is to be created.

    Attributes:
        place: Its folder, below the run's `batch`.
        name: Unique in the account; from the second attempt on with its number behind it, as the token.
        model: The model ID, profile or ARN.
        type: Converse or InvokeModel.
        token: The ClientRequestToken: the same for the same job, however often it is asked for.
        n: Rows.
        reserve: What they cost at most, in micro-dollars; 0 without a budget.
        refused: Whether the budget had no room for it when it was asked: it is not created any more, for
            what it would ask may have been called on demand since.
        round: 1; more for one that was written after a larger budget, for rows of refused ones.
    """

    place: str
    name: str
    model: str
    type: str
    token: str
    n: int
    reserve: int = 0
    refused: bool = False
    round: int = 1


def job_of(
    run_id: str, stage: str, part: int, *, called: "Called", n: int, reserve: int = 0, round_: int = 1
) -> BatchJob:
    """Return the job of a part of a candidate's or judge's rows in a stage; `part` counts from 1."""
    words = (run_id, stage, called.name, str(part))
    digest = hashlib.blake2b("\0".join(words).encode(), digest_size=32).hexdigest()
    return BatchJob(
        place=f"{stage}/{called.name}-{part}",
        # At most 63 characters, and the run's ID for those who read it.
        name=f"{job_prefix(run_id)}{_NO_NAME.sub('-', run_id)[:_READABLE]}-{stage[0]}{digest[:8]}-{part}",
        model=called.model,
        type="InvokeModel" if called.api == "invoke_model" else "Converse",
        token=digest,
        n=n,
        reserve=reserve,
        round=round_,
    )


def jobs_uri(folder: str, stage: str) -> str:
    """Return where a stage's jobs are; `folder` is the run's."""
    return storage.join(folder, BATCH, stage, JOBS_FILE)


def results_uri(folder: str, stage: str) -> str:
    """Return where it is kept how a stage's jobs ended."""
    return storage.join(folder, BATCH, stage, RESULTS_FILE)


def rows_uri(folder: str, place: str) -> str:
    """Return where a job's input is; `folder` is the run's."""
    return storage.join(folder, BATCH, place, ROWS_FILE)


def out_uri(folder: str, place: str) -> str:
    """Return the folder below which Bedrock writes a job's output."""
    return storage.join(folder, BATCH, place, OUT)


def stage_of(uri: str) -> str:
    """Return the stage of a job, by where its input is."""
    return uri.rsplit("/", 3)[-3]


class LatestJobs(NamedTuple):
    """
    The jobs that a run on this machine was at last.

    `since`: when all jobs were over, in nanoseconds since 1970; 0 where they are not.
    """

    stage: str
    n: int
    since: int = 0

    @property
    def are_over(self) -> bool:
        """Whether the records with all that jobs answered are written."""
        return bool(self.since)


def latest_jobs(folder: str) -> LatestJobs | None:
    """Return the jobs of the latest stage that a run on this machine had; None where it has had none."""
    batch = storage.local_path(folder) / BATCH
    found = sorted(batch.glob(f"*/{JOBS_FILE}"), key=lambda path: path.stat().st_mtime_ns)
    if not found:
        return None
    over = batch / RECORDS_FILE
    since = over.stat().st_mtime_ns if over.exists() else 0
    return LatestJobs(found[-1].parent.name, len(orjson.loads(found[-1].read_bytes())), since)
