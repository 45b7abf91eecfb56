"""
The result files of a distributed Map, as Step Functions writes them: a manifest, and the files it names.

Every form the service may write is read: JSONL or one JSON array, child outputs alone (COMPACT) or inside a
record of the child's execution (NONE), whose `Output` is a JSON text. Failed rows always have the second
form.

`collect` finds each record's result, in the order of the dataset, while the files hold them in the order in
which their children ended. One pass notes where each record's row begins (about 250 bytes a record); then
records are read in the dataset's order and each row is fetched by its offset. Texts are never held for more
than one record.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, BinaryIO, NamedTuple, cast

import orjson

from evaldrop import storage
from evaldrop.errors import StorageError
from evaldrop.json_text import loads
from evaldrop.run.job_scores import JobJudgements
from evaldrop.run.records import PreparedRecord, prepared_in, prepared_records

MANIFEST = "manifest.json"
NOT_STARTED = "PENDING"
"""Why a record has no result whose child was not started, for the Map run failed or was stopped before."""

SKIPPED_BY_BUDGET = "budget"
"""Why a record was not begun: the run's budget was spent. Also why the verdicts on it are not there."""

LEFT_OUT = "LeftOut"
"""The error of a call that was not made: the run went on without its candidate or judge (`--go-on`)."""

# The workflow writes this key first; a row that begins otherwise is parsed to find it.
# An ID with a backslash is escaped JSON, and left to the parser.
_ID_FIRST = re.compile(rb'\{"record_id":"([^"\\]*)"')


class Manifest(NamedTuple):
    """The URIs of a Map run's result files, by how the children in them ended."""

    uri: str
    succeeded: tuple[str, ...]
    failed: tuple[str, ...]
    pending: tuple[str, ...]


class ChildFailure(NamedTuple):
    """Why a record's child workflow gave no output: the error's name and what it said."""

    error: str
    cause: str


def find_manifests(folder: str) -> list[str]:
    """Return the manifests of a run's Map runs, the newest first."""
    found = [
        uri for uri in storage.list_files(storage.join(folder, "results")) if uri.endswith(f"/{MANIFEST}")
    ]
    # By time, for the folder of a Map run is named by a random ID.
    return sorted(found, key=storage.modified_at, reverse=True)


def read_manifest(uri: str) -> Manifest:
    """
    Read a manifest and find the files it names.

    A file is looked for beside its manifest first, where Step Functions puts it: a run that was copied from
    its bucket to a disk stays readable.

    Raises:
        StorageError: The manifest cannot be read, or is none.
    """
    try:
        content = orjson.loads(storage.read_bytes(uri))
        bucket, files = content["DestinationBucket"], content["ResultFiles"]
        named = {
            status: [entry["Key"] for entry in files.get(status, ())]
            # In the order of the fields of `Manifest`, which take them by place.
            for status in ("SUCCEEDED", "FAILED", "PENDING")
        }
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(f"{uri}: not a Map run's manifest ({error!r})") from error
    return Manifest(uri, *(tuple(_locate(uri, bucket, key) for key in keys) for keys in named.values()))


def _locate(manifest: str, bucket: str, key: str) -> str:
    beside = storage.join(storage.parent(manifest) or "", key.rpartition("/")[2])
    return beside if storage.exists(beside) else storage.uri_of(bucket, key)


@contextmanager
def open_lines(uri: str) -> Iterator[BinaryIO]:
    """
    Open a result file as seekable JSONL, one row a line.

    A file in S3 is copied to a temporary one first, since rows are read again by offset. A JSON array is held
    in memory once while it is written out as lines; the workflow asks for JSONL, which never is.
    """
    with storage.open_read(uri) as stream:
        first = stream.read(1)
        if first != b"[" and not storage.is_s3(uri):
            stream.seek(0)
            yield stream
            return
        with tempfile.TemporaryFile() as copy:
            if first == b"[":
                try:
                    rows = loads(first + stream.read())
                except ValueError as error:
                    raise StorageError(f"{uri}: not a Map run's results ({error})") from error
                for row in rows:
                    copy.write(orjson.dumps(row) + b"\n")
            else:
                copy.write(first)
                shutil.copyfileobj(stream, copy, 1 << 20)
            copy.seek(0)
            yield cast("BinaryIO", copy)


def parse_row(line: bytes) -> dict[str, Any]:
    """
    Return a line of a result file.

    Half a surrogate pair, which models do emit when cut off, is JSON to Step Functions; it is mended.

    Raises:
        ValueError: The line is not JSON.
        TypeError: It is not an object.
    """
    row = loads(line)
    if not isinstance(row, dict):
        raise TypeError(f"a row must be an object, got {type(row).__name__}")
    return row


def row_output(row: dict[str, Any]) -> dict[str, Any]:
    """Return a succeeded child's output, whichever form its row has."""
    if "record_id" in row or "Output" not in row:
        return row
    output = row["Output"]
    return parse_row(output.encode()) if isinstance(output, str) else output or {}


def failed_record(row: dict[str, Any]) -> tuple[str | None, ChildFailure]:
    """
    Return the record a FAILED or PENDING row is about (None when its input is not there), and why it has no
    output.
    """
    failure = ChildFailure(
        str(row.get("Error") or row.get("Status") or "unknown"), str(row.get("Cause") or "")
    )
    given = row.get("Input")
    try:
        content = loads(given) if isinstance(given, str) else given
    except ValueError:
        return None, failure
    if not isinstance(content, dict):
        return None, failure
    record = content.get("record")
    record_id = (record if isinstance(record, dict) else content).get("record_id")
    return (record_id if isinstance(record_id, str) else None), failure


