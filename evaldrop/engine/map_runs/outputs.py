"""Where the outputs of children go: into the Map's own result, or into files as AWS writes them."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from evaldrop.engine.errors import RESULT_WRITER_FAILED, StatesError
from evaldrop.engine.map_runs.children import Child
from evaldrop.engine.payloads import to_json
from evaldrop.engine.surroundings import ObjectStore

STATUSES = ("FAILED", "PENDING", "SUCCEEDED")


class Outputs:
    """
    Takes children as they end, in any order, and gives the Map's result at the end.

    Here that is their outputs, in the order of the items; a child that failed leaves none.
    """

    def __init__(self, transformation: str) -> None:
        self.transformation = transformation
        self._collected: dict[int, list[Any]] = {}

    def add(self, child: Child) -> None:
        """Take a child that ended."""
        if child.status == "SUCCEEDED":
            self._collected[child.given.index] = self._rows(child)

    def add_pending(self, child: Child) -> None:
        """Take a child that was not started because the Map Run failed or was stopped."""

    def begin_redrive(self) -> None:
        """Keep what succeeded; failed and pending children are those of the redrive alone."""

    def result(self) -> Any:
        """Return the Map's result."""
        return [row for index in sorted(self._collected) for row in self._collected[index]]

    def close(self) -> None:
        """Leave nothing open, whatever happened."""

    def _rows(self, child: Child) -> list[Any]:
        # AWS writes whole records of children that failed, whatever the transformation is.
        if child.status != "SUCCEEDED" or self.transformation == "NONE":
            return [child.record()]
        is_joined = self.transformation == "FLATTEN" and isinstance(child.output, list)
        return child.output if is_joined else [child.output]


@dataclass(slots=True)
class _ResultFile:
    key: str
    stream: BinaryIO
    size: int = 0


class ResultFiles(Outputs):
    """
    Outputs become result files; the Map's result says where the manifest is.

    A file is opened when its status gets a first row, and followed by another at `max_file_bytes`. Whatever
    the object store raises is States.ResultWriterFailed.
    """

    def __init__(
        self,
        store: ObjectStore,
        bucket: str,
        prefix: str,
        *,
        transformation: str,
        arn: str,
        lines: bool,
        max_file_bytes: int,
    ) -> None:
        super().__init__(transformation)
        self.store = store
        self.bucket = bucket
        self.prefix = prefix
        self.arn = arn
        self.lines = lines
        self.max_file_bytes = max_file_bytes
        self._open: dict[str, _ResultFile] = {}
        self._closed: dict[str, list[dict[str, Any]]] = {status: [] for status in STATUSES}
        self._numbers = dict.fromkeys(STATUSES, 0)

    def add(self, child: Child) -> None:
        """Write a child's rows to the file of its status."""
        self._write("SUCCEEDED" if child.status == "SUCCEEDED" else "FAILED", self._rows(child))

    def add_pending(self, child: Child) -> None:
        """Write the record of a child that was not started."""
        self._write("PENDING", [child.record()])

    def begin_redrive(self) -> None:
        """Leave what failed out of the next manifest; the files are not written over."""
        self._closed |= {"FAILED": [], "PENDING": []}

    def result(self) -> Any:
        """Close the files, write the manifest that lists them, and return where it is."""
        key = f"{self.prefix}manifest.json"
        with _guarded():
            for status in list(self._open):
                self._close(status)
            manifest = {"DestinationBucket": self.bucket, "MapRunArn": self.arn, "ResultFiles": self._closed}
            with self.store.create(self.bucket, key) as stream:
                stream.write(orjson.dumps(manifest))
        return {"MapRunArn": self.arn, "ResultWriterDetails": {"Bucket": self.bucket, "Key": key}}

    def close(self) -> None:
        """Close the files that an earlier failure or a cancelling left open: that is the error to report."""
        for status in list(self._open):
            with contextlib.suppress(Exception):
                self._close(status)

    def _write(self, status: str, rows: list[Any]) -> None:
        texts = [to_json(row) for row in rows]
        if not texts:
            return
        with _guarded():
            file = self._open.get(status)
            if file is not None and file.size + sum(map(len, texts)) > self.max_file_bytes:
                self._close(status)
                file = None
            if file is None:
                file = self._open[status] = self._create(status)
            if self.lines:
                text = b"\n".join([*texts, b""])
            else:
                text = (b"," if file.size else b"[") + b",".join(texts)
            file.stream.write(text)
            # A run that is killed leaves a row for every child that had ended.
            file.stream.flush()
            file.size += len(text)

    def _create(self, status: str) -> _ResultFile:
        # AWS does not document the ending for JSON Lines: a reader has to follow the manifest's keys.
        extension = "jsonl" if self.lines else "json"
        key = f"{self.prefix}{status}_{self._numbers[status]}.{extension}"
        self._numbers[status] += 1
        return _ResultFile(key, self.store.create(self.bucket, key))

    def _close(self, status: str) -> None:
        file = self._open.pop(status)
        # A store may have closed it itself, when a write failed.
        if not file.stream.closed:
            if not self.lines:
                file.stream.write(b"]")
                file.size += 1
            file.stream.close()
        self._closed[status].append({"Key": file.key, "Size": file.size})


@contextlib.contextmanager
def _guarded() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise StatesError(RESULT_WRITER_FAILED, f"{type(error).__name__}: {error}") from error
