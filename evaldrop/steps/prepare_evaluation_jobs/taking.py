"""What evaluation jobs said, as judgements of the responses that they were shown."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.evaluation.criteria import Criterion
from evaldrop.evaluation.definition import EVALUATION_JOB
from evaldrop.job_formats.judgements import Judgement, judgement_of
from evaldrop.job_formats.metrics import score_of
from evaldrop.job_formats.output import UNNAMED, JobResponse, JobScore, read_output
from evaldrop.run.definition import RunDefinition
from evaldrop.run.job_results import COMPLETED, NO_BUDGET, JudgingResult
from evaldrop.run.job_scores import JUDGEMENTS_FILE
from evaldrop.run.records import prepared_records
from evaldrop.run.results import SKIPPED_BY_BUDGET
from evaldrop.steps.prepare_evaluation_jobs.jobs import JobForm, JudgingJob, output_uri, read_rounds
from evaldrop.steps.prepare_evaluation_jobs.row_keys import ResponseKey, digest_of, known_rows

JSON = dict[str, Any]
Said = dict[tuple[str, str], list[JSON]]
"""Judgements by record and candidate."""

NOT_TAKEN = "TooMuchForJob"
"""The error of a judgement on a response that no evaluation job takes."""
NOT_SCORED = "NoScoreOfJob"
"""The error of a judgement that a job was to give, and did not."""
JOB_FAILED = "EvaluationJobFailed"
"""The error of a judgement whose job did not complete; it is tried anew when the run goes on."""


def write_judgements(run: RunDefinition, results: Mapping[str, JudgingResult]) -> dict[str, float]:
    """
    Write what all jobs of a run said beside its results, where they are read with the others.

    Returns:
        How much of what each job was to score is in its output, by its name; above 1 where attempts repeat
        it.

    Raises:
        StorageError: A file cannot be read or written.
    """
    taking = _Taking(run, results)
    with storage.open_write(storage.join(run.folder, JUDGEMENTS_FILE)) as lines:
        for record in prepared_records(run.folder):
            found = {
                each.name: taking.said[record.record_id, each.name]
                for each in run.candidates
                if (record.record_id, each.name) in taking.said
            }
            if found and record.asked_of_jobs:
                lines.write(orjson.dumps({"record_id": record.record_id, "judgements": found}) + b"\n")
    return taking.shares


class _Taking:
    """What all jobs of a run said, and how much of what they were asked."""

    def __init__(self, run: RunDefinition, results: Mapping[str, JudgingResult]) -> None:
        self._run, self._results = run, results
        self._asked = {
            record.record_id: [name for each in record.asked_of_jobs for name in each.criteria]
            for record in prepared_records(run.folder)
        }
        self.said: Said = {}
        self.shares: dict[str, float] = {}
        for name, written in read_rounds(run.folder).items():
            rows = self._rows_of(name)
            for job in written.jobs:
                self._take(job, written.forms[job.form], [key for each in job.datasets for key in rows[each]])

    def _rows_of(self, round_name: str) -> dict[str, list[ResponseKey]]:
        """Return the responses of a round by dataset; what is in none has no score."""
        rows: dict[str, list[ResponseKey]] = {}
        judges = [judge.name for judge in self._run.evaluation.job_judges]
        for row in known_rows(self._run.folder, round_name):
            place = (row.key.record_id, row.key.candidate)
            if row.dataset is not None:
                rows.setdefault(row.dataset, []).append(row.key)
                self.said.pop(place, None)
                continue
            error = {"Error": NOT_TAKEN, "Cause": row.left_out}
            criteria = dict.fromkeys(self._asked[row.key.record_id])
            self.said[place] = [
                _unscored(judge, criterion, error) for judge in judges for criterion in criteria
            ]
        return rows

    def _take(self, job: JudgingJob, form: JobForm, keys: Sequence[ResponseKey]) -> None:
        result = self._results.get(job.name) or JudgingResult(job.name, "NotCreated")
        scores = _scores_of(output_uri(self._run.folder, job))
        n_scores = sum(len(response.scores) for _, response in scores)
        self.shares[job.name] = n_scores / max(1, len(keys) * len(form.criteria))
        for key, found in _matched(keys, scores):
            self.said.setdefault((key.record_id, key.candidate), []).extend(
                _judgements(job, form, found, self._run.criteria, result)
            )


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
        yield _scored(job.judge, criteria[name], score) if score else _lost(job.judge, name, result)


def _lost(judge: str, criterion: str, result: JudgingResult) -> JSON:
    if result.status == NO_BUDGET:
        # It was not asked: no call, and no failure.
        asked = {"judge": judge, "criteria": [criterion], "repeat": 0, "api": EVALUATION_JOB}
        return {**asked, "skipped": SKIPPED_BY_BUDGET}
    error = NOT_SCORED if result.status == COMPLETED else JOB_FAILED
    return _unscored(judge, criterion, {"Error": error, "Cause": result.in_words()})


def _scored(judge: str, criterion: Criterion, score: JobScore) -> JSON:
    value = score_of(criterion, score.result)
    return judgement_of(Judgement(judge, criterion.name, 0, score, value))


def _unscored(judge: str, criterion: str, error: JSON) -> JSON:
    return {"judge": judge, "criteria": [criterion], "repeat": 0, "api": EVALUATION_JOB, "error": error}


def _plain(metric: str) -> str:
    return re.sub(r"^builtin\.", "", metric.casefold())
