"""
The datasets of evaluation jobs: rows, what is too long for one, and files of at most 1,000 prompts.

Beside the files, which Bedrock reads, `prompts.jsonl` says which record each row is: a row has no place for
an ID that would come back.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from evaldrop import storage
from evaldrop.evaluation_jobs.prompts import JobSource
from evaldrop.job_formats.limits import MAX_PROMPT_BYTES, MAX_PROMPTS
from evaldrop.job_formats.rows import AskedPrompt, LeftOut, json_row
from evaldrop.steps.validate_dataset.plan import tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetPlan:
    """
    What rows a series of datasets has.

    Attributes:
        name: Of the series; its files are `<name>-1.jsonl` and so on.
        prompt: The candidates' prompt file.
        responses_of: Candidates whose responses the rows bring; none where a model is to be called.
    """

    name: str
    prompt: str
    responses_of: tuple[str, ...] = ()


@dataclass(kw_only=True)
class RowTally:
    """
    What a series of datasets comes to.

    Attributes:
        n: Rows.
        references: Rows with a reference.
        prompt_tokens: Of all prompts, about.
        response_tokens: Of all responses that the rows bring, by candidate.
        reference_tokens: Of all references; their mean is the best hint of a response's length.
        left_out: Records that are in no row, and why.
    """

    n: int = 0
    references: int = 0
    prompt_tokens: int = 0
    reference_tokens: int = 0
    response_tokens: dict[str, int] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def parts(self) -> int:
        """How many files the rows take."""
        return -(-self.n // MAX_PROMPTS)

    @property
    def rows_per_part(self) -> int:
        """How many rows each has, but for the last: about the same, so that none is left with a few."""
        return -(-self.n // max(1, self.parts))

    def add(self, row: AskedPrompt, plan: DatasetPlan) -> None:
        """Count a row."""
        self.n += 1
        self.prompt_tokens += tokens(row.text)
        if row.reference:
            self.references += 1
            self.reference_tokens += tokens(row.reference)
        for name in plan.responses_of:
            known = self.response_tokens.get(name, 0)
            self.response_tokens[name] = known + tokens(row.responses[name])


def rows(source: JobSource, plan: DatasetPlan) -> Iterator[AskedPrompt | LeftOut]:
    """Yield the rows of a series of datasets, and what cannot be one."""
    for asked in source.asked(plan.prompt):
        yield asked if isinstance(asked, LeftOut) else _checked(asked, plan)


def _checked(asked: AskedPrompt, plan: DatasetPlan) -> AskedPrompt | LeftOut:
    size = len(asked.text.encode())
    if size > MAX_PROMPT_BYTES:
        return LeftOut(
            asked.record_id, f"its prompt has {size:,} bytes; a job takes {MAX_PROMPT_BYTES:,} at most"
        )
    if missing := [name for name in plan.responses_of if name not in asked.responses]:
        # Nothing to judge, which is no fault of the record's: a call that failed in a run has none.
        return LeftOut(asked.record_id, f"there is no response of {', '.join(missing)}", is_fault=False)
    return asked


def count_rows(source: JobSource, plan: DatasetPlan) -> RowTally:
    """Return what a series of datasets comes to; nothing is written."""
    tally = RowTally()
    for row in rows(source, plan):
        if isinstance(row, LeftOut):
            tally.left_out.append(row)
        else:
            tally.add(row, plan)
    return tally


def part_name(plan: DatasetPlan, part: int) -> str:
    """Return the name of one of a series' datasets; parts are counted from 1."""
    return f"{plan.name}-{part}"


def dataset_uri(folder: str, name: str) -> str:
    """Return where a dataset is below a folder of jobs."""
    return storage.join(folder, "datasets", f"{name}.jsonl")


def prompts_uri(folder: str) -> str:
    """Return where the list of which record each row is stands."""
    return storage.join(folder, "prompts.jsonl")


def write_datasets(source: JobSource, tallies: Mapping[DatasetPlan, RowTally], folder: str) -> None:
    """
    Write the files of several series, and which record each of their rows is.

    Raises:
        StorageError: They cannot be written.
    """
    with storage.open_write(prompts_uri(folder)) as index:
        for plan, tally in tallies.items():
            for name, part in _parts(source, plan, tally.rows_per_part):
                with storage.open_write(dataset_uri(folder, name)) as stream:
                    for row in part:
                        stream.write(orjson.dumps(json_row(row, plan.responses_of)) + b"\n")
                        index.write(orjson.dumps(_index_row(name, row)) + b"\n")


def _parts(source: JobSource, plan: DatasetPlan, most: int) -> Iterator[tuple[str, list[AskedPrompt]]]:
    part: list[AskedPrompt] = []
    number = 1
    for row in rows(source, plan):
        if isinstance(row, LeftOut):
            continue
        part.append(row)
        if len(part) == most:
            yield part_name(plan, number), part
            part, number = [], number + 1
    if part:
        yield part_name(plan, number), part


def _index_row(dataset: str, row: AskedPrompt) -> Mapping[str, Any]:
    # By the prompt's digest: it is what comes back, and may be long.
    return {
        "dataset": dataset,
        "record_id": row.record_id,
        "group": row.group,
        "prompt_sha256": hashlib.sha256(row.text.encode()).hexdigest(),
    }
