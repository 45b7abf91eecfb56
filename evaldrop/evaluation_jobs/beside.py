"""
Puts the scores of evaluation jobs beside a run's own judges: the same responses, one judge more.

A new run that names its parent, as a rescored one does: nothing is called. The panel's agreement is then
measured on responses that all of its judges saw.
"""

import platform
import uuid
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.errors import InputError
from evaldrop.evaluation import Judge
from evaldrop.evaluation.definition import EVALUATION_JOB
from evaldrop.evaluation_jobs.criterion_configs import Config
from evaldrop.evaluation_jobs.imported_criteria import ImportedCriteria, imported_criteria
from evaldrop.evaluation_jobs.importing import ImportSettings
from evaldrop.evaluation_jobs.joining import ImportedAnswer, ImportedRecord, ImportSource, JoinedJobs, join
from evaldrop.job_formats.judgements import judgement_of
from evaldrop.job_formats.metrics import built_in_metric
from evaldrop.json_text import loads
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import RECORDS_FILE, PreparedRecord
from evaldrop.run.request import new_run_id, run_folder
from evaldrop.run.results import MANIFEST, Found, collect, find_manifests
from evaldrop.scorecard.baseline.blessing import blessed_run
from evaldrop.shipped import VERSION
from evaldrop.steps.build_scorecard.reading import ResultReader
from evaldrop.steps.build_scorecard.results import take_unread_replies

JSON = dict[str, Any]


class _JudgedAnswer(NamedTuple):
    """A response in the output: the record it is of, and what was said of it."""

    record: ImportedRecord
    answer: ImportedAnswer


def import_beside(folder: str, sources: Sequence[ImportSource], settings: ImportSettings) -> RunDefinition:
    """
    Write a run with a parent's responses and verdicts, and the jobs' scores of the same responses.

    Args:
        folder: The parent's folder.
        sources: The output.
        settings: Of the evaluation only what the metrics were made of is taken; the rest is the parent's.

    Raises:
        InputError: The parent has no results, or none of its responses is in the output.
        StorageError: A file cannot be read or written.
    """
    parent = RunDefinition.load(folder)
    manifests = find_manifests(folder)
    if not manifests:
        raise InputError(f"{folder}: this run has no results. evaldrop run --resume finishes it.")
    criteria = _criteria(parent, sources, settings)
    joined = join(sources, criteria)
    scores = _ScoresOfRun(joined, {judge.name for judge in parent.judges})
    run = _definition(parent, joined, criteria, scores, settings)
    asked, matched = _write_results(run, parent, manifests, scores)
    if not matched:
        raise InputError(
            f"{folder}: none of its responses is in the output. Only jobs that judged this run's own "
            "responses can be put beside it (evaldrop bedrock-eval create --responses RUN)."
        )
    _write_records(run, parent, asked)
    total = sum(len(record.answers) for record in joined.records)
    note = (
        f"{', '.join(scores.names.values())}: imported scores of {matched:,} responses, of {total:,} there."
    )
    run = run.changed(dataset=run.dataset.model_copy(update={"notes": (*run.dataset.notes, note)}))
    # Last: a folder with run.json is a run, and must have its results by then.
    run.save()
    return run


def _criteria(
    parent: RunDefinition, sources: Sequence[ImportSource], settings: ImportSettings
) -> ImportedCriteria:
    """Return the jobs' criteria; a metric that asks what one of the run's does is that one."""
    own: dict[str, Config] = dict(zip(parent.judged_criteria, parent.criteria_configs, strict=True))
    asked = {name: name for name in own}
    for name, criterion in parent.judged_criteria.items():
        if metric := built_in_metric(criterion):
            asked[metric.name] = name
    jobs = [job for source in sources for job in source.jobs]
    return imported_criteria(jobs, own=own, asked={**asked, **settings.asked}, one_means=settings.one_means)


class _ScoresOfRun:
    """Finds what the jobs said of a response."""

    def __init__(self, joined: JoinedJobs, taken: set[str]) -> None:
        # A judge of the run's own by the same name is another instrument.
        self.names = {
            judge.name: f"{judge.name}-job" if judge.name in taken else judge.name for judge in joined.judges
        }
        self._places: dict[str, list[_JudgedAnswer]] = {}
        for record in joined.records:
            for answer in record.answers.values():
                if answer.text is not None:
                    self._places.setdefault(answer.text.strip(), []).append(_JudgedAnswer(record, answer))

    def of(self, record: PreparedRecord, text: str) -> list[JSON]:
        """Return the judgements on a response; none where the output does not have it."""
        places = self._places.get(text.strip(), [])
        ways = (
            [each for each in places if each.record.record_id == record.record_id],
            [each for each in places if each.record.prompt == record.prompt],
            # A job is shown what the candidate's prompt made of it.
            [each for each in places if record.prompt and record.prompt in each.record.prompt],
        )
        found = next(filter(None, ways), [])
        return [
            {**judgement_of(said), "judge": self.names[said.judge]}
            for said in (found[0].answer.judgements if found else ())
        ]


