"""The files of an import: prepared records, results whose judgements are the jobs' scores, the evaluation."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import yaml

from evaldrop import storage
from evaldrop.evaluation.definition import EVALUATION_JOB
from evaldrop.evaluation_jobs.joining import ImportedAnswer, ImportedRecord, JoinedJobs
from evaldrop.job_formats.judgements import judgement_of
from evaldrop.job_formats.output import BrokenRow
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import RECORDS_FILE
from evaldrop.run.results import MANIFEST

EVALUATION_FILE = "evaluation.yaml"
NOT_ASKED, NO_RESPONSE = "NotInJob", "NoResponse"
"""Errors of a response that is not there: the candidate's job has no row of the prompt, or one without it."""


def dataset_of(joined: JoinedJobs) -> bytes:
    """Return the records as a dataset: what a judge that is asked about the responses is shown."""
    records = (
        {
            "id": record.record_id,
            "prompt": record.prompt,
            "reference": record.reference,
            "category": record.category,
            "group": record.group,
        }
        for record in joined.records
    )
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


def write_files(run: RunDefinition, joined: JoinedJobs, broken: Sequence[BrokenRow]) -> None:
    """
    Write what an import's scorecard is computed from, `run.json` last.

    Raises:
        StorageError: It cannot be written.
    """
    heard = _heard(joined)
    with storage.open_write(run.file(RECORDS_FILE)) as lines:
        for number, record in enumerate(joined.records, start=1):
            lines.write(orjson.dumps(_prepared(record, number)) + b"\n")
    with storage.open_write(run.file("rejected.jsonl")) as lines:
        for row in broken:
            lines.write(orjson.dumps({"source": row.uri, "row": row.text}) + b"\n")
    storage.write_bytes(run.dataset.uri, dataset_of(joined))
    folder = storage.join(run.folder, "results", str(uuid.uuid4()))
    results = storage.join(folder, "SUCCEEDED_0.jsonl")
    with storage.open_write(results) as lines:
        for record in joined.records:
            lines.write(orjson.dumps(_result(record, joined.candidates, heard)) + b"\n")
    manifest = {
        "DestinationBucket": run.out,
        "ResultFiles": {"FAILED": [], "PENDING": [], "SUCCEEDED": [{"Key": results}]},
    }
    storage.write_bytes(storage.join(folder, MANIFEST), orjson.dumps(manifest))
    # Not `inference`: how the models were asked, no job's output says.
    unknown = {"__all__": {"inference"}}
    content = run.evaluation.model_dump(
        mode="json", exclude_defaults=True, exclude={"candidates": unknown, "judges": unknown}
    )
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    storage.write_bytes(run.file(EVALUATION_FILE), text.encode())
    # Last: a folder with run.json is a run, and must have its results by then.
    run.save()


_Asked = Mapping[str, Mapping[tuple[str, str], None]]
"""Candidate: the judges and criteria that there is any score of, of any of its responses."""


def _heard(joined: JoinedJobs) -> _Asked:
    heard: dict[str, dict[tuple[str, str], None]] = {name: {} for name in joined.candidates}
    for record in joined.records:
        for name, answer in record.answers.items():
            heard[name].update(dict.fromkeys((each.judge, each.criterion) for each in answer.judgements))
    return heard


def _prepared(record: ImportedRecord, number: int) -> dict[str, Any]:
    asked = {
        (each.judge, each.criterion, each.repeat)
        for answer in record.answers.values()
        for each in answer.judgements
    }
    judgements = [
        {"judge": judge, "criteria": [criterion], "repeat": repeat}
        for judge, criterion, repeat in sorted(asked)
    ]
    return {
        "record_id": record.record_id,
        "line": number,
        "prompt": record.prompt,
        "reference": record.reference,
        "category": record.category,
        "group": record.group,
        "metadata": {"dataset": record.dataset} if record.dataset else {},
        "calls": {
            "record_id": record.record_id,
            "requests": {},
            "given": {},
            "judgements": judgements,
            "comparisons": [],
        },
    }


def _result(record: ImportedRecord, candidates: Mapping[str, str], heard: _Asked) -> dict[str, Any]:
    asked = {
        (each.judge, each.criterion): None for answer in record.answers.values() for each in answer.judgements
    }
    return {
        "record_id": record.record_id,
        "responses": [
            _response(name, record.answers.get(name), [pair for pair in asked if pair not in heard[name]])
            for name in candidates
        ],
        "comparisons": [],
    }


def _response(name: str, answer: ImportedAnswer | None, unheard: Sequence[tuple[str, str]]) -> dict[str, Any]:
    if answer is None:
        cause = "The job has no row of this prompt: the model was not asked it, or gave no response."
        return {"candidate": name, "error": {"Error": NOT_ASKED, "Cause": cause}}
    if answer.text is None:
        cause = "The job's row has no response of the model."
        return {"candidate": name, "error": {"Error": NO_RESPONSE, "Cause": cause}}
    judgements = [judgement_of(each) for each in answer.judgements]
    # Nothing was lost where a candidate's job never had the metric, or had another judge.
    judgements += [
        {
            "judge": judge,
            "criteria": [criterion],
            "api": EVALUATION_JOB,
            "reply": {
                "score": None,
                "result": None,
                "explanation": "The job of this model has no such score.",
            },
        }
        for judge, criterion in unheard
    ]
    return {"candidate": name, "given": True, "text": answer.text, "judgements": judgements}
