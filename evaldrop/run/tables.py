"""
The Parquet tables of a run: their columns, a writer and a reader, which both hold a bounded number of rows.

Columns are public (docs/output-files.md): new ones go to the end.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, NamedTuple, get_args, get_type_hints

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from evaldrop import storage
from evaldrop.evaluation.delivery import Delivery

# Rows kept before they become a row group. Rows of long texts are written out sooner.
ROWS_PER_GROUP = 8_192
TEXT_PER_GROUP = 32 << 20


class ResponseRow(NamedTuple):
    """
    A candidate's response to a record: a row of `responses.parquet`; each metric has a column.

    `flags` are names of `evaldrop.verdicts.injection.FLAGS`, joined by commas; None where there is none.
    `expected_blocked` is the record's. `thinking` is what the model thought, which is no part of `response`;
    of a response that an earlier run brought, that run has it.

    `delivery` is how its call was asked for; None where no call of this run was answered. `service_tier` is
    the tier that served it, where the reply tells; it is billed as that. `cache_read_tokens` and
    `cache_write_tokens` are among the input tokens.

    `ordinal` is the record's place in the run, from 0, in which order the rows are; it is known once they are
    written.
    """

    record_id: str
    category: str | None
    group: str | None
    candidate: str
    model: str
    prompt: str
    response: str | None
    error: str | None
    stop_reason: str | None
    input_tokens: int | None
    output_tokens: int | None
    latency_ms: float | None
    cost_usd: float | None
    reused: bool
    flags: str | None = None
    metrics: tuple[float | None, ...] = ()
    expected_blocked: bool | None = None
    thinking: str | None = None
    delivery: Delivery | None = None
    service_tier: str | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    ordinal: int | None = None

    def cells(self) -> tuple[Any, ...]:
        """Return the row's values in the order of its columns."""
        place = ResponseRow._fields.index("metrics")
        return (*self[:place], *self[place + 1 :], *self.metrics)


class VerdictRow(NamedTuple):
    """
    A judge's verdict on one criterion: a row of `verdicts.parquet`.

    A joint call's tokens and cost are shared out among its criteria, so that columns add up to what was
    billed. `raw_reply` and `first_reply` (there when the judge was asked again) are JSON.
    `left_out_characters` are those of the prompt, context or reference that the judge was not shown.
    `delivery` to `cache_write_tokens`: as in a response's row, of the judge's call; `ordinal`: as there.
    """

    record_id: str
    candidate: str
    criterion: str
    judge: str
    score: float | None
    passed: bool | None
    unscored_reason: str | None
    rationale: str | None
    raw_reply: str | None
    input_tokens: int | None
    output_tokens: int | None
    cost_usd: float | None
    repeat: int = 0
    first_reply: str | None = None
    left_out_characters: int = 0
    delivery: Delivery | None = None
    service_tier: str | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    ordinal: int | None = None


class RobustnessRow(NamedTuple):
    """A perturbed copy's response on one criterion beside its record's: a row of `robustness.parquet`."""

    record_id: str
    of: str
    perturbation: str
    candidate: str
    criterion: str | None
    prompt: str
    response: str | None
    error: str | None
    original_score: float | None
    score: float | None


class ComparisonRow(NamedTuple):
    """
    A judge's preference between two responses shown in one order: a row of `comparisons.parquet`.

    `first_score` and `second_score` belong to the response shown first and to the other, where judges give
    scores. `left_out_characters` and `ordinal`: as in a verdict's row. Tokens, cost and delivery are the
    judge's call's; None where there was none.
    """

    record_id: str
    candidate: str
    baseline: str
    judge: str
    criterion: str | None
    first_shown: str
    preferred: str | None
    unscored_reason: str | None
    rationale: str | None
    raw_reply: str | None
    first_score: float | None = None
    second_score: float | None = None
    left_out_characters: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: float | None = None
    delivery: Delivery | None = None
    service_tier: str | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    ordinal: int | None = None


_TEXT = pa.string()
_KINDS = {str: _TEXT, float: pa.float64(), int: pa.int64(), bool: pa.bool_(), Delivery: _TEXT}


def response_schema(metrics: Sequence[str]) -> pa.Schema:
    """Return the columns of `responses.parquet` in a run with these metrics."""
    return pa.schema(_columns(ResponseRow) | {f"metric_{name}": pa.float64() for name in metrics})


def verdict_schema() -> pa.Schema:
    """Return the columns of `verdicts.parquet`."""
    # The one count of 32 bits: widening it would change the files of later runs.
    return pa.schema(_columns(VerdictRow) | {"repeat": pa.int32()})


def comparison_schema() -> pa.Schema:
    """Return the columns of `comparisons.parquet`."""
    return pa.schema(_columns(ComparisonRow))


def robustness_schema() -> pa.Schema:
    """Return the columns of `robustness.parquet`."""
    return pa.schema(_columns(RobustnessRow))


def _columns(row: type[tuple[Any, ...]]) -> dict[str, pa.DataType]:
    """Return a kind of row's columns, from the types of its fields; each of its metrics has its own."""
    kinds = {name: next(iter(get_args(kind)), kind) for name, kind in get_type_hints(row).items()}
    return {name: _KINDS[kind] for name, kind in kinds.items() if name != "metrics"}


