"""
Finds each record's result among the result files, in the order of the dataset.

Results stand in the files in the order their children ended. One pass notes where each record's row begins
(about 250 bytes a record); then records are read in the dataset's order and each row is fetched by its
offset. Texts are never held for more than one record.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.results import ChildFailure, ResultIndex, read_manifest
from evaldrop.scorecard.prepared import PreparedRecord, read_prepared

RECORDS_FILE = "records.jsonl"


class Found(NamedTuple):
    """
    A prepared record with its child's output, or why there is none.

    `repeats` are the outputs of a child that ran again though it had one: paid for, and not counted.
    """

    record: PreparedRecord
    output: dict[str, Any] | None
    failure: ChildFailure
    repeats: Sequence[dict[str, Any]] = ()


def collect(folder: str, manifests: Sequence[str]) -> Iterator[Found]:
    """
    Yield every prepared record of a run with its result, in the dataset's order.

    Args:
        folder: The run's folder.
        manifests: URIs of the manifests of its Map runs, the newest first. A record that succeeded in several
            attempts counts once, in the first of them.

    Raises:
        StorageError: A file cannot be read.
    """
    with ExitStack() as stack:
        index = ResultIndex([read_manifest(uri) for uri in manifests], stack)
        with storage.open_read(storage.join(folder, RECORDS_FILE)) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    record = _prepared(line, folder, number)
                    name = record.record_id
                    yield Found(record, index.output(name), index.failure(name), index.repeats(name))


def _prepared(line: bytes, folder: str, number: int) -> PreparedRecord:
    try:
        return read_prepared(line)
    except (ValueError, KeyError, TypeError) as error:
        uri = storage.join(folder, RECORDS_FILE)
        raise StorageError(f"{uri} line {number}: no prepared record ({error!r})") from error
