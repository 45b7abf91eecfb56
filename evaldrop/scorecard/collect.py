"""
Finds each record's result among the result files, in the order of the dataset.

Results stand in the files in the order their children ended. One pass notes where each record's row begins
(about 250 bytes a record); then records are read in the dataset's order and each row is fetched by its
offset. Texts are never held for more than one record.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any, BinaryIO, NamedTuple

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.results import (
    ChildFailure,
    Manifest,
    failed_record,
    open_lines,
    parse_row,
    read_manifest,
    row_output,
)
from evaldrop.scorecard.prepared import PreparedRecord, read_prepared

RECORDS_FILE = "records.jsonl"

_NO_ROW = ChildFailure("not in any result file", "")
# The workflow writes this key first; a row that begins otherwise is parsed to find it.
_ID_FIRST = re.compile(rb'\{"record_id":"([^"\\]*)"')


class Found(NamedTuple):
    """A prepared record with its child's output, or why there is none."""

    record: PreparedRecord
    output: dict[str, Any] | None
    failure: ChildFailure


class _Place(NamedTuple):
    file: int
    offset: int


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
        index = _ResultIndex([read_manifest(uri) for uri in manifests], stack)
        with storage.open_read(storage.join(folder, RECORDS_FILE)) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    record = _prepared(line, folder, number)
                    yield Found(record, index.output(record.record_id), index.failure(record.record_id))


class _ResultIndex:
    def __init__(self, manifests: list[Manifest], stack: ExitStack) -> None:
        self._places: dict[str, _Place] = {}
        self._failures: dict[str, ChildFailure] = {}
        self._files: list[BinaryIO] = []
        self._uris: list[str] = []
        for manifest in manifests:
            for uri in manifest.succeeded:
                self._note_places(uri, stack.enter_context(open_lines(uri)))
            for uri in (*manifest.failed, *manifest.pending):
                self._note_failures(uri)

    def output(self, record_id: str) -> dict[str, Any] | None:
        place = self._places.get(record_id)
        if place is None:
            return None
        stream = self._files[place.file]
        stream.seek(place.offset)
        return _output(stream.readline(), self._uris[place.file], place.offset)

    def failure(self, record_id: str) -> ChildFailure:
        return self._failures.get(record_id, _NO_ROW)

    def _note_places(self, uri: str, stream: BinaryIO) -> None:
        number, offset = len(self._files), 0
        self._files.append(stream)
        self._uris.append(uri)
        for line in stream:
            record_id = _record_id(line, uri, offset)
            if record_id is not None:
                self._places.setdefault(record_id, _Place(number, offset))
            offset += len(line)

    def _note_failures(self, uri: str) -> None:
        with open_lines(uri) as lines:
            for line in lines:
                if line.strip():
                    record_id, failure = failed_record(parse_row(line))
                    if record_id is not None:
                        self._failures.setdefault(record_id, failure)


def _prepared(line: bytes, folder: str, number: int) -> PreparedRecord:
    try:
        return read_prepared(line)
    except (ValueError, KeyError, TypeError) as error:
        uri = storage.join(folder, RECORDS_FILE)
        raise StorageError(f"{uri} line {number}: no prepared record ({error!r})") from error


def _output(line: bytes, uri: str, offset: int) -> dict[str, Any]:
    try:
        return row_output(parse_row(line))
    except (ValueError, TypeError) as error:
        raise StorageError(f"{uri}, byte {offset}: not a row of a Map run's results ({error})") from error


def _record_id(line: bytes, uri: str, offset: int) -> str | None:
    if quick := _ID_FIRST.match(line):
        return quick[1].decode()
    if not line.strip():
        return None
    record_id = _output(line, uri, offset).get("record_id")
    return record_id if isinstance(record_id, str) else None
