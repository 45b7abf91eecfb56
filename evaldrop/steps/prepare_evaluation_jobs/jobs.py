"""A run's evaluation jobs: what they are called, where their files are, what the workflow gets to know."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.evaluation import Judge
from evaldrop.evaluation.criteria import Criterion
from evaldrop.job_formats.asked_metrics import MetricGroup, judged_groups
from evaldrop.job_formats.requests import judging
from evaldrop.run.job_names import job_prefix
from evaldrop.run.job_scores import EVALUATION_JOBS
from evaldrop.steps.prepare_jobs.casing import as_result

JSON = dict[str, Any]

JOBS_FILE = "jobs.json"
"""A round's jobs, in its folder: written when all else of the round is."""
ROWS_FILE = "rows.jsonl"
"""Which response each row of a round's datasets is, and which responses are in none, and why."""


class JudgingJob(NamedTuple):
    """
    A job that is to be created.

    Attributes:
        round: The folder of its files; a run that goes on with further responses has a further round.
        name: Unique in the account. The workflow puts the attempt behind it, from the second on.
        token: The ClientRequestToken: the same for the same job, however often it is asked for; likewise.
        candidate: Whose responses it judges.
        judge: By whom.
        form: Which of the round's forms says what is asked.
        datasets: Names of its datasets.
        reserve: What its judge's calls may cost at most, in micro-dollars; 0 where the price is unknown.
    """

    round: str
    name: str
    token: str
    candidate: str
    judge: str
    form: str
    datasets: tuple[str, ...]
    reserve: int = 0


class JobForm(NamedTuple):
    """
    What several jobs ask.

    Attributes:
        metrics: Their names.
        criteria: Metric to criterion.
        automated: The judge and the custom metrics, as the workflow's Task takes them.
    """

    metrics: tuple[str, ...]
    criteria: Mapping[str, str]
    automated: JSON

    @classmethod
    def of(cls, judge: Judge, group: MetricGroup) -> "JobForm":
        """Return the form of a judge that is asked a group of metrics."""
        return cls(group.names, group.criteria, as_result(judging(judge.model, group)))


def forms_of(judge: Judge, criteria: Sequence[Criterion]) -> list[JobForm]:
    """
    Return the forms by which a judge is asked some criteria: one, or several where they are many.

    Raises:
        EvaluationError: A job cannot ask a criterion.
    """
    return [JobForm.of(judge, group) for group in judged_groups(criteria)]


def job_of(
    run_id: str,
    round_name: str,
    *,
    candidate: str,
    judge: str,
    form: str,
    datasets: Sequence[str],
    reserve: int = 0,
) -> JudgingJob:
    """Return the job that judges a candidate's responses in some datasets."""
    words = (run_id, round_name, candidate, judge, form, *datasets)
    digest = hashlib.blake2b("\0".join(words).encode(), digest_size=32).hexdigest()
    # At most 63 characters, of small letters, digits and dashes.
    name = f"{job_prefix(run_id)}e{digest[:16]}"
    return JudgingJob(round_name, name, digest, candidate, judge, form, tuple(datasets), reserve)


def round_folder(folder: str, round_name: str) -> str:
    """Return the folder of a round; `folder` is the run's."""
    return storage.join(folder, EVALUATION_JOBS, round_name)


def dataset_uri(folder: str, round_name: str, name: str) -> str:
    """Return where a dataset is."""
    return storage.join(round_folder(folder, round_name), "datasets", f"{name}.jsonl")


def output_uri(folder: str, job: JudgingJob) -> str:
    """Return the folder below which Bedrock writes a job's output, that of every attempt."""
    return storage.join(round_folder(folder, job.round), "out", job.name)


class Round(NamedTuple):
    """Jobs that were written together, and their forms."""

    jobs: Sequence[JudgingJob]
    forms: Mapping[str, JobForm]


def write_round(folder: str, round_name: str, written: Round) -> None:
    """Write a round's jobs: the last of its files."""
    content = {
        "jobs": [job._asdict() for job in written.jobs],
        "forms": {key: form._asdict() for key, form in written.forms.items()},
    }
    uri = storage.join(round_folder(folder, round_name), JOBS_FILE)
    storage.write_bytes(uri, orjson.dumps(content))


def read_rounds(folder: str) -> dict[str, Round]:
    """Return the rounds of a run that were written to their end, by name, in order."""
    rounds: dict[str, Round] = {}
    while storage.exists(uri := storage.join(round_folder(folder, str(len(rounds) + 1)), JOBS_FILE)):
        content = orjson.loads(storage.read_bytes(uri))
        jobs = [JudgingJob(**{**job, "datasets": tuple(job["datasets"])}) for job in content["jobs"]]
        rounds[str(len(rounds) + 1)] = Round(jobs, {k: JobForm(**v) for k, v in content["forms"].items()})
    return rounds
