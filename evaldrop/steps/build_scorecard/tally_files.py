"""The tallies of a part of a run as an Arrow file: arrays as they are, the rest as JSON beside them."""

from array import array
from typing import Any

import orjson
import pyarrow as pa

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.plain_state import Frozen, PlainState, array_of
from evaldrop.run.definition import RunDefinition
from evaldrop.steps.build_scorecard.anchors import AnchorCheck
from evaldrop.steps.build_scorecard.biases.gathering import Labelled
from evaldrop.steps.build_scorecard.build import RunTally
from evaldrop.steps.build_scorecard.deliveries import Paid
from evaldrop.steps.build_scorecard.failures import FailedResponse
from evaldrop.steps.build_scorecard.tally import Spent

_TREE, _KINDS = b"evaldrop.tree", b"evaldrop.kinds"
_TYPES = {
    "b": pa.int8(), "B": pa.uint8(), "h": pa.int16(), "H": pa.uint16(), "i": pa.int32(), "I": pa.uint32(),
    "q": pa.int64(), "Q": pa.uint64(), "f": pa.float32(), "d": pa.float64(),
}  # fmt: skip
# Every class of values that a tally holds.
_STATE = PlainState(AnchorCheck, FailedResponse, Labelled, Paid, Spent)


def write_tally(uri: str, tally: RunTally, run: RunDefinition) -> None:
    """Write what a part of a run gathered."""
    frozen = _STATE.freeze(tally, RunTally(run))
    # A row of lists: the arrays are of any length.
    columns = [*map(_listed, frozen.arrays)]
    names = [f"a{place}" for place in range(len(columns))]
    kinds = "".join(numbers.typecode for numbers in frozen.arrays)
    schema = pa.schema(
        [pa.field(name, column.type) for name, column in zip(names, columns, strict=True)],
        metadata={_TREE: orjson.dumps(frozen.tree), _KINDS: kinds.encode()},
    )
    with storage.open_write(uri) as stream, pa.ipc.new_file(stream, schema) as writer:
        writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))


def read_tally(uri: str, run: RunDefinition) -> RunTally:
    """
    Read what a part of a run gathered.

    Raises:
        StorageError: It is not there, or no tally of this run.
    """
    tally = RunTally(run)
    try:
        with pa.ipc.open_file(pa.BufferReader(storage.read_bytes(uri))) as reader:
            batch, metadata = reader.get_batch(0), reader.schema.metadata
            arrays = [
                _numbers(kind, column)
                for kind, column in zip(metadata[_KINDS].decode(), batch.columns, strict=True)
            ]
        _STATE.thaw(tally, Frozen(orjson.loads(metadata[_TREE]), arrays))
    except (pa.ArrowInvalid, ValueError, KeyError) as error:
        raise StorageError(f"{uri}: no tally of this run ({error})") from error
    return tally


def _listed(numbers: "array[Any]") -> pa.Array:
    """Return a column whose only row is a list of the numbers."""
    # Not pa.array: it imports pandas.
    bounds = pa.Array.from_buffers(pa.int64(), 2, [None, pa.py_buffer(array("q", [0, len(numbers)]))])
    values = pa.Array.from_buffers(_TYPES[numbers.typecode], len(numbers), [None, pa.py_buffer(numbers)])
    return pa.LargeListArray.from_arrays(bounds, values)


def _numbers(kind: str, column: pa.Array) -> "array[Any]":
    content = column.flatten()
    return array_of(kind, memoryview(content.buffers()[1]) if len(content) else b"")
