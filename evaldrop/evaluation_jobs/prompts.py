"""
What is asked in evaluation jobs: a record's prompt as one text, and the responses that are there already.

A job's row has one text. What a candidate's prompt file makes of a record is put into it: the system text
first, then the question, or the turns of a conversation with who speaks.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

from evaldrop import storage
from evaldrop.datasets import Record
from evaldrop.datasets.reading import Joined, read_rows
from evaldrop.errors import PromptError, StorageError
from evaldrop.evaluation.definition import Candidate
from evaldrop.evaluation.prompts import Prompt
from evaldrop.job_formats.rows import AskedPrompt, LeftOut
from evaldrop.run.definition import RunDefinition
from evaldrop.run.records import prepared_records
from evaldrop.run.tables import has_table
from evaldrop.run.tables import read_rows as read_table
from evaldrop.steps.prepare_evaluation_jobs.asked_text import one_text, own_turns, record_of
from evaldrop.steps.prepare_records.prepare import asked_turns, variables


class JobSource:
    """
    Where records are read from, as often as is needed: a dataset, or the folder of a run.

    Attributes:
        definition: The run as it would be, or as it was.
        is_run: Whether the candidates' responses are those of a run.
    """

    def __init__(self, definition: RunDefinition, *, is_run: bool = False, limit: int | None = None) -> None:
        self.definition = definition
        self.is_run = is_run
        self._limit = limit

    def asked(self, prompt: str) -> Iterator[AskedPrompt | LeftOut]:
        """Yield every record as the prompt file of this name puts it, or why it cannot be asked."""
        name = f"candidate/{prompt}"
        # Of responses that come with a dataset no prompt is known: the question is the record's own.
        known = self.definition.prompt("candidate", prompt) if name in self.definition.prompts else None
        for number, record in enumerate(self._records()):
            if number == self._limit:
                return
            if isinstance(record, LeftOut):
                yield record
                continue
            try:
                turns = asked_turns(known, record, variables(record)) if known else own_turns(record)
            except PromptError as error:
                yield LeftOut(record.id, str(error))
                continue
            yield AskedPrompt(
                record_id=record.id,
                text=one_text(turns),
                reference=next(iter(record.reference), None),
                category=record.category,
                group=record.group,
                responses=self._responses_of(record),
            )

    def _records(self) -> Iterator[Record | LeftOut]:
        return _records_of_run(self.definition.folder) if self.is_run else _records_of(self.definition)

    def _responses_of(self, record: Record) -> Mapping[str, str]:
        if self.is_run:
            return self._of_run.get(record.id, {})
        given = self.definition.given
        return {given.get(name, name): text for name, text in record.responses.items()}

    @cached_property
    def _of_run(self) -> Mapping[str, dict[str, str]]:
        responses: dict[str, dict[str, str]] = {}
        table = storage.join(self.definition.folder, "responses.parquet")
        for record_id, candidate, response in read_table(table, ("record_id", "candidate", "response")):
            # A call that failed has none, and an empty one is nothing to judge.
            if response:
                responses.setdefault(record_id, {})[candidate] = response
        return responses


def _records_of(definition: RunDefinition) -> Iterator[Record | LeftOut]:
    uri, fields = definition.dataset.uri, definition.evaluation.fields
    with storage.open_read(uri, definition.dataset.version) as stream:
        for reading in read_rows(stream, source=uri.rpartition("/")[2], fields=fields or None).rows:
            row = reading.outcome
            if isinstance(row, Record):
                yield row
            elif not isinstance(row, Joined):
                # Tolerated by now: a dataset with more such rows than that was refused.
                yield LeftOut(f"row {row.line}", " ".join(map(str, row.problems)), is_fault=False)


def _records_of_run(folder: str) -> Iterator[Record | LeftOut]:
    for prepared in prepared_records(folder):
        if prepared.anchor or prepared.perturbed:
            continue
        if prepared.is_cut:
            yield LeftOut(prepared.record_id, "its texts were too long to be kept whole in the run")
        else:
            yield record_of(prepared)


def has_system(definition: RunDefinition, candidate: Candidate) -> bool:
    """Tell whether a candidate's prompt file has a system text, which a job puts before the question."""
    name = f"candidate/{definition.evaluation.prompt_of(candidate)}"
    file = definition.prompts.get(name)
    return file is not None and "system" in _roles(Prompt(name=name, text=file.text))


def _roles(prompt: Prompt) -> set[str]:
    return {line.removeprefix("## ").strip() for line in prompt.text.splitlines() if line.startswith("## ")}


def source_of_run(folder: str, *, limit: int | None = None) -> JobSource:
    """
    Return the records of a run with its responses.

    Raises:
        StorageError: The folder holds no run that has come to its end.
    """
    if not has_table(storage.join(folder, "responses.parquet")):
        raise StorageError(
            f"{folder}: no responses.parquet there: this run has not ended, or is none. Name one that has; "
            "evaldrop run --resume RUN finishes one."
        )
    return JobSource(RunDefinition.load(folder), is_run=True, limit=limit)
