"""
The rows of a table by the place of their record in the run: a page of any run reads a few row groups.

Rows are in the order of records, and Parquet keeps the lowest and the highest value of each row group: the
column `ordinal` tells where a record's rows are. Of a run in parts the files are opened when they are needed.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.run.columns import numbers
from evaldrop.run.tables import table_files

ORDINAL = "ordinal"

Ordinals = npt.NDArray[np.int64]

_MOST_OPEN_GROUPS = 2
"""Row groups that are kept decoded: neighbouring records are asked for one after the other."""


class Group(NamedTuple):
    """A row group: its number in its file, and the lowest and the highest ordinal in it."""

    number: int
    first: int
    last: int


class OrdinalTable:
    """
    A table of a run, whose rows are found by their records' ordinals.

    Args:
        uri: The table's, such as `…/verdicts.parquet`; it need not be there, as where a run has no judges.
        numbers: Returns the ordinal of each record ID, for a table that an earlier version wrote without the
            column.

    Raises:
        StorageError: S3 would not say what there is.
    """

    def __init__(self, uri: str, numbers: Callable[[], Mapping[str, int]]) -> None:
        first, *others = table_files(uri)
        found = [first, *others] if others or storage.exists(first) else []
        self._files = [_File(file, numbers) for file in found]
        self._group = lru_cache(_MOST_OPEN_GROUPS)(self._read_group)

    @property
    def is_there(self) -> bool:
        """Whether there is such a table."""
        return bool(self._files)

    @property
    def columns(self) -> Sequence[str]:
        """The names of its columns; none where there is no table."""
        return self._files[0].columns if self._files else ()

    @cached_property
    def end(self) -> int:
        """One more than the highest ordinal; 0 without rows."""
        return next((file.groups[-1].last + 1 for file in reversed(self._files) if file.groups), 0)

    def rows(self, first: int, end: int, columns: Sequence[str]) -> Iterator[pa.Table]:
        """
        Yield the rows of the records from `first` to before `end`, in their order.

        Args:
            first: An ordinal.
            end: An ordinal.
            columns: Those that are read; `ordinal` is one more.

        Raises:
            StorageError: A file cannot be read.
        """
        for file, group in self._groups_from(first):
            if group.first >= end:
                return
            table, ordinals = self._group(file, group.number, tuple(columns))
            start, stop = np.searchsorted(ordinals, (first, end))
            yield table.slice(int(start), int(stop - start))

    def file_of(self, ordinal: int) -> int:
        """Return the place, among the table's files, of the one that has a record's rows."""
        return bisect_left(range(len(self._files)), ordinal, key=self._last)

    def _groups_from(self, first: int) -> Iterator[tuple[int, Group]]:
        """Yield row groups with the place of their file, from the one that has an ordinal or a later one."""
        for place in range(self.file_of(first), len(self._files)):
            groups = self._files[place].groups
            yield from ((place, group) for group in groups if group.last >= first)

    def _last(self, place: int) -> int:
        """Return the highest ordinal in a file and those before it; -1 without rows."""
        before = (self._files[each].groups for each in range(place, -1, -1))
        return next((groups[-1].last for groups in before if groups), -1)

    def _read_group(self, file: int, group: int, columns: tuple[str, ...]) -> tuple[pa.Table, Ordinals]:
        return self._files[file].read(group, columns)


class _File:
    """One file of a table. Its footer is kept; it is open only while it is read, for there may be many."""

    def __init__(self, uri: str, numbers: Callable[[], Mapping[str, int]]) -> None:
        self._uri, self._numbers = uri, numbers

    @cached_property
    def _size(self) -> int:
        # Once: of a file in S3 it is a request each time.
        return storage.describe(self._uri).size

    @cached_property
    def _metadata(self) -> pq.FileMetaData:
        with self._opened() as parquet:
            return parquet.metadata

    @cached_property
    def _names(self) -> Sequence[str]:
        names: list[str] = self._metadata.schema.to_arrow_schema().names
        return names

    @property
    def columns(self) -> Sequence[str]:
        return tuple(name for name in self._names if name != ORDINAL)

    @cached_property
    def groups(self) -> Sequence[Group]:
        """Its row groups with rows, in their order."""
        if self._is_numbered:
            return [Group(number, *self._bounds(number)) for number in self._numbered_groups()]
        found = enumerate(self._looked_up)
        return [Group(number, int(each[0]), int(each[-1])) for number, each in found if each.size]

    def read(self, group: int, columns: Sequence[str]) -> tuple[pa.Table, Ordinals]:
        if self._is_numbered:
            table = self._read(group, [*columns, ORDINAL])
            return table, ordinals_of(table)
        ordinals = self._looked_up[group]
        values = pa.Array.from_buffers(pa.int64(), ordinals.size, [None, pa.py_buffer(ordinals)])
        return self._read(group, columns).append_column(ORDINAL, values), ordinals

    def _read(self, group: int, columns: Sequence[str]) -> pa.Table:
        with self._opened(self._metadata) as parquet:
            # By this thread alone: `evaldrop.run.tables` says why.
            return parquet.read_row_group(group, columns=list(columns), use_threads=False)

    @contextmanager
    def _opened(self, metadata: pq.FileMetaData | None = None) -> Iterator[pq.ParquetFile]:
        try:
            with (
                storage.open_seekable(self._uri, self._size) as stream,
                pq.ParquetFile(stream, metadata=metadata, pre_buffer=False) as parquet,
            ):
                yield parquet
        except (pa.ArrowInvalid, OSError) as error:
            raise StorageError(f"{self._uri}: not a Parquet file, or not whole ({error})") from error

    @property
    def _is_numbered(self) -> bool:
        return ORDINAL in self._names

    def _numbered_groups(self) -> Iterator[int]:
        metadata = self._metadata
        return (n for n in range(metadata.num_row_groups) if metadata.row_group(n).num_rows)

    def _bounds(self, number: int) -> tuple[int, int]:
        found: Any = self._metadata.row_group(number).column(self._names.index(ORDINAL)).statistics
        if found is None or not found.has_min_max:
            # Whatever wrote it, this did not.
            raise StorageError(f"{self._uri}: no statistics of {ORDINAL}. Make it anew: --rebuild.")
        return found.min, found.max

    @cached_property
    def _looked_up(self) -> Sequence[Ordinals]:
        """The ordinals of the rows of each row group, by the records' IDs."""
        places = self._numbers()
        return [
            np.array([places[each] for each in self._ids(number)], np.int64)
            for number in range(self._metadata.num_row_groups)
        ]

    def _ids(self, group: int) -> list[str]:
        found: list[str] = self._read(group, ["record_id"]).column(0).to_pylist()
        return found


def ordinals_of(rows: pa.Table) -> Ordinals:
    """Return the ordinals of rows; shape (rows,)."""
    return numbers(rows.column(ORDINAL))


def numbered(ids: Iterable[str]) -> Mapping[str, int]:
    """Return the ordinal of each record ID, of the IDs of a table's rows."""
    return {record_id: number for number, record_id in enumerate(dict.fromkeys(ids))}