class TableWriter:
    """Writes rows, tuples in the schema's order, as row groups of bounded size."""

    def __init__(self, stream: IO[bytes], schema: pa.Schema) -> None:
        self._schema = schema
        self._rows: list[tuple[Any, ...]] = []
        self._text = 0
        self._writer = pq.ParquetWriter(stream, schema, compression="zstd", compression_level=1)

    def append(self, row: tuple[Any, ...], text: int = 0) -> None:
        """Add a row; `text` is about how many characters it holds."""
        self._rows.append(row)
        self._text += text
        if len(self._rows) >= ROWS_PER_GROUP or self._text >= TEXT_PER_GROUP:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the file's end."""
        self._flush()
        self._writer.close()

    def discard(self) -> None:
        """Let go of the stream, which is about to be thrown away."""
        self._rows = []
        self._writer.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        columns = zip(*self._rows, strict=True)
        arrays = [_array(column, field.type) for column, field in zip(columns, self._schema, strict=True)]
        self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        self._rows, self._text = [], 0


def _array(column: Sequence[Any], kind: pa.DataType) -> pa.Array:
    # Not pa.array: it imports pandas (0.2 s and 40 MB) to see whether the values are a Series.
    if kind == _TEXT:
        builder = pa.lib.StringBuilder()
        builder.append_values(column)
        return builder.finish()
    # Arrow's bitmaps begin with the lowest bit, numpy's with the highest unless told.
    valid = np.packbits([value is not None for value in column], bitorder="little")
    # numpy has no null in a column of integers: any number will do where `valid` says that there is none.
    values = np.array([0 if value is None else value for value in column], kind.to_pandas_dtype())
    packed = np.packbits(values, bitorder="little") if kind == pa.bool_() else values
    return pa.Array.from_buffers(kind, len(column), [pa.py_buffer(valid), pa.py_buffer(packed)])


@contextmanager
def open_table(uri: str, schema: pa.Schema, *, simulated: bool) -> Iterator[TableWriter]:
    """Write a table that appears whole or not at all; the file of a simulated run says so in its metadata."""
    marked = schema.with_metadata({"evaldrop.run": "SIMULATED" if simulated else "real"})
    with storage.open_write(uri) as stream:
        writer = TableWriter(stream, marked)
        try:
            yield writer
        # An interrupt too: Ctrl-C must not leave half a table that looks like a whole one.
        except BaseException:
            writer.discard()
            raise
        writer.close()


def part_of_table(uri: str, number: int) -> str:
    """Return where a part of a large run's table lies: in a folder of the table's name."""
    return storage.join(uri.removesuffix(".parquet"), f"part-{number:05d}.parquet")


def table_files(uri: str) -> list[str]:
    """
    Return the files of a table, in the order of its rows: its one file, or those of its parts.

    Raises:
        StorageError: S3 would not say.
    """
    if storage.exists(uri):
        return [uri]
    return list(storage.list_files(uri.removesuffix(".parquet"))) or [uri]


def has_table(uri: str) -> bool:
    """Tell whether a table is there, in one file or in parts."""
    return storage.exists(table_files(uri)[0])


def read_table(uri: str) -> pa.Table:
    """
    Return a whole table.

    Raises:
        StorageError: There is no such table.
    """
    parts = [read_whole(storage.read_bytes(file)) for file in table_files(uri)]
    return parts[0] if len(parts) == 1 else pa.concat_tables(parts).combine_chunks()


def read_whole(content: bytes) -> pa.Table:
    """
    Return a whole table from the bytes of its file.

    By this thread alone, as everything here reads. One of Arrow's own may be the last to let go of bytes that
    are Python's; when Python is just ending then, that thread cannot have the interpreter any more, and the
    process aborts.
    """
    return pq.ParquetFile(pa.BufferReader(content), pre_buffer=False).read(use_threads=False)


def read_rows(uri: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """
    Yield the rows of a table as tuples of these columns, in the table's order.

    Raises:
        StorageError: There is no such table.
    """
    for batch in _batches(uri, columns):
        yield from zip(*(batch.column(name).to_pylist() for name in columns), strict=True)


def _batches(uri: str, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
    chosen = None if columns is None else list(columns)
    for file in table_files(uri):
        # Parquet is read from its end: from S3 it comes as a whole, from a disk in parts.
        source: Any = (
            pa.BufferReader(storage.read_bytes(file)) if storage.is_s3(file) else storage.open_read(file)
        )
        with source, pq.ParquetFile(source, pre_buffer=False) as table:
            yield from table.iter_batches(batch_size=ROWS_PER_GROUP, columns=chosen, use_threads=False)


def rows_where(uri: str, column: str, value: str) -> Iterator[dict[str, Any]]:
    """
    Yield the rows of a table that have a text in a column, with all their columns by name.

    Raises:
        StorageError: There is no such table.
    """
    for batch in _batches(uri):
        wanted = [each == value for each in batch.column(column).to_pylist()]
        if any(wanted):
            yield from batch.filter(_array(wanted, pa.bool_())).to_pylist()
