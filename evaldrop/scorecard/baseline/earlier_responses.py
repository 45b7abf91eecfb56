"""What the baseline answered to a record, read from its `responses.parquet` some rows at a time."""

from bisect import bisect_right
from contextlib import ExitStack
from itertools import accumulate
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.run.tables import table_files

_FILE = "responses.parquet"
_COLUMNS = ("record_id", "candidate", "response", "error")
# A table in S3 comes as a whole, and BuildScorecard has memory for other things too.
_MOST_BYTES_FROM_S3 = 200_000_000
# A run in the baseline's order reads each group of rows once. In another order it would read one for nearly
# every record.
_MOST_READS = 3


class EarlierResponse(NamedTuple):
    """A response of the baseline, or the error in its place."""

    response: str | None
    error: str | None


class EarlierResponses:
    """The baseline's responses by their place in its tables; read only once one is asked for."""

    def __init__(self, folder: str) -> None:
        self._uri = storage.join(folder, _FILE)
        self._opened = ExitStack()
        # The groups of rows of all files of the table, and where each ends.
        self._groups: list[tuple[pq.ParquetFile, int]] = []
        self._ends: list[int] = []
        self._reads_left = -1
        self._at = -1
        self._group: list[pa.Array] | None = None

    def at(self, place: int, record_id: str, candidate: str) -> EarlierResponse | None:
        """
        Return the response in a row of the table; None where it cannot be had.

        That is: the table is gone, or not the one that belongs to the scores, or read too often already.
        """
        try:
            group, first = self._find(place)
        except (StorageError, pa.ArrowInvalid, OSError):
            # What is not there now will not be there for the next record.
            self._reads_left, self._ends = 0, []
            return None
        if group is None:
            return None
        found = [column[place - first].as_py() for column in group]
        return EarlierResponse(*found[2:]) if found[:2] == [record_id, candidate] else None

    def close(self) -> None:
        """Let go of the file."""
        self._group = None
        self._opened.close()

    def _find(self, place: int) -> tuple[list[pa.Array] | None, int]:
        """Return the columns of the rows among which a place is, None for none, and their first place."""
        if self._reads_left < 0:
            self._open()
        number = bisect_right(self._ends, place)
        if number >= len(self._ends):
            return None, 0
        if number != self._at:
            if not self._reads_left:
                return None, 0
            self._reads_left -= 1
            self._group, self._at = None, number
            table, own = self._groups[number]
            group = table.read_row_group(own, columns=list(_COLUMNS), use_threads=False)
            # Joined: a cell of a column in pieces takes several times as long to find.
            self._group = [group.column(name).combine_chunks() for name in _COLUMNS]
        return self._group, self._ends[number - 1] if number else 0

    def _open(self) -> None:
        sizes: list[int] = []
        for uri in table_files(self._uri):
            source = self._opened.enter_context(_source(uri))
            table = self._opened.enter_context(pq.ParquetFile(source, pre_buffer=False))
            groups = range(table.metadata.num_row_groups)
            self._groups += [(table, number) for number in groups]
            sizes += [table.metadata.row_group(number).num_rows for number in groups]
        self._ends, self._reads_left = list(accumulate(sizes)), _MOST_READS * len(sizes)


def _source(uri: str) -> Any:
    # Parquet is read from its end, which a stream from S3 cannot do.
    if not storage.is_s3(uri):
        return storage.open_read(uri)
    content = storage.read_bytes(uri, most=_MOST_BYTES_FROM_S3 + 1)
    if len(content) > _MOST_BYTES_FROM_S3:
        raise StorageError(f"{uri}: too large to be read beside a run")
    return pa.BufferReader(content)
