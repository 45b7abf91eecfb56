"""
PrepareJobs: the answers of a stage's jobs taken, and the input of the next stage's jobs written.

A stage whose jobs were written is not written again: a run that goes on, after whatever ended it, asks for
the same jobs by the same tokens, and gets those that there are. With a larger budget it gets further jobs, of
rows that the first one had no room for. In a stack, which may have forgotten the tokens, no job is asked for
of which it is known how it ended.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from functools import cached_property
from typing import Any, Literal

import orjson

from evaldrop import storage
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import RECORDS_FILE
from evaldrop.run.results import SKIPPED_BY_BUDGET
from evaldrop.steps.prepare_jobs.collecting import JobAnswers, JobResult
from evaldrop.steps.prepare_jobs.jobs import BATCH, BatchJob, job_of, jobs_uri, results_uri
from evaldrop.steps.prepare_jobs.merging import make_fit, without_answered
from evaldrop.steps.prepare_jobs.rounds import (
    WrittenStage,
    records_called,
    with_earlier,
    written_stage,
)
from evaldrop.steps.prepare_jobs.row_ids import RowKey, packed, row_id
from evaldrop.steps.prepare_jobs.settling import priced, settlement
from evaldrop.steps.prepare_jobs.stages import STAGES, Stage, Stages
from evaldrop.steps.prepare_jobs.writing import LIMITS, JobLimits, StageWriter
from evaldrop.steps.prepare_records.prepare import MAX_CHILD_INPUT_BYTES
from evaldrop.steps.prepare_records.reserve import Reserve
from evaldrop.steps.prepare_records.rest import REST_FILE

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
        self._is_rest = bool(state["run"].get("rest"))
        self._done = frozenset(state["done"])
        if self._is_rest:
            self._done |= self._called
        self._budget: JSON | None = state.get("budget")
        self._reserve = Reserve(self._run, state["candidates"], state["judges"])

    def go_on(self) -> JSON:
        """Do the next stage that has jobs, or end."""
        over: Stage | None = None
        settled: JSON = {}
        if "results" in self._batch:
            over = self._batch["stage"]
            settled = self._take_results(over)
        for stage in STAGES[STAGES.index(over) + 1 if over else 0 :]:
            if not self._stages.may_ask(stage):
                continue
            if jobs := self._jobs_of(stage, over):
                batch = {key: value for key, value in self._batch.items() if key != "results"}
                told = self._as_told(stage, jobs)
                return {**self._state, "batch": {**batch, "stage": stage, "jobs": told}, **settled}
            if (written := written_stage(self._folder, stage)) and written.results:
                # All its jobs were over when the run went on.
                over, self._results = stage, written.results
        state = {key: value for key, value in self._state.items() if key != "batch"}
        if over is None:
            return state
        uri = storage.join(self._folder, BATCH, RECORDS_FILE)
        self._write(uri, self._final_lines(over))
        if self._is_rest:
            uri = self._left_of(uri)
        return {**state, "reader": storage.place(uri, root=self._run.out)._asdict(), **settled}

    def _as_told(self, stage: Stage, jobs: Iterable[BatchJob]) -> list[JSON]:
        """Return jobs as the workflow takes them."""
        known = written_stage(self._folder, stage) or WrittenStage([], [])
        # Not renewed once it was over: what it did not answer may have been called on demand since.
        over = {result.place for result in known.results}
        return [{**job._asdict(), "may_renew": job.place not in over} for job in jobs]

    def _take_results(self, over: Stage) -> JSON:
        """Keep how a stage's jobs ended; return what is to be settled of them, where there is a budget."""
        results = [JobResult.of(told) for told in self._batch["results"]]
        written = written_stage(self._folder, over) or WrittenStage([], [])
        settled = {}
        if self._budget is not None:
            limit = self._budget["limit"]
            results = list(priced(self._run, written.jobs, results, earlier=written.results, limit=limit))
            settled["settle"] = settlement(over, written.jobs, results)
        self._results = with_earlier(written.results, results)
        told = orjson.dumps([result._asdict() for result in self._results])
        storage.write_bytes(results_uri(self._folder, over), told)
        return settled

    @cached_property
    def _called(self) -> frozenset[str]:
        return records_called(self._folder, is_rest=self._is_rest)

    def _asks_more(self, stage: Stage) -> bool:
        """Tell whether there is room now for what a stage, or one before it, had none for."""
        if self._budget is None:
            return False
        stages = STAGES[: STAGES.index(stage) + 1]
        written = (written_stage(self._folder, each) for each in stages)
        return any(each is not None and each.may_ask_more(self._budget["limit"]) for each in written)

    def _jobs_of(self, stage: Stage, over: Stage | None) -> list[BatchJob]:
        """Write the rows of a stage, and the records with what there is to ask about; return its jobs."""
        written = written_stage(self._folder, stage)
        if written is None:
            return self._write_jobs(stage, over, None)
        jobs = written.unfinished() if self._is_rest else written.jobs
        return [*jobs, *self._write_jobs(stage, over, written)] if self._asks_more(stage) else jobs

    def _write_jobs(self, stage: Stage, over: Stage | None, written: WrittenStage | None) -> list[BatchJob]:
        """Write a stage's jobs behind those that are written, and return the new ones."""
        before = written.jobs if written else []
        with StageWriter(
            self._folder, stage, self._limits, taken=written.places if written else ()
        ) as writer:
            self._write(self._records_of(stage), self._asking(stage, over, writer, written))
        called = self._run.candidates if stage == "candidates" else self._run.judges
        jobs = [
            job_of(
                self._run.run_id, stage, number,
                called=each, n=part.n, reserve=part.reserve, round_=written.round + 1 if written else 1,
            )
            for each in called
            for number, part in enumerate(writer.parts_of(each.name), writer.first_part_of(each.name))
        ]  # fmt: skip
        # Last: that it is there says that all else is.
        told = orjson.dumps([job._asdict() for job in (*before, *jobs)])
        storage.write_bytes(jobs_uri(self._folder, stage), told)
        return jobs

    def _asking(
        self, stage: Stage, over: Stage | None, writer: StageWriter, written: WrittenStage | None
    ) -> Iterator[JSON]:
        """Yield the records that a stage asks about, while those rows are written that are in no job yet."""
        kind: Literal["candidate", "judge"] = "candidate" if stage == "candidates" else "judge"
        sent = written.sent_rows(self._folder) if written else set()
        answered = self._done | self._called if written else self._done
        for ordinal, line in self._lines(over):
            # Of a record that is skipped nobody else is asked either.
            if line["record_id"] not in answered and "skipped" not in line["calls"]:
                for asked in self._stages.asked(stage, ordinal, line["calls"]):
                    if packed(row_id(asked.key)) in sent:
                        continue
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

    def _left_of(self, uri: str) -> str:
        """Return the URI of the records that are left of those in a file."""
        rest = self._run.file(REST_FILE)
        with storage.open_read(uri) as lines:
            self._write(rest, (line for line in map(orjson.loads, lines) if self._is_left(line)))
        return rest

    def _is_left(self, line: JSON) -> bool:
        return line["record_id"] not in self._done

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
