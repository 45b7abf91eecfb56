"""Rows into the files of jobs: as many as a job takes, and none for too few."""

import math
from collections.abc import Callable, Collection
from contextlib import ExitStack
from itertools import count
from typing import IO, Any, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.evaluation.delivery import MIN_JOB_RECORDS
from evaldrop.steps.prepare_jobs.jobs import rows_uri

JSON = dict[str, Any]


class JobPart(NamedTuple):
    """The rows of a job, and what they cost at most, in micro-dollars."""

    n: int
    reserve: int = 0


class JobLimits(NamedTuple):
    """
    What a job takes.

    Attributes:
        least: Rows that it has at least; fewer are called on demand.
        most: Rows that it has at most.
        most_bytes: Of its input: below the 1 GB that a file may have.
    """

    least: int = MIN_JOB_RECORDS
    most: int = 100_000
    most_bytes: int = 1_000_000_000


LIMITS = JobLimits()


class RowWriter:
    """
    Writes the rows of one candidate or judge, a file for each job.

    The rows behind the last full job are no job of their own when they are too few.

    Args:
        uri_of: Where the input of a part is, from 1.
        limits: What a job takes.

    Attributes:
        parts: What is in each file, once the writer is closed.
    """

    def __init__(self, uri_of: Callable[[int], str], limits: JobLimits) -> None:
        self._uri_of, self._limits = uri_of, limits
        # Until they are enough for a job: what is never opened leaves no file behind.
        self._waiting: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._opened = ExitStack()
        self._rows = self._bytes = 0
        self._micros = 0.0
        self.parts: list[JobPart] = []

    def add(self, row_id: str, body: JSON, micros: float = 0) -> None:
        """
        Write a row that costs at most so many micro-dollars.

        Raises:
            StorageError: It cannot be written.
        """
        # Its ID first, where a reader finds it without parsing the body.
        line = orjson.dumps({"recordId": row_id, "modelInput": body}) + b"\n"
        if self._rows == self._limits.most or self._bytes + len(line) > self._limits.most_bytes:
            self._close_part()
        self._rows += 1
        self._micros += micros
        self._bytes += len(line)
        if self._file is not None:
            self._file.write(line)
            return
        self._waiting.append(line)
        if self._rows >= self._limits.least:
            self._open()

    def _open(self) -> None:
        self._file = self._opened.enter_context(storage.open_write(self._uri_of(len(self.parts) + 1)))
        self._file.writelines(self._waiting)
        self._waiting = []

    def _close_part(self) -> None:
        if self._file is not None:
            self._opened.close()
            self.parts.append(JobPart(self._rows, math.ceil(self._micros)))
        self._file, self._waiting, self._rows, self._bytes, self._micros = None, [], 0, 0, 0.0

    def __enter__(self) -> "RowWriter":
        """Begin; the last file appears when the block ends, and not when it raises."""
        return self

    def __exit__(self, *raised: Any) -> None:
        """Close the last file."""
        if raised[0] is None:
            self._close_part()
        else:
            self._opened.__exit__(*raised)


class StageWriter:
    """
    Writes the rows of a stage: each candidate's or judge's into jobs of their own.

    Args:
        folder: The run's.
        stage: The stage.
        limits: What a job takes.
        taken: Places of jobs that were written before; the parts of the new ones come behind.
    """

    def __init__(self, folder: str, stage: str, limits: JobLimits, taken: Collection[str] = ()) -> None:
        self._folder, self._stage, self._limits, self._taken = folder, stage, limits, taken
        self._writers: dict[str, RowWriter] = {}
        self._opened = ExitStack()

    def add(self, who: str, row_id: str, body: JSON, micros: float = 0) -> None:
        """Write a row, as `RowWriter` does."""
        if who not in self._writers:
            place, before = f"{self._stage}/{who}", self.first_part_of(who) - 1
            writer = RowWriter(lambda part: rows_uri(self._folder, f"{place}-{before + part}"), self._limits)
            self._writers[who] = self._opened.enter_context(writer)
        self._writers[who].add(row_id, body, micros)

    def parts_of(self, who: str) -> list[JobPart]:
        """Return what is in each of somebody's jobs, once the writer is closed."""
        return self._writers[who].parts if who in self._writers else []

    def first_part_of(self, who: str) -> int:
        """Return the number of the first of somebody's jobs."""
        return next(part for part in count(1) if f"{self._stage}/{who}-{part}" not in self._taken)

    def __enter__(self) -> "StageWriter":
        """Begin, as a `RowWriter` does."""
        return self

    def __exit__(self, *raised: Any) -> None:
        """Close every file."""
        self._opened.__exit__(*raised)
