"""
PrepareJobs: the answers of a stage's jobs taken, and the input of the next stage's jobs written.

A stage whose jobs were written is not written again: a run that goes on, after whatever ended it, asks for
the same jobs by the same tokens, and gets those that there are.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, Literal

import orjson

from evaldrop import storage
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import RECORDS_FILE
from evaldrop.run.results import SKIPPED_BY_BUDGET
from evaldrop.steps.prepare_jobs.collecting import NO_BUDGET, JobAnswers, JobResult
from evaldrop.steps.prepare_jobs.jobs import BATCH, JOBS_FILE, BatchJob, job_of, results_uri
from evaldrop.steps.prepare_jobs.merging import make_fit, without_answered
from evaldrop.steps.prepare_jobs.row_ids import RowKey, row_id
from evaldrop.steps.prepare_jobs.settling import priced, settlement
from evaldrop.steps.prepare_jobs.stages import STAGES, Stage, Stages
from evaldrop.steps.prepare_jobs.writing import LIMITS, JobLimits, StageWriter
from evaldrop.steps.prepare_records.prepare import MAX_CHILD_INPUT_BYTES
from evaldrop.steps.prepare_records.reserve import Reserve

JSON = dict[str, Any]


def prepare_jobs(state: Mapping[str, Any], limits: JobLimits = LIMITS) -> JSON:
    """
    Return what the workflow goes on with: the next stage's jobs, or the records with all that jobs answered.

    Args:
        state: As PrepareRecords made it; its `batch` has the stage, and `results` once its jobs are over.
        limits: What a job takes.

    Raises:
        StorageError: A file cannot be read or written.
    """
    return _Preparing(state, limits).go_on()


class _Preparing:
    def __init__(self, state: Mapping[str, Any], limits: JobLimits) -> None:
        self._state, self._limits = state, limits
        self._batch: JSON = state["batch"]
        self._folder: str = state["run"]["folder"]
        self._run = RunDefinition.load(self._folder)
        self._stages = Stages(self._run, state)
        self._done = frozenset(state["done"])
        self._budget: JSON | None = state.get("budget")
        self._reserve = Reserve(self._run, state["candidates"], state["judges"])

    def go_on(self) -> JSON:
        """Do the next stage that has jobs, or end."""
        over: Stage | None = None
        if "results" in self._batch:
            over = self._batch["stage"]
            self._take_results(over)
        for stage in STAGES[STAGES.index(over) + 1 if over else 0 :]:
            if not self._stages.may_ask(stage):
                continue
            if jobs := self._jobs_of(stage, over):
                batch = {key: value for key, value in self._batch.items() if key != "results"}
                # Not once the stage was over: what a job did not answer may have been called on demand since.
                may_renew = not storage.exists(results_uri(self._folder, stage))
                jobs_as_told = [{**job._asdict(), "may_renew": may_renew} for job in jobs]
                state = {**self._state, "batch": {**batch, "stage": stage, "jobs": jobs_as_told}}
                return self._settling(state, over)
        state = {key: value for key, value in self._state.items() if key != "batch"}
        if over is None:
            return state
        uri = storage.join(self._folder, BATCH, RECORDS_FILE)
        self._write(uri, self._final_lines(over))
        state = {**state, "reader": storage.place(uri, root=self._run.out)._asdict()}
        return self._settling(state, over)

    def _take_results(self, over: Stage) -> None:
        """Keep how a stage's jobs ended: for the scorecard, and for a run that goes on."""
        self._results = [JobResult.of(told) for told in self._batch["results"]]
        uri = results_uri(self._folder, over)
        if self._budget is not None:
            earlier = orjson.loads(storage.read_bytes(uri)) if storage.exists(uri) else []
            jobs = self._written_jobs(over) or []
            told = priced(self._run, jobs, self._results, earlier=earlier, limit=self._budget["limit"])
            self._results = list(told)
        storage.write_bytes(uri, orjson.dumps([result._asdict() for result in self._results]))

    def _settling(self, state: JSON, over: Stage | None) -> JSON:
        """Return a state with what is to be settled of a stage that is over, where there is a budget."""
        if over is None or self._budget is None:
            return state
        jobs = self._written_jobs(over) or []
        return {**state, "settle": settlement(over, jobs, self._results)}

    def _written_jobs(self, stage: Stage) -> list[BatchJob] | None:
        """Return a stage's jobs as they were written; None where they were not."""
        uri = storage.join(self._folder, BATCH, stage, JOBS_FILE)
        if not storage.exists(uri):
            return None
        ended = results_uri(self._folder, stage)
        results = orjson.loads(storage.read_bytes(ended)) if storage.exists(ended) else []
        refused = {each["place"] for each in results if each["status"] == NO_BUDGET}
        jobs = [BatchJob(**job) for job in orjson.loads(storage.read_bytes(uri))]
        return [job._replace(refused=job.place in refused) for job in jobs]

    def _jobs_of(self, stage: Stage, over: Stage | None) -> list[BatchJob]:
        """Write the rows of a stage, and the records with what there is to ask about; return its jobs."""
        if (written := self._written_jobs(stage)) is not None:
            return written
        with StageWriter(self._folder, stage, self._limits) as writer:
            self._write(self._records_of(stage), self._asking(stage, over, writer))
        called = self._run.candidates if stage == "candidates" else self._run.judges
        jobs = [
            job_of(self._run.run_id, stage, number, called=each, n=part.n, reserve=part.reserve)
            for each in called
            for number, part in enumerate(writer.parts_of(each.name), 1)
        ]
        # Last: that it is there says that all else is.
        uri = storage.join(self._folder, BATCH, stage, JOBS_FILE)
        storage.write_bytes(uri, orjson.dumps([job._asdict() for job in jobs]))
        return jobs

    def _asking(self, stage: Stage, over: Stage | None, writer: StageWriter) -> Iterator[JSON]:
        """Yield the records that a stage asks about, while its rows are written."""
        kind: Literal["candidate", "judge"] = "candidate" if stage == "candidates" else "judge"
        for ordinal, line in self._lines(over):
            # Of a record that is skipped nobody else is asked either.
            if line["record_id"] not in self._done and "skipped" not in line["calls"]:
                for asked in self._stages.asked(stage, ordinal, line["calls"]):
                    body, micros = asked.body(), 0.0
                    if self._budget is not None:
                        micros = self._reserve.of_row(asked.who, kind=kind, body=body)
                    writer.add(asked.who, row_id(asked.key), body, micros)
            yield line

    def _records_of(self, stage: Stage | None) -> str:
        """Return the records that a stage asked about; before the first, those that were prepared."""
        if stage is None:
            return storage.join(self._folder, RECORDS_FILE)
        return storage.join(self._folder, BATCH, stage, RECORDS_FILE)

    def _lines(self, over: Stage | None) -> Iterator[tuple[int, JSON]]:
        """Yield every record with what the jobs of the stage that is over have answered."""
        with ExitStack() as stack:
            answers = None
            if over:
                with_missing = self._run.evaluation.batch.missing == "report"
                answers = JobAnswers(self._folder, self._results, stack, with_missing=with_missing)
            lines = stack.enter_context(storage.open_read(self._records_of(over)))
            for ordinal, text in enumerate(filter(bytes.strip, lines)):
                line = orjson.loads(text)
                calls = line["calls"]
                if over and answers and line["record_id"] not in self._done:
                    for asked in self._stages.asked(over, ordinal, calls):
                        if (answer := answers.answer(asked.key, asked.api)) is not None:
                            asked.take(answer)
                        elif self._is_skipped(answers, asked.key):
                            calls["skipped"] = SKIPPED_BY_BUDGET
                # What the report shows of a record is in the first file, and in no child.
                yield ordinal, {"record_id": line["record_id"], "calls": calls}

    def _final_lines(self, over: Stage) -> Iterator[JSON]:
        for _, line in self._lines(over):
            if line["record_id"] in self._done:
                # Its child has nothing to do.
                yield {"record_id": line["record_id"], "calls": {"record_id": line["record_id"]}}
                continue
            calls = line["calls"]
            if self._budget is not None:
                calls = {**calls, "reserve": self._reserve.of(calls)}
            calls = without_answered(calls, self._state["candidates"])
            make_fit(calls, self._room)
            yield {"record_id": line["record_id"], "calls": calls}

    def _is_skipped(self, answers: JobAnswers, key: RowKey) -> bool:
        """Tell whether a row is neither called: its job had no room in a budget that is no larger now."""
        first = answers.refusing_limit(key)
        return first is not None and self._budget is not None and self._budget["limit"] <= first

    @property
    def _room(self) -> int:
        shared = {name: self._state[name] for name in ("candidates", "judges", "refused")}
        return MAX_CHILD_INPUT_BYTES - len(orjson.dumps(shared))

    def _write(self, uri: str, lines: Iterator[JSON]) -> None:
        with storage.open_write(uri) as stream:
            for line in lines:
                stream.write(orjson.dumps(line) + b"\n")