def _definition(
    parent: RunDefinition,
    joined: JoinedJobs,
    criteria: ImportedCriteria,
    scores: _ScoresOfRun,
    settings: ImportSettings,
) -> RunDefinition:
    run_id, place = new_run_id(), storage.absolute(settings.out)
    name, evaluation = parent.evaluation_name, parent.evaluation
    more = [each.config for each in criteria.by_key.values() if each.name not in parent.criteria]
    judges = [
        Judge(name=scores.names[judge.name], model=judge.model, api=EVALUATION_JOB) for judge in joined.judges
    ]
    # Criteria that records brought stay behind the evaluation's.
    brought = parent.criteria_configs[len(evaluation.criteria) :]
    prices = {judge.model: None for judge in judges}
    simulated = parent.simulated or settings.simulated
    return parent.changed(
        run_id=run_id,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        written_to=run_folder(place, name, run_id),
        out=place,
        evaluation=evaluation.model_copy(
            update={"judges": (*evaluation.judges, *judges), "criteria": (*evaluation.criteria, *more)}
        ),
        evaluation_uri=None,
        criteria_configs=(*evaluation.criteria, *more, *brought),
        price_list={**parent.price_list, "models": {**prices, **parent.price_list["models"]}},
        estimate=None,
        options={**parent.options, **settings.options(run_id)},
        simulated=simulated,
        baseline=blessed_run(storage.join(place, name), simulated=simulated),
        versions={"evaldrop": VERSION, "python": platform.python_version()},
        parent=parent.as_parent("rescored"),
        dataset=parent.dataset.model_copy(
            update={
                "notes": (*parent.dataset.notes, *criteria.notes),
                "alarms": (*parent.dataset.alarms, *criteria.left_out),
            }
        ),
    )


def _write_results(
    run: RunDefinition, parent: RunDefinition, manifests: Sequence[str], scores: _ScoresOfRun
) -> tuple[Mapping[str, list[JSON]], int]:
    """Write the results; return what each record was asked besides, and how many responses have scores."""
    reader, matched = ResultReader(parent), 0
    asked: dict[str, list[JSON]] = {}
    place = storage.join(run.folder, "results", str(uuid.uuid4()))
    succeeded, failed = (storage.join(place, f"{name}_0.jsonl") for name in ("SUCCEEDED", "FAILED"))
    with storage.open_write(succeeded) as lines, storage.open_write(failed) as failures:
        for found in collect(parent.folder, manifests):
            if found.output is None:
                failures.write(orjson.dumps(_failed(found)) + b"\n")
                continue
            for name, more in _more(found, reader, parent.folder, scores).items():
                matched += bool(more)
                _response(found.output, name)["judgements"] += more
                asked.setdefault(found.record.record_id, []).extend(more)
            for output in (found.output, *found.repeats):
                lines.write(orjson.dumps(output) + b"\n")
    files = {"SUCCEEDED": [{"Key": succeeded}], "FAILED": [{"Key": failed}], "PENDING": []}
    manifest = {"DestinationBucket": run.out, "ResultFiles": files}
    storage.write_bytes(storage.join(place, MANIFEST), orjson.dumps(manifest))
    return asked, matched


def _more(found: Found, reader: ResultReader, folder: str, scores: _ScoresOfRun) -> Mapping[str, list[JSON]]:
    if found.record.anchor is not None or found.record.perturbed is not None:
        return {}
    # Of a copy: what is written has to stay as it was read.
    read = found._replace(output=deepcopy(found.output), repeats=())
    take_unread_replies(read, folder)
    rows = (result.response for result in reader.read(read))
    return {row.candidate: scores.of(found.record, row.response) for row in rows if row.response is not None}


def _response(output: JSON, candidate: str) -> JSON:
    response: JSON = next(each for each in output["responses"] if each["candidate"] == candidate)
    response["judgements"] = list(response.get("judgements") or ())
    return response


def _failed(found: Found) -> JSON:
    return {
        "Input": {"record_id": found.record.record_id},
        "Error": found.failure.error,
        "Cause": found.failure.cause,
    }


def _write_records(run: RunDefinition, parent: RunDefinition, asked: Mapping[str, list[JSON]]) -> None:
    with (
        storage.open_read(parent.file(RECORDS_FILE)) as lines,
        storage.open_write(run.file(RECORDS_FILE)) as written,
    ):
        for line in lines:
            if line.strip():
                content = loads(line)
                content["calls"]["judgements"] += _expected(asked.get(content["record_id"], ()))
                written.write(orjson.dumps(content) + b"\n")
    if storage.exists(parent.file("rejected.jsonl")):
        storage.copy(parent.file("rejected.jsonl"), run.file("rejected.jsonl"))


def _expected(judgements: Sequence[JSON]) -> Iterator[JSON]:
    keys = dict.fromkeys((each["judge"], *each["criteria"], each["repeat"]) for each in judgements)
    for judge, criterion, repeat in keys:
        yield {"judge": judge, "criteria": [criterion], "repeat": repeat}
