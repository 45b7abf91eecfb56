"""
Columns of tables as numpy's arrays, from Arrow's own buffers.

What Arrow has for it, and for comparing a column with a value, imports pandas where there is one: a third
of a second before the first page.
"""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Mask = npt.NDArray[np.bool_]
_TYPES = {pa.float64(): np.float64, pa.int64(): np.int64, pa.int32(): np.int32}


def numbers(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Return a column of numbers; of floats null is NaN, and integers must not have any. Shape (rows,)."""
    kind = np.dtype(_TYPES[column.type])
    values = _joined((_values(chunk, kind) for chunk in column.chunks), kind)
    if column.null_count:
        values = values.copy()
        values[~is_known(column)] = np.nan
    return values


def is_true(column: pa.ChunkedArray) -> Mask:
    """Return where a column of truths is true; what is null is not. Shape (rows,)."""
    kind = np.dtype(np.bool_)
    found = _joined((_bits(chunk, 1) for chunk in column.chunks), kind)
    return found & is_known(column) if column.null_count else found


def is_known(column: pa.ChunkedArray) -> Mask:
    """Return where a column is not null; shape (rows,)."""
    return _joined((_bits(chunk, 0) for chunk in column.chunks), np.dtype(np.bool_))


def are_among(column: pa.ChunkedArray, texts: Collection[str]) -> Mask:
    """Return where a column of texts has one of some; shape (rows,)."""
    import pyarrow.compute

    builder = pa.lib.StringBuilder()
    builder.append_values(sorted(texts))
    return is_true(pyarrow.compute.is_in(column, value_set=builder.finish()))


def hold(column: pa.ChunkedArray, text: str) -> Mask:
    """Return where a column of texts holds a text, in letters of any case; shape (rows,)."""
    import pyarrow.compute

    return is_true(pyarrow.compute.match_substring(column, text, ignore_case=True))


def codes(column: pa.ChunkedArray) -> tuple[list[str], npt.NDArray[np.int32]]:
    """Return the different texts of a column that has no nulls, and which of them each row has."""
    encoded = column.dictionary_encode().unify_dictionaries()
    chunks = [chunk for chunk in encoded.chunks if len(chunk)]
    if not chunks:
        return [], np.empty(0, np.int32)
    kind = np.dtype(np.int32)
    return chunks[0].dictionary.to_pylist(), _joined((_values(each.indices, kind) for each in chunks), kind)


def _joined(parts: Iterator[npt.NDArray[Any]], kind: np.dtype[Any]) -> npt.NDArray[Any]:
    found = list(parts)
    return found[0] if len(found) == 1 else np.concatenate([np.empty(0, kind), *found])


def _values(array: pa.Array, kind: np.dtype[Any]) -> npt.NDArray[Any]:
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * kind.itemsize)


def _bits(array: pa.Array, buffer: int) -> Mask:
    bits = array.buffers()[buffer]
    # Without nulls there is no bitmap of what is known.
    if bits is None:
        return np.ones(len(array), np.bool_)
    # Arrow's bitmaps begin with the lowest bit.
    unpacked = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")
    return unpacked[array.offset : array.offset + len(array)].astype(np.bool_)
