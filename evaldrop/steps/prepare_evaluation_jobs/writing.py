"""Responses into the datasets of evaluation jobs: a candidate's by what is asked of them, 1,000 a file."""

from contextlib import ExitStack
from typing import IO, Any

import orjson

from evaldrop import storage
from evaldrop.job_formats.limits import MAX_PROMPTS
from evaldrop.job_formats.rows import AskedPrompt, json_row
from evaldrop.steps.prepare_evaluation_jobs.jobs import ROWS_FILE, dataset_uri, round_folder
from evaldrop.steps.prepare_evaluation_jobs.reserving import DatasetSize
from evaldrop.steps.prepare_evaluation_jobs.row_keys import ResponseKey

Series = tuple[str, tuple[str, ...]]
"""A candidate, and the names of the criteria that a series of its responses is asked."""


class RoundWriter:
    """
    Writes a round's datasets, and which response each row is.

    Attributes:
        datasets: The names of each series' datasets.
        sizes: How much is in each dataset.
        n: Responses that were new, those in no dataset included.
    """

    def __init__(self, folder: str, round_name: str, *, most: int = MAX_PROMPTS) -> None:
        self._folder, self._round, self._most = folder, round_name, most
        self._opened = ExitStack()
        self._index: IO[bytes] | None = None
        self._files: dict[Series, tuple[IO[bytes], ExitStack]] = {}
        self._rows: dict[Series, int] = {}
        self.datasets: dict[Series, list[str]] = {}
        self.sizes: dict[str, DatasetSize] = {}
        self.n = 0

    def add(self, series: Series, key: ResponseKey, row: AskedPrompt) -> None:
        """
        Write a response into a dataset.

        Raises:
            StorageError: It cannot be written.
        """
        if series not in self._files or self._rows[series] == self._most:
            self._begin(series)
        self._rows[series] += 1
        file, _ = self._files[series]
        line, name = orjson.dumps(json_row(row, [key.candidate])) + b"\n", self.datasets[series][-1]
        file.write(line)
        self.sizes[name] = DatasetSize(self._rows[series], self.sizes[name].bytes + len(line))
        self._note({**key._asdict(), "dataset": name})

    def leave_out(self, key: ResponseKey, why: str) -> None:
        """Note that a response is in no dataset."""
        self._note({**key._asdict(), "left_out": why})

    def _begin(self, series: Series) -> None:
        if series in self._files:
            self._files[series][1].close()
        names = self.datasets.setdefault(series, [])
        # Short: a candidate's name may be as long as a dataset's may be at most.
        names.append(f"series-{list(self.datasets).index(series) + 1}-{len(names) + 1}")
        self.sizes[names[-1]] = DatasetSize(0, 0)
        own = self._opened.enter_context(ExitStack())
        file = own.enter_context(storage.open_write(dataset_uri(self._folder, self._round, names[-1])))
        self._files[series], self._rows[series] = (file, own), 0

    def _note(self, row: dict[str, Any]) -> None:
        if self._index is None:
            uri = storage.join(round_folder(self._folder, self._round), ROWS_FILE)
            self._index = self._opened.enter_context(storage.open_write(uri))
        self._index.write(orjson.dumps(row) + b"\n")
        self.n += 1

    def __enter__(self) -> "RoundWriter":
        """Begin; files appear when they are full or the block ends, and not when it raises."""
        return self

    def __exit__(self, *raised: Any) -> None:
        """Close every file."""
        self._opened.__exit__(*raised)
