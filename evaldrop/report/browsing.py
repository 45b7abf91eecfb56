"""
The records of a finished run, a page at a time, from its tables: all of them, or those that are asked for.

What is asked for is looked for window by window, in the dataset's order. A window is read by as few columns
as tell, and texts only where everything else fits: a page of ten million rows is there at once, and a rare
record is searched for as long as whoever asks is willing to wait.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, reduce
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from evaldrop.errors import InputError
from evaldrop.evaluation.criteria.criterion import Criterion
from evaldrop.nearest import did_you_mean
from evaldrop.report.record_filter import AskedRows, RecordFilter, RowTest, TableName, conditions_of
from evaldrop.run.columns import codes
from evaldrop.run.definition import RunDefinition
from evaldrop.run.ordinals import ORDINAL, Ordinals, OrdinalTable, numbered, ordinals_of
from evaldrop.run.records import record_files
from evaldrop.run.tables import read_rows
from evaldrop.scorecard.baseline.scores_table import SCORES_FILE, kept_criteria, lost_column, score_column

_FIRST_WINDOW, _LARGEST_WINDOW = 1_024, 32_768
"""Records. The first are few, for who is content with what comes first; later, reading takes the time."""
_AT_ONCE: Final = 50
"""Records that are read together: those of a page."""
_FAR: Final = 2_048
"""Records between two, from which on they are not read in one piece: about those of a row group."""

MOST_CHARACTERS: Final = 20_000
"""Of a text in a list: a conversation of millions would take a browser's memory, and an answer has 6 MB."""
# They are long, and no list shows them; a record by itself has them.
_NOT_LISTED: Final = frozenset({"raw_reply", "first_reply", "thinking"})

Keys = npt.NDArray[np.int64]
_NONE: Final[Keys] = np.empty(0, np.int64)


def beginning(text: str) -> str:
    """Return a text as a list has it: of a very long one the beginning, and how much follows."""
    left_out = len(text) - MOST_CHARACTERS
    return f"{text[:MOST_CHARACTERS]} … {left_out:,} more characters" if left_out > 0 else text


class RecordRows(NamedTuple):
    """
    A record with its rows of the tables, each by its columns' names; in a list without what is long.

    `ordinal` is its place in the run, from 0.
    """

    ordinal: int
    record_id: str
    category: str | None
    group: str | None
    prompt: str
    responses: Sequence[Mapping[str, Any]]
    verdicts: Sequence[Mapping[str, Any]]
    comparisons: Sequence[Mapping[str, Any]]


class Looked(NamedTuple):
    """How far was looked: at all records before the ordinal `before`."""

    before: int


