"""What evaluation jobs said, as judgements of the responses that they were shown."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.definition import EVALUATION_JOB
from evaldrop.job_formats.judgements import Judgement, judgement_of
from evaldrop.job_formats.metrics import score_of
from evaldrop.job_formats.output import UNNAMED, JobResponse, JobScore, read_output
from evaldrop.run.definition import RunDefinition
from evaldrop.run.job_scores import JUDGEMENTS_FILE
from evaldrop.run.records import prepared_records
from evaldrop.steps.prepare_evaluation_jobs.jobs import JobForm, JudgingJob, output_uri, read_rounds
from evaldrop.steps.prepare_evaluation_jobs.row_keys import ResponseKey, digest_of, known_rows

JSON = dict[str, Any]
Said = dict[tuple[str, str], list[JSON]]
"""Judgements by record and candidate."""

NOT_TAKEN = "TooMuchForJob"
"""The error of a judgement on a response that no evaluation job takes."""
NOT_SCORED = "NoScoreOfJob"
"""The error of a judgement that a job was to give, and did not."""


class JudgingResult(NamedTuple):
    """How a job ended: as the workflow tells it, or that it was not created."""

    name: str
    status: str
    message: str = ""

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "JudgingResult":
        """Return what the workflow's `RunEvaluationJobs` tells of a job."""
        return cls(str(told["name"]), str(told.get("status")), str(told.get("message") or ""))

    def in_words(self) -> str:
        """Say why there may be no score."""
        said = f": {self.message}" if self.message else ""
        return f"the evaluation job {self.name} ended as {self.status} without this score{said}"[:500]


def write_judgements(run: RunDefinition, results: Sequence[JudgingResult]) -> None:
    """
    Write what all jobs of a run said beside its results, where they are read with the others.

    Raises:
        StorageError: A file cannot be read or written.
    """
    said = _said(run, {result.name: result for result in results})
    with storage.open_write(storage.join(run.folder, JUDGEMENTS_FILE)) as lines:
        for record in prepared_records(run.folder):
            found = {
                each.name: said[record.record_id, each.name]
                for each in run.candidates
                if (record.record_id, each.name) in said
            }
            if found and record.asked_of_jobs:
                lines.write(orjson.dumps({"record_id": record.record_id, "judgements": found}) + b"\n")


def _said(run: RunDefinition, results: Mapping[str, JudgingResult]) -> Said:
    said: Said = {}
    judges = [judge.name for judge in run.evaluation.job_judges]
    asked = {
        record.record_id: [name for each in record.asked_of_jobs for name in each.criteria]
        for record in prepared_records(run.folder)
    }
    for name, written in read_rounds(run.folder).items():
        rows: dict[str, list[ResponseKey]] = {}
        for row in known_rows(run.folder, name):
            if row.dataset is not None:
                rows.setdefault(row.dataset, []).append(row.key)
                said.pop((row.key.record_id, row.key.candidate), None)
                continue
            error = {"Error": NOT_TAKEN, "Cause": row.left_out}
            criteria = dict.fromkeys(asked[row.key.record_id])
            said[row.key.record_id, row.key.candidate] = [
                _unscored(judge, criterion, error) for judge in judges for criterion in criteria
            ]
        for job in written.jobs:
            keys = [key for dataset in job.datasets for key in rows[dataset]]
            result = results.get(job.name) or JudgingResult(job.name, "NotCreated")
            scores = _scores_of(output_uri(run.folder, job))
            for key, found in _matched(keys, scores):
                said.setdefault((key.record_id, key.candidate), []).extend(
                    _judgements(job, written.forms[job.form], found, run.criteria, result)
                )
    return said


def _scores_of(uri: str) -> list[tuple[str, JobResponse]]:
    """Return a job's responses with the digests of their prompts; none where it has no output."""
    try:
        jobs = read_output(uri)
    except InputError:
        # It failed, or was never created: what it was to score has no score, and says so.
        return []
    return [
        (digest_of(row.prompt), response) for job in jobs for row in job.rows for response in row.responses
    ]


def _matched(
    keys: Sequence[ResponseKey], found: Sequence[tuple[str, JobResponse]]
) -> Iterator[tuple[ResponseKey, JobResponse | None]]:
    """Yield each response that was sent with what came back of it."""
    whole: dict[tuple[str, str], list[JobResponse]] = {}
    for prompt, response in found:
        whole.setdefault((prompt, digest_of(response.text or "")), []).append(response)
    for key in keys:
        same = whole.get((key.prompt, key.response), [])
        # The last one stays, for the output may hold once what was sent twice.
        yield key, (same.pop(0) if len(same) > 1 else same[0]) if same else None


def _judgements(
    job: JudgingJob,
    form: JobForm,
    found: JobResponse | None,
    criteria: Mapping[str, Criterion],
    result: JudgingResult,
) -> Iterator[JSON]:
    scores = {_plain(score.metric): score for score in (found.scores if found else ())}
    for metric, name in form.criteria.items():
        score = scores.get(_plain(metric))
        # Rows of earlier jobs do not name their metric, which tells as much where there is one.
        if score is None and len(form.criteria) == 1:
            score = scores.get(_plain(UNNAMED))
        yield (
            _scored(job.judge, criteria[name], score)
            if score
            else _unscored(job.judge, name, {"Error": NOT_SCORED, "Cause": result.in_words()})
        )


def _scored(judge: str, criterion: Criterion, score: JobScore) -> JSON:
    value = score_of(criterion, score.result)
    return judgement_of(Judgement(judge, criterion.name, 0, score, value))


def _unscored(judge: str, criterion: str, error: JSON) -> JSON:
    return {"judge": judge, "criteria": [criterion], "repeat": 0, "api": EVALUATION_JOB, "error": error}


def _plain(metric: str) -> str:
    return re.sub(r"^builtin\.", "", metric.casefold())