NO_ROW = ChildFailure("not in any result file", "")


class _Place(NamedTuple):
    file: int
    offset: int


class ResultIndex:
    """
    Finds each record's row among the result files of a run's attempts; about 250 bytes a record.

    A redriven Map run has one manifest: it names the successes of all attempts, and the failures of the last.
    An Express child runs at least once, so a Map run may hold a record twice: the first row, in the
    manifest's order of files, counts; and a success before a failure. Of several Map runs, the newest comes
    first, and counts where a record succeeded in more than one.
    """

    def __init__(self, manifests: Sequence[Manifest], stack: ExitStack) -> None:
        self._places: dict[str, _Place] = {}
        self._repeats: dict[str, list[_Place]] = {}
        self._failures: dict[str, ChildFailure] = {}
        self._files: list[BinaryIO] = []
        self._uris: list[str] = []
        for manifest in manifests:
            first_file = len(self._files)
            for uri in manifest.succeeded:
                self._note_places(uri, stack.enter_context(open_lines(uri)), first_file)
            for uri in (*manifest.failed, *manifest.pending):
                self._note_failures(uri)

    def output(self, record_id: str) -> dict[str, Any] | None:
        """Return a record's child output, or None when there is none."""
        place = self._places.get(record_id)
        return None if place is None else self._read(place)

    def place_of(self, record_id: str) -> tuple[str, int] | None:
        """Return the file and the byte at which the row that counts begins; None where there is none."""
        place = self._places.get(record_id)
        return None if place is None else (self._uris[place.file], place.offset)

    def repeats(self, record_id: str) -> list[dict[str, Any]]:
        """
        Return what a record's child gave beside its output: it ran more than once in one Map run.

        Between Map runs it cannot be told: a run that is resumed on one machine hands earlier replies on.
        """
        return [self._read(place) for place in self._repeats.get(record_id, ())]

    def found(self, record: PreparedRecord) -> "Found":
        """Return a record with what came of it."""
        name = record.record_id
        return Found(record, self.output(name), self.failure(name), self.repeats(name))

    def failure(self, record_id: str) -> ChildFailure:
        """Return why a record has no output."""
        return self._failures.get(record_id, NO_ROW)

    def _read(self, place: _Place) -> dict[str, Any]:
        stream = self._files[place.file]
        stream.seek(place.offset)
        return read_output(stream.readline(), self._uris[place.file], place.offset)

    def _note_places(self, uri: str, stream: BinaryIO, first_file: int) -> None:
        number, offset = len(self._files), 0
        self._files.append(stream)
        self._uris.append(uri)
        for line in stream:
            record_id = record_id_of(line, uri, offset)
            if record_id is not None:
                place = _Place(number, offset)
                counts = self._places.setdefault(record_id, place)
                # Not across Map runs: a resumed run hands earlier replies on, which would be counted as paid
                # for twice.
                if counts is not place and counts.file >= first_file:
                    self._repeats.setdefault(record_id, []).append(place)
            offset += len(line)

    def _note_failures(self, uri: str) -> None:
        with open_lines(uri) as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    try:
                        record_id, failure = failed_record(parse_row(line))
                    except (ValueError, TypeError) as error:
                        raise StorageError(f"{uri} line {number}: not a failed child ({error})") from error
                    if record_id is not None:
                        # The newest Map run comes first, and its reason is the one to act on.
                        self._failures.setdefault(record_id, failure)


def read_output(line: bytes, uri: str, offset: int) -> dict[str, Any]:
    """
    Return the child's output in a row of a result file.

    Args:
        line: The row.
        uri: Of the file, for messages.
        offset: The row's place in it, likewise.

    Raises:
        StorageError: It is no row.
    """
    try:
        return row_output(parse_row(line))
    except (ValueError, TypeError) as error:
        raise StorageError(f"{uri}, byte {offset}: not a row of a Map run's results ({error})") from error


def record_id_of(line: bytes, uri: str, offset: int) -> str | None:
    """
    Return which record a line is about, None where it names none.

    Args:
        line: Of a result file, or of `records.jsonl`.
        uri: Of the file, for messages.
        offset: The line's place in it, likewise.

    Raises:
        StorageError: It is no row.
    """
    if quick := _ID_FIRST.match(line):
        return quick[1].decode()
    if not line.strip():
        return None
    record_id = read_output(line, uri, offset).get("record_id")
    return record_id if isinstance(record_id, str) else None


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

    What evaluation jobs said of its responses is among their judgements.

    Args:
        folder: The run's folder.
        manifests: URIs of the manifests of its Map runs, the newest first. A record that succeeded in several
            attempts counts once, in the first of them.

    Raises:
        StorageError: A file cannot be read.
    """
    with ExitStack() as stack:
        index = ResultIndex([read_manifest(uri) for uri in manifests], stack)
        jobs = JobJudgements(folder, stack)
        for record in prepared_records(folder):
            found = index.found(record)
            jobs.add_to(found.output, record.record_id)
            yield found


def collect_part(records: str, manifests: Sequence[Manifest]) -> Iterator[Found]:
    """
    Yield every prepared record of one file with its result, as `collect` does, but for evaluation jobs'.

    Args:
        records: URI of the file.
        manifests: Of files that hold the records' rows, as `collect` has them.

    Raises:
        StorageError: A file cannot be read.
    """
    with ExitStack() as stack:
        index = ResultIndex(manifests, stack)
        for record in prepared_in(records):
            yield index.found(record)
