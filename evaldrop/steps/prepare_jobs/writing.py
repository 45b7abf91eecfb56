"""Rows into the files of jobs: as many as a job takes, and none for too few."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import IO, Any, NamedTuple

import orjson

from evaldrop import storage
from evaldrop.evaluation.delivery import MIN_JOB_RECORDS

JSON = dict[str, Any]


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
        parts: The rows of each file, once the writer is closed.
    """

    def __init__(self, uri_of: Callable[[int], str], limits: JobLimits) -> None:
        self._uri_of, self._limits = uri_of, limits
        # Until they are enough for a job: what is never opened leaves no file behind.
        self._waiting: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._opened = ExitStack()
        self._rows = self._bytes = 0
        self.parts: list[int] = []

    def add(self, row_id: str, body: JSON) -> None:
        """
        Write a row.

        Raises:
            StorageError: It cannot be written.
        """
        # Its ID first, where a reader finds it without parsing the body.
        line = orjson.dumps({"recordId": row_id, "modelInput": body}) + b"\n"
        if self._rows == self._limits.most or self._bytes + len(line) > self._limits.most_bytes:
            self._close_part()
        self._rows += 1
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
            self.parts.append(self._rows)
        self._file, self._waiting, self._rows, self._bytes = None, [], 0, 0

    def __enter__(self) -> "RowWriter":
        """Begin; the last file appears when the block ends, and not when it raises."""
        return self

    def __exit__(self, *raised: Any) -> None:
        """Close the last file."""
        if raised[0] is None:
            self._close_part()
        else:
            self._opened.__exit__(*raised)
