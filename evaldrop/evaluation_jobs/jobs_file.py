"""
`jobs.json`: the evaluation jobs that one command asked for, kept with their datasets in one folder.

It is written before the first job is created and after each, so that what was interrupted goes on, and says
what their output means: which job is of which candidate, which metric is which criterion.
"""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from evaldrop import storage
from evaldrop.errors import StorageError, first_line
from evaldrop.job_formats.limits import Kind

JOBS_FILE: Final = "jobs.json"

Status = Literal["NotCreated", "InProgress", "Completed", "Failed", "Stopping", "Stopped", "Deleting"]
ENDED: Final = frozenset({"Completed", "Failed", "Stopped", "Deleting"})


class _FromFile(BaseModel):
    # A later version's keys are none of ours.
    model_config = ConfigDict(frozen=True, extra="ignore")


class EvaluationJob(_FromFile):
    """
    One evaluation job.

    Attributes:
        candidates: Who is evaluated: one, or two of people's.
        judge: Who judges; None for other kinds.
        metrics: Metric to criterion, where it is one.
        datasets: Names of its datasets.
        request: The CreateEvaluationJob request.
        arn: None until it is created.
        messages: Why it failed, as Bedrock says it.
    """

    name: str
    candidates: tuple[str, ...]
    judge: str | None = None
    metrics: dict[str, str] = {}
    datasets: tuple[str, ...] = ()
    request: dict[str, Any] = {}
    arn: str | None = None
    status: Status = "NotCreated"
    messages: tuple[str, ...] = ()

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status in ENDED


class JobSet(_FromFile):
    """
    The content of `jobs.json`.

    Attributes:
        bedrock: As `--bedrock` says it.
        simulated: Whether texts or scores are made up: the jobs are rehearsed, or the responses are.
        evaluation: The evaluation as a run's `run.json` has it.
        criteria: Its criteria, in `evaluation.yaml`'s form.
        dataset: URI of the dataset.
        responses_of: The run's folder that responses are of; None where models are called.
        output: The URI below which the jobs' output is.
        left_out: Records that are in no job: ID to the reason.
    """

    version: int = 1
    id: str
    created_at: str
    kind: Kind
    task: str
    bedrock: str
    simulated: bool = False
    region: str | None = None
    evaluation_name: str
    evaluation: dict[str, Any]
    criteria: tuple[str | dict[str, Any], ...] = ()
    dataset: str
    responses_of: str | None = None
    output: str
    left_out: dict[str, str] = {}
    cost: tuple[dict[str, Any], ...] = ()
    jobs: tuple[EvaluationJob, ...]

    @property
    def has_ended(self) -> bool:
        """Whether all jobs have."""
        return all(job.has_ended for job in self.jobs)

    def with_job(self, changed: EvaluationJob) -> "JobSet":
        """Return them with one job, by its name, replaced."""
        jobs = tuple(changed if job.name == changed.name else job for job in self.jobs)
        return self.model_copy(update={"jobs": jobs})

    def save(self, folder: str) -> None:
        """
        Write the file.

        Raises:
            StorageError: It cannot be written.
        """
        content = self.model_dump_json(indent=2).encode() + b"\n"
        storage.write_bytes(storage.join(folder, JOBS_FILE), content)


def load_jobs(folder: str) -> JobSet:
    """
    Read the `jobs.json` of a folder, or that very file.

    Raises:
        StorageError: There is none, or it is not one.
    """
    uri = folder if folder.endswith(f"/{JOBS_FILE}") else storage.join(folder, JOBS_FILE)
    try:
        return JobSet.model_validate_json(storage.read_bytes(uri))
    except ValidationError as error:
        raise StorageError(f"{uri}: no list of evaluation jobs ({first_line(error)})") from error
