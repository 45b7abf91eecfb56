"""Parquet files: their rows as JSON objects, a few at a time."""

import datetime as dt
import json
import math
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from evaldrop.datasets.drafts import Fault
from evaldrop.datasets.files.cells import TableColumns
from evaldrop.datasets.files.formats import Readable
from evaldrop.datasets.files.json_text import parse_row
from evaldrop.datasets.files.rows import OpenFile, ParsedRow, RawRow
from evaldrop.errors import DatasetError

_COPIED_BYTES = 1 << 20
# Rows are read together until they have so many bytes as the file's own table of contents counts them.
_BATCH_BYTES = 4 << 20
_MAX_BATCH_ROWS = 256
_PANDAS_INDEX = re.compile(r"__index_level_\d+__")


def open_parquet(stream: Readable, *, source: str, limit: int) -> OpenFile:
    """
    Return the rows of a Parquet file, which is copied to a temporary one: it is read from its end.

    Raises:
        DatasetError: The file is damaged, or two of its columns have one name.
    """
    copied = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the last row
    try:
        while piece := stream.read(_COPIED_BYTES):
            copied.write(piece)
        copied.seek(0)
        file = _opened(copied, source)
    except BaseException:
        copied.close()
        raise
    names = file.schema_arrow.names
    # pandas writes a frame's index as one column more.
    columns = TableColumns(["" if _PANDAS_INDEX.fullmatch(name) else name for name in names], is_typed=True)

    def parse(row: RawRow) -> ParsedRow:
        value, fault = parse_row(row.raw, first_line=None, offset=0)
        if fault is not None:
            return ParsedRow(None, fault)
        parsed = columns.row([value.get(name) for name in names])
        return parsed._replace(notes=(*row.notes, *parsed.notes))

    form = f"read as Parquet ({len(names)} column{'s' * (len(names) != 1)})"
    return OpenFile(_rows(copied, file, source, limit), "row", parse, form)


def _opened(copied: IO[bytes], source: str) -> Any:
    try:
        file = pq.ParquetFile(copied, buffer_size=_COPIED_BYTES, pre_buffer=False)
        names = file.schema_arrow.names
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(source, error) from error
    for name, n in Counter(names).items():
        if n > 1:
            raise DatasetError(f'{source}: {n} columns are named "{name[:100]}". Rename or remove one.')
    return file


def _damaged(source: str, error: Exception) -> DatasetError:
    said = "".join(each if each.isprintable() else " " for each in str(error))
    return DatasetError(
        f"{source} is a Parquet file that cannot be read: {said[:200].rstrip(' .')}. Write it again."
    )


def _rows(copied: IO[bytes], file: Any, source: str, limit: int) -> Iterator[RawRow]:
    number = 0
    with copied:
        try:
            schema = pa.schema([field.with_type(_portable(field.type)) for field in file.schema_arrow])
            for batch in file.iter_batches(batch_size=_batch_rows(file.metadata), use_threads=False):
                for row in _objects(batch if batch.schema.equals(schema) else batch.cast(schema, safe=False)):
                    number += 1
                    yield _raw_row(number, row, limit)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(source, error) from error


def _portable(kind: Any) -> Any:
    """Return a type whose values are the same with pandas and without, and need no table of time zones."""
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz="UTC" if kind.tz else None)
    if pa.types.is_duration(kind):
        return pa.duration("us")
    if pa.types.is_time64(kind):
        return pa.time64("us")
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_portable(field.type)) for field in kind])
    # Of a fixed size, views and maps too; what is in them is what matters.
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_portable(kind.value_type)))
    return kind


def _batch_rows(metadata: Any) -> int:
    size: int = sum(metadata.row_group(n).total_byte_size for n in range(metadata.num_row_groups))
    return max(1, min(_MAX_BATCH_ROWS, _BATCH_BYTES * int(metadata.num_rows) // max(1, size)))


def _objects(batch: Any) -> Iterator[dict[str, Any] | Fault]:
    try:
        yield from batch.to_pylist(maps_as_pydicts="strict")
    except (KeyError, ValueError):
        # One row of them: the others are read, and it is named.
        for place in range(batch.num_rows):
            try:
                yield from batch.slice(place, 1).to_pylist(maps_as_pydicts="strict")
            except UnicodeDecodeError as error:
                byte = error.object[error.start]
                yield Fault(f"a text is not UTF-8: it holds 0x{byte:02X}", "Write the column as UTF-8.")
            except (KeyError, ValueError) as error:
                said = str(error.args[0] if error.args else error)[:100]
                yield Fault(f"a value cannot be read: {said}", "Correct the value, or leave it out.")


def _raw_row(number: int, row: dict[str, Any] | Fault, limit: int) -> RawRow:
    if isinstance(row, Fault):
        return RawRow(number=number, text_line=None, raw=b"", size=0, offset=0, fault=row)
    notes: dict[str, None] = {}
    plain = {name: _plain(value, name, notes) for name, value in row.items()}
    given = {name: value for name, value in plain.items() if value is not None}
    # Strict JSON reads it again, and refuses what it refuses everywhere: infinity, nesting without end.
    text = json.dumps(given, ensure_ascii=False).encode()
    return RawRow(
        number=number, text_line=None, raw=text[: limit + 1], size=len(text), offset=0, notes=tuple(notes)
    )


def _plain(value: Any, place: str, notes: dict[str, None]) -> Any:
    """Return a value as JSON has it; None for what is no value, or none that a record could hold."""
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            # Where a column of numbers has none, pandas puts this.
            return None if math.isnan(value) else value
        case dict():
            # A struct has all members that any row has: null is the same as absent.
            members = {str(key): _plain(each, f"{place}.{key}", notes) for key, each in value.items()}
            return {key: each for key, each in members.items() if each is not None}
        case list():
            return [_plain(each, place, notes) for each in value]
        case bytes():
            try:
                return value.decode("utf-8")
            except UnicodeDecodeError:
                notes[f'"{place[:100]}" holds bytes that are no text, and is left aside'] = None
                return None
        case dt.date() | dt.time():
            return value.isoformat()
        case _:
            # Decimals as text, which keeps their digits; durations and UUIDs.
            return str(value)