class RunRecords:
    """
    The records of a finished run.

    Args:
        run: The run.

    Attributes:
        run: The run.
        candidates: Whose results can be asked for.

    Raises:
        InputError: The run has not all of its tables.
        StorageError: S3 would not say what there is.
    """

    def __init__(self, run: RunDefinition) -> None:
        self.run = run
        if not self._responses.is_there:
            raise InputError(f"{run.folder}: no responses.parquet. The run has not ended.")
        if not self._scores.is_there:
            raise InputError(
                f"{run.folder}: no {SCORES_FILE}. `evaldrop report {run.folder} --rebuild` makes it."
            )
        self.candidates = [candidate.name for candidate in run.candidates]
        self._codes = {name: code for code, name in enumerate(self.candidates)}

    @property
    def end(self) -> int:
        """One more than the last record's ordinal."""
        return self._responses.end

    @cached_property
    def criteria(self) -> Mapping[str, Criterion]:
        """The criteria that can be asked for, by name: those that have a column of scores."""
        known, columns = self.run.criteria, set(self._scores.columns)
        return {name: known[name] for name in kept_criteria(list(known)) if score_column(name) in columns}

    def found(self, wanted: RecordFilter, first: int = 0) -> Iterator[RecordRows | Looked]:
        """
        Yield the records that are asked for from an ordinal on, and after each window how far was looked.

        Raises:
            InputError: The run has no such candidate or criterion, or does not tell what is asked for.
            StorageError: A table cannot be read.
        """
        by_lost = {"unscored", "failed", "disagreement"} if self._counts_lost else {"unscored"}
        if wanted.show & by_lost and not self._tells_what_is_lost:
            raise InputError(
                f"{self.run.folder}: {SCORES_FILE} is of a version that does not tell what is unscored. "
                f"`evaldrop report {self.run.folder} --rebuild` makes it anew."
            )
        for name, known in ((wanted.candidate, self.candidates), (wanted.criterion, self.criteria)):
            if name is not None and name not in known:
                raise InputError(f"{name}: not in this run.{did_you_mean(name, list(known))}")
        return self._found(wanted, max(0, first))

    def record(self, ordinal: int, *, whole: bool = False) -> RecordRows | None:
        """
        Return the record at a place; None where none is, as where a perturbed copy was evaluated.

        `whole`: with raw replies and thoughts.

        Raises:
            StorageError: A table cannot be read.
        """
        return next(self._records(np.array([ordinal]), whole=whole), None)

    def _records(self, ordinals: Ordinals, *, whole: bool = False) -> Iterator[RecordRows]:
        """Yield the records at some places, ascending, that are read together."""
        tables = (self._responses, self._verdicts, self._comparisons)
        responses, verdicts, comparisons = (
            _rows_by_record(table, ordinals, table.columns if whole else _listed(table)) for table in tables
        )
        for ordinal in ordinals.tolist():
            mine = responses.get(ordinal)
            if not mine:
                continue
            yield RecordRows(
                ordinal,
                mine[0]["record_id"],
                mine[0]["category"],
                mine[0]["group"],
                mine[0]["prompt"],
                mine,
                verdicts.get(ordinal, []),
                comparisons.get(ordinal, []),
            )

    def prepared_file(self, ordinal: int) -> str:
        """Return the file that has the prepared record at a place."""
        whole, *parts = record_files(self.run.folder)
        # Tables of a run in parts have the same parts.
        return [whole, *parts][self._responses.file_of(ordinal)] if parts else whole

    def _found(self, wanted: RecordFilter, first: int) -> Iterator[RecordRows | Looked]:
        size = _FIRST_WINDOW
        while first < self.end:
            end = min(self.end, first + size)
            matching = self._matching(wanted, first, end)
            for place in range(0, matching.size, _AT_ONCE):
                yield from self._records(matching[place : place + _AT_ONCE])
            yield Looked(end)
            first, size = end, min(_LARGEST_WINDOW, 2 * size)

    def _matching(self, wanted: RecordFilter, first: int, end: int) -> Ordinals:
        """Return the ordinals of a window's records that are asked for, ascending."""
        keys: Keys | None = None
        for condition in conditions_of(wanted):
            ranges = [(first, end)] if keys is None else list(_near(keys // len(self._codes)))
            found = [self._fitting(test, wanted, *each) for test in condition.tests for each in ranges]
            fitting: Keys = reduce(np.union1d, found, _NONE)
            keys = fitting if keys is None else np.intersect1d(keys, fitting)
        return _NONE if keys is None else np.unique(keys // len(self._codes))

    def _fitting(self, test: RowTest, wanted: RecordFilter, first: int, end: int) -> Keys:
        """Return the keys of results that fit: a record's ordinal times the candidates, plus whose it is."""
        table = self._table_of(test.table)
        name = wanted.criterion
        criteria = self.criteria if name is None else {name: self.criteria[name]}
        columns = [name for name in test.columns(criteria) if name in table.columns]
        found = [_NONE]
        parts = table.rows(first, end, ("candidate", *columns))
        for rows in _joined(parts) if test.of_records else parts:
            whose = self._candidates(rows)
            fits = test.fits(AskedRows(rows, wanted, criteria, self._counts_lost))
            if wanted.candidate is not None:
                fits = fits & (whose == self._codes[wanted.candidate])
            found.append((ordinals_of(rows) * len(self._codes) + whose)[fits])
        return np.concatenate(found)

    @property
    def _counts_lost(self) -> bool:
        return self.run.evaluation.unscored == "worst"

    @property
    def _tells_what_is_lost(self) -> bool:
        return all(lost_column(name) in self._scores.columns for name in self.criteria)

    def _candidates(self, rows: pa.Table) -> Keys:
        """Return whose each row is, as a number."""
        names, places = codes(rows.column("candidate"))
        return np.array([self._codes[name] for name in names], np.int64)[places]

    def _table_of(self, name: TableName) -> OrdinalTable:
        return {"scores": self._scores, "responses": self._responses, "verdicts": self._verdicts}[name]

    @cached_property
    def _scores(self) -> OrdinalTable:
        return self._open("scores")

    @cached_property
    def _responses(self) -> OrdinalTable:
        return self._open("responses")

    @cached_property
    def _verdicts(self) -> OrdinalTable:
        return self._open("verdicts")

    @cached_property
    def _comparisons(self) -> OrdinalTable:
        return self._open("comparisons")

    def _open(self, name: str) -> OrdinalTable:
        return OrdinalTable(self.run.file(f"{name}.parquet"), lambda: self._numbers)

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        rows = read_rows(self.run.file("responses.parquet"), ("record_id",))
        return numbered(record_id for (record_id,) in rows)


def _near(ordinals: Ordinals) -> Iterator[tuple[int, int]]:
    """Yield ranges that hold some records, ascending, without what lies far from any of them."""
    for part in np.split(ordinals, np.flatnonzero(np.diff(ordinals) > _FAR) + 1):
        if part.size:
            yield int(part[0]), int(part[-1]) + 1


def _rows_by_record(
    table: OrdinalTable, ordinals: Ordinals, columns: Sequence[str]
) -> Mapping[int, Sequence[Mapping[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for first, end in _near(ordinals):
        for rows in table.rows(first, end, columns):
            places = np.flatnonzero(np.isin(ordinals_of(rows), ordinals))
            # Not pa.array: it imports pandas.
            indices = pa.Array.from_buffers(pa.int64(), places.size, [None, pa.py_buffer(places)])
            for row in rows.take(indices).to_pylist():
                found.setdefault(row.pop(ORDINAL), []).append(row)
    return found


def _joined(parts: Iterator[pa.Table]) -> Iterator[pa.Table]:
    if found := list(parts):
        yield pa.concat_tables(found)


def _listed(table: OrdinalTable) -> Sequence[str]:
    return [name for name in table.columns if name not in _NOT_LISTED]
