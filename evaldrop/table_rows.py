"""Reads a run's Parquet tables row by row, some columns at a time."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from evaldrop import storage

_BATCH = 8_192


def read_rows(uri: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """
    Yield the rows of a table as tuples of these columns, in the table's order.

    Raises:
        StorageError: There is no such table.
    """
    # Parquet is read from its end: from S3 it comes as a whole, from a disk in parts.
    if storage.is_s3(uri):
        source: Any = pa.BufferReader(storage.read_bytes(uri))
    else:
        source = storage.open_read(uri)
    with source, pq.ParquetFile(source) as table:
        for batch in table.iter_batches(batch_size=_BATCH, columns=list(columns)):
            yield from zip(*(batch.column(name).to_pylist() for name in columns), strict=True)
